"""Queries about invitations that are asked, chased or expired: each is one statement for any number of them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from relance.core.bulk import change_all
from relance.core.driver import Statement
from relance.core.repository import Repository
from relance.domains.invitations.asked import Asked
from relance.domains.invitations.lifecycle import FormStatus
from relance.domains.invitations.models import Invitation

# The order of the columns is the one of the fields of `Asked`.
_ASKED = f"""
SELECT i.id, i.company_id, i.issuing_organisation_id, i.requested_by, i.email, i.email_key, i.locale, i.status,
       i.reason, i.cycle, i.expires_at, i.last_sent_at, i.last_asked_at, i.reminders_asked, i.delivery, i.declined_at,
       i.archived_at, c.name, c.id_value, c.registered_at, o.name, u.name, u.email, w.zone,
       COALESCE(p.form_status, '{FormStatus.TO_COMPLETE}')
FROM invitations i
JOIN companies c ON c.workspace_id = i.workspace_id AND c.id = i.company_id
JOIN organisations o ON o.workspace_id = i.workspace_id AND o.id = i.issuing_organisation_id
JOIN users u ON u.workspace_id = i.workspace_id AND u.id = i.requested_by
JOIN workspaces w ON w.id = i.workspace_id
LEFT JOIN prequalifications p ON p.workspace_id = i.workspace_id AND p.company_id = i.company_id
WHERE i.workspace_id = :workspace AND i.id = ANY(CAST(:ids AS uuid[]))
"""  # noqa: S608 - constants of this domain
_READ = Statement(_ASKED)
_HOLD = """
SELECT id FROM invitations WHERE workspace_id = :workspace AND id = ANY(CAST(:ids AS uuid[])) ORDER BY id FOR UPDATE
"""
_HOLD_ALL, _HOLD_FREE = Statement(_HOLD), Statement(f"{_HOLD} SKIP LOCKED")
_MARK_ASKED = Statement("""
UPDATE invitations SET last_asked_at = :at, reminders_asked = reminders_asked + :reminders, version = version + 1
WHERE workspace_id = :workspace AND id = ANY(CAST(:ids AS uuid[]))
""")


class AskedRepository(Repository):
    """Invitations of the session's workspace."""

    async def lock_all(self, ids: Collection[UUID]) -> dict[UUID, Asked]:
        """`ids`, locked in their order, as they are once nobody else holds them."""
        return await self._held(_HOLD_ALL, ids)

    async def lock_free(self, ids: Collection[UUID]) -> dict[UUID, Asked]:
        """Those of `ids` that nobody else holds, locked; for the worker, which waits for nobody."""
        return await self._held(_HOLD_FREE, ids)

    async def _held(self, hold: Statement, ids: Collection[UUID]) -> dict[UUID, Asked]:
        own = self.session.workspace_id
        held = [row[0] for row in await hold.rows(self.session, workspace=own, ids=list(ids))] if ids else []
        # A statement of its own: it sees what those have committed whom the locks waited for.
        found = await _READ.rows(self.session, workspace=own, ids=held) if held else []
        return {row[0]: Asked(*row) for row in found}

    async def mark_asked(self, rows: Sequence[Asked], at: datetime, *, reminders: int) -> None:
        """Write that a link-bearing mail was asked for; their locks are held."""
        own = self.session.workspace_id
        await _MARK_ASKED.run(self.session, at=at, reminders=reminders, workspace=own, ids=[row.id for row in rows])
        for row in rows:
            row.last_asked_at = at
            row.reminders_asked += reminders

    async def write_cycles(self, rows: Sequence[Asked]) -> None:
        """Write where the cycle of each stands now; their locks are held."""
        await change_all(
            self.session,
            Invitation,
            [
                {
                    "id": row.id,
                    "status": row.status,
                    "reason": row.reason,
                    "cycle": row.cycle,
                    "delivery": row.delivery,
                    "expires_at": row.expires_at,
                }
                for row in rows
            ],
        )
