"""The mails about deliveries filled from a real one, for previews of their templates."""

from uuid import UUID

from relance.capabilities.files.attachments import Attachments
from relance.capabilities.messaging.mails import Mail
from relance.core.db import DbSession
from relance.core.errors import NotFound
from relance.core.i18n import Locale
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.domains.mandates.asking import answers_to
from relance.domains.mandates.deliveries.asking import (
    Addressee,
    DeliveryMails,
    Receipt,
    subject_of,
    upload_due,
    upload_late,
    upload_received,
)
from relance.domains.mandates.deliveries.emails import MAILS, UploadDueMail, UploadLateMail
from relance.domains.mandates.deliveries.lifecycle import Channel
from relance.domains.mandates.deliveries.repository import DeliveryRepository, DeliveryRow
from relance.domains.mandates.permissions import READ
from relance.domains.mandates.repository import MandateRepository


class DeliveryExamples:
    """Registered for its mails by the composition root."""

    keys = frozenset(mail.key for mail in MAILS)

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def example(
        self, session: DbSession, caller: Caller, key: str, subject_id: UUID, locale: Locale
    ) -> tuple[Mail, str | None, str | None]:
        """The mail about a delivery of a mandate that the caller may read, as it was or would be.

        Raises:
            NotFound: there is none, or the caller may not read its mandate.
            PermissionDenied: the caller may read no mandates.
        """
        caller.require(READ)
        row = (await DeliveryRepository(session).rows([subject_id])).get(subject_id)
        if row is None or await MandateRepository(session).find(row.mandate.mandate.id, caller) is None:
            raise NotFound()
        if key == UploadDueMail.key:
            people = await DeliveryMails(session, self._runtime.clock).addressees(row.mandate)
            first = people[0] if people else Addressee(caller.email, "", locale)
            mail = upload_due(row, Addressee(first.email, first.name, locale))
            return mail, row.mandate.organisation_name, answers_to(row.mandate)
        if key == UploadLateMail.key:
            return upload_late(row, caller.email, locale), None, None
        return upload_received(row, await self._receipt(session, row), caller.email, locale), None, None

    async def _receipt(self, session: DbSession, row: DeliveryRow) -> Receipt:
        delivery, held = row.delivery, await Attachments(session).held([subject_of(row.delivery)])
        at = delivery.received_at or self._runtime.clock.now()
        channel = Channel(delivery.channel) if delivery.channel else Channel.LINK
        return Receipt(at, channel, len(held) if delivery.received_at else max(1, len(held)))
