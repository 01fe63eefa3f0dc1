"""Further contacts of the company: asked like the main one, and given access when they register."""

from collections.abc import Sequence
from uuid import UUID

from relance.capabilities.cycles.service import Cycles
from relance.capabilities.followups.service import FollowUps
from relance.capabilities.messaging.outbox import Outbox
from relance.core.actions import AvailableAction
from relance.core.db import DbSession
from relance.core.errors import DuplicateResource, NotFound
from relance.core.lifecycle import Actor, TransitionNotAllowed
from relance.core.pagination import PageRequest
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.core.subjects import ActorRef
from relance.domains.mandates import views
from relance.domains.mandates.asking import CONTACT_KIND, ContactChase
from relance.domains.mandates.contacts.repository import ContactRepository
from relance.domains.mandates.contacts.schemas import MandateContactCreate, MandateContactListed, MandateContactRead
from relance.domains.mandates.lifecycle import CONTACT_LIFECYCLE, MandateStatus
from relance.domains.mandates.repository import MandateRow
from relance.domains.mandates.service import link_contact

#: While others may be asked to join.
_OPEN_TO_GUESTS = (MandateStatus.INVITED, MandateStatus.ACTIVE)


class MandateContacts:
    """The further contacts of a mandate, for a caller in one session."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._session = session
        self._runtime = runtime
        self._caller = caller
        self._clock = runtime.clock
        self._rows = ContactRepository(session)
        self._cycles = Cycles(session, runtime, ContactChase(runtime), ActorRef.of(caller))

    async def page(
        self, mandate: MandateRow, request: PageRequest, *, with_actions: bool
    ) -> tuple[list[MandateContactListed], str | None]:
        """One page of them, and the cursor of the next."""
        found = await self._rows.page(mandate.mandate.id, request)
        rows = await self._rows.rows([contact.id for contact in found.rows])
        shown = [rows[contact.id] for contact in found.rows]
        items = [
            MandateContactListed.model_validate(
                {**one, "available_actions": self._actions(row) if with_actions else None}
            )
            for row, one in zip(shown, await self._summaries(shown), strict=True)
        ]
        return items, self._runtime.cursors.encode(found.next) if found.next else None

    async def get(self, mandate: MandateRow, contact_id: UUID) -> MandateRow:
        """One further contact of that mandate.

        Raises:
            NotFound: there is none.
        """
        known = await self._rows.find(mandate.mandate.id, contact_id)
        row = (await self._rows.rows([contact_id])).get(contact_id) if known is not None else None
        if row is None:
            raise NotFound()
        return row

    async def locked(self, mandate: MandateRow, contact_id: UUID) -> MandateRow:
        """The same, locked.

        Raises:
            NotFound: there is none.
        """
        await self.get(mandate, contact_id)
        return (await self._rows.lock_all([contact_id]))[contact_id]

    async def detail(self, row: MandateRow) -> MandateContactRead:
        """One further contact in full, as the caller sees it now."""
        (summary,) = await self._summaries([row])
        return MandateContactRead.model_validate({**summary, "available_actions": self._actions(row)})

    def _actions(self, row: MandateRow) -> list[AvailableAction]:
        return views.guest_actions(row, self._caller, self._clock.now())

    async def _summaries(self, rows: Sequence[MandateRow]) -> list[dict[str, object]]:
        ids = [row.invitee.id for row in rows]
        queued = await Outbox(self._session, self._clock).pending_many(CONTACT_KIND, ids)
        planned = await FollowUps(self._session, self._clock).pending_many(CONTACT_KIND, ids)
        policy, now = await self._cycles.policy(), self._clock.now()
        return [
            views.guest(row, views.coming(row, now, queued[id_], planned[id_], policy))
            for id_, row in zip(ids, rows, strict=True)
        ]

    async def invite(self, mandate: MandateRow, wanted: MandateContactCreate) -> MandateRow:
        """Ask somebody else of the company to join; their mail leaves at once.

        Raises:
            TransitionNotAllowed: the mandate is a draft, or over.
            DuplicateResource: that address is asked for this mandate already.
        """
        if mandate.mandate.status not in _OPEN_TO_GUESTS:
            raise TransitionNotAllowed("invite_contact", mandate.mandate.status, [])
        key = wanted.email.casefold()
        if key == mandate.mandate.contact_email_key:
            raise DuplicateResource(existing_id=str(mandate.mandate.id), pointer="/email")
        values = {f"contact_{name}": value for name, value in wanted.model_dump().items()}
        own = {
            "mandate_id": mandate.mandate.id,
            "status": MandateStatus.INVITED.value,
            "contact_email_key": key,
            "created_by": self._caller.user_id,
            "created_at": self._clock.now(),
        }
        made = await self._rows.insert({**values, **own})
        if made is None:
            known = await self._rows.by_address(mandate.mandate.id, key)
            raise DuplicateResource(existing_id=str(known), pointer="/email")
        row = (await self._rows.rows([made]))[made]
        await link_contact(self._session, self._runtime, row, ActorRef.of(self._caller))
        await self._cycles.ask(row)
        self._cycles.record(row, "mandate_contact.created", None, mandate_id=str(mandate.mandate.id))
        return await self._fresh(row)

    async def remind(self, row: MandateRow, *, force: bool) -> MandateRow:
        """Ask again; the expiry does not move.

        Raises:
            RelanceError: the refusal of the lifecycle.
        """
        await self._cycles.remind(row, forced=force)
        return await self._fresh(row)

    async def renew(self, row: MandateRow) -> MandateRow:
        """Begin a new cycle of an expired invitation.

        Raises:
            RelanceError: the refusal of the lifecycle.
        """
        await self._cycles.renew(row)
        return await self._fresh(row)

    async def remove(self, row: MandateRow) -> None:
        """Ask no more, and take the access to this mandate; the account stays.

        Raises:
            TransitionNotAllowed: they were removed before.
        """
        facts = views.facts_of(row, self._clock.now())
        step = CONTACT_LIFECYCLE.require(row.invitee.status, "remove", Actor.USER, facts)
        before, row.invitee.status = row.invitee.status, CONTACT_LIFECYCLE.target(step, row.invitee.status)
        await self._cycles.stop(row, "removed", revoke=True)
        self._cycles.record(row, step.journal, before)
        await self._session.flush()

    async def _fresh(self, row: MandateRow) -> MandateRow:
        await self._session.flush()
        return (await self._rows.rows([row.invitee.id]))[row.invitee.id]
