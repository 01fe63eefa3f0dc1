"""Which delivery comes next, and when its reminders leave. The mandate's row is locked by whoever plans."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from relance.capabilities.files.attachments import Attachments
from relance.capabilities.followups.service import FollowUps
from relance.capabilities.journal.service import Journal
from relance.capabilities.links.service import Links
from relance.capabilities.messaging.outbox import Outbox
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.ids import new_id
from relance.core.subjects import SYSTEM, ActorRef
from relance.domains.mandates.asking import DOMAIN
from relance.domains.mandates.deliveries.asking import subject_of
from relance.domains.mandates.deliveries.dates import due_end, reminders_after, reminders_before
from relance.domains.mandates.deliveries.lifecycle import DeliveryStatus
from relance.domains.mandates.deliveries.repository import DeliveryRepository
from relance.domains.mandates.lifecycle import MandateStatus
from relance.domains.mandates.models import MandateDelivery
from relance.domains.mandates.repository import MandateRow
from relance.domains.mandates.schedule import due_dates
from relance.domains.mandates.schemas import ScheduleInput

_DUE = (DeliveryStatus.DUE,)
_OPEN = (DeliveryStatus.DUE, DeliveryStatus.LATE)


class DeliveryPlans:
    """Keeps one delivery of each active mandate ahead, on behalf of `actor`."""

    def __init__(self, session: DbSession, clock: Clock, actor: ActorRef = SYSTEM) -> None:
        self._session = session
        self._clock = clock
        self._actor = actor
        self._rows = DeliveryRepository(session)
        self._follow_ups = FollowUps(session, clock)

    async def begin(self, row: MandateRow) -> None:
        """The mandate has become active: what fell due while it was not is not asked for."""
        today = self._today(row)
        for delivery in await self._rows.of_mandate(row.mandate.id, _DUE):
            if delivery.due_on < today:
                await self._withdraw(row, delivery)
        await self.replan(row)

    async def replan(self, row: MandateRow) -> None:
        """Plan the next date of the schedule that an active mandate has now; undue ones of an earlier one go."""
        if row.mandate.status != MandateStatus.ACTIVE:
            return
        schedule, today = _schedule(row), self._today(row)
        ahead = [one for one in await self._rows.of_mandate(row.mandate.id, _DUE) if one.due_on >= today]
        taken = await self._rows.dates(row.mandate.id, today) - {one.due_on for one in ahead}
        wanted = None
        if schedule is not None:
            dates = due_dates(schedule.frequency, schedule.starts_on)
            wanted = next((day for day in dates if day >= today and day not in taken), None)
        else:
            for late in await self._rows.of_mandate(row.mandate.id, (DeliveryStatus.LATE,)):
                await self._silence(late, "no_schedule")
        for delivery in ahead:
            if delivery.due_on != wanted:
                await self._withdraw(row, delivery)
            elif schedule is not None:
                await self._follow_ups.cancel(subject_of(delivery), "replanned")
                await self._arm(row, delivery, schedule)
        if schedule is not None and wanted is not None and wanted not in {one.due_on for one in ahead}:
            await self._add(row, wanted, schedule)
        row.mandate.next_delivery_on = wanted
        await self._session.flush()

    async def advance(self, row: MandateRow, settled: MandateDelivery) -> None:
        """A delivery is received or late: the next one is planned, unless one is ahead already."""
        await self._session.flush()
        ahead = await self._rows.of_mandate(row.mandate.id, _DUE)
        wanted = ahead[0].due_on if ahead else None
        schedule = _schedule(row)
        if not ahead and schedule is not None:
            taken = await self._rows.dates(row.mandate.id, settled.due_on)
            dates = due_dates(schedule.frequency, schedule.starts_on, after=settled.due_on)
            wanted = next((day for day in dates if day not in taken), None)
            if wanted is not None:
                await self._add(row, wanted, schedule)
        row.mandate.next_delivery_on = wanted
        await self._session.flush()

    async def chase(self, row: MandateRow, delivery: MandateDelivery) -> None:
        """The due date has passed: plan the reminders after it."""
        schedule = _schedule(row)
        if schedule is None:
            return
        delivery.cycle += 1
        instants = reminders_after(delivery.due_on, schedule.remind_after, ZoneInfo(row.zone))
        await self._plan(delivery, instants, None)

    async def rest(self, row: MandateRow) -> None:
        """The mandate is not active any more: nothing is asked for; its links say why."""
        for delivery in await self._rows.of_mandate(row.mandate.id, _OPEN):
            await self._silence(delivery, "mandate_not_active")
        row.mandate.next_delivery_on = None
        await self._session.flush()

    async def close(self, row: MandateRow) -> None:
        """The mandate is withdrawn: what is open is not awaited, and its links end."""
        links = Links(self._session, self._clock)
        for delivery in await self._rows.of_mandate(row.mandate.id, _OPEN):
            await self._silence(delivery, "mandate_cancelled")
            await links.revoke(subject_of(delivery))

    async def delete(self, row: MandateRow) -> None:
        """The mandate goes, and its deliveries with it: their files are let go of."""
        for delivery in await self._rows.of_mandate(row.mandate.id):
            await self._withdraw(row, delivery)

    def _today(self, row: MandateRow) -> date:
        return self._clock.now().astimezone(ZoneInfo(row.zone)).date()

    async def _add(self, row: MandateRow, due_on: date, schedule: ScheduleInput) -> None:
        delivery = MandateDelivery(
            id=new_id(),
            mandate_id=row.mandate.id,
            due_on=due_on,
            status=DeliveryStatus.DUE,
            cycle=0,
            created_at=self._clock.now(),
        )
        self._session.add(delivery)
        await self._session.flush()
        self._record(row, delivery, "mandate_delivery.planned")
        await self._arm(row, delivery, schedule)

    async def _arm(self, row: MandateRow, delivery: MandateDelivery, schedule: ScheduleInput) -> None:
        zone, now = ZoneInfo(row.zone), self._clock.now()
        delivery.cycle += 1
        instants = reminders_before(delivery.due_on, schedule.remind_before, zone)
        if delivery.last_asked_at is not None:
            # Asked before the schedule changed: not again for what has passed.
            instants = [at for at in instants if at > now]
        await self._plan(delivery, instants, due_end(delivery.due_on, zone))

    async def _plan(self, delivery: MandateDelivery, instants: Sequence[datetime], end: datetime | None) -> None:
        await self._session.flush()
        policy = await self._follow_ups.policy(DOMAIN)
        await self._follow_ups.plan_at(subject_of(delivery), delivery.cycle, policy, instants, end)

    async def _silence(self, delivery: MandateDelivery, reason: str) -> None:
        await self._follow_ups.cancel(subject_of(delivery), reason)
        await Outbox(self._session, self._clock).cancel(subject_of(delivery), reason)

    async def _withdraw(self, row: MandateRow, delivery: MandateDelivery) -> None:
        subject = subject_of(delivery)
        await self._silence(delivery, "withdrawn")
        await Links(self._session, self._clock).revoke(subject)
        await Attachments(self._session).hold(subject, ())
        self._record(row, delivery, "mandate_delivery.withdrawn")
        await self._session.flush()
        await self._rows.delete(delivery.id)
        self._session.expunge(delivery)

    def _record(self, row: MandateRow, delivery: MandateDelivery, action: str) -> None:
        Journal(self._session, self._clock).record(
            action,
            subject_of(delivery),
            self._actor,
            company_id=row.company_id,
            contact_id=row.contact_id,
            after={
                "status": delivery.status,
                "mandate_id": str(row.mandate.id),
                "due_on": delivery.due_on.isoformat(),
            },
        )


def _schedule(row: MandateRow) -> ScheduleInput | None:
    return ScheduleInput.model_validate(row.mandate.schedule) if row.mandate.schedule is not None else None
