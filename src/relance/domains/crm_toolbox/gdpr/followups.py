"""What the outbox and the follow-ups ask and tell about consents: the mails that stand, the notice, the emptying."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from relance.capabilities.directory.consent import ConsentStatus
from relance.capabilities.directory.models import Contact
from relance.capabilities.directory.personal import CONSENT
from relance.capabilities.followups.handlers import Done, Dropped, Due, Outcome
from relance.capabilities.followups.models import FollowUpKind
from relance.capabilities.identity.models import User
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.messaging.handlers import MailFact
from relance.capabilities.messaging.outbox import Envelope, Outbox
from relance.capabilities.privacy.people import People
from relance.core.db import DbSession
from relance.core.i18n import as_locale, long_date
from relance.core.ids import new_id
from relance.core.lifecycle import Actor
from relance.core.runtime import Runtime
from relance.core.subjects import SYSTEM, SubjectRef
from relance.domains.crm_toolbox.gdpr.emails import ConsentRequestMail, EmptyingNoticeMail, WorkspaceFacts
from relance.domains.crm_toolbox.gdpr.lifecycle import LIFECYCLE, Facts
from relance.domains.crm_toolbox.gdpr.repository import GdprRepository

#: The subject kind of notices, which are about nobody in particular.
NOTICE = "emptying_notice"
_ANSWERED = (ConsentStatus.ACCEPTED, ConsentStatus.REFUSED)


class ConsentMails:
    """A `MailSubject`: a mail is wanted while the contact stands as it says."""

    kind = CONSENT

    async def wanted(self, session: DbSession, messages: Sequence[MailFact]) -> set[UUID]:
        """Ids of the messages that still say what is so, to contacts in use."""
        known = await GdprRepository(session).statuses({message.subject.id for message in messages})
        return {message.id for message in messages if _stands(message, known.get(message.subject.id))}

    async def sent(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """The message's own row says so."""

    async def failed(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """The message's own row says so; nobody answers, and the contact is emptied in its time."""


def _stands(message: MailFact, known: tuple[str, int, bool] | None) -> bool:
    if known is None:
        return False
    status, cycle, active = known
    fits = status == ConsentStatus.PENDING if message.mail_key == ConsentRequestMail.key else status in _ANSWERED
    return fits and active and cycle == message.cycle


class ConsentFollowUps:
    """A `FollowUpHandler`: tells who looks after a contact that it is going to be emptied, then empties it."""

    kind = CONSENT

    def __init__(self, runtime: Runtime, people: People) -> None:
        self._runtime = runtime
        self._people = people

    async def follow_up(self, session: DbSession, due: Sequence[Due]) -> Mapping[UUID, Outcome]:
        """Tell or empty; see `FollowUpHandler`."""
        rows = GdprRepository(session)
        contacts = await rows.lock_free([one.subject_id for one in due])
        facts = Facts((await rows.settings()).enabled, planned=True)
        outcomes: dict[UUID, Outcome] = {}
        announced: list[Contact] = []
        for one in due:
            contact = contacts.get(one.subject_id)
            if contact is None:
                continue
            outcomes[one.id] = outcome = _may(contact, one, facts)
            if not isinstance(outcome, Done):
                continue
            if one.kind == FollowUpKind.EXPIRY:
                await self._people.empty(session, contact, SYSTEM)
            else:
                announced.append(contact)
        if announced:
            await self._announce(session, announced)
        await session.flush()
        return outcomes

    async def _announce(self, session: DbSession, contacts: Sequence[Contact]) -> None:
        """One mail to each who looks after some of `contacts`; administrators for those whom nobody looks after."""
        rows, identity = GdprRepository(session), IdentityRepository(session)
        owners = await identity.active_users({one.assigned_to for one in contacts if one.assigned_to is not None})
        nobodys = [one for one in contacts if one.assigned_to not in owners]
        administrators = await rows.administrators() if nobodys else ()
        told: dict[UUID, tuple[User, list[Contact]]] = {}
        for contact in contacts:
            owner = owners.get(contact.assigned_to) if contact.assigned_to else None
            for user in [owner] if owner is not None else administrators:
                told.setdefault(user.id, (user, []))[1].append(contact)
        workspace = await identity.workspace()
        zone = ZoneInfo(workspace.zone)
        await Outbox(session, self._runtime.clock).enqueue_all(
            [_notice(user, theirs, workspace.name, zone) for user, theirs in told.values()]
        )


def _notice(user: User, contacts: Sequence[Contact], workspace: str, zone: ZoneInfo) -> Envelope:
    locale = as_locale(user.locale)
    first: datetime = min(one.gdpr_empties_at for one in contacts if one.gdpr_empties_at is not None)
    mail = EmptyingNoticeMail(
        recipient_email=user.email,
        workspace=WorkspaceFacts(name=workspace),
        until=long_date(first.astimezone(zone).date(), locale),
        contacts=str(len(contacts)),
    )
    # Every notice is one of its own: nothing about it is asked or told later.
    return Envelope(
        subject=SubjectRef(NOTICE, new_id()),
        mail=mail,
        recipient=user.email,
        locale=locale,
        priority=150,
        expires_at=first,
    )


def _may(contact: Contact, due: Due, facts: Facts) -> Outcome:
    if due.cycle != contact.gdpr_cycle or contact.gdpr_empties_at is None:
        return Dropped("earlier_cycle")
    if not facts.enabled:
        return Dropped("gdpr_switched_off")
    refused = LIFECYCLE.refusal(contact.gdpr_status, "empty", Actor.WORKER, facts)
    return Dropped(refused.code) if refused is not None else Done()
