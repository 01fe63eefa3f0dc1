"""How a command fails: one line on stderr, and an exit code that says what kind of failure it is."""

from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from relance.core.settings import Settings

FAILED = 1
REFUSED = 2


def load_settings() -> "Settings":
    """The settings of this process; a refused one ends it with one line."""
    from pydantic import ValidationError

    from relance.core.settings import get_settings
    from relance.core.settings_docs import explain

    try:
        return get_settings()
    except ValidationError as fault:
        fail(explain(fault), REFUSED)


def first_line(fault: BaseException) -> str:
    """What `fault` says, in one line."""
    return str(getattr(fault, "orig", None) or fault).partition("\n")[0]


def fail(line: str, code: int = FAILED) -> NoReturn:
    """End the process with one line on stderr."""
    typer.echo(f"relance: {line}", err=True)
    raise typer.Exit(code)
