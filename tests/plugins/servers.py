"""One PostgreSQL and one Valkey for a whole test run, started before the xdist workers that share them.

Sets RELANCE_TEST_PG_ADMIN_URL (the database `postgres`, as a role that may create databases) and
RELANCE_TEST_REDIS_URL; the workers inherit both. TEST_DATABASE_URL and TEST_REDIS_URL replace the embedded servers.
"""

import os
from contextlib import ExitStack

import pytest

from relance.embedded.errors import StartError
from relance.embedded.testing import throw_away_servers

PG_ADMIN_URL = "RELANCE_TEST_PG_ADMIN_URL"
REDIS_URL = "RELANCE_TEST_REDIS_URL"

_servers = pytest.StashKey[ExitStack]()


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start the servers in the controller; a worker finds their addresses in its environment."""
    if hasattr(config, "workerinput") or config.option.collectonly or config.option.help:
        return
    stack = ExitStack()
    try:
        servers = stack.enter_context(throw_away_servers())
    except StartError as fault:
        raise pytest.UsageError(str(fault)) from fault
    config.stash[_servers] = stack
    os.environ[PG_ADMIN_URL] = servers.postgres_admin_url
    os.environ[REDIS_URL] = servers.redis_url


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop them when every worker is done."""
    stack = config.stash.get(_servers, None)
    if stack is not None:
        stack.close()
        os.environ.pop(PG_ADMIN_URL, None)
        os.environ.pop(REDIS_URL, None)
