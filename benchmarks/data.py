"""Data sets in bulk: rows made by the product itself, then multiplied inside PostgreSQL.

Copying rows that the services have written keeps a data set true to the models: what is not named here is as it was
in the pattern. A million rows take seconds, not hours.
"""

from collections.abc import Mapping

import asyncpg

#: Copy number n of something has the n-th id of its kind: ordered as the ids of the product are, and known beforehand.
_ID = """
CREATE OR REPLACE FUNCTION pg_temp.copy_id(kind int, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(1700000000000 + n), 12, '0') || '7000' || '8' || lpad(to_hex(kind), 3, '0')
            || lpad(to_hex(n), 12, '0'))::uuid
$$
"""
_COMPANY, _INVITATION, _LINK, _MESSAGE, _FORM = range(5)
_RECIPIENT = "'achats' || n || '@partenaire' || n % 50 || '.example'"

#: What differs from the pattern, column by column, as SQL over the copy's number `n` and the pattern `p`.
_COPIES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "companies": (
        "p.id = $1",
        {
            "id": f"pg_temp.copy_id({_COMPANY}, n)",
            "name": "'Partenaire ' || n",
            "id_value": "'9' || lpad(n::text, 8, '0')",
            "match_key": "'copy/' || n",
        },
    ),
    "prequalifications": (
        "p.company_id = $1",
        {"id": f"pg_temp.copy_id({_FORM}, n)", "company_id": f"pg_temp.copy_id({_COMPANY}, n)"},
    ),
    "invitations": (
        "p.company_id = $1",
        {
            "id": f"pg_temp.copy_id({_INVITATION}, n)",
            "company_id": f"pg_temp.copy_id({_COMPANY}, n)",
            "email": _RECIPIENT,
            "email_key": _RECIPIENT,
        },
    ),
    "action_links": (
        "p.subject_id = (SELECT id FROM invitations WHERE company_id = $1)",
        {
            "id": f"pg_temp.copy_id({_LINK}, n)",
            "subject_id": f"pg_temp.copy_id({_INVITATION}, n)",
            "recipient": _RECIPIENT,
        },
    ),
    "messages": (
        "p.subject_id = (SELECT id FROM invitations WHERE company_id = $1)",
        {
            "id": f"pg_temp.copy_id({_MESSAGE}, n)",
            "subject_id": f"pg_temp.copy_id({_INVITATION}, n)",
            "link_id": f"pg_temp.copy_id({_LINK}, n)",
            "recipient": _RECIPIENT,
            "domain": "'partenaire' || n % 50 || '.example'",
            "dedupe_key": "'copy/' || n",
        },
    ),
    "message_bodies": (
        "p.id = (SELECT m.id FROM messages m JOIN invitations i ON i.id = m.subject_id WHERE i.company_id = $1)",
        {
            "id": f"pg_temp.copy_id({_MESSAGE}, n)",
            # The link is named in the placeholders as well.
            "placeholders": "replace(jsonb_set(p.placeholders, '{partner,name}', to_jsonb('Partenaire ' || n))::text, "
            "(SELECT id::text FROM action_links WHERE subject_id = "
            "(SELECT id FROM invitations WHERE company_id = $1)), "
            f"pg_temp.copy_id({_LINK}, n)::text)::jsonb",
        },
    ),
}

#: What can be written of a table: all but what it computes itself.
_COLUMNS = """
SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
WHERE attrelid = $1::text::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""


async def keep_only_invitations(database_url: str) -> None:
    """Take back the demonstration's other mails: what is counted afterwards are those of invitations."""
    connection = await asyncpg.connect(database_url)
    try:
        for table in ("message_bodies", "messages"):
            await connection.execute(
                f"DELETE FROM {table} WHERE id IN (SELECT id FROM messages WHERE subject_kind <> 'invitation')"
            )
    finally:
        await connection.close()


async def queue_invitations(database_url: str, count: int) -> None:
    """Multiply one invitation that is still queued, with all that belongs to it, into `count` more.

    Args:
        database_url: a migrated database with at least one queued invitation, as `seed_demo` leaves it.
        count: how many more; the copies are numbered from 1.

    Raises:
        LookupError: no queued invitation is there to be copied.
    """
    connection = await asyncpg.connect(database_url)
    try:
        pattern = await connection.fetchval(
            "SELECT company_id FROM invitations WHERE status = 'queued' ORDER BY id LIMIT 1"
        )
        if pattern is None:
            raise LookupError("no queued invitation to copy")
        await connection.execute(_ID)
        async with connection.transaction():
            for table, (where, changes) in _COPIES.items():
                pairs = ", ".join(f"'{column}', {value}" for column, value in changes.items())
                columns = await connection.fetchval(_COLUMNS, table)
                await connection.execute(
                    f"INSERT INTO {table} ({columns}) SELECT {', '.join(f'copy.{one}' for one in columns.split(', '))} "
                    f"FROM {table} p "
                    f"CROSS JOIN generate_series(1, $2::bigint) AS n "
                    f"CROSS JOIN LATERAL jsonb_populate_record(p, jsonb_build_object({pairs})) AS copy WHERE {where}",
                    pattern,
                    count,
                )
        await connection.execute("ANALYZE")
    finally:
        await connection.close()
