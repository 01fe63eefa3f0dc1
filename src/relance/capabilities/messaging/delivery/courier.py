"""One connection's work: a batch of claimed messages, from rendering to what the relay said."""

import asyncio
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import structlog

from relance.capabilities.files.store import FileStore
from relance.capabilities.messaging.delivery.compose import Composer
from relance.capabilities.messaging.delivery.ledger import Ledger
from relance.capabilities.messaging.delivery.parcel import Claimed, Parcel, Settlement
from relance.capabilities.messaging.delivery.pool import Pool
from relance.capabilities.messaging.delivery.smtp import Address, Conversation, SmtpFault
from relance.capabilities.messaging.errors import AddressRefused, MessagingFault
from relance.capabilities.messaging.handlers import REFUSED_UNTIL_EXPIRY
from relance.capabilities.messaging.lanes import LaneChange, domain_lane
from relance.capabilities.messaging.models import MessageState
from relance.capabilities.messaging.outcomes import GIVE_UP_AFTER, Action, Outcome, Phase, Reply, outcome, retry_delay
from relance.core.clock import Clock
from relance.core.errors import NotFound

_log = structlog.get_logger(__name__)

#: A mail whose own hand-off ran into a fault of the relay waits this long, so that others go first.
_AFTER_FAULT = timedelta(seconds=10)
#: Until files are looked for again.
_STORE_AWAY = timedelta(minutes=1)


@dataclass(slots=True)
class Halt:
    """Tells every courier of this process to stop after the message at hand."""

    #: The relay is at fault: nothing more in this sweep.
    lane: bool = False
    #: The process ends.
    closing: bool = False

    @property
    def called(self) -> bool:
        """Whether to stop."""
        return self.lane or self.closing


@dataclass(slots=True)
class _Trip:
    """One batch under way."""

    waiting: deque[Parcel] = field(default_factory=deque)
    settled: list[Settlement] = field(default_factory=list)
    changes: list[LaneChange] = field(default_factory=list)
    intended: bool = False
    #: On this process's monotonic clock: no hand-off may begin later.
    deadline: float = 0.0
    conversation: Conversation | None = None
    #: Somebody has cancelled the sweep: nothing begins any more.
    cancelled: bool = False


class Courier:
    """Carries batches over the pool's connections; one instance serves all of a process."""

    def __init__(
        self,
        ledger: Ledger,
        composer: Composer,
        pool: Pool,
        files: FileStore,
        clock: Clock,
        halt: Halt,
        *,
        budget: float,
    ) -> None:
        """
        Args:
            ledger: reads and writes the rows.
            composer: renders.
            pool: connections to the relay.
            files: where attached files are.
            clock: business time.
            halt: the order to stop.
            budget: seconds that one hand-off may take; none begins with less of its lease left.
        """
        self._ledger = ledger
        self._composer = composer
        self._pool = pool
        self._files = files
        self._clock = clock
        self._halt = halt
        self._budget = budget
        self._suspects = asyncio.Lock()

    async def carry(self, batch: Sequence[Claimed]) -> int:
        """Deliver `batch` as far as it goes, and write what became of each message, whatever cancels us meanwhile.

        Returns:
            How many messages came to an end or to another try.
        """
        trip = _Trip()
        task = asyncio.create_task(self._carry(trip, batch))
        while not task.done():
            try:
                await asyncio.wait([task])
            except asyncio.CancelledError:
                trip.cancelled = True
        concluded = task.result()
        if trip.cancelled:
            raise asyncio.CancelledError
        return concluded

    async def _carry(self, trip: _Trip, batch: Sequence[Claimed]) -> int:
        smooth = False
        try:
            for message in batch:
                await self._compose(trip, message)
            await self._converse(trip)
            smooth = not trip.waiting and not trip.changes
        except BaseException:
            # Whatever it was waiting for, the connection may be in the middle of a command.
            self._forget(trip)
            raise
        finally:
            if trip.conversation is not None:
                await self._pool.give_back(trip.conversation)
            concluded = len(trip.settled)
            known = {one.message.id for one in trip.settled}
            trip.settled.extend(self.released(message) for message in batch if message.id not in known)
            if smooth and len(batch) > 1:
                # There is more where that came from: the connection's next turn writes it along.
                self._ledger.post(trip.settled)
            else:
                await self._ledger.settle(trip.settled, trip.changes)
        return concluded

    def released(self, message: Claimed) -> Settlement:
        """`message`, untouched, back to the queue."""
        return Settlement(message, MessageState.QUEUED, self._clock.now(), refund=True)

    async def _compose(self, trip: _Trip, message: Claimed) -> None:
        try:
            files = await self._fetched(message)
        except Exception as fault:
            # The store's fault, not the mail's.
            _log.warning("attachments_not_read", message=str(message.id), error=repr(fault))
            now, reason = self._clock.now(), "attachments_not_read"
            later = Settlement(message, MessageState.QUEUED, now, reason, due=now + _STORE_AWAY, refund=True)
            trip.settled.append(later)
            return
        if not message.lost_leases:
            self._compose_now(trip, message, files)
            return
        # Its last worker died. Was it this mail? One at a time, each rendering is announced in its row and taken
        # back afterwards: what is announced twice and never taken back kills processes. Its neighbours do not.
        async with self._suspects:
            await self._ledger.mark_render(message, begun=True)
            self._compose_now(trip, message, files)
            await self._ledger.mark_render(message, begun=False)

    async def _fetched(self, message: Claimed) -> Mapping[UUID, bytes]:
        """The bytes of the files that `message` carries; one that is gone is left out."""
        found: dict[UUID, bytes] = {}
        for file_id in message.file_ids:
            try:
                pieces = await self._files.read(message.workspace_id, file_id)
            except NotFound:
                continue
            found[file_id] = b"".join([piece async for piece in pieces])
        return found

    def _compose_now(self, trip: _Trip, message: Claimed, files: Mapping[UUID, bytes]) -> None:
        """Render. Only what this raises is the mail's own fault: nothing is awaited here, no server asked."""
        try:
            if message.subject.kind not in self._ledger.subjects:
                raise MessagingFault(f"nobody answers for {message.subject.kind}")
            trip.waiting.append(self._composer.compose(message, self._clock.now(), files))
        except AddressRefused as fault:
            trip.settled.append(self._hopeless(message, MessageState.FAILED, fault.reason, fault))
        except MessagingFault as fault:
            trip.settled.append(self._hopeless(message, MessageState.DEAD, fault.reason, fault))
        except Exception as fault:
            trip.settled.append(self._hopeless(message, MessageState.DEAD, "render_error", fault))

    def _hopeless(self, message: Claimed, state: MessageState, reason: str, fault: Exception) -> Settlement:
        _log.error("message_not_sendable", message=str(message.id), mail=message.mail_key, error=str(fault))
        reply = Reply(None, f"{type(fault).__name__}: {fault}")
        return Settlement(message, state, self._clock.now(), reason=reason, phase=Phase.RENDER, reply=reply)

    async def _converse(self, trip: _Trip) -> None:
        while trip.waiting and not self._halt.called and not trip.cancelled:
            try:
                if not await self._advance(trip):
                    return
            except SmtpFault as fault:
                await self._on_fault(trip, fault)

    async def _advance(self, trip: _Trip) -> bool:
        """One message: MAIL, RCPT, the intent for the whole batch where it is not committed yet, DATA."""
        if trip.conversation is None:
            trip.conversation = await self._pool.acquire()
        parcel = trip.waiting[0]
        await trip.conversation.open(_address(parcel), committed=trip.intended)
        if not trip.intended:
            await self._intend(trip)
            if not trip.waiting or trip.waiting[0] is not parcel:
                await trip.conversation.reset()
                return True
        if time.monotonic() + self._budget > trip.deadline:
            # Another process may think us dead before the relay has answered.
            await trip.conversation.reset()
            return False
        following = _address(trip.waiting[1]) if len(trip.waiting) > 1 else None
        reply = await self._hand_over(trip, trip.conversation, parcel, following)
        trip.waiting.popleft()
        now = self._clock.now()
        trip.settled.append(Settlement(parcel.message, MessageState.SENT, now, phase=Phase.PAYLOAD, reply=reply))
        if self._ledger.relay_ailing:
            self._ledger.relay_ailing = False
            trip.changes.append(LaneChange(self._ledger.relay, healthy=True))
        return True

    async def _intend(self, trip: _Trip) -> None:
        started = time.monotonic()
        granted, refused = await self._ledger.intend(list(trip.waiting))
        trip.deadline = started + self._ledger.lease
        trip.intended = True
        trip.settled.extend(refused)
        trip.waiting = deque(parcel for parcel in trip.waiting if parcel.message.id in granted)

    async def _hand_over(
        self, trip: _Trip, conversation: Conversation, parcel: Parcel, following: Address | None
    ) -> Reply:
        try:
            return await conversation.hand_over(parcel.payload, following)
        except SmtpFault:
            raise
        except BaseException as fault:
            # A fault of ours in the middle of a hand-off: the relay may have the mail, so it must not simply go again.
            message = trip.waiting.popleft().message
            unknown, now = self._ledger.state_of_the_unknown(message), self._clock.now()
            reply = Reply(None, f"{type(fault).__name__}: {fault}")
            trip.settled.append(
                Settlement(message, unknown, now, "no_answer_after_data", Phase.PAYLOAD, reply, due=now)
            )
            raise

    async def _on_fault(self, trip: _Trip, fault: SmtpFault) -> None:
        silent = fault.reply.code is None
        if silent and fault.phase is Phase.MAIL and trip.conversation is not None and trip.conversation.reused:
            # The relay had closed a kept connection: no fault, try on a new one.
            self._forget(trip)
            return
        decided = outcome(fault.phase, fault.reply)
        if fault.phase in {Phase.CONNECT, Phase.AUTH}:
            # No message had a part in it: all of them go back as they were.
            self._teach(trip, trip.waiting[0].message, fault, decided)
            return
        parcel = trip.waiting.popleft()
        settled = self._after(parcel.message, fault, decided)
        trip.settled.append(settled)
        self._teach(trip, parcel.message, fault, decided)
        if decided.alert:
            _log.error(
                "delivery_alert",
                message=str(parcel.message.id),
                phase=fault.phase,
                code=fault.reply.code,
                reply=settled.kept_reply,
            )
        if silent or decided.pause_lane:
            self._forget(trip)

    def _after(self, message: Claimed, fault: SmtpFault, decided: Outcome) -> Settlement:
        now = self._clock.now()
        state, reason, due, refund = MessageState.FAILED, "refused", None, False
        if decided.action is Action.UNCERTAIN:
            state, reason, due = self._ledger.state_of_the_unknown(message), "no_answer_after_data", now
        elif decided.action is Action.GIVE_BACK:
            state, reason, due, refund = MessageState.QUEUED, "relay_fault", now + _AFTER_FAULT, True
        elif decided.action in {Action.RETRY, Action.RETRY_SLOWLY}:
            due = now + retry_delay(decided.action, message.attempts)
            if due < (message.expires_at or message.created_at + GIVE_UP_AFTER):
                state, reason = MessageState.QUEUED, "refused_for_now"
            else:
                due, reason = None, REFUSED_UNTIL_EXPIRY
        return Settlement(message, state, now, reason, fault.phase, fault.reply, due, refund, decided.suppress)

    def _teach(self, trip: _Trip, message: Claimed, fault: SmtpFault, decided: Outcome) -> None:
        words = f"{fault.phase} {fault.reply.code or ''} {fault.reply.text}"
        if decided.pause_lane:
            self._halt.lane = True
            trip.changes.append(LaneChange(self._ledger.relay, pause=True, credentials=decided.alert, fault=words))
        if decided.slow_lane:
            own = domain_lane(message.domain)
            lane = own if own in self._ledger.domain_lanes else self._ledger.relay
            trip.changes.append(LaneChange(lane, slow=True, fault=words))

    def _forget(self, trip: _Trip) -> None:
        if trip.conversation is not None:
            self._pool.drop(trip.conversation)
            trip.conversation = None


def _address(parcel: Parcel) -> Address:
    return Address(parcel.sender, parcel.recipient)
