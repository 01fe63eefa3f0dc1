"""Every query of the dashboard reads the rows that it shows, by an index in the order of the list, at any size."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import cycle
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from benchmarks.dashboard_data import fill_dashboard
from tests.explain.plans import Plan, explain
from tests.plugins.product import Office, Product

from relance.core.pagination import Cursor, PageRequest
from relance.core.security import Caller, Level
from relance.domains.invitations.dashboard.repository import dashboard_statement
from relance.domains.invitations.permissions import READ
from relance.domains.invitations.schemas import InvitationFilter, InvitationSort

LIMIT = 50
#: Filters of the list, alone and together, by a rare value and by a common one.
_FILTERS: list[dict[str, Any]] = [
    {},
    {"mine": False},
    {"mine": False, "archived": "any"},
    {"mine": False, "archived": "true"},
    {"mine": False, "form_status": ["to_complete"]},
    {"mine": False, "form_status": ["expired"]},
    {"form_status": ["completed"]},
    {"mine": False, "status": ["queued"]},
    {"mine": False, "status": ["sent", "expired"]},
    {"mine": False, "form_status": ["completed"], "status": ["cancelled"]},
    {"status": ["cancelled"], "archived": "any"},
]


@dataclass(frozen=True)
class Filled:
    """A connection to a database full of invitations of one workspace."""

    connection: Any
    #: At full size, and with every order; else a few rows, and the orders by turns.
    whole: bool


@pytest.fixture(params=[False, pytest.param(True, marks=pytest.mark.slow)], ids=["few", "million"])
async def filled(request: pytest.FixtureRequest, product: Product, office: Office) -> AsyncIterator[Filled]:
    """Few invitations in every run, a million in `make explain`."""
    url, whole = str(product.runtime.settings.database_url), bool(request.param)
    await fill_dashboard(url, office.workspace_id, 1_000_000 if whole else 2_000, indexed=not whole)
    connection = await asyncpg.connect(url, server_settings={"timezone": "UTC"})
    if not whole:
        # A table of few pages is read whole sooner than by any index: whether one could serve is what is asked.
        await connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
    yield Filled(connection, whole)
    await connection.close()


def _callers(office: Office) -> list[Caller]:
    both = frozenset([office.organisation_id, office.other_organisation_id])

    def caller(level: Level, user: UUID, organisations: frozenset[UUID], group: list[UUID]) -> Caller:
        rights = {READ: level}
        return Caller("user", office.workspace_id, user, None, "", "", rights, organisations, frozenset(group))

    return [
        caller(Level.ALL, office.admin.id, both, [office.admin.id]),
        caller(Level.OWN, office.member.id, frozenset([office.organisation_id]), [office.member.id]),
        caller(Level.GROUP, office.manager.id, both, [office.manager.id, office.member.id]),
    ]


async def test_a_page_reads_the_rows_that_it_shows(filled: Filled, office: Office) -> None:
    orders = cycle(InvitationSort)
    for caller in _callers(office):
        for filters in _FILTERS:
            for sort in InvitationSort if filled.whole else [next(orders)]:
                after: Cursor | None = None
                for _page in range(2):
                    request = PageRequest(LIMIT, sort.value, after)
                    wanted = InvitationFilter.model_validate(filters)
                    statement, values = dashboard_statement(wanted, caller, request)
                    plan = await explain(filled.connection, statement, values)
                    _holds(plan, filled, (filters, sort, caller.level(READ), plan.root))
                    rows = await filled.connection.fetch(statement.sql, *statement.arguments(values))
                    if len(rows) <= LIMIT:
                        break
                    after = Cursor(sort.value, rows[LIMIT - 1][1], rows[LIMIT - 1][2])


def _holds(plan: Plan, filled: Filled, said: object) -> None:
    # A merge looks one row ahead in each of its branches. Of a million rows PostgreSQL may rather read a page of a few
    # branches each, and sort these: never more than three pages.
    most = max(3 * plan.returned if filled.whole else 0, plan.returned + plan.branches("invitations"))
    assert plan.read("invitations") <= most, said
    assert plan.scanned_whole("invitations", "companies") == [], said
    assert plan.most_sorted <= 3 * LIMIT, said
