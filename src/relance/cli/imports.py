"""`relance import contacts FILE`: the same import as over HTTP, with a progress bar."""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from relance.cli.failures import FAILED, REFUSED, fail, first_line, load_settings

import_app = typer.Typer(name="import", help="Contacts and companies from a file.", no_args_is_help=True)


class _Mode(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    BOTH = "both"


FileArgument = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV or XLSX, header first.")
]
WorkspaceOption = Annotated[str, typer.Option(help="Slug of the workspace.")]
UserOption = Annotated[str, typer.Option(help="Address of the user in whose name it is done.")]
ModeOption = Annotated[_Mode, typer.Option(help="Whether rows may create entries, change known ones, or both.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Make the same checks and change nothing.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Import a file that was imported before.")]
ErrorsOption = Annotated[
    Path | None, typer.Option(help="Where the refused rows go; FILE.errors.csv when absent.", dir_okay=False)
]


@import_app.command("contacts")
def contacts(
    file: FileArgument,
    workspace: WorkspaceOption,
    user: UserOption,
    mode: ModeOption = _Mode.BOTH,
    dry_run: DryRunOption = False,
    force: ForceOption = False,
    errors: ErrorsOption = None,
) -> None:
    """Import contacts, and print what became of the rows."""
    _import("contacts", file, workspace, user, mode, errors, dry_run=dry_run, force=force)


@import_app.command("companies")
def companies(
    file: FileArgument,
    workspace: WorkspaceOption,
    user: UserOption,
    mode: ModeOption = _Mode.BOTH,
    dry_run: DryRunOption = False,
    force: ForceOption = False,
    errors: ErrorsOption = None,
) -> None:
    """Import companies, and print what became of the rows."""
    _import("companies", file, workspace, user, mode, errors, dry_run=dry_run, force=force)


def _import(
    record: str,
    file: Path,
    workspace: str,
    user: str,
    mode: _Mode,
    errors: Path | None,
    *,
    dry_run: bool,
    force: bool,
) -> None:
    settings = load_settings()
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
    from sqlalchemy.exc import SQLAlchemyError

    from relance.core.errors import RelanceError
    from relance.importing import WantedImport, run_import
    from relance.provisioning import RefusedError

    wanted = WantedImport(record, file, workspace, user, mode.value, dry_run, force)
    refused_rows = errors or file.with_name(f"{file.name}.errors.csv")
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed:,.0f}"), TimeElapsedColumn())
    try:
        with Progress(*columns, transient=True, console=Console(stderr=True)) as bar:
            task = bar.add_task(file.name, total=None)
            report = asyncio.run(run_import(settings, wanted, refused_rows, lambda n: bar.update(task, completed=n)))
    except RefusedError as refused:
        fail(str(refused), REFUSED)
    except RelanceError as refused:
        details = {name: value for name, value in refused.data.items() if value}
        fail(f"{refused.detail.format(refused.data, 'en')} {details or ''}".strip(), REFUSED)
    except (OSError, SQLAlchemyError) as fault:
        fail(f"the database cannot be used: {first_line(fault)}")
    for outcome, count in report.counts.items():
        typer.echo(f"{outcome}\t{count}")
    if report.error is not None:
        fail(f"the import has stopped: {report.error}")
    if report.failed:
        typer.echo(f"refused rows: {refused_rows}", err=True)
        raise typer.Exit(FAILED)
