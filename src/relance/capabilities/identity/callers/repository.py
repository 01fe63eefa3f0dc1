"""Who calls, as the rows tell. Asked by every request."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA

from relance.core.db import Database, DbSession
from relance.core.quick import Quick

# Written as SQL: one statement per request, whose plan matters more than its Python. The people below somebody are
# only looked for where a right reaches that far; UNION (not UNION ALL) ends even if reports ever formed a circle.
_FACTS = """
    u.id AS user_id, u.workspace_id, u.name, u.email, r.permissions,
    ARRAY(SELECT m.organisation_id FROM memberships m
          WHERE m.workspace_id = u.workspace_id AND m.user_id = u.id) AS organisation_ids,
    CASE WHEN jsonb_path_exists(r.permissions, '$.* ? (@ == "group")') THEN ARRAY(
        WITH RECURSIVE people(id) AS (
            SELECT u.id UNION SELECT below.id FROM users below JOIN people ON below.manager_id = people.id
            WHERE below.workspace_id = u.workspace_id)
        SELECT id FROM people) ELSE ARRAY[u.id] END AS group_ids
"""
_ROLE = "JOIN roles r ON r.workspace_id = u.workspace_id AND r.id = u.role_id"
_BY_SESSION = Quick(
    text(
        f"SELECT {_FACTS} FROM users u {_ROLE} WHERE u.workspace_id = :workspace AND u.id = :user "  # noqa: S608 - constants above, no value in them
        "AND u.status = 'active' AND EXISTS (SELECT FROM refresh_tokens t "
        "WHERE t.workspace_id = u.workspace_id AND t.user_id = u.id "
        "AND t.family_id = :session AND t.revoked_at IS NULL)"
    )
)
_BY_KEY = Quick(
    text(
        f"SELECT {_FACTS}, k.id AS key_id, k.name AS key_name, k.permissions AS key_permissions, k.last_used_at "  # noqa: S608 - constants above, no value in them
        f"FROM api_keys k JOIN users u ON u.workspace_id = k.workspace_id AND u.id = k.user_id {_ROLE} "
        "WHERE k.key_hash = ANY(:hashes) AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > :now) "
        "AND u.status = 'active'"
    ).bindparams(bindparam("hashes", type_=ARRAY(BYTEA)))
)

_BY_EMAIL = Quick(
    text(
        f"SELECT {_FACTS} FROM users u {_ROLE} JOIN workspaces w ON w.id = u.workspace_id "  # noqa: S608 - constants above, no value in them
        "WHERE w.slug = :slug AND u.email = :email AND u.status = 'active'"
    )
)
_BY_USER = text(
    f"SELECT {_FACTS} FROM users u {_ROLE} "  # noqa: S608 - constants above, no value in them
    "WHERE u.workspace_id = :workspace AND u.id = :user AND u.status = 'active'"
)


#: What a caller is made of, by the names of the statements above.
Facts = Mapping[str, Any]


class CallerRepository:
    """Who calls. Asked by every request, and therefore around the sessions; what is revoked counts at once."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def of_session(self, workspace_id: UUID, user_id: UUID, session_id: UUID) -> Facts | None:
        """What a caller is made of, where the user is active and the session was not ended."""
        return await self._one(_BY_SESSION, workspace=workspace_id, user=user_id, session=session_id)

    async def of_key(self, hashes: Sequence[bytes], now: datetime) -> Facts | None:
        """The same for an API key that is live, in whatever workspace."""
        return await self._one(_BY_KEY, hashes=list(hashes), now=now)

    async def of_email(self, slug: str, email: str) -> Facts | None:
        """The same for the active user with that address in the workspace with that slug."""
        return await self._one(_BY_EMAIL, slug=slug, email=email)

    async def _one(self, statement: Quick, **values: object) -> Facts | None:
        rows = await self._db.fetch(statement, values)
        return rows[0] if rows else None


async def caller_of_user(session: DbSession, workspace_id: UUID, user_id: UUID) -> Facts | None:
    """The same for an active user who has given somebody else a way in: the address of a calendar, for one."""
    found = await session.execute(_BY_USER, {"workspace": workspace_id, "user": user_id})
    row = found.mappings().one_or_none()
    return dict(row) if row is not None else None
