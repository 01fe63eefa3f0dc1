"""Queries about invitations that are asked, chased or expired: each is one statement for any number of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from relance.core.bulk import change_all, insert_all
from relance.core.driver import Statement
from relance.core.ids import new_id
from relance.core.repository import Repository
from relance.domains.invitations.asked import Asked
from relance.domains.invitations.lifecycle import FormStatus
from relance.domains.invitations.models import Invitation

#: What two open rows must not share: organisation, partner, address.
OpenKey = tuple[UUID, UUID, str]

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

# Whoever inserts waits for whoever has inserted the same and not committed; both take the partners in their order.
_HOLD_FORMS = Statement(f"""
WITH made AS (
    INSERT INTO prequalifications (workspace_id, id, company_id, form_status, version)
    SELECT CAST(:workspace AS uuid), k.id, k.company, '{FormStatus.TO_COMPLETE}', 1
    FROM unnest(CAST(:ids AS uuid[]), CAST(:companies AS uuid[])) AS k(id, company)
    ON CONFLICT DO NOTHING RETURNING company_id, form_status
), held AS (
    SELECT company_id, form_status FROM prequalifications
    WHERE workspace_id = :workspace AND company_id = ANY(CAST(:companies AS uuid[]))
    ORDER BY company_id FOR UPDATE
)
SELECT company_id, form_status FROM made UNION ALL SELECT company_id, form_status FROM held
""")  # noqa: S608 - constants of this domain
_AROUND = Statement("""
SELECT o.id, o.name, u.name, u.email, u.locale, w.zone
FROM organisations o
JOIN users u ON u.workspace_id = o.workspace_id AND u.id = :requester
JOIN workspaces w ON w.id = o.workspace_id
WHERE o.workspace_id = :workspace AND o.id = ANY(CAST(:organisations AS uuid[]))
""")
_OPEN = Statement("""
SELECT k.organisation, k.company, k.email, i.id
FROM unnest(CAST(:organisations AS uuid[]), CAST(:companies AS uuid[]), CAST(:emails AS text[]))
     AS k(organisation, company, email)
JOIN invitations i ON i.workspace_id = :workspace AND i.issuing_organisation_id = k.organisation
     AND i.company_id = k.company AND i.email_key = k.email AND i.status IN ('queued', 'sent')
""")


@dataclass(frozen=True, slots=True)
class Around:
    """The names around an invitation: of its organisation, of its requester, and the zone of the workspace."""

    organisation_name: str
    requester_name: str
    requester_email: str
    requester_locale: str
    zone: str


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

    async def hold_forms(self, company_ids: Collection[UUID]) -> dict[UUID, FormStatus]:
        """Where the prequalifications of partners stand, made if new, and locked in the order of the partners' ids."""
        missing = sorted(company_ids)
        found: dict[UUID, FormStatus] = {}
        while missing:
            own = {"workspace": self.session.workspace_id, "ids": [new_id() for _ in missing], "companies": missing}
            rows = await _HOLD_FORMS.rows(self.session, **own)
            found |= {row[0]: FormStatus(row[1]) for row in rows}
            # One that another transaction has made meanwhile is seen by the next statement only.
            missing = [one for one in missing if one not in found]
        return found

    async def around(self, organisation_ids: Collection[UUID], requester_id: UUID) -> dict[UUID, Around]:
        """The names that the mails of a requester bear, by organisation."""
        found = await _AROUND.rows(
            self.session,
            workspace=self.session.workspace_id,
            requester=requester_id,
            organisations=list(organisation_ids),
        )
        return {row[0]: Around(*row[1:]) for row in found}

    async def open_rows(self, keys: Collection[OpenKey]) -> dict[OpenKey, UUID]:
        """The open invitations for those organisations, partners and addresses."""
        if not keys:
            return {}
        organisations, companies, emails = zip(*keys, strict=True)
        found = await _OPEN.rows(
            self.session,
            workspace=self.session.workspace_id,
            organisations=organisations,
            companies=companies,
            emails=emails,
        )
        return {(row[0], row[1], row[2]): row[3] for row in found}

    async def add(self, invitations: Sequence[Mapping[str, Any]]) -> None:
        """New invitations, all of the same columns."""
        own = {"workspace_id": self.session.workspace_id}
        await insert_all(self.session, Invitation, [own | dict(one) for one in invitations])

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
