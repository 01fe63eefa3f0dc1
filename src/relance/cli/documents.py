"""The committed documents that are made from the code: the OpenAPI contract and the table of settings."""

import json
import os
from pathlib import Path

from relance.core.paths import project_root
from relance.core.settings import Settings
from relance.core.settings_docs import table

_START = "<!-- settings: made by `relance settings-doc`; do not edit by hand -->"
_END = "<!-- /settings -->"


def openapi_path() -> Path:
    """The committed contract."""
    return project_root() / "openapi" / "openapi.json"


def openapi_text() -> str:
    """The contract of the whole product, sandbox operations included, whatever this shell's environment says."""
    for name in [name for name in os.environ if name.upper().startswith("RELANCE_")]:
        del os.environ[name]
    from relance.app import create_app

    document = create_app(Settings(environment="development", sandbox=True)).openapi()
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def errors_path() -> Path:
    """The page of error codes."""
    return project_root() / "docs" / "errors.md"


def errors_page() -> str:
    """Every code that a problem document may carry, made from the error classes."""
    from relance.meta import known_errors

    lines = [
        "# Error codes",
        "",
        "Made by `relance openapi` from the error classes; not by hand. The same as data: `GET /v1/meta/errors`.",
        "",
        "| code | status | English | French | data fields |",
        "|---|---|---|---|---|",
    ]
    for error in known_errors():
        english, french = (f"{error.title.en}. {error.detail.en}", f"{error.title.fr}. {error.detail.fr}")
        fields = ", ".join(f"`{name}`" for name in error.example)
        cells = (f"`{error.code}`", str(error.status), english, french, fields)
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines) + "\n"


def settings_path() -> Path:
    """The page that holds the table of settings."""
    return project_root() / "docs" / "configuration.md"


def settings_page(page: str) -> str:
    """`page` with its table replaced by what the settings class says now.

    Raises:
        ValueError: the marks that surround the table are missing.
    """
    before, start, rest = page.partition(_START)
    _, end, after = rest.partition(_END)
    if not start or not end:
        raise ValueError("the page lacks the marks that surround the table of settings")
    return f"{before}{_START}\n\n{table()}\n{_END}{after}"
