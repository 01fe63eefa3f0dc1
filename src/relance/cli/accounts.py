"""`relance workspace create` and `relance user create`: the first steps of a deployment, and the way back in."""

import asyncio
import sys
from collections.abc import Coroutine
from typing import Annotated

import typer

from relance.cli.failures import REFUSED, fail, first_line, load_settings

workspace_app = typer.Typer(name="workspace", help="Workspaces (tenants).", no_args_is_help=True)
user_app = typer.Typer(name="user", help="Users of a workspace.", no_args_is_help=True)


@workspace_app.command("create")
def create_workspace(
    slug: Annotated[str, typer.Argument(help="Short name: lower-case letters, digits and hyphens.")],
    name: Annotated[str, typer.Argument(help="Name as shown to people.")],
    zone: Annotated[str, typer.Option(help="IANA zone in which deadlines that are dates end.")] = "Europe/Paris",
    locale: Annotated[str, typer.Option(help="Language: fr or en.")] = "fr",
) -> None:
    """Make a workspace with its built-in roles and shipped forms, and print its id."""
    from relance.provisioning import add_workspace

    settings = load_settings()
    typer.echo(_answer(add_workspace(settings, slug, name, zone, locale)))


@workspace_app.command("features")
def set_features(
    slug: Annotated[str, typer.Argument(help="Short name of the workspace.")],
    features: Annotated[
        list[str] | None, typer.Argument(help="data_refresh, upload_reminders, passthrough; none of them where absent.")
    ] = None,
) -> None:
    """Say which options the workspace has subscribed to, and print them."""
    from relance.provisioning import subscribe

    settings = load_settings()
    typer.echo(_answer(subscribe(settings, slug, features or [])))


@user_app.command("create")
def create_user(
    email: Annotated[str, typer.Argument(help="E-mail address, with which the user signs in.")],
    name: Annotated[str, typer.Argument(help="Name as shown to people.")],
    workspace: Annotated[str, typer.Option(help="Slug of the workspace.")],
    role: Annotated[str, typer.Option(help="Built-in role: admin, manager or member.")] = "member",
    locale: Annotated[str, typer.Option(help="Language: fr or en.")] = "fr",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from the first line of the standard input.")
    ] = False,
) -> None:
    """Make a user and print their id. Without a password they are invited by mail to choose one."""
    from relance.provisioning import NewUser, add_user

    settings = load_settings()
    # Never an argument: those are seen by everybody on the machine and kept in the shell's history.
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    typer.echo(_answer(add_user(settings, NewUser(workspace, email, name, role, locale, password))))


def _answer(work: Coroutine[object, object, str]) -> str:
    from sqlalchemy.exc import SQLAlchemyError

    from relance.core.errors import RelanceError
    from relance.provisioning import RefusedError

    try:
        return asyncio.run(work)
    except RefusedError as refused:
        fail(str(refused), REFUSED)
    except RelanceError as refused:
        fail(str(refused.data.get("errors") or refused.detail.format(refused.data, "en")), REFUSED)
    except (OSError, SQLAlchemyError) as fault:
        fail(f"the database cannot be used: {first_line(fault)}")
