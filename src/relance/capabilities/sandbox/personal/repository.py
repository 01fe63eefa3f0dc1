"""Every query about people in captured mails."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select

from relance.capabilities.sandbox.models import CapturedMail
from relance.core.bulk import among
from relance.core.repository import Repository, affected


class CapturedOfPeople(Repository):
    """Captured mails by the messages that they were."""

    async def of_messages(self, message_ids: Sequence[UUID]) -> Sequence[UUID]:
        """The captured mails of these messages."""
        found = await self.session.scalars(
            select(CapturedMail.id).where(among(CapturedMail.sent_as, list(message_ids))).order_by(CapturedMail.id)
        )
        return found.all()

    async def forget(self, ids: Sequence[UUID]) -> None:
        """Delete them."""
        await affected(self.session, delete(CapturedMail).where(among(CapturedMail.id, list(ids))))
