"""Use cases of a caller of the API: who may read what, who may act, and what is shown then."""

from uuid import UUID

from relance.capabilities.followups.service import FollowUps
from relance.capabilities.messaging.outbox import Outbox
from relance.core.db import DbSession
from relance.core.errors import NotFound, PermissionDenied
from relance.core.lifecycle import Actor
from relance.core.pagination import PageRequest
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.core.subjects import ActorRef
from relance.domains.avant_vente import views
from relance.domains.avant_vente.acts import RequestActs
from relance.domains.avant_vente.asking import RequestMails, subject_of
from relance.domains.avant_vente.facts import facts_of, is_staff
from relance.domains.avant_vente.lifecycle import LIFECYCLE
from relance.domains.avant_vente.list_schemas import RequestFilter
from relance.domains.avant_vente.permissions import READ, REQUEST
from relance.domains.avant_vente.repository import RequestRepository, RequestRow
from relance.domains.avant_vente.schemas import RequestListed, RequestRead
from relance.domains.avant_vente.speakers.repository import SpeakerRepository


class RequestService:
    """What a caller does with requests, in one session."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._session = session
        self._runtime = runtime
        self._caller = caller
        self._clock = runtime.clock
        self._rows = RequestRepository(session)
        self.acts = RequestActs(
            session, runtime.clock, ActorRef.of(caller), Actor.USER, caller.user_id, staff=is_staff(caller)
        )

    async def readable(self, request_id: UUID) -> RequestRow:
        """The request.

        Raises:
            NotFound: unknown, of another workspace, or not readable by the caller.
        """
        row = await self._rows.find(request_id, self._caller)
        if row is None:
            raise NotFound()
        return row

    async def locked(self, request_id: UUID) -> RequestRow:
        """The request, locked, for whatever the caller may do with it.

        Raises:
            NotFound: unknown, of another workspace, or not readable by the caller.
        """
        self._caller.require(READ)
        row = await self._rows.lock(request_id, self._caller)
        if row is None:
            raise NotFound()
        return row

    async def actionable(self, request_id: UUID, permission: str) -> RequestRow:
        """The request, locked, for an action that needs `permission` on it.

        Raises:
            NotFound: unknown, of another workspace, or not readable by the caller.
            PermissionDenied: readable, but the permission does not reach it.
        """
        row = await self.locked(request_id)
        if not views.reaches(row, self._caller, permission):
            raise PermissionDenied(permission)
        return row

    async def page(
        self, wanted: RequestFilter, request: PageRequest, *, with_actions: bool
    ) -> tuple[list[RequestListed], str | None]:
        """One page of the list, and the cursor of the next."""
        rows, found = await self._rows.page(wanted, self._caller, request)
        now = self._clock.now()
        items = [views.listed(row, views.actions_of(row, self._caller, now) if with_actions else None) for row in rows]
        return items, self._runtime.cursors.encode(found.next) if found.next else None

    async def detail(self, row: RequestRow) -> RequestRead:
        """One request in full, as the caller sees it now."""
        subject = subject_of(row.request)
        planned = await FollowUps(self._session, self._clock).pending(subject)
        around = views.Around(
            infos=await self._rows.infos(row.request.id),
            queued=await Outbox(self._session, self._clock).pending(subject),
            planned=planned,
            partner=await RequestMails(self._session, self._clock).partner(row) if planned else (),
            clashes=await self._clashes(row),
        )
        return views.detail(row, self._caller, self._clock.now(), around)

    async def cancel(self, row: RequestRow, reason: str) -> RequestRow:
        """Call a locked request off: the team's people whenever it is open, the partner's while nobody works on it.

        Raises:
            PermissionDenied: the caller is of neither side.
            TransitionNotAllowed: not in this state, or not by this side.
        """
        staff = is_staff(self._caller)
        if not staff and not views.reaches(row, self._caller, REQUEST):
            raise PermissionDenied(REQUEST)
        return await self.acts.cancel(row, reason)

    async def delete(self, row: RequestRow) -> None:
        """Take a draft away; the journal keeps that there was one.

        Raises:
            TransitionNotAllowed: it was submitted.
        """
        facts = facts_of(row, self._clock.now(), staff=is_staff(self._caller))
        step = LIFECYCLE.require(row.request.status, "delete", Actor.USER, facts)
        self.acts.record(row, step.journal, row.request.status)
        await self._session.flush()
        await self._rows.delete(row.request.id)

    async def _clashes(self, row: RequestRow) -> views.Clashes:
        if not is_staff(self._caller) or row.request.closed_at is not None:
            return ()
        now = self._clock.now()
        coming = [one.slot for one in row.slots if one.slot.ends_at > now]
        return await SpeakerRepository(self._session).clashes(coming)
