"""Use cases of `/v1/messages`: look at what was sent, and settle by hand what delivery cannot."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from uuid import UUID

from relance.capabilities.messaging.catalogue.styles import Wording
from relance.capabilities.messaging.catalogue.wardrobe import Wardrobe
from relance.capabilities.messaging.errors import MessageNotRenderable, MessagingFault
from relance.capabilities.messaging.handlers import MailFact, MailSubjects
from relance.capabilities.messaging.hindsight import Hindsight
from relance.capabilities.messaging.lifecycle import LIFECYCLE, Facts
from relance.capabilities.messaging.models import Message, MessageAttempt
from relance.capabilities.messaging.outbox import BELL
from relance.capabilities.messaging.repository import Kept, MessageRepository
from relance.capabilities.messaging.schemas import MessageFilter
from relance.capabilities.messaging.suppression import address_hashes
from relance.capabilities.messaging.templates import Rendering, Templates
from relance.core.db import DbSession
from relance.core.errors import NotFound
from relance.core.i18n import as_locale
from relance.core.lifecycle import Actor, Transition
from relance.core.pagination import PageRequest, Slice
from relance.core.runtime import Runtime
from relance.core.subjects import ActorRef

#: Gives the templates of the product; they are compiled at the first call.
TemplateSource = Callable[[], Templates]


class MessageService:
    """Messages of the session's workspace, for one caller."""

    def __init__(self, session: DbSession, runtime: Runtime, subjects: MailSubjects, actor: ActorRef) -> None:
        self._session = session
        self._runtime = runtime
        self._subjects = subjects
        self._actor = actor
        self._rows = MessageRepository(session)
        self._hindsight = Hindsight(session, runtime, subjects)

    async def page(self, wanted: MessageFilter, request: PageRequest) -> Slice[Message]:
        """One page of messages."""
        return await self._rows.page(wanted, request)

    async def get(self, message_id: UUID) -> Kept:
        """One message.

        Raises:
            NotFound: there is none with that id in the workspace.
        """
        kept = await self._rows.find(message_id)
        if kept is None:
            raise NotFound()
        return kept

    async def attempts(self, kept: Kept) -> Sequence[MessageAttempt]:
        """What happened to a message, oldest first."""
        return await self._rows.attempts(kept.message.id)

    async def facts(self, kept: Kept, *, lift: bool = False) -> Facts:
        """What the guards ask about a message."""
        return replace((await self.facts_of([kept.message]))[kept.message.id], lift=lift)

    async def facts_of(self, messages: Sequence[Message]) -> Mapping[UUID, Facts]:
        """What the guards ask about each of many messages: one question to each kind of subject."""
        now, wanted = self._runtime.clock.now(), set[UUID]()
        for kind in {message.subject_kind for message in messages}:
            if handler := self._subjects.get(kind):
                of_kind = [MailFact.of(message, now) for message in messages if message.subject_kind == kind]
                wanted |= await handler.wanted(self._session, of_kind)
        hashes = {message.id: address_hashes(self._runtime.keys, message.recipient) for message in messages}
        reasons = await self._rows.suppressions({one for every in hashes.values() for one in every}, now)
        return {
            message.id: Facts(
                now,
                message.expires_at,
                message.id in wanted,
                next((reasons[one] for one in hashes[message.id] if one in reasons), None),
            )
            for message in messages
        }

    async def preview(self, kept: Kept, templates: TemplateSource) -> Rendering:
        """What the mail says: the stored rendering, or what it would be now. Links are still markers.

        Raises:
            NotFound: what it says is kept no longer.
            MessageNotRenderable: that is why it is dead, or will be.
        """
        body = kept.body
        if body.subject is not None and body.text is not None and body.html is not None:
            return Rendering(body.subject, body.text, body.html, body.template_version or "")
        if body.placeholders is None:
            raise NotFound()
        key, locale = kept.message.mail_key, as_locale(kept.message.locale)
        style = await Wardrobe(self._runtime.settings.public_url).style(
            self._session, (body.workspace_id, body.organisation_id, key, locale), body.wording_id
        )
        if body.words is not None:
            style = replace(style, wording=Wording.of_one_mail(body.words))
        try:
            return templates().render(key, locale, body.placeholders, style)
        except MessagingFault as fault:
            raise MessageNotRenderable(fault=str(fault)) from fault

    async def resend(self, kept: Kept, *, lift_suppression: bool) -> Kept:
        """Queue it again: the same Message-ID, and the same bytes where it was rendered before.

        Raises:
            TransitionNotAllowed: not from this state.
            RelanceError: it is out of date, no longer wanted, or its address is suppressed.
            Conflict: it has changed since it was read.
        """
        facts = await self.facts(kept, lift=lift_suppression)
        step = LIFECYCLE.require(kept.message.state, "resend", Actor.USER, facts)
        if facts.suppression is not None:
            await self._rows.lift(address_hashes(self._runtime.keys, kept.message.recipient))
        # The last lease's owner and epoch stay: its late success still lands, and then nothing is sent twice.
        await self._hindsight.move(
            kept,
            step,
            self._actor,
            reason=None,
            not_before=facts.now,
            attempts=0,
            lost_leases=0,
            lost_renders=0,
            handoff_at=None,
            sent_at=None,
        )
        self._session.ring(BELL)
        return await self.get(kept.message.id)

    async def mark_sent(self, kept: Kept) -> Kept:
        """Take an uncertain message as sent; its domain hears of it as of any other.

        Raises:
            TransitionNotAllowed: it is not uncertain.
            Conflict: it has changed since it was read.
        """
        await self._hindsight.sent(kept, await self._allowed(kept, "mark-sent"), self._actor)
        return await self.get(kept.message.id)

    async def cancel(self, kept: Kept) -> Kept:
        """Take back what no worker holds. Its domain is not told: what it asked for stands, only this mail does not go.

        Raises:
            TransitionNotAllowed: it is not queued.
            Conflict: it has changed since it was read: a worker may have taken it.
        """
        step = await self._allowed(kept, "cancel")
        await self._hindsight.move(kept, step, self._actor, reason="cancelled_by_hand")
        return await self.get(kept.message.id)

    async def _allowed(self, kept: Kept, action: str) -> Transition[Facts]:
        return LIFECYCLE.require(kept.message.state, action, Actor.USER, await self.facts(kept))
