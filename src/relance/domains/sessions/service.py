"""Use cases of the training organisation: each asks the lifecycle, changes rows, and writes its effects as rows."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from relance.capabilities.journal.service import Journal
from relance.core.db import DbSession
from relance.core.errors import DuplicateResource, NotFound, PermissionDenied, ValidationFailed
from relance.core.i18n import Text, current_locale
from relance.core.lifecycle import Actor
from relance.core.pagination import PageRequest
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.core.subjects import ActorRef, SubjectRef
from relance.domains.sessions import views
from relance.domains.sessions.asking import SESSION_KIND
from relance.domains.sessions.clients.service import SessionClients
from relance.domains.sessions.closing import Closing
from relance.domains.sessions.lifecycle import SESSION_LIFECYCLE, Confirmation
from relance.domains.sessions.list_schemas import SessionFilter
from relance.domains.sessions.models import SessionSlot
from relance.domains.sessions.permissions import READ
from relance.domains.sessions.planning import SlotTimes, generate
from relance.domains.sessions.repository import SessionRepository, SessionRow, times_of
from relance.domains.sessions.schemas import (
    SessionCancelRequest,
    SessionCreate,
    SessionListed,
    SessionRead,
    SessionUpdate,
)
from relance.domains.sessions.slot_schemas import (
    PlanRequest,
    SessionPlan,
    SkippedDay,
    SlotInput,
    SlotUpdate,
    SlotWrite,
    Weekday,
)
from relance.domains.sessions.timetable import Timetables, Wanted

_UNKNOWN_ORGANISATION = Text("Cette organisation n’est pas une des vôtres.", "This organisation is not one of yours.")
_UNKNOWN_USER = Text(
    "Cet utilisateur est inconnu, inactif, ou ne travaille pas pour cette organisation.",
    "This user is unknown, inactive, or does not work for this organisation.",
)


class SessionService:
    """What a caller does with sessions, in one session of the database."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._session = session
        self._runtime = runtime
        self._caller = caller
        self._clock = runtime.clock
        self._actor = ActorRef.of(caller)
        self._rows = SessionRepository(session)
        self._timetables = Timetables(session, runtime.clock, self._actor)

    # --- reading ---------------------------------------------------------------------------------------------------

    async def readable(self, session_id: UUID) -> SessionRow:
        """The session.

        Raises:
            NotFound: unknown, of another workspace, or not readable by the caller.
        """
        row = await self._rows.find(session_id, self._caller)
        if row is None:
            raise NotFound()
        return row

    async def actionable(self, session_id: UUID, permission: str) -> SessionRow:
        """The session, locked, for an action that needs `permission` on it.

        Raises:
            NotFound: unknown, of another workspace, or not readable by the caller.
            PermissionDenied: readable, but the permission does not reach it.
        """
        self._caller.require(READ)
        row = await self._rows.lock(session_id, self._caller)
        if row is None:
            raise NotFound()
        if not views.reaches(row.session, self._caller, permission):
            raise PermissionDenied(permission)
        return row

    async def page(
        self, wanted: SessionFilter, request: PageRequest, *, with_actions: bool
    ) -> tuple[list[SessionListed], str | None]:
        """One page of the list, and the cursor of the next."""
        now = self._clock.now()
        rows, found = await self._rows.page(wanted, self._caller, request, now)
        items = [
            views.listed(one, now, views.actions_of(one.row.session, self._caller) if with_actions else None)
            for one in rows
        ]
        return items, self._runtime.cursors.encode(found.next) if found.next else None

    def detail(self, row: SessionRow) -> SessionRead:
        """One session in full, as the caller sees it now."""
        return views.detail(row, self._caller, self._clock.now())

    @staticmethod
    def slot(row: SessionRow, slot_id: UUID) -> SessionSlot:
        """One slot of the session.

        Raises:
            NotFound: there is none.
        """
        for slot in row.slots:
            if slot.id == slot_id:
                return slot
        raise NotFound()

    # --- describing ------------------------------------------------------------------------------------------------

    async def create(self, wanted: SessionCreate) -> SessionRow:
        """A session, with its slots and clients where they are given.

        Raises:
            ValidationFailed: the organisation, the person in charge, a slot or a client does not hold.
            DuplicateResource: another session has that external id, or a client is given twice.
        """
        if wanted.organisation_id not in self._caller.organisation_ids:
            raise ValidationFailed.at("/organisation_id", "unknown_organisation", _UNKNOWN_ORGANISATION)
        responsible_id = wanted.responsible_id or self._caller.user_id
        if wanted.responsible_id is not None:
            await self._require_user(responsible_id, wanted.organisation_id)
        session_id = await self._rows.insert(
            {
                **wanted.model_dump(include={"organisation_id", "external_id", "title", "trainer", "capacity"}),
                "zone": wanted.zone or await self._rows.workspace_zone(),
                "responsible_id": responsible_id,
                "automatic_reminders": wanted.automatic_reminders,
                "created_by": self._caller.user_id,
                "created_at": self._clock.now(),
            }
        )
        if session_id is None:
            known = await self._rows.by_external_id(wanted.external_id or "")
            raise DuplicateResource(existing_id=str(known), pointer="/external_id")
        row = (await self._rows.rows([session_id]))[session_id]
        self._record(row, "session.created", None)
        if wanted.slots:
            row = await self._timetables.set(row, [(None, slot.times()) for slot in wanted.slots])
        clients = SessionClients(self._session, self._runtime, self._caller)
        for position, client in enumerate(wanted.clients or ()):
            row, _ = await clients.add(row, client, f"/clients/{position}")
        return row

    async def _require_user(self, user_id: UUID, organisation_id: UUID) -> None:
        if not await self._rows.works_for(user_id, organisation_id):
            raise ValidationFailed.at("/responsible_id", "unknown_user", _UNKNOWN_USER)

    async def update(self, row: SessionRow, wanted: SessionUpdate) -> SessionRow:
        """Change what the session says. Another zone moves its slots.

        Raises:
            TransitionNotAllowed: another zone for a session that is cancelled.
            ValidationFailed: the person in charge is not known, or a slot does not exist in the new zone.
            DuplicateResource: another session has that external id.
        """
        session, changes = row.session, wanted.changes()
        if wanted.external_id is not None:
            known = await self._rows.by_external_id(wanted.external_id)
            if known is not None and known != session.id:
                raise DuplicateResource(existing_id=str(known), pointer="/external_id")
        if "responsible_id" in changes and changes["responsible_id"] != session.responsible_id:
            await self._require_user(changes["responsible_id"], session.organisation_id)
        times: list[Wanted] = [(slot.id, times_of(slot)) for slot in row.slots]
        moved = "zone" in changes and changes["zone"] != session.zone
        for name, value in changes.items():
            setattr(session, name, value)
        self._record(row, "session.changed", session.status)
        row = await self._timetables.refreshed(row)
        if moved and times:
            row = await self._timetables.set(row, times, "/zone")
        if "automatic_reminders" in changes:
            await SessionClients(self._session, self._runtime, self._caller).arm_all(row)
        return row

    # --- planning --------------------------------------------------------------------------------------------------

    async def set_slots(self, row: SessionRow, slots: Sequence[SlotWrite]) -> SessionRow:
        """Replace the timetable; see `Timetables.set`."""
        return await self._timetables.set(row, [(slot.id, slot.times()) for slot in slots])

    async def add_slot(self, row: SessionRow, wanted: SlotInput) -> tuple[SessionRow, SessionSlot]:
        """One slot more.

        Raises:
            ValidationFailed: it does not hold, or overlaps another one.
            DuplicateResource: the session has this very slot.
        """
        times = wanted.times()
        for slot in row.slots:
            if times_of(slot) == times:
                raise DuplicateResource(existing_id=str(slot.id), pointer="/date")
        known = {slot.id for slot in row.slots}
        row = await self._timetables.set(row, [*_as_they_are(row), (None, times)], "/slots")
        return row, next(slot for slot in row.slots if slot.id not in known)

    async def update_slot(self, row: SessionRow, slot: SessionSlot, wanted: SlotUpdate) -> SessionRow:
        """Change one slot; its calendar event stays the same one.

        Raises:
            ValidationFailed: it does not hold, or overlaps another one.
        """
        shown = views.slot_read(slot)
        own = {name: getattr(shown, name) for name in ("date", "starts_at", "ends_at", "place")}
        times = SlotInput.model_validate({**own, **wanted.changes()}).times()
        slots = [(one_id, times if one_id == slot.id else known) for one_id, known in _as_they_are(row)]
        return await self._timetables.set(row, slots)

    async def remove_slot(self, row: SessionRow, slot: SessionSlot) -> SessionRow:
        """Take one slot away."""
        return await self._timetables.set(row, [one for one in _as_they_are(row) if one[0] != slot.id])

    async def plan(self, row: SessionRow, wanted: PlanRequest, *, dry_run: bool) -> tuple[SessionRow, SessionPlan]:
        """The simple planning.

        Raises:
            ValidationFailed: the hours do not hold, or a slot overlaps another one.
            TransitionNotAllowed: the session is cancelled.
        """
        hours = [SlotInput(date=wanted.start, starts_at=one.starts_at, ends_at=one.ends_at) for one in wanted.hours]
        days = {list(Weekday).index(day) for day in wanted.weekdays}
        times = [(one.times().starts_at, one.times().ends_at) for one in hours]
        made, skipped = generate(days, times, wanted.start, wanted.end, wanted.place or None, current_locale())
        present = set(row.times)
        kept: list[Wanted] = [] if wanted.replace else _as_they_are(row)
        fresh = [one for one in made if one not in present]
        asked = sum(one.client.confirmation != Confirmation.NOT_SENT for one in row.clients)
        before = row.session.dates_version
        again: list[SlotTimes] = made if wanted.replace else fresh
        try:
            row = await self._timetables.set(row, [*kept, *((None, one) for one in again)])
        except ValidationFailed as refused:
            # What was given are hours, not slots: each fault is told once.
            faults = {one.code: replace(one, pointer="/hours") for one in refused.errors}
            raise ValidationFailed(list(faults.values())) from None
        report = SessionPlan(
            dry_run=dry_run,
            added=[views.planned_slot(one, row) for one in fresh],
            skipped=[SkippedDay(date=one.day, reason=one.reason) for one in skipped],
            total=len(row.slots),
            clients_reset=asked if row.session.dates_version != before else 0,
        )
        return row, report

    # --- ending ----------------------------------------------------------------------------------------------------

    async def cancel(self, row: SessionRow, wanted: SessionCancelRequest) -> SessionRow:
        """The session will not take place: clients who were asked are told, and their links answer no more.

        Raises:
            TransitionNotAllowed: it is cancelled already.
        """
        session = row.session
        step = SESSION_LIFECYCLE.require(session.status, "cancel", Actor.USER, None)
        before, session.status = session.status, SESSION_LIFECYCLE.target(step, session.status)
        session.cancelled_at, session.cancel_reason = self._clock.now(), wanted.reason
        await self._session.flush()
        await Closing(self._session, self._clock).cancel(row)
        self._record(row, step.journal, before)
        return await self._timetables.refreshed(row)

    async def delete(self, row: SessionRow) -> None:
        """Take the session away; the journal keeps what happened to it.

        Raises:
            TransitionNotAllowed: it is planned.
        """
        step = SESSION_LIFECYCLE.require(row.session.status, "delete", Actor.USER, None)
        await Closing(self._session, self._clock).delete(row)
        self._record(row, step.journal, row.session.status)
        await self._session.flush()
        await self._rows.delete(row.session.id)

    def _record(self, row: SessionRow, action: str, before: str | None) -> None:
        session = row.session
        Journal(self._session, self._clock).record(
            action,
            SubjectRef(SESSION_KIND, session.id),
            self._actor,
            before={"status": before} if before else None,
            after={"status": session.status, "dates_version": session.dates_version},
        )


def _as_they_are(row: SessionRow) -> list[Wanted]:
    return [(slot.id, times_of(slot)) for slot in row.slots]
