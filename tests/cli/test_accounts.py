"""`relance workspace create` and `relance user create` as processes, on a migrated database."""

import json
import os
from uuid import UUID

import asyncpg
from tests.plugins.forked import Finished, finished


def relance(database_url: str, *words: str, typed: str = "", **settings: str) -> Finished:
    """Run one command on that database."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("RELANCE_")}
    own = {"RELANCE_ENVIRONMENT": "development", "DATABASE_URL": database_url, "RELANCE_LOG_LEVEL": "error"}
    return finished(inherited | own | settings, words, typed)


async def rows(database_url: str, statement: str) -> list[asyncpg.Record]:
    """What PostgreSQL holds."""
    connection = await asyncpg.connect(database_url)
    found: list[asyncpg.Record] = await connection.fetch(statement)
    await connection.close()
    return found


async def test_from_nothing_to_an_administrator(empty_database: str) -> None:
    made = relance(empty_database, "workspace", "create", "acme", "Acme SAS", "--locale", "en")
    assert made.returncode == 0, made.stderr
    [workspace] = await rows(empty_database, "SELECT id, slug, name, default_locale FROM workspaces")
    assert (UUID(made.stdout.strip()), "acme", "Acme SAS", "en") == tuple(workspace)

    subscribed = relance(empty_database, "workspace", "features", "acme", "passthrough", "data_refresh")
    assert (subscribed.returncode, subscribed.stdout) == (0, "data_refresh passthrough\n"), subscribed.stderr
    unknown = relance(empty_database, "workspace", "features", "acme", "everything")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    [features] = await rows(empty_database, "SELECT features FROM workspaces")
    assert json.loads(features["features"]) == ["data_refresh", "passthrough"]

    words = ("user", "create", "nora@acme.example", "Nora Admin", "--workspace", "acme", "--role", "admin")
    weak = relance(empty_database, *words, "--password-stdin", typed="azertyuiop12\n")
    assert (weak.returncode, weak.stdout) == (2, "")
    assert "password_too_common" in weak.stderr
    assert "azertyuiop12" not in weak.stderr
    user = relance(empty_database, *words, "--password-stdin", typed="trois cailloux sous le pont\n")
    assert user.returncode == 0, user.stderr
    [row] = await rows(empty_database, "SELECT id, status, password_hash FROM users")
    assert (str(row["id"]), row["status"]) == (user.stdout.strip(), "active")
    assert row["password_hash"].startswith("$argon2id$")
    again = relance(empty_database, *words)
    assert (again.returncode, again.stderr) == (2, "relance: nora@acme.example is a user of this workspace already\n")

    invited = relance(empty_database, "user", "create", "lea@acme.example", "Léa Petit", "--workspace", "acme")
    assert invited.returncode == 0, invited.stderr
    [mail] = await rows(empty_database, "SELECT mail_key, recipient, state FROM messages")
    assert tuple(mail) == ("identity.invitation", "lea@acme.example", "queued")
    [reason] = [relance(empty_database, "workspace", "create", "acme", "Again").stderr]
    assert reason == "relance: there is a workspace 'acme' already\n"


async def test_migrate_brings_new_permissions_to_the_built_in_roles(empty_database: str) -> None:
    assert relance(empty_database, "workspace", "create", "acme", "Acme SAS").returncode == 0
    await rows(
        empty_database,
        "UPDATE roles SET permissions = (permissions - 'security:read') || '{\"users:read\": \"none\"}'",
    )
    await rows(empty_database, "DELETE FROM roles WHERE key = 'client'")
    migrated = relance(empty_database, "migrate")
    assert migrated.returncode == 0, migrated.stderr
    found = await rows(empty_database, "SELECT key, permissions FROM roles")
    levels = {row["key"]: json.loads(row["permissions"]) for row in found}
    assert {key: one["security:read"] for key, one in levels.items()} == {
        "admin": "all",
        "manager": "none",
        "member": "none",
        # The role itself was not there: a release may bring roles as well.
        "client": "none",
        "pre_sales": "none",
        "partner": "none",
    }
    assert levels["client"]["mandates:read"] == "own"
    # What an administrator changed stays changed.
    assert {one["users:read"] for one in levels.values()} == {"none"}
