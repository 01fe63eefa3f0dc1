"""The transactions of delivery: claim, turn, recovery. Each is small, and written to be tried again.

A turn settles what connections have finished and commits what they hand over next: one transaction for both, and for
all connections that come together.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from relance.capabilities.messaging.catalogue.wardrobe import Wardrobe
from relance.capabilities.messaging.delivery.parcel import Claimed, Parcel, Settlement
from relance.capabilities.messaging.delivery.repository import SWEPT_AT_ONCE, DeliveryRepository, Recovered
from relance.capabilities.messaging.delivery.shared import Shared
from relance.capabilities.messaging.handlers import EXPIRED, MailSubjects
from relance.capabilities.messaging.lanes import LaneChange, domain_lane, relay_lane
from relance.capabilities.messaging.lanes.repository import LaneRepository
from relance.capabilities.messaging.models import MessageState
from relance.capabilities.messaging.outcomes import Phase, Reply
from relance.capabilities.messaging.suppression import address_hashes
from relance.core.db import DbSession
from relance.core.ids import new_id
from relance.core.runtime import Runtime

_log = structlog.get_logger(__name__)

#: Classes of SQLSTATE: connection lost, server starting or stopping, out of connections, memory or disk.
_AWAY = ("08", "57P", "53")
_TRIES = 3
_FIRST_WAIT = 0.05
_LONGEST_WAIT = 2.0
#: A subject that cannot be asked about is asked again after this.
_ASK_AGAIN = timedelta(minutes=5)


class _NotOurs(Exception):
    """A domain was about to be told of messages that somebody else has settled; the transaction is undone."""

    def __init__(self, ids: set[UUID]) -> None:
        super().__init__(f"{len(ids)} messages")
        self.ids = ids


@dataclass(slots=True)
class _Turned:
    """What a turn gave."""

    #: Ids of the messages that may be handed over.
    granted: set[UUID] = field(default_factory=set)
    #: What became of those that may not, where that is ours to say.
    refused: list[Settlement] = field(default_factory=list)
    #: Why nothing could be committed; settlements never fail, they wait.
    fault: Exception | None = None


def database_away(error: BaseException) -> bool:
    """Whether `error` says that the database cannot be reached, so that trying again is all there is to do."""
    if isinstance(error, DBAPIError):
        state = str(getattr(error.orig, "sqlstate", "") or "")
        lost = isinstance(error, OperationalError | InterfaceError) and not state
        return error.connection_invalidated or lost or state.startswith(_AWAY)
    return isinstance(error, OSError | TimeoutError | PoolTimeout)


class Ledger:
    """What delivery reads from the database and writes to it, under one owner's leases."""

    def __init__(self, runtime: Runtime, subjects: MailSubjects, resend: Sequence[str]) -> None:
        """
        Args:
            runtime: of this process.
            subjects: who answers for which subject kind.
            resend: keys of the mails that go again when nobody knows whether they arrived.
        """
        settings = runtime.settings
        self.subjects = subjects
        self.relay = relay_lane(settings)
        #: Seconds. Never shorter than one hand-off may take.
        self.lease = max(float(settings.lease_seconds), 3 * settings.smtp_timeout_seconds)
        #: This process, for the database.
        self.owner = new_id()
        self.domain_lanes: frozenset[str] = frozenset()
        self.relay_ailing = False
        self._runtime = runtime
        self._resend = resend
        self._wardrobe = Wardrobe(settings.public_url)
        self._turns = Shared(self._turn)

    async def claim(self, most: int) -> list[Claimed]:
        """Take up to `most` due messages, as many as the lanes let go."""
        await self._runtime.tick()
        now = self._runtime.clock.now()
        async with self._runtime.db.transaction(None) as session:
            queue, lanes = DeliveryRepository(session), LaneRepository(session)
            instant = await queue.take_turn()
            known = await lanes.all(self.relay)
            relay = known.pop(self.relay)
            self.relay_ailing = relay.faults > 0
            self.domain_lanes = frozenset(name for name in known if name.startswith(domain_lane("")))
            room = relay.capacity(instant, most)
            if not room:
                return []
            limited = {name.removeprefix(domain_lane("")): known[name] for name in self.domain_lanes}
            claimed = await queue.claim(self.owner, self.lease, now, room, list(limited), only=False)
            for domain, lane in limited.items():
                some = lane.capacity(instant, room - len(claimed))
                taken = await queue.claim(self.owner, self.lease, now, some, [domain], only=True) if some else []
                claimed.extend(taken)
                arrival = lane.arrival_after(instant, len(taken))
                if arrival is not None:
                    await lanes.advance(lane.name, arrival)
            arrival = relay.arrival_after(instant, len(claimed))
            if arrival is not None:
                await lanes.advance(relay.name, arrival)
            return await self._wardrobe.dress(session, claimed)

    async def mark_render(self, message: Claimed, *, begun: bool) -> None:
        """Announce a rendering, or take the announcement back; waits while the database is away.

        A restart of the database is not the mail's fault: an announcement that was left standing would say so.
        """
        wait = _FIRST_WAIT
        while True:
            try:
                async with self._runtime.db.transaction(None) as session:
                    count = message.lost_renders + int(begun)
                    await DeliveryRepository(session).mark_render(self.owner, message, count)
            except Exception as error:
                if not database_away(error):
                    raise
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)
            else:
                return

    async def intend(self, parcels: Sequence[Parcel]) -> tuple[set[UUID], list[Settlement]]:
        """Commit the intent to hand over `parcels`, after asking whether each is still to be sent.

        Returns:
            The ids of those to send, and what became of the others where that is ours to say.
        """
        ids = {one.message.id for one in parcels}
        turned = await self._turns.write(parcels)
        if turned.fault is not None:
            raise turned.fault
        return turned.granted & ids, [one for one in turned.refused if one.message.id in ids]

    async def settle(self, settled: Sequence[Settlement], changes: Sequence[LaneChange] = ()) -> None:
        """Write what became of messages and tell their domains, in one transaction; however long it takes.

        While the database is away it waits: the outcome of a hand-off exists nowhere else.
        """
        if settled or changes:
            await self._turns.write([*settled, *changes])

    def post(self, settled: Sequence[Settlement], changes: Sequence[LaneChange] = ()) -> None:
        """`settle` with the next turn, at the latest in a moment: nothing that is committed later comes before it."""
        if settled or changes:
            self._turns.post([*settled, *changes])

    async def flush(self) -> None:
        """Wait until all that was posted is written."""
        await self._turns.flush()

    async def _turn(self, items: Sequence[Settlement | LaneChange | Parcel]) -> _Turned:
        settled = [one for one in items if isinstance(one, Settlement)]
        changes = [one for one in items if isinstance(one, LaneChange)]
        parcels = [one for one in items if isinstance(one, Parcel)]
        if parcels:
            try:
                return await self._together(settled, changes, parcels)
            except Exception as error:
                # Apart it is known whose fault it is, and the others' work is done all the same.
                _log.info("turn_taken_apart", error=repr(error))
        await self._settle(settled, changes)
        if not parcels:
            return _Turned()
        try:
            return await self._intend(parcels)
        except Exception as error:
            return _Turned(fault=error)

    async def _together(
        self, settled: Sequence[Settlement], changes: Sequence[LaneChange], parcels: Sequence[Parcel]
    ) -> _Turned:
        now = self._runtime.clock.now()
        async with self._runtime.db.transaction(None) as session:
            await DeliveryRepository(session).guard()
            await self._put(session, settled, changes)
            wanted: set[UUID] = set()
            for group in _groups([parcel.message for parcel in parcels]):
                session.enter_workspace(group[0].workspace_id)
                wanted |= await self._ask(session, group, now)
                session.leave_workspace()
            return await self._commit_to(session, parcels, wanted, now)

    async def _intend(self, parcels: Sequence[Parcel]) -> _Turned:
        now = self._runtime.clock.now()
        wanted, aside = await self._wanted([parcel.message for parcel in parcels])
        left = {one.message.id for one in aside}
        async with self._runtime.db.transaction(None) as session:
            turned = await self._commit_to(session, [one for one in parcels if one.message.id not in left], wanted, now)
        turned.refused.extend(aside)
        return turned

    async def _commit_to(
        self, session: DbSession, parcels: Sequence[Parcel], wanted: set[UUID], now: datetime
    ) -> _Turned:
        queue = DeliveryRepository(session)
        going = [one for one in parcels if one.message.id in wanted]
        hashes = [(one.message, hashed) for one in going for hashed in self._hashes(one.message.recipient)]
        granted = await queue.intend(self.owner, self.lease, now, going, hashes) if going else set()
        suppressed = await queue.suppressed(hashes, now) if len(granted) < len(going) else set()
        refused: list[Settlement] = []
        for message in (one.message for one in parcels if one.message.id not in granted):
            if message.id in suppressed:
                refused.append(Settlement(message, MessageState.SUPPRESSED, now, reason="suppressed"))
            elif message.id not in wanted:
                refused.append(Settlement(message, MessageState.CANCELLED, now, reason="not_wanted"))
            elif message.expires_at is not None and message.expires_at <= now:
                refused.append(_expired(message, now))
        return _Turned(granted, refused)

    async def _wanted(self, messages: Sequence[Claimed]) -> tuple[set[UUID], list[Settlement]]:
        """Ask the domains, and set aside what one of them cannot answer for."""
        wanted: set[UUID] = set()
        aside: list[Settlement] = []
        for group in _groups(messages):
            try:
                async with self._runtime.db.reading(group[0].workspace_id) as session:
                    wanted |= await self._ask(session, group, self._runtime.clock.now())
            except Exception as error:
                if database_away(error):
                    raise
                if len(group) > 1:
                    for message in group:
                        more, rest = await self._wanted([message])
                        wanted |= more
                        aside += rest
                    continue
                _log.exception("subject_not_answering", message=str(group[0].id))
                now = self._runtime.clock.now()
                reply = Reply(None, type(error).__name__)
                aside.append(
                    Settlement(
                        group[0],
                        MessageState.QUEUED,
                        now,
                        "subject_not_answering",
                        Phase.INTENT,
                        reply,
                        due=now + _ASK_AGAIN,
                    )
                )
        return wanted, aside

    async def _ask(self, session: DbSession, group: Sequence[Claimed], now: datetime) -> set[UUID]:
        handler = self.subjects[group[0].subject.kind]
        return await handler.wanted(session, [message.fact(now) for message in group])

    async def _settle(self, left: Sequence[Settlement], changes: Sequence[LaneChange]) -> None:
        tries, wait = 0, _FIRST_WAIT
        while left or changes:
            try:
                await self._write(left, changes)
            except _NotOurs as moved:
                left = [one for one in left if one.message.id not in moved.ids]
            except Exception as error:
                if not database_away(error):
                    tries += 1
                    _log.warning("settlement_failed", messages=len(left), error=repr(error))
                if tries == _TRIES:
                    await self._settle_apart(left, changes)
                    return
                await asyncio.sleep(wait)
                wait = min(wait * 2, _LONGEST_WAIT)
            else:
                return

    async def _settle_apart(self, left: Sequence[Settlement], changes: Sequence[LaneChange]) -> None:
        """One subject must not hold up the others: write them one by one, and the faulty one without its domain."""
        if len(left) > 1 or changes:
            for one in left:
                await self._settle([one], ())
            if changes:
                await self._write([], changes)
            return
        _log.error("subject_not_told", message=str(left[0].message.id), state=left[0].state)
        await self._write([_untold(left[0])], (), tell=False)

    async def _write(self, settled: Sequence[Settlement], changes: Sequence[LaneChange], tell: bool = True) -> None:
        async with self._runtime.db.transaction(None) as session:
            await DeliveryRepository(session).guard()
            await self._put(session, settled, changes, tell)

    async def _put(
        self, session: DbSession, settled: Sequence[Settlement], changes: Sequence[LaneChange], tell: bool = True
    ) -> None:
        told = await self._tell(session, settled) if tell else set()
        if settled:
            queue = DeliveryRepository(session)
            written = await queue.settle(self.owner, settled)
            not_ours = {one.message.id for one in settled} - written
            if not_ours & told:
                raise _NotOurs(not_ours)
            await queue.suppress([(one, self._hashes(one.message.recipient)[0]) for one in settled if one.suppress])
        for change in changes:
            await LaneRepository(session).change(change)

    async def _tell(self, session: DbSession, settled: Sequence[Settlement]) -> set[UUID]:
        """Tell the domains, which lock their subjects: before any message row is touched."""
        told: set[UUID] = set()
        by_message = {one.message.id: one for one in settled}
        for arrived in (True, False):
            for group in _groups([one.message for one in settled if one.tells_arrival is arrived]):
                handler = self.subjects.get(group[0].subject.kind)
                if handler is None:
                    continue
                facts = [by_message[message.id].told for message in group]
                session.enter_workspace(group[0].workspace_id)
                await (handler.sent if arrived else handler.failed)(session, facts)
                await session.flush()
                session.leave_workspace()
                told.update(fact.id for fact in facts)
        return told

    async def recover(self) -> Recovered:
        """Take back expired leases, and end what is too late to go."""
        await self._runtime.tick()
        now = self._runtime.clock.now()
        async with self._runtime.db.transaction(None) as session:
            queue = DeliveryRepository(session)
            recovered = await queue.recover(now, self._runtime.settings.resend_uncertain, self._resend)
        if recovered != Recovered(0, 0, 0):
            _log.warning("leases_lost", queued=recovered.queued, uncertain=recovered.uncertain, dead=recovered.dead)
        await self._expire(now)
        return recovered

    async def _expire(self, now: datetime) -> None:
        """Cancel what has waited until it was too late, and tell its domains that it never left."""
        late: Sequence[Claimed] | None = None
        while late is None or len(late) == SWEPT_AT_ONCE:
            async with self._runtime.db.transaction(None) as session:
                late = await DeliveryRepository(session).claim_late(self.owner, self.lease, now)
            if not late:
                return
            _log.warning("mails_expired", messages=len(late))
            await self.settle([_expired(message, now) for message in late])

    def state_of_the_unknown(self, message: Claimed) -> MessageState:
        """What to do when nobody can know whether the relay took `message`: hold it, or send it again."""
        again = self._runtime.settings.resend_uncertain or message.mail_key in self._resend
        return MessageState.QUEUED if again else MessageState.UNCERTAIN

    def _hashes(self, address: str) -> list[bytes]:
        return address_hashes(self._runtime.keys, address)


def _untold(settled: Settlement) -> Settlement:
    """What a row says when its domain cannot be told: a mail that went is held in the open, not lost from view."""
    state = MessageState.UNCERTAIN if settled.state is MessageState.SENT else settled.state
    return Settlement(settled.message, state, settled.at, "subject_not_told", settled.phase, settled.reply)


def _expired(message: Claimed, now: datetime) -> Settlement:
    """It was not tried once more: its last word stands."""
    return Settlement(message, MessageState.CANCELLED, now, reason=EXPIRED, refund=True)


def _groups(messages: Sequence[Claimed]) -> list[list[Claimed]]:
    """`messages` by workspace and subject kind, always in the same order, so that locks are taken in one order."""
    groups: dict[tuple[UUID, str], list[Claimed]] = {}
    for message in messages:
        groups.setdefault((message.workspace_id, message.subject.kind), []).append(message)
    return [groups[key] for key in sorted(groups)]
