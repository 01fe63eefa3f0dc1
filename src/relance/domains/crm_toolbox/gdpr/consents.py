"""Setting a consent, whoever does: the status, its proof, its mail, and what is planned then."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from relance.capabilities.directory.consent import ConsentStatus
from relance.capabilities.directory.models import ConsentRecord, Contact
from relance.capabilities.directory.personal import CONSENT
from relance.capabilities.directory.repository import DirectoryRepository
from relance.capabilities.followups.service import FollowUps, Policy
from relance.capabilities.identity.models import Workspace
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.journal.service import Journal
from relance.capabilities.links.service import Links
from relance.capabilities.messaging.mails import Mail
from relance.capabilities.messaging.outbox import Envelope, Outbox
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.durations import after, parse_duration
from relance.core.i18n import as_locale, long_date
from relance.core.ids import new_id
from relance.core.lifecycle import Actor, Transition
from relance.core.subjects import SYSTEM, ActorRef, SubjectRef
from relance.domains.crm_toolbox.gdpr.emails import ConsentRecordedMail, ConsentRequestMail, WorkspaceFacts
from relance.domains.crm_toolbox.gdpr.errors import InactiveContact, NoAddress
from relance.domains.crm_toolbox.gdpr.lifecycle import ACTIONS, LIFECYCLE, Facts, Template
from relance.domains.crm_toolbox.gdpr.models import GdprSettings
from relance.domains.crm_toolbox.gdpr.repository import GdprRepository

#: Why what was planned or queued does not act any more.
CHANGED = "consent_changed"
KEPT = "consent_kept"


def subject_of(contact: Contact) -> SubjectRef:
    """How the capabilities name the consent of a contact."""
    return SubjectRef(CONSENT, contact.id)


def period_of(settings: GdprSettings, status: str) -> str:
    """After how long a contact of that status is emptied."""
    periods: Mapping[str, str] = {
        ConsentStatus.PENDING: settings.pending_for,
        ConsentStatus.ACCEPTED: settings.accepted_for,
        ConsentStatus.REFUSED: settings.refused_for,
    }
    return periods[status]


@dataclass(frozen=True, slots=True)
class Proof:
    """How a status came to be: by a link or a user, on which words, and why where somebody of the workspace says so."""

    how: str
    wording: str | None = None
    justification: str | None = None


class Consents:
    """Consents of the session's workspace. Contacts come locked."""

    def __init__(self, session: DbSession, clock: Clock, actor: ActorRef = SYSTEM) -> None:
        self._session = session
        self._clock = clock
        self._actor = actor
        self._rows = GdprRepository(session)
        self._follow_ups = FollowUps(session, clock)
        self._settings: GdprSettings | None = None
        self._workspace: Workspace | None = None

    async def settings(self) -> GdprSettings:
        """What holds here, read once."""
        if self._settings is None:
            self._settings = await self._rows.settings()
        return self._settings

    async def set_status(
        self,
        contact: Contact,
        status: ConsentStatus,
        template: Template | None,
        reply_to: str,
        justification: str | None = None,
    ) -> bool:
        """Give a contact a status on behalf of somebody of the workspace, and mail it where a template is chosen.

        Returns:
            Whether anything was changed: the same status again is nothing.

        Raises:
            GdprSwitchedOff: the workspace does not use consents.
            TransitionNotAllowed: the contact was emptied.
            NoAddress: it is to be mailed, and has no address.
            InactiveContact: it is to be mailed, and is left out of sendings.
        """
        facts = Facts((await self.settings()).enabled, planned=False)
        if contact.gdpr_status == status:
            return False
        step = LIFECYCLE.require(contact.gdpr_status, ACTIONS[status], Actor.USER, facts)
        if template is not None and not contact.email:
            raise NoAddress()
        if template is not None and not contact.active:
            raise InactiveContact()
        await self.take(contact, step, Proof("user", justification=justification))
        if template is not None:
            await self._mail(contact, template, reply_to)
        return True

    async def take(self, contact: Contact, step: Transition[Facts], proof: Proof) -> None:
        """Go a step of the lifecycle that leads to another status."""
        now, subject = self._clock.now(), subject_of(contact)
        before, contact.gdpr_status = contact.gdpr_status, LIFECYCLE.target(step, contact.gdpr_status)
        contact.gdpr_since, contact.gdpr_cycle = now, contact.gdpr_cycle + 1
        asked = contact.gdpr_status == ConsentStatus.PENDING
        contact.gdpr_proof = None if asked else _shown(proof, contact, now)
        await Outbox(self._session, self._clock).cancel(subject, CHANGED)
        await self._follow_ups.cancel(subject, CHANGED)
        await self._plan(contact, now)
        self._record(contact, step.journal, proof, now)
        self._tell(contact, step.journal, before, proof.how)
        await self._session.flush()

    async def keep(self, contact: Contact, justification: str) -> None:
        """Do not empty a contact as planned.

        Raises:
            NothingPlanned: nothing is planned.
            TransitionNotAllowed: it has no status that would lead to it.
        """
        facts = Facts(enabled=True, planned=contact.gdpr_empties_at is not None)
        step = LIFECYCLE.require(contact.gdpr_status, "keep", Actor.USER, facts)
        contact.gdpr_empties_at = None
        await self._follow_ups.cancel(subject_of(contact), KEPT)
        self._record(contact, step.journal, Proof("user", justification=justification), self._clock.now())
        self._tell(contact, step.journal, contact.gdpr_status, "user")
        await self._session.flush()

    async def _plan(self, contact: Contact, now: datetime) -> None:
        settings = await self.settings()
        at = after(now, period_of(settings, contact.gdpr_status))
        contact.gdpr_empties_at = at
        notice = at - parse_duration(settings.notice_before)
        reminders = [notice] if now < notice < at else []
        await self._follow_ups.plan_at(subject_of(contact), contact.gdpr_cycle, Policy(()), reminders, at)

    async def _mail(self, contact: Contact, template: Template, reply_to: str) -> None:
        assert contact.email is not None  # checked before the status was changed
        subject, locale = subject_of(contact), as_locale(contact.locale)
        workspace = self._workspace = self._workspace or await IdentityRepository(self._session).workspace()
        names = await DirectoryRepository(self._session).company_names([contact.company_id])
        link = await Links(self._session, self._clock).ensure(subject, contact.email)
        assert contact.gdpr_empties_at is not None  # planned with the status
        facts: dict[str, Any] = {
            "recipient_email": contact.email,
            "contact": f"{contact.first_name} {contact.last_name}",
            "workspace": WorkspaceFacts(name=workspace.name),
            "company": names.get(contact.company_id, ""),
            "until": long_date(contact.gdpr_empties_at.astimezone(ZoneInfo(workspace.zone)).date(), locale),
            "link": "",  # the outbox points it to the link's id
        }
        mail: Mail = (
            ConsentRequestMail(**facts)
            if template is Template.REQUEST
            else ConsentRecordedMail(**facts, accepted=contact.gdpr_status == ConsentStatus.ACCEPTED)
        )
        await Outbox(self._session, self._clock).enqueue(
            Envelope(
                subject=subject,
                mail=mail,
                recipient=contact.email,
                locale=locale,
                cycle=contact.gdpr_cycle,
                link_id=link.id,
                sender_name=workspace.name,
                reply_to=reply_to,
                expires_at=contact.gdpr_empties_at,
            )
        )

    def _record(self, contact: Contact, action: str, proof: Proof, now: datetime) -> None:
        self._session.add(
            ConsentRecord(
                workspace_id=self._session.workspace_id,
                id=new_id(),
                contact_id=contact.id,
                action=action,
                at=now,
                how=proof.how,
                actor_id=self._actor.id,
                wording=proof.wording,
                locale=contact.locale if proof.wording else None,
                justification=proof.justification,
            )
        )

    def _tell(self, contact: Contact, action: str, before: str, how: str) -> UUID:
        return Journal(self._session, self._clock).record(
            action,
            subject_of(contact),
            self._actor,
            company_id=contact.company_id,
            contact_id=contact.id,
            before={"status": before},
            after={"status": str(contact.gdpr_status), "how": how},
        )


def _shown(proof: Proof, contact: Contact, now: datetime) -> dict[str, object]:
    return {
        "at": now.isoformat(),
        "how": proof.how,
        "wording": proof.wording,
        "locale": contact.locale if proof.wording else None,
    }
