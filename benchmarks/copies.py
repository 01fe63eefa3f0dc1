"""Rows in millions: one row that the product itself has written, multiplied inside PostgreSQL.

The columns are those that the table has: what is not named is as it was in the pattern, whatever a migration adds.
Indexes are built once the rows are there, and foreign keys are not asked: copies point where their patterns point.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import asyncpg

#: Copy number n of something has the n-th id of its kind: ordered as the ids of the product are, and known beforehand.
_ID = """
CREATE OR REPLACE FUNCTION pg_temp.copy_id(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(1700000000000 + n), 12, '0') || '7000' || '8' || lpad(to_hex(kind), 3, '0')
            || lpad(to_hex(n), 12, '0'))::uuid
$$
"""
COMPANY, INVITATION, LINK, FORM, FOLLOW_UP, UNBACKED, MESSAGE = range(7)
RECIPIENT = "'achats' || n || '@partenaire' || n % 50 || '.example'"


def copy_id(kind: int, number: str = "n") -> str:
    """SQL of the id of the copy with that number."""
    return f"pg_temp.copy_id({kind}, {number})"


@asynccontextmanager
async def loading(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that loads in bulk: no foreign keys, no triggers, room to build indexes."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("SET session_replication_role = replica")
        await connection.execute("SET maintenance_work_mem = '512MB'")
        await connection.execute("SET synchronous_commit = off")
        await connection.execute(_ID)
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def without_indexes(connection: asyncpg.Connection, table: str) -> AsyncIterator[None]:
    """Load into `table` first and build its indexes and keys afterwards: for millions of rows."""
    keys = await connection.fetch(
        "SELECT conname AS name, pg_get_constraintdef(oid) AS words FROM pg_constraint "
        "WHERE conrelid = $1::text::regclass AND contype IN ('p', 'u')",
        table,
    )
    indexes = await connection.fetch(
        "SELECT c.relname AS name, pg_get_indexdef(c.oid) AS words FROM pg_index i "
        "JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = $1::text::regclass "
        "AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = c.oid)",
        table,
    )
    for key in keys:
        await connection.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{key["name"]}"')
    for index in indexes:
        await connection.execute(f'DROP INDEX "{index["name"]}"')
    try:
        yield
    finally:
        for key in keys:
            await connection.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{key["name"]}" {key["words"]}')
        for index in indexes:
            await connection.execute(index["words"])


async def multiply(
    connection: asyncpg.Connection,
    table: str,
    where: str,
    changes: Mapping[str, str],
    count: int,
    *,
    first: int = 1,
) -> None:
    """Copies of one row of `table`.

    Args:
        connection: of `loading`.
        table: whose row.
        where: SQL over the pattern `p`, true for one row.
        changes: what differs, column by column, as SQL over the copy's number `n` and the pattern `p`.
        count: how many copies.
        first: the number of the first.
    """
    columns = await connection.fetch(
        "SELECT attname FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped "
        "AND attidentity = '' AND attgenerated = '' ORDER BY attnum",
        table,
    )
    names = [column["attname"] for column in columns]
    unknown = set(changes) - set(names)
    if unknown:
        raise LookupError(f"{table} has no columns {sorted(unknown)}")
    shown = ", ".join(changes.get(name, f'p."{name}"') for name in names)
    listed = ", ".join(f'"{name}"' for name in names)
    await connection.execute(
        f"INSERT INTO {table} ({listed}) SELECT {shown} FROM (SELECT * FROM {table} p WHERE {where} LIMIT 1) p "
        f"CROSS JOIN generate_series({first}::bigint, {first + count - 1}::bigint) AS n"
    )
    found = await connection.fetchval(f"SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT 2) t")
    if count > 1 and found < 2:
        raise LookupError(f"no row of {table} to copy: {where}")


_DEMO = "(SELECT w.id FROM workspaces w WHERE w.slug = 'demo')"
_PATTERN = f"SELECT company_id FROM invitations WHERE workspace_id = {_DEMO} ORDER BY created_at, id LIMIT 1"
_INVITED: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "companies": (
        "p.id = $pattern",
        {
            "id": copy_id(COMPANY),
            "name": "'Partenaire ' || n",
            "id_value": "'9' || lpad(n::text, 8, '0')",
            "match_key": "'copy/' || n",
        },
    ),
    "prequalifications": (
        "p.company_id = $pattern",
        {"id": copy_id(FORM), "company_id": copy_id(COMPANY)},
    ),
    "invitations": (
        "p.company_id = $pattern",
        {
            "id": copy_id(INVITATION),
            "company_id": copy_id(COMPANY),
            "email": RECIPIENT,
            "email_key": RECIPIENT,
            "status": "'sent'",
            "created_at": "now() - interval '8 days'",
            "last_asked_at": "now() - interval '8 days'",
            "last_sent_at": "now() - interval '8 days' + n * interval '1 millisecond'",
            "expires_at": "now() + interval '22 days' + n * interval '1 millisecond'",
        },
    ),
    "action_links": (
        "p.subject_id = (SELECT i.id FROM invitations i WHERE i.company_id = $pattern)",
        {"id": copy_id(LINK), "subject_id": copy_id(INVITATION), "recipient": RECIPIENT},
    ),
    # As many as a table has that has lived: what PostgreSQL plans for an empty one, it keeps while it fills.
    "messages": (
        "p.subject_id = (SELECT i.id FROM invitations i WHERE i.company_id = $pattern)",
        {
            "id": copy_id(MESSAGE),
            "subject_id": copy_id(INVITATION),
            "link_id": copy_id(LINK),
            "recipient": RECIPIENT,
            "domain": "'partenaire' || n % 50 || '.example'",
            "dedupe_key": "'copy/' || n",
            "state": "'sent'",
            "sent_at": "now() - interval '8 days'",
        },
    ),
}


async def invite(connection: asyncpg.Connection, count: int) -> None:
    """`count` partners, each with a form to complete and an invitation that was sent eight days ago, numbered from 1.

    Copies of the demonstration's first invitation, as `seed_demo` leaves it.
    """
    pattern = await connection.fetchval(_PATTERN)
    if pattern is None:
        raise LookupError("no invitation to copy")
    for table, (where, changes) in _INVITED.items():
        await multiply(connection, table, where.replace("$pattern", f"'{pattern}'"), changes, count)


async def analyse(connection: asyncpg.Connection, *tables: str) -> None:
    """Let the planner know what there is."""
    for table in tables or ("",):
        await connection.execute(f"VACUUM ANALYZE {table}")


async def start_again(database_url: str) -> None:
    """No rows at all."""
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute("TRUNCATE workspaces CASCADE")
    finally:
        await connection.close()


_PLANNED = f"""
INSERT INTO follow_ups (workspace_id, id, subject_kind, subject_id, domain, cycle, kind, ordinal, due_at, planned_at,
    state)
SELECT {_DEMO}, gen_random_uuid(), 'invitation', k.subject, 'invitations', 1, k.kind, 1, k.due, k.due, 'pending'
FROM generate_series(1::bigint, $count::bigint) AS n CROSS JOIN LATERAL """
#: Four of five have a reminder that is due, and an expiry that is not; the fifth has an expiry that is due.
_DUE = f"""(
    SELECT {copy_id(INVITATION)} AS subject, 'reminder' AS kind,
           now() - interval '1 day' + n * interval '1 microsecond' AS due
    WHERE n % 5 > 0
    UNION ALL
    SELECT {copy_id(INVITATION)}, 'expiry',
           now() + CASE WHEN n % 5 > 0 THEN interval '22 days' ELSE interval '-1 day' END
           + n * interval '1 microsecond'
) AS k"""
_NOT_DUE = f"""(
    SELECT {copy_id(UNBACKED)} AS subject, 'reminder' AS kind,
           now() + interval '1 hour' + n % 40000 * interval '1 minute' AS due
) AS k"""


async def plan(connection: asyncpg.Connection, due: int, planned: int) -> None:
    """Follow-ups of the first `due` copies of `invite` that are due now, and others that are not, `planned` in all."""
    async with without_indexes(connection, "follow_ups"):
        await connection.execute(_PLANNED.replace("$count", str(due)) + _DUE)
        rest = planned - await connection.fetchval("SELECT count(*) FROM follow_ups WHERE state = 'pending'")
        if rest > 0:
            await connection.execute(_PLANNED.replace("$count", str(rest)) + _NOT_DUE)
    await connection.execute(
        "UPDATE invitations SET expires_at = now() - interval '1 day' FROM follow_ups f WHERE f.kind = 'expiry' "
        "AND f.due_at < now() AND invitations.workspace_id = f.workspace_id AND invitations.id = f.subject_id"
    )
