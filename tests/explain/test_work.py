"""What the worker claims, and the lists behind it: each reads the rows that it takes, by an index, at any size."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import orjson
import pytest
from benchmarks.dashboard_data import fill_dashboard
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine
from tests.explain.plans import Plan, explain
from tests.plugins.product import Office, Product

from relance.capabilities.followups.sweeping import repository as sweeping
from relance.capabilities.messaging.delivery import repository as delivery
from relance.core.ids import new_id
from relance.core.quick import Quick

LIMIT = 50
#: One mail in forty waits, one follow-up in ten is due.
_MESSAGES = """
INSERT INTO messages (workspace_id, id, subject_kind, subject_id, mail_key, link_bearing, cycle, ordinal, locale,
    recipient, domain, priority, dedupe_key, state, created_at, not_before)
SELECT workspace_id, id, 'invitation', id, 'invitations.invitation', true, 1, 0, 'fr', email, 'partenaire.example', 50,
    id::text, CASE WHEN hashint8(row_number() OVER (ORDER BY id)) % 40 = 0 THEN 'queued' ELSE 'sent' END, created_at,
    created_at
FROM invitations WHERE workspace_id = $1
"""
_BODIES = """
INSERT INTO message_bodies (workspace_id, id, list_unsubscribe, placeholders)
SELECT workspace_id, id, false, '{}' FROM messages WHERE workspace_id = $1 AND state = 'queued'
"""
_FOLLOW_UPS = """
INSERT INTO follow_ups (workspace_id, id, subject_kind, subject_id, domain, cycle, kind, ordinal, due_at, planned_at,
    state)
SELECT workspace_id, gen_random_uuid(), 'invitation', id, 'invitations', 1, 'reminder', 1,
    $2::timestamptz + (row_number() OVER (ORDER BY id) % 10 - 1) * interval '1 day', created_at, 'pending'
FROM invitations WHERE workspace_id = $1
"""
_CONTACTS = """
INSERT INTO contacts (workspace_id, id, company_id, first_name, last_name, email, active, locale, created_at, version)
SELECT workspace_id, gen_random_uuid(), id, 'Camille', name, 'c@' || id::text || '.example', true, 'fr', created_at, 1
FROM companies WHERE workspace_id = $1
"""
_LISTS = [
    ("messages", "/v1/messages?sort=-created_at"),
    ("messages", "/v1/messages?sort=created_at"),
    ("companies", "/v1/companies?sort=name"),
    ("companies", "/v1/companies?sort=-created_at"),
    ("contacts", "/v1/contacts?sort=last_name"),
    ("contacts", "/v1/contacts?sort=-created_at"),
    ("contacts", "/v1/contacts?sort=-last_action_at"),
]


@pytest.fixture(params=[False, pytest.param(True, marks=pytest.mark.slow)], ids=["few", "million"])
async def filled(request: pytest.FixtureRequest, product: Product, office: Office) -> AsyncIterator[Any]:
    """A connection to a database full of work: little in every run, a million of everything in `make explain`."""
    url, whole = str(product.runtime.settings.database_url), bool(request.param)
    await fill_dashboard(url, office.workspace_id, 1_000_000 if whole else 2_000, indexed=not whole)
    connection = await asyncpg.connect(url, server_settings={"timezone": "UTC"})
    await connection.execute("SET session_replication_role = replica")
    for statement in (_MESSAGES, _BODIES, _CONTACTS):
        await connection.execute(statement, office.workspace_id, timeout=3600)
    await connection.execute(_FOLLOW_UPS, office.workspace_id, _now(product), timeout=3600)
    await connection.execute("RESET session_replication_role; ANALYZE messages, message_bodies, contacts, follow_ups")
    if not whole:
        # A table of few pages is read whole sooner than by any index: whether one could serve is what is asked.
        await connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
    yield connection
    await connection.close()


def _now(product: Product) -> datetime:
    return product.runtime.clock.now()


def _holds(plan: Plan, table: str, said: object, most: int = 3) -> None:
    assert plan.returned > 0, said
    assert plan.read(table) <= most * plan.returned, said
    assert plan.scanned_whole(table) == [], said
    assert plan.most_sorted <= 3 * LIMIT, said


async def test_a_sweep_reads_the_follow_ups_that_it_claims(filled: Any, product: Product) -> None:
    now, since = _now(product), datetime.min.replace(tzinfo=UTC)
    for _batch in range(2):
        async with filled.transaction():
            await filled.fetch(sweeping._WALK.sql, "off")
            values = {"now": now, "since": since, "most": LIMIT, "kinds": ["invitation"], "without": []}
            plan = await _explained(filled, sweeping._CLAIM.sql, [values[name] for name in sweeping._CLAIM._names])
            rows = await filled.fetch(sweeping._CLAIM.sql, *[values[name] for name in sweeping._CLAIM._names])
            # Once for the row itself, once for whether it is the oldest of its subject.
            _holds(plan, "follow_ups", plan.root)
            since = rows[-1]["due_at"] + timedelta(microseconds=1)


async def test_a_claim_reads_the_mails_that_it_takes(filled: Any, product: Product) -> None:
    values = {"owner": new_id(), "lease": 60.0, "now": _now(product), "most": LIMIT, "domains": [], "only": False}
    claim, turn = Quick(delivery._CLAIM), Quick(delivery._TAKE_TURN)
    transaction = filled.transaction()
    await transaction.start()
    try:
        await filled.fetch(turn.sql, *turn.arguments({"stall": "15000", "key": 1}))
        plan = await explain(filled, claim, values)
        # Each as itself, among the few of its recipient, and to be changed.
        _holds(plan, "messages", plan.root, most=4)
    finally:
        await transaction.rollback()


async def test_a_page_of_the_lists_reads_the_rows_that_it_shows(filled: Any, product: Product, office: Office) -> None:
    for table, path in _LISTS:
        with _statements(product.runtime.db.engine) as seen:
            answer = await office.admin.get(f"{path}&limit={LIMIT}")
        assert answer.status_code == 200, answer.text
        listing = [(sql, values) for sql, values in seen if f"FROM {table} " in sql.replace("\n", " ") + " "]
        assert listing, (path, seen)
        for sql, values in [one for one in listing if "LIMIT" in one[0]]:
            _holds(await _explained(filled, sql, values), table, (path, sql))


@contextmanager
def _statements(engine: AsyncEngine) -> Iterator[list[tuple[str, list[Any]]]]:
    """What is asked of the database meanwhile."""
    seen: list[tuple[str, list[Any]]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: bool) -> None:
        seen.append((statement, list(values or ())))

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", note)


async def _explained(connection: Any, sql: str, values: list[Any]) -> Plan:
    found = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", *values)
    return Plan(orjson.loads(found)[0]["Plan"])
