"""The mails of a sending: one to each contact, and the notice about those who get none."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from relance.capabilities.directory.consent import ConsentStatus
from relance.capabilities.directory.models import Contact
from relance.capabilities.directory.repository import DirectoryRepository
from relance.capabilities.files.attachments import Attachments
from relance.capabilities.identity.models import User
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.journal.service import Entry, Journal
from relance.capabilities.messaging.attachments import Attachment
from relance.capabilities.messaging.catalogue.styles import Wording
from relance.capabilities.messaging.outbox import Envelope, Outbox
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.i18n import Locale, as_locale
from relance.core.lifecycle import Actor
from relance.core.subjects import SYSTEM, ActorRef, SubjectRef
from relance.domains.crm_toolbox.infobox.recording import subject_of as entry_subject
from relance.domains.crm_toolbox.sendings.emails import (
    AuthorFacts,
    ContactFacts,
    ProfileLine,
    ProfileMail,
    ProfileNotSentMail,
    RefusedLine,
)
from relance.domains.crm_toolbox.sendings.lifecycle import KIND, LIFECYCLE, Facts, reason_label
from relance.domains.crm_toolbox.sendings.models import ProfileRecipient
from relance.domains.crm_toolbox.sendings.repository import SendingRow

SENDING_KIND = "profile_sending"


def reason_not_to(contact: Contact | None) -> str | None:
    """Why nothing is sent to a contact; None where it is."""
    if contact is None:
        return "deleted"
    if not contact.active:
        return "inactive"
    if contact.gdpr_status == ConsentStatus.REFUSED:
        return "refused"
    return None if contact.email else "no_address"


def subject_of(sending_id: UUID) -> SubjectRef:
    """How the capabilities name a sending."""
    return SubjectRef(SENDING_KIND, sending_id)


def recipient_subject(recipient_id: UUID) -> SubjectRef:
    """How the capabilities name one recipient of a sending."""
    return SubjectRef(KIND, recipient_id)


class Steps:
    """Takes recipients through their lifecycle, and tells it."""

    def __init__(self, session: DbSession, clock: Clock, actor: ActorRef = SYSTEM) -> None:
        self._journal = Journal(session, clock)
        self._actor = actor

    async def take(
        self,
        row: SendingRow,
        recipients: Sequence[ProfileRecipient],
        action: str,
        by: Actor,
        *,
        reasons: Mapping[UUID, str] | None = None,
        told: Mapping[str, object] | None = None,
    ) -> None:
        """One step of recipients of one sending.

        Raises:
            TransitionNotAllowed: one of them is not where it begins.
        """
        entries = []
        for one in recipients:
            step = LIFECYCLE.require(one.status, action, by, Facts())
            before, one.status = one.status, LIFECYCLE.target(step, one.status)
            one.reason = (reasons or {}).get(one.id, one.reason)
            after = {"status": one.status, "sending_id": str(row.sending.id), "reason": one.reason, **(told or {})}
            entries.append(
                Entry(
                    step.journal, recipient_subject(one.id), one.company_id, one.contact_id, {"status": before}, after
                )
            )
        await self._journal.record_all(entries, self._actor)


class SendingMails:
    """Queues the mails of sendings of the session's workspace."""

    def __init__(self, session: DbSession, clock: Clock) -> None:
        self._session = session
        self._outbox = Outbox(session, clock)
        self._directory = DirectoryRepository(session)

    async def send(
        self, row: SendingRow, recipients: Sequence[ProfileRecipient], contacts: Mapping[UUID, Contact]
    ) -> None:
        """Each of `recipients` gets a mail of its own, with every file of the sending."""
        sending = row.sending
        identity = IdentityRepository(self._session)
        author, workspace = (await identity.users([sending.created_by]))[sending.created_by], await identity.workspace()
        companies = await self._directory.company_names({one.company_id for one in contacts.values()})
        files = await Attachments(self._session).held([entry_subject(sending.entry_id)])
        enclosed = tuple(Attachment.of(file) for file in files)
        words = Wording.of_one_mail(sending.words) if sending.words else None
        envelopes = []
        for one in recipients:
            contact = contacts[one.contact_id]
            assert contact.email is not None  # asked before: `reason_not_to`
            mail = profile_mail(sending.profiles, workspace.name, author, contact, companies[contact.company_id])
            envelopes.append(
                Envelope(
                    subject=recipient_subject(one.id),
                    mail=mail,
                    recipient=contact.email,
                    locale=as_locale(sending.locale or contact.locale),
                    sender_name=f"{author.name}, {workspace.name}",
                    reply_to=author.email,
                    words=words,
                    attachments=enclosed,
                )
            )
        await self._outbox.enqueue_all(envelopes)

    async def tell_author(
        self, row: SendingRow, reasons: Mapping[UUID, str], about: SubjectRef, *, cycle: int = 1
    ) -> None:
        """Whoever wanted it sent reads who gets nothing, and why; by the id of the recipient."""
        sending = row.sending
        identity = IdentityRepository(self._session)
        author = (await identity.active_users([sending.created_by])).get(sending.created_by)
        if author is None or not reasons:
            return
        concerned = [one for one in row.recipients if one.id in reasons]
        contacts = await self._directory.contacts({one.contact_id for one in concerned})
        locale, lines = as_locale(author.locale), []
        for one in concerned:
            name = _name(contacts.get(one.contact_id), locale)
            lines.append(RefusedLine(name=name, reason=reason_label(reasons[one.id]).in_locale(locale)))
        workspace = await identity.workspace()
        mail = ProfileNotSentMail(
            recipient_email=author.email,
            addressee=author.name,
            workspace=workspace.name,
            profiles=", ".join(str(profile["title"]) for profile in sending.profiles),
            contacts=lines[:200],
        )
        await self._outbox.enqueue(
            Envelope(subject=about, mail=mail, recipient=author.email, locale=locale, cycle=cycle, priority=150)
        )


def profile_mail(
    profiles: Sequence[Mapping[str, object]],
    workspace: str,
    author: User | AuthorFacts,
    contact: Contact | None,
    company: str,
) -> ProfileMail:
    """The mail to one contact; to nobody in particular for a draft."""
    return ProfileMail(
        recipient_email=(contact.email if contact else None) or "",
        workspace=workspace,
        contact=ContactFacts(
            first_name=contact.first_name if contact else "",
            last_name=contact.last_name if contact else "",
            company=company,
        ),
        author=AuthorFacts(name=author.name, email=author.email),
        profiles=[ProfileLine(title=str(one["title"]), summary=str(one.get("summary") or "")) for one in profiles],
    )


def _name(contact: Contact | None, locale: Locale) -> str:
    if contact is None:
        return reason_label("deleted").in_locale(locale)
    return f"{contact.first_name} {contact.last_name}".strip() or reason_label("no_address").in_locale(locale)
