"""Asking for deliveries, receiving them, and being told that none came."""

from collections.abc import Collection, Sequence
from pathlib import Path
from uuid import UUID

from relance.capabilities.files.attachments import Attachments
from relance.capabilities.files.kinds import KINDS
from relance.capabilities.files.models import StoredFile
from relance.capabilities.files.store import FileStore
from relance.capabilities.followups.service import FollowUps
from relance.capabilities.journal.service import Journal
from relance.capabilities.messaging.outbox import Outbox
from relance.core.actions import AvailableAction
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.errors import NotFound
from relance.core.lifecycle import Actor
from relance.core.pagination import PageRequest
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.core.subjects import SYSTEM, ActorRef, by_subject
from relance.domains.mandates.deliveries import views
from relance.domains.mandates.deliveries.asking import Addressee, DeliveryMails, facts_of, subject_of
from relance.domains.mandates.deliveries.lifecycle import LIFECYCLE, Channel, DeliveryStatus
from relance.domains.mandates.deliveries.planning import DeliveryPlans
from relance.domains.mandates.deliveries.repository import DeliveryRepository, DeliveryRow
from relance.domains.mandates.deliveries.schemas import MandateDeliveryListed, MandateDeliveryRead
from relance.domains.mandates.repository import MandateRow


class Deliveries:
    """What happens to deliveries whose mandates are locked, on behalf of `actor`."""

    def __init__(self, session: DbSession, clock: Clock, actor: ActorRef = SYSTEM) -> None:
        self._session = session
        self._clock = clock
        self._actor = actor
        self._mails = DeliveryMails(session, clock)
        self._plans = DeliveryPlans(session, clock, actor)

    async def remind(self, row: DeliveryRow, by: Actor, *, forced: bool = False) -> bool:
        """Ask for the documents. Whether there was anybody to ask.

        Raises:
            RelanceError: the refusal of the lifecycle.
        """
        step = LIFECYCLE.require(row.delivery.status, "remind", by, facts_of(row, self._clock, forced=forced))
        people: Sequence[Addressee] = await self._mails.addressees(row.mandate)
        if not people:
            return False
        row.delivery.last_asked_at = self._clock.now()
        row.delivery.reminders_count += 1
        await self._session.flush()
        await self._mails.ask(row, people)
        self.record(row, step.journal, row.delivery.status)
        return True

    async def expire(self, row: DeliveryRow) -> None:
        """The due date has passed without documents: tell the owners, chase on, and plan the next delivery.

        Raises:
            RelanceError: the refusal of the lifecycle.
        """
        delivery = row.delivery
        step = LIFECYCLE.require(delivery.status, "expire", Actor.WORKER, facts_of(row, self._clock))
        before, delivery.status = delivery.status, LIFECYCLE.target(step, delivery.status)
        await Outbox(self._session, self._clock).cancel(subject_of(delivery), "late")
        await self._mails.tell_late(row)
        self.record(row, step.journal, before)
        await self._plans.chase(row.mandate, delivery)
        await self._plans.advance(row.mandate, delivery)

    async def receive(
        self,
        row: DeliveryRow,
        action: str,
        by: Actor,
        channel: Channel,
        comment: str | None,
        user_id: UUID | None = None,
        files: Collection[UUID] = (),
    ) -> None:
        """The documents have come: nobody is reminded any more, and the next delivery is planned.

        Raises:
            RelanceError: the refusal of the lifecycle.
        """
        delivery = row.delivery
        step = LIFECYCLE.require(delivery.status, action, by, facts_of(row, self._clock))
        before, delivery.status = delivery.status, LIFECYCLE.target(step, delivery.status)
        delivery.received_at, delivery.channel = self._clock.now(), channel.value
        delivery.received_by, delivery.comment = user_id, comment
        subject = subject_of(delivery)
        await self._session.flush()
        await FollowUps(self._session, self._clock).cancel(subject, "received")
        await Outbox(self._session, self._clock).cancel(subject, "received")
        if channel is not Channel.ELSEWHERE:
            await self._mails.tell_received(row, len(files))
        self.record(row, step.journal, before, channel=channel.value, files=len(files))
        await self._plans.advance(row.mandate, delivery)

    def record(self, row: DeliveryRow, action: str, before: str, **details: object) -> None:
        """Write to the journal what happened."""
        Journal(self._session, self._clock).record(
            action,
            subject_of(row.delivery),
            self._actor,
            company_id=row.mandate.company_id,
            contact_id=row.mandate.contact_id,
            before={"status": before},
            after={"status": row.delivery.status, **details},
        )


class MandateDeliveries:
    """The deliveries of a mandate, for a caller in one session."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._session = session
        self._runtime = runtime
        self._caller = caller
        self._clock = runtime.clock
        self._rows = DeliveryRepository(session)
        self._attachments = Attachments(session)
        self._acts = Deliveries(session, runtime.clock, ActorRef.of(caller))

    async def page(
        self, mandate: MandateRow, status: Sequence[DeliveryStatus], request: PageRequest, *, with_actions: bool
    ) -> tuple[list[MandateDeliveryListed], str | None]:
        """One page of them, and the cursor of the next."""
        found = await self._rows.page(mandate.mandate.id, status, request)
        held = await self._attachments.held([subject_of(delivery) for delivery in found.rows])
        files = by_subject([delivery.id for delivery in found.rows], held)
        rows = [DeliveryRow(mandate, one) for one in found.rows]
        items = [
            views.listed(row, files[row.delivery.id], self._actions(row) if with_actions else None) for row in rows
        ]
        return items, self._runtime.cursors.encode(found.next) if found.next else None

    def _actions(self, row: DeliveryRow) -> list[AvailableAction]:
        return views.actions_of(row, self._caller, facts_of(row, self._clock))

    async def get(self, mandate: MandateRow, delivery_id: UUID) -> DeliveryRow:
        """One delivery of that mandate.

        Raises:
            NotFound: there is none.
        """
        found = await self._rows.find(mandate.mandate.id, delivery_id)
        if found is None:
            raise NotFound()
        return DeliveryRow(mandate, found)

    async def detail(self, row: DeliveryRow) -> MandateDeliveryRead:
        """One delivery in full, as the caller sees it now."""
        await self._session.flush()
        subject = subject_of(row.delivery)
        queued = await Outbox(self._session, self._clock).pending(subject)
        planned = await FollowUps(self._session, self._clock).pending(subject)
        people = await DeliveryMails(self._session, self._clock).addressees(row.mandate)
        files = await self._attachments.held([subject])
        facts = facts_of(row, self._clock)
        return views.detail(row, self._caller, facts, files, views.Coming(queued, planned, people, self._clock.now()))

    async def file(self, row: DeliveryRow, file_id: UUID) -> StoredFile:
        """One of the files that were handed in.

        Raises:
            NotFound: there is none.
        """
        for file in await self._attachments.held([subject_of(row.delivery)]):
            if file.id == file_id:
                return file
        raise NotFound()

    async def remind(self, row: DeliveryRow, *, force: bool) -> None:
        """Ask again.

        Raises:
            RelanceError: the refusal of the lifecycle.
        """
        await self._acts.remind(row, Actor.USER, forced=force)

    async def receive(self, row: DeliveryRow, comment: str | None) -> None:
        """Note that the documents have come some other way.

        Raises:
            RelanceError: the refusal of the lifecycle.
        """
        await self._acts.receive(row, "receive", Actor.USER, Channel.ELSEWHERE, comment, self._caller.user_id)

    async def upload(
        self, row: DeliveryRow, store: FileStore, files: Sequence[tuple[Path, str]], comment: str | None
    ) -> None:
        """Hand in files, each a path and the name that it was sent with: all of them or none.

        Raises:
            FileRefused: a file is not what it says, or not of a kind that is taken.
            RelanceError: the refusal of the lifecycle.
        """
        LIFECYCLE.require(row.delivery.status, "upload", Actor.USER, facts_of(row, self._clock))
        most, user_id = self._runtime.settings.max_upload_bytes, self._caller.user_id
        kept = {
            (await self._attachments.receive_from(store, user_id, path, name, most, KINDS)).id for path, name in files
        }
        await self._acts.receive(row, "upload", Actor.USER, Channel.ACCOUNT, comment, user_id, kept)
        await self._attachments.hold(subject_of(row.delivery), kept)
