"""The mails about a mandate filled from a real one, for previews of their templates."""

from collections.abc import Callable, Mapping
from datetime import datetime
from uuid import UUID

from relance.capabilities.followups.service import FollowUps
from relance.capabilities.messaging.mails import Mail
from relance.core.db import DbSession
from relance.core.errors import NotFound
from relance.core.i18n import Locale
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.domains.mandates.asking import DOMAIN, answers_to
from relance.domains.mandates.contacts.repository import ContactRepository
from relance.domains.mandates.emails import (
    MAILS,
    AcceptedMail,
    CancelledMail,
    DeclinedMail,
    ExpiredMail,
    ExpiredNotice,
    InviteMail,
    ReminderMail,
    UndeliverableMail,
)
from relance.domains.mandates.filling import Filling
from relance.domains.mandates.permissions import READ
from relance.domains.mandates.repository import MandateRepository, MandateRow

_TO_CONTACT = frozenset({InviteMail.key, ReminderMail.key, ExpiredMail.key, CancelledMail.key})
#: What a mail about a refused address would say of it.
_NO_SUCH_ADDRESS = "5.1.1"


class MandateExamples:
    """Registered for its mails by the composition root."""

    keys = frozenset(mail.key for mail in MAILS)

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def example(
        self, session: DbSession, caller: Caller, key: str, subject_id: UUID, locale: Locale
    ) -> tuple[Mail, str | None, str | None]:
        """The mail about a mandate, or about a further contact of one, that the caller may read: as it was or would be.

        Raises:
            NotFound: there is none, or the caller may not read it.
            PermissionDenied: the caller may read no mandates.
        """
        caller.require(READ)
        row = await self._row(session, caller, subject_id)
        if key not in _TO_CONTACT:
            return self._notice(row, key, locale, caller.email), None, None
        address = row.invitee.contact_email_key
        known = await MandateRepository(session).registered([address] if address else [])
        mail = self._to_contact(row, key, locale, await self._deadline(session, row), registered=bool(known))
        return mail, row.organisation_name, answers_to(row)

    async def _row(self, session: DbSession, caller: Caller, subject_id: UUID) -> MandateRow:
        mandates = MandateRepository(session)
        row = await mandates.find(subject_id, caller)
        if row is not None:
            return row
        further = (await ContactRepository(session).rows([subject_id])).get(subject_id)
        if further is None or await mandates.find(further.mandate.id, caller) is None:
            raise NotFound()
        return further

    async def _deadline(self, session: DbSession, row: MandateRow) -> datetime:
        policy = await FollowUps(session, self._runtime.clock).policy(DOMAIN)
        invitee = row.invitee
        return invitee.expires_at or policy.expiry(invitee.last_asked_at or self._runtime.clock.now())

    @staticmethod
    def _to_contact(row: MandateRow, key: str, locale: Locale, deadline: datetime, *, registered: bool) -> Mail:
        words = Filling.to_contact(row, locale)
        if key == ExpiredMail.key:
            return words.expired(deadline)
        if key == CancelledMail.key:
            return words.cancelled()
        return words.asking(InviteMail if key == InviteMail.key else ReminderMail, deadline, registered=registered)

    def _notice(self, row: MandateRow, key: str, locale: Locale, to: str) -> Mail:
        words, invitee, now = Filling(row, locale, to), row.invitee, self._runtime.clock.now()
        notices: Mapping[str, Callable[[], Mail]] = {
            ExpiredNotice.key: lambda: words.expired_notice(invitee.expires_at or now),
            AcceptedMail.key: lambda: words.accepted(invitee.accepted_at or now),
            DeclinedMail.key: lambda: words.declined(invitee.declined_at or now),
            UndeliverableMail.key: lambda: words.undeliverable(now, _NO_SUCH_ADDRESS),
        }
        return notices[key]()
