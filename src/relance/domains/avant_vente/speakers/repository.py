"""Every query about people: who handles requests, who speaks for a partner, who intervenes and when."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select

from relance.capabilities.identity.models import USER_NAME, Membership, Role, User
from relance.core.pagination import AnySelect, PageRequest, Slice, SortKey
from relance.core.repository import Repository, fetch_page
from relance.core.search import holds
from relance.domains.avant_vente.models import AvantVenteRequest, AvantVenteSlot
from relance.domains.avant_vente.permissions import HANDLE, REQUEST
from relance.domains.avant_vente.repository import Person, person_of
from relance.domains.avant_vente.states import SlotState

_TAKEN = (SlotState.HELD.value, SlotState.ACCEPTED.value)
_ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class BusyRow:
    """A time at which a speaker is taken, and by what."""

    slot: AvantVenteSlot
    number: str | None


def _active(*more: ColumnElement[bool]) -> AnySelect:
    joined = select(User, Role.key).join(Role, and_(Role.workspace_id == User.workspace_id, Role.id == User.role_id))
    return joined.where(User.status == "active", *more)


_HANDLES = Role.permissions[HANDLE].astext == "all"


def _asks(organisation_id: UUID) -> ColumnElement[bool]:
    """Users who may ask and answer for a partner: the same as the API's check of the right."""
    level = Role.permissions[REQUEST].astext
    member = select(Membership.id).where(
        Membership.workspace_id == User.workspace_id,
        Membership.user_id == User.id,
        Membership.organisation_id == organisation_id,
    )
    return or_(level == "all", and_(level.in_(["own", "group"]), member.exists()))


class SpeakerRepository(Repository):
    """People of the session's workspace."""

    async def team(self) -> Sequence[Person]:
        """Who handles requests. Administrators hold every right: they are told only where nobody else handles."""
        found = (await self.session.execute(_active(_HANDLES).order_by(User.name, User.id))).all()
        others = [row[0] for row in found if row[1] != _ADMIN]
        people = (person_of(user) for user in (others or [row[0] for row in found]))
        return [person for person in people if person is not None]

    async def partners(self, organisation_id: UUID) -> Sequence[Person]:
        """The people of a partner who may ask for interventions."""
        member = select(Membership.user_id).where(Membership.organisation_id == organisation_id)
        statement = _active(_asks(organisation_id), User.id.in_(member)).order_by(User.name, User.id)
        people = (person_of(row[0]) for row in await self.session.execute(statement))
        return [person for person in people if person is not None]

    async def answering(self, address: str, organisation_id: UUID) -> Person | None:
        """Whoever has that address and may answer for that partner now."""
        statement = _active(_asks(organisation_id), User.email == address)
        row = (await self.session.execute(statement)).first()
        return person_of(row[0]) if row is not None else None

    async def speakers(self, ids: Collection[UUID]) -> set[UUID]:
        """Which of `ids` may intervene."""
        return {row[0].id for row in await self.session.execute(_active(_HANDLES, User.id.in_(ids)))}

    async def page(self, q: str | None, request: PageRequest) -> Slice[User]:
        """One page of those who may intervene."""
        statement = _active(_HANDLES, *([holds(USER_NAME, q)] if q else []))
        found = await fetch_page(self.session, statement, request, SortKey("name", USER_NAME), User.id)
        return Slice([row[0] for row in found.rows], found.next)

    async def busy(self, speaker_id: UUID, since: datetime, until: datetime) -> Sequence[BusyRow]:
        """When a speaker is taken between two instants, soonest first."""
        slot = AvantVenteSlot
        statement = self._taken().where(slot.speaker_id == speaker_id, slot.starts_at < until, slot.ends_at > since)
        found = await self.session.execute(statement.order_by(slot.starts_at, slot.id))
        return [BusyRow(row[0], row[1]) for row in found]

    async def clashes(self, wanted: Sequence[AvantVenteSlot]) -> Sequence[tuple[AvantVenteSlot, BusyRow]]:
        """Which of `wanted` meet another request's slot of the same speaker."""
        slot = AvantVenteSlot
        found: list[tuple[AvantVenteSlot, BusyRow]] = []
        for one in wanted:
            if one.speaker_id is None:
                continue
            statement = self._taken().where(
                slot.speaker_id == one.speaker_id,
                slot.request_id != one.request_id,
                slot.starts_at < one.ends_at,
                slot.ends_at > one.starts_at,
            )
            rows = await self.session.execute(statement.order_by(slot.starts_at, slot.id).limit(1))
            found.extend((one, BusyRow(row[0], row[1])) for row in rows)
        return found

    @staticmethod
    def _taken() -> AnySelect:
        slot = AvantVenteSlot
        joined = select(slot, AvantVenteRequest.number).join(
            AvantVenteRequest,
            and_(AvantVenteRequest.workspace_id == slot.workspace_id, AvantVenteRequest.id == slot.request_id),
        )
        return joined.where(slot.state.in_(_TAKEN))
