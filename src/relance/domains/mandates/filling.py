"""Each mail about a mandate, filled from its row: the same words for what leaves and for what is only shown."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from relance.core.i18n import Locale, Text, as_locale, long_datetime
from relance.domains.mandates.emails import (
    AcceptedMail,
    CancelledMail,
    CompanyFacts,
    ContactFacts,
    DeclinedMail,
    ExpiredMail,
    ExpiredNotice,
    FirmFacts,
    InviteMail,
    ReminderMail,
    RequesterFacts,
    UndeliverableMail,
)
from relance.domains.mandates.repository import MandateRow
from relance.domains.mandates.schemas import Civility

CIVILITIES = {Civility.MR: Text("M.", "Mr"), Civility.MRS: Text("Mme", "Ms")}


class Filling:
    """The mails about `row` in one language, to one address."""

    def __init__(self, row: MandateRow, locale: Locale, recipient: str) -> None:
        self._row = row
        self._locale = locale
        self._recipient = recipient

    @classmethod
    def to_contact(cls, row: MandateRow, locale: Locale | None = None) -> "Filling":
        """To whoever is asked, in the language that the mandate was written in unless said otherwise."""
        return cls(row, locale or as_locale(row.mandate.locale), row.invitee.contact_email or "")

    def asking(
        self, mail: type[InviteMail] | type[ReminderMail], deadline: datetime, *, registered: bool
    ) -> InviteMail | ReminderMail:
        """The inviting mail or its reminder; `registered`: who has an account is asked to accept, not to register."""
        # The outbox points `link` to the link's id.
        return mail(**self._facts(), link="", expires_on=self._instant(deadline), registered=registered)

    def expired(self, at: datetime) -> ExpiredMail:
        """To the contact: whom to write to."""
        return ExpiredMail(**self._facts(), expires_on=self._instant(at))

    def expired_notice(self, at: datetime) -> ExpiredNotice:
        """To the owners."""
        return ExpiredNotice(**self._facts(), expires_on=self._instant(at), reference=self._reference)

    def accepted(self, at: datetime) -> AcceptedMail:
        """To owners, agents and the submitter."""
        main = self._row.further is None
        return AcceptedMail(**self._facts(), accepted_on=self._instant(at), reference=self._reference, main=main)

    def declined(self, at: datetime) -> DeclinedMail:
        """To the owners, with the reason where there is one."""
        reason = self._row.invitee.decline_reason or ""
        return DeclinedMail(**self._facts(), declined_on=self._instant(at), reason=reason, reference=self._reference)

    def undeliverable(self, at: datetime, diagnosis: str, *, never_left: bool = False) -> UndeliverableMail:
        """To the owners, with the mail system's code where there is one."""
        return UndeliverableMail(
            **self._facts(),
            diagnosis=diagnosis,
            happened_on=self._instant(at),
            never_left=never_left,
            reference=self._reference,
        )

    def cancelled(self) -> CancelledMail:
        """To the contact: nothing is asked any more."""
        return CancelledMail(**self._facts(), reason=self._row.mandate.cancel_reason or "")

    @property
    def _reference(self) -> str:
        return str(self._row.mandate.id)

    def _instant(self, at: datetime) -> str:
        return long_datetime(at, ZoneInfo(self._row.zone), self._locale)

    def _facts(self) -> dict[str, Any]:
        row, invitee = self._row, self._row.invitee
        title = CIVILITIES[Civility(invitee.contact_title)].in_locale(self._locale) if invitee.contact_title else ""
        return {
            "recipient_email": self._recipient,
            "company": CompanyFacts(name=row.company.name),
            "organisation": FirmFacts(name=row.organisation_name),
            "contact": ContactFacts(
                title=title,
                first_name=invitee.contact_first_name or "",
                last_name=invitee.contact_last_name or "",
                email=invitee.contact_email or "",
            ),
            "requester": RequesterFacts(
                name=row.submitter_name or row.creator_name, email=row.submitter_email or row.creator_email
            ),
        }
