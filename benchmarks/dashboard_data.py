"""A workspace with any number of invitations, as years of work would leave them: for the dashboard at full size.

One invitation that the product has made is the pattern. The newest are mostly open, the oldest mostly answered, some
combinations of the axes are rare: what a plan that was chosen by averages stumbles over.
"""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg

#: Beyond these, partners are invited again, at other addresses.
MOST_COMPANIES = 1_000_000

_ID = """
CREATE OR REPLACE FUNCTION pg_temp.row_id(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(1600000000000 + n), 12, '0') || '7000' || '8' || lpad(to_hex(kind), 3, '0')
            || lpad(to_hex(n), 12, '0'))::uuid
$$
"""
_COMPANIES = """
INSERT INTO companies (workspace_id, id, name, country, id_scheme, id_value, match_key, registered_at, created_at,
    version)
SELECT $1, pg_temp.row_id(1, n),
    (ARRAY['Atelier', 'Boulangerie', 'Société', 'Éts', 'Transports', 'Menuiserie'])[1 + abs(hashint8(n)) % 6]
        || ' ' || (ARRAY['Martin', 'Bernard', 'Léger', 'Petit & Fils', 'du Lac'])[1 + abs(hashint8(n + 7)) % 5]
        || ' ' || n,
    CASE WHEN n % 7 > 0 THEN 'FR' END, CASE WHEN n % 7 > 0 THEN 'siren' END,
    CASE WHEN n % 7 > 0 THEN '9' || lpad(n::text, 8, '0') END,
    CASE WHEN n % 7 > 0 THEN 'copy/' || n END,
    CASE WHEN abs(hashint8(n + 3)) % 10 < 4 THEN timestamptz '2026-01-01' END, timestamptz '2024-01-01', 1
FROM generate_series($2::bigint, $3::bigint) AS n
"""
_INVITATIONS = """
INSERT INTO invitations (workspace_id, id, company_id, issuing_organisation_id, requested_by, email, email_key,
    company_key, locale, status, form_status, reason, cycle, expires_at, last_sent_at, reminders_count,
    reminders_asked, delivery, declined_at, closed_at, archived_at, created_at, version)
SELECT c.workspace_id, pg_temp.row_id(2, n), c.id, ($4::uuid[])[1 + h % cardinality($4::uuid[])],
    ($5::uuid[])[1 + (h / 8) % cardinality($5::uuid[])], address, address, relance_fold(c.name),
    'fr', status, form_status, 'not_registered', 1,
    CASE WHEN status <> 'queued' THEN sent + interval '30 days' END, CASE WHEN status <> 'queued' THEN sent END,
    h % 4, h % 4, CASE WHEN h % 50 = 0 THEN 'undeliverable' END, NULL,
    CASE WHEN status = 'closed' THEN sent + interval '9 days' END,
    CASE WHEN (h / 64) % 10 = 0 THEN sent + interval '60 days' END, made, 1
FROM generate_series($2::bigint, $3::bigint) AS n
CROSS JOIN LATERAL (SELECT abs(hashint8(n + 11)) AS h, n::float / $6::bigint AS age, 1 + (n - 1) % $7::bigint AS k) AS a
CROSS JOIN LATERAL (SELECT
    'achats' || n || '@partenaire' || n % 50 || '.example' AS address,
    timestamptz '2026-11-01' - ($6::bigint - n) * interval '20 seconds' AS made,
    CASE WHEN (h / 512) % 1000 < 550 * (1 - age) THEN 'completed'
         WHEN (h / 512) % 1000 < 620 * (1 - age) THEN 'expired' ELSE 'to_complete' END AS form_status) AS f
CROSS JOIN LATERAL (SELECT
    made + (h % 100000) * interval '1.25 seconds' AS sent,
    CASE WHEN form_status <> 'to_complete' THEN CASE WHEN h % 100 < 97 THEN 'closed' ELSE 'cancelled' END
         WHEN h % 1000 < 5 THEN 'queued' WHEN h % 1000 < 20 THEN 'cancelled'
         WHEN (h / 32) % 10 < 7 * age + 2 THEN 'sent' ELSE 'expired' END AS status) AS s
JOIN companies c ON c.workspace_id = $1 AND c.id = pg_temp.row_id(1, k)
"""
_SECONDARY = """
SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS made
FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid
WHERE i.indrelid = ANY (ARRAY['companies', 'invitations']::regclass[]) AND c.oid IS NULL
"""

#: What the triggers would have counted.
_COUNTS = """
INSERT INTO invitation_counts (workspace_id, id, issuing_organisation_id, requested_by, facet, number, folded)
SELECT workspace_id, gen_random_uuid(), issuing_organisation_id, requested_by, facet,
    count(*) - coalesce((SELECT sum(k.number) FROM invitation_counts k WHERE (k.workspace_id,
        k.issuing_organisation_id, k.requested_by, k.facet) = (i.workspace_id, i.issuing_organisation_id,
        i.requested_by, i.facet)), 0), false
FROM invitations i WHERE workspace_id = $1 GROUP BY workspace_id, issuing_organisation_id, requested_by, facet
"""


async def fill_dashboard(database_url: str, workspace_id: UUID, count: int, *, indexed: bool = False) -> None:
    """Give a workspace `count` invitations more, of its organisations and its users.

    Args:
        database_url: a migrated database with that workspace.
        workspace_id: whose.
        count: how many; the partners are as many, up to a million.
        indexed: keep the indexes while the rows come in: for few rows, or beside others.
    """
    await fill_dashboards(database_url, {workspace_id: count}, indexed=indexed)


async def fill_dashboards(
    database_url: str, counts: Mapping[UUID, int], *, indexed: bool = False, only: str = ""
) -> None:
    """The same for several workspaces, by their ids, so that the indexes are built once.

    Args:
        database_url: a migrated database with those workspaces.
        counts: how many invitations for each.
        indexed: keep the indexes while the rows come in.
        only: of the indexes that are built afterwards, those whose name matches this expression; "" for all.
    """
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(_ID)
        # The rows are whole: neither foreign keys nor triggers have anything to add but the counts.
        await connection.execute("SET session_replication_role = replica; SET maintenance_work_mem = '512MB'")
        await connection.execute("SET synchronous_commit = off")
        async with _without_indexes(connection, keep=indexed, only=only):
            for workspace_id, count in counts.items():
                await _fill(connection, workspace_id, count)
        for workspace_id in counts:
            await connection.execute(_COUNTS, workspace_id, timeout=3600)
        await connection.execute("VACUUM ANALYZE companies, invitations, invitation_counts", timeout=3600)
    finally:
        await connection.close()


async def _fill(connection: Any, workspace_id: UUID, count: int) -> None:
    organisations, users = [
        [row[0] for row in await connection.fetch(f"SELECT id FROM {table} WHERE workspace_id = $1", workspace_id)]
        for table in ("organisations", "users")
    ]
    companies = min(count, MOST_COMPANIES)
    await connection.execute(_COMPANIES, workspace_id, 1, companies, timeout=3600)
    await connection.execute(_INVITATIONS, workspace_id, 1, count, organisations, users, count, companies, timeout=3600)


@asynccontextmanager
async def _without_indexes(connection: Any, *, keep: bool, only: str) -> AsyncIterator[None]:
    """Drop what a bulk insert would fill row by row, and make it again of the whole."""
    indexes = [] if keep else await connection.fetch(_SECONDARY)
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['name']}")
    yield
    for index in indexes:
        if re.search(only, index["name"]):
            await connection.execute(index["made"], timeout=3600)
