"""The mails of this domain, each a typed model of its placeholders."""

from typing import ClassVar

from relance.capabilities.messaging.mails import Mail, Placeholders


class CompanyFacts(Placeholders):
    """The small company (PME)."""

    name: str


class FirmFacts(Placeholders):
    """The organisation that asks."""

    name: str


class ContactFacts(Placeholders):
    """The company's contact. `title` is the civility in words, empty where unknown."""

    title: str
    first_name: str
    last_name: str
    email: str


class RequesterFacts(Placeholders):
    """The person who submitted the mandate."""

    name: str
    email: str


class _Mandate(Placeholders):
    recipient_email: str
    company: CompanyFacts
    organisation: FirmFacts
    contact: ContactFacts
    requester: RequesterFacts


class _Asking(_Mandate):
    link: str
    expires_on: str
    #: Whether the address has an account already: then it is asked to accept, not to register.
    registered: bool


class InviteMail(_Asking, Mail):
    """Inviter une PME: asks the contact to accept and to open an account."""

    key: ClassVar[str] = "mandates.invite"
    link_bearing: ClassVar[bool] = True


class ReminderMail(_Asking, Mail):
    """Rappel d’invitation pour les PME: asks again; never moves the expiry."""

    key: ClassVar[str] = "mandates.reminder"
    link_bearing: ClassVar[bool] = True


class ExpiredMail(_Mandate, Mail):
    """Invitation expirée: tells the contact that the invitation is over and whom to write to."""

    key: ClassVar[str] = "mandates.expired"
    link_bearing: ClassVar[bool] = False

    expires_on: str


class ExpiredNotice(_Mandate, Mail):
    """Tells the owners that nobody has accepted."""

    key: ClassVar[str] = "mandates.expired_notice"
    link_bearing: ClassVar[bool] = False

    expires_on: str
    reference: str


class AcceptedMail(_Mandate, Mail):
    """L’utilisateur PME a accepté l’invitation: to owners, agents and the submitter."""

    key: ClassVar[str] = "mandates.accepted"
    link_bearing: ClassVar[bool] = False

    accepted_on: str
    reference: str
    #: Whether it is the main contact, whose answer makes the mandate active.
    main: bool


class DeclinedMail(_Mandate, Mail):
    """Tells the owners that the contact has refused."""

    key: ClassVar[str] = "mandates.declined"
    link_bearing: ClassVar[bool] = False

    declined_on: str
    reason: str
    reference: str


class UndeliverableMail(_Mandate, Mail):
    """Tells the owners that mail does not reach the contact."""

    key: ClassVar[str] = "mandates.undeliverable"
    link_bearing: ClassVar[bool] = False

    #: What the mail system said, as a code: "5.1.1"; empty where there is none.
    diagnosis: str
    happened_on: str
    reference: str


class CancelledMail(_Mandate, Mail):
    """Tells the contact that the firm has withdrawn its invitation."""

    key: ClassVar[str] = "mandates.cancelled"
    link_bearing: ClassVar[bool] = False

    reason: str


MAILS: tuple[type[Mail], ...] = (
    InviteMail,
    ReminderMail,
    ExpiredMail,
    ExpiredNotice,
    AcceptedMail,
    DeclinedMail,
    UndeliverableMail,
    CancelledMail,
)
