"""Queries about the mails of invitations: each is one statement for a batch, and reads columns, not objects."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import and_, func, select, text

from relance.capabilities.directory.models import Company
from relance.core.bulk import among
from relance.core.repository import AnyRow, Repository
from relance.domains.invitations.lifecycle import Delivery, Facts, FormStatus, Status
from relance.domains.invitations.models import Invitation

_COLUMNS = (
    Invitation.id,
    Invitation.company_id,
    Invitation.email_key,
    Invitation.status,
    Invitation.reason,
    Invitation.cycle,
    Invitation.expires_at,
    Invitation.last_sent_at,
    Invitation.last_asked_at,
    Invitation.reminders_count,
    Invitation.delivery,
    Invitation.archived_at,
    Invitation.declined_at,
    Company.registered_at,
    Invitation.form_status,
)
_COUNT = text("""
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
        quiet = func.coalesce(Invitation.archived_at, Invitation.declined_at)
        columns = (Invitation.id, Invitation.status, quiet, Invitation.email_key)
        found = await self.session.execute(select(*columns).where(among(Invitation.id, set(ids))))
        return {row[0]: (Status(row[1]), row[2] is not None, row[3]) for row in found}

    async def lock(self, ids: Collection[UUID]) -> dict[UUID, Asked]:
        """`ids`, locked in their order."""
        found = await self.session.execute(
            select(*_COLUMNS)
            .join(Company, and_(Company.workspace_id == Invitation.workspace_id, Company.id == Invitation.company_id))
            .where(among(Invitation.id, set(ids)))
            .order_by(Invitation.id)
            .with_for_update(of=Invitation)
        )
        return {row[0]: Asked(*cast("AnyRow", row)) for row in found}

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
        await self.session.execute(_COUNT, values)
