"""Queries about the mails of invitations: each is one statement for a batch, and reads columns, not objects."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from relance.core.driver import Statement
from relance.core.repository import Repository
from relance.domains.invitations.lifecycle import Delivery, Facts, FormStatus, Status

# Each runs for every batch of mails: handed to the driver as it is, and naming its workspace.
_STATUSES = Statement("""
SELECT id, status, coalesce(archived_at, declined_at) IS NOT NULL, email_key
FROM invitations WHERE workspace_id = :workspace AND id = ANY(CAST(:ids AS uuid[]))
""")
_LOCK = Statement("""
SELECT i.id, i.company_id, i.email_key, i.status, i.reason, i.cycle, i.expires_at, i.last_sent_at, i.last_asked_at,
       i.reminders_count, i.delivery, i.archived_at, i.declined_at, c.registered_at, i.form_status
FROM invitations i JOIN companies c ON c.workspace_id = i.workspace_id AND c.id = i.company_id
WHERE i.workspace_id = :workspace AND i.id = ANY(CAST(:ids AS uuid[]))
ORDER BY i.id FOR UPDATE OF i
""")
_COUNT = Statement("""
UPDATE invitations i
SET status = k.status, reason = k.reason, delivery = k.delivery, last_sent_at = k.last_sent_at,
    reminders_count = k.reminders_count, expires_at = k.expires_at, version = i.version + 1
FROM unnest(CAST(:ids AS uuid[]), CAST(:statuses AS text[]), CAST(:reasons AS text[]), CAST(:deliveries AS text[]),
            CAST(:sent AS timestamptz[]), CAST(:reminders AS int[]), CAST(:expiries AS timestamptz[]))
     AS k(id, status, reason, delivery, last_sent_at, reminders_count, expires_at)
WHERE i.workspace_id = :workspace AND i.id = k.id
""")


@dataclass(slots=True)
class Asked:
    """Of an invitation, what a mail that was sent asks about and changes."""

    id: UUID
    company_id: UUID
    email_key: str
    status: str
    reason: str
    cycle: int
    expires_at: datetime | None
    last_sent_at: datetime | None
    last_asked_at: datetime | None
    reminders_count: int
    delivery: str | None
    archived_at: datetime | None
    declined_at: datetime | None
    registered_at: datetime | None
    form_status: str

    def facts(self, now: datetime) -> Facts:
        """What the lifecycle's guards ask."""
        return Facts(
            now=now,
            form_status=FormStatus(self.form_status),
            archived=self.archived_at is not None,
            declined=self.declined_at is not None,
            undeliverable=self.delivery == Delivery.UNDELIVERABLE,
            last_asked_at=max(filter(None, (self.last_asked_at, self.last_sent_at)), default=None),
        )


class InvitationMailRepository(Repository):
    """Invitations of the session's workspace, as their mails see them."""

    async def statuses(self, ids: Collection[UUID]) -> dict[UUID, tuple[Status, bool, str]]:
        """Status, whether archived or declined, and the address as it is compared, by id; nothing is locked."""
        found = await _STATUSES.rows(self.session, workspace=self.session.workspace_id, ids=list(ids))
        return {row[0]: (Status(row[1]), row[2], row[3]) for row in found}

    async def lock(self, ids: Collection[UUID]) -> dict[UUID, Asked]:
        """`ids`, locked in their order."""
        found = await _LOCK.rows(self.session, workspace=self.session.workspace_id, ids=sorted(ids))
        return {row[0]: Asked(*row) for row in found}

    async def count(self, rows: Sequence[Asked]) -> None:
        """Write what the mails that were sent have changed; the locks of `rows` are held."""
        values: dict[str, Any] = {
            "workspace": self.session.workspace_id,
            "ids": [row.id for row in rows],
            "statuses": [row.status for row in rows],
            "reasons": [row.reason for row in rows],
            "deliveries": [row.delivery for row in rows],
            "sent": [row.last_sent_at for row in rows],
            "reminders": [row.reminders_count for row in rows],
            "expiries": [row.expires_at for row in rows],
        }
        await _COUNT.run(self.session, **values)
