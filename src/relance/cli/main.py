"""The commands, and what each exit code means: 0 done, 1 it failed, 2 the settings or the arguments are refused."""

import asyncio
import gc
import os
import tempfile
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from relance.cli.accounts import user_app, workspace_app
from relance.cli.failures import REFUSED, fail, first_line, load_settings
from relance.cli.imports import import_app

app = typer.Typer(
    name="relance",
    help="Ask somebody outside by e-mail, remind them, record the answer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(workspace_app)
app.add_typer(user_app)
app.add_typer(import_app)


@app.command()
def up(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the API on 127.0.0.1; 0: any free one.")] = 8000,
    data_dir: Annotated[Path, typer.Option(help="Where data, logs and secrets are kept.")] = Path(".relance"),
    demo: Annotated[bool, typer.Option("--demo/--no-demo", help="With demonstration data.")] = True,
    verbose: Annotated[bool, typer.Option(help="Show every line of every log.")] = False,
) -> None:
    """Run the whole product on this machine: PostgreSQL, Valkey, mail catcher, worker and API."""
    from relance.embedded.errors import StartError
    from relance.embedded.up import UpOptions, run_up

    try:
        run_up(UpOptions(port, data_dir, demo, verbose), typer.echo)
    except StartError as fault:
        fail(str(fault))


@app.command()
def api(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the port.")] = 1,
) -> None:
    """Run the HTTP API."""
    settings = load_settings()
    with _shared_counts(workers):
        with _importing():
            import uvicorn

            if workers == 1:
                import relance.app  # noqa: F401 - what the factory below would import
        uvicorn.run(
            "relance.app:create_app",
            factory=True,
            host=host,
            port=port,
            workers=workers,
            lifespan="on",
            log_level=settings.log_level,
            log_config=None,  # create_app routes every logger; the access line is the middleware's
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=10,
        )


@contextmanager
def _importing() -> Iterator[None]:
    """Import without looking for garbage: there is none, and what is imported stays as long as the process does.

    A tenth of the start, and every collection of later looks at what came after.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@contextmanager
def _shared_counts(workers: int) -> Iterator[None]:
    """A folder in which processes of one port count their requests together, so that any of them can answer a scrape.

    Set before the library of the metrics is imported: it chooses its way of counting then.
    """
    name = "PROMETHEUS_MULTIPROC_DIR"
    if workers == 1 or os.environ.get(name):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="relance-metrics-") as folder:
        os.environ[name] = folder
        yield


@app.command()
def worker() -> None:
    """Run the worker that sends mails, reminders and expiries."""
    settings = load_settings()
    with _importing():
        from relance.worker import run_worker

    _run(run_worker(settings))


@app.command("mail-catcher")
def mail_catcher(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 1025,
) -> None:
    """Run the SMTP server of sandboxes, which keeps every mail for the test mailbox and delivers none."""
    settings = load_settings()
    if not settings.sandbox:
        fail("settings: the mail catcher belongs to a sandbox: set RELANCE_SANDBOX=1", REFUSED)
    from relance.capabilities.sandbox.catcher import run_catcher

    _run(run_catcher(settings, host, port))


@app.command()
def migrate() -> None:
    """Bring the database to this version."""
    from sqlalchemy.exc import SQLAlchemyError

    from relance.core.migrate import NewerDatabaseError, current_and_heads, upgrade
    from relance.provisioning import bring_roles_up_to_date

    settings = load_settings()
    try:
        upgrade(settings)
        asyncio.run(bring_roles_up_to_date(settings))
        current, _ = current_and_heads(settings)
    except NewerDatabaseError as fault:
        fail(str(fault))
    except (OSError, SQLAlchemyError) as fault:
        fail(f"the database cannot be used: {first_line(fault)}")
    typer.echo(f"the database is at revision {', '.join(current) or 'none'}")


@app.command()
def demo() -> None:
    """Fill the database with demonstration data, once, and print the credentials."""
    settings = load_settings()
    if settings.environment == "production":
        fail("settings: demonstration accounts are refused in production", REFUSED)
    from relance.demo import seed_demo

    typer.echo(asyncio.run(seed_demo(settings)).model_dump_json(indent=2))


@app.command()
def openapi(
    path: Annotated[Path | None, typer.Argument(help="The contract; openapi/openapi.json when absent.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when the file differs.")] = False,
) -> None:
    """Write the OpenAPI contract and the page of error codes, or verify that the committed ones are up to date."""
    from relance.cli.documents import errors_page, errors_path, openapi_path, openapi_text

    _write_or_check(path or openapi_path(), openapi_text(), check, "relance openapi")
    if path is None:
        _write_or_check(errors_path(), errors_page(), check, "relance openapi")


@app.command("settings-doc")
def settings_doc(
    path: Annotated[Path | None, typer.Argument(help="The page; docs/configuration.md when absent.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail when the file differs.")] = False,
) -> None:
    """Write the table of settings into its page, or verify it."""
    from relance.cli.documents import settings_page, settings_path

    target = path or settings_path()
    if not target.is_file():
        fail(f"{target} does not exist")
    _write_or_check(target, settings_page(target.read_text(encoding="utf-8")), check, "relance settings-doc")


def _write_or_check(path: Path, text: str, check: bool, command: str) -> None:
    if not check:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        typer.echo(f"wrote {path}")
    elif not path.is_file() or path.read_text(encoding="utf-8") != text:
        fail(f"{path} is not what the code says: run “{command}” and commit the result")


def _run(work: Coroutine[object, object, None]) -> None:
    """Run a long-lived process; a port taken or a server away is one line, any other fault a traceback."""
    import uvloop

    try:
        uvloop.run(work)
    except OSError as fault:
        fail(f"cannot go on: {first_line(fault)}")
