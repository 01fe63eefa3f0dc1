"""Every query about requests."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, delete, false, func, literal, or_, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from relance.capabilities.directory.models import COMPANY_NAME, Company
from relance.capabilities.identity.models import Organisation, User, Workspace
from relance.core.ids import new_id
from relance.core.pagination import AnySelect, PageRequest, Slice, SortKey
from relance.core.repository import AnyRow, Repository, affected, fetch_page
from relance.core.search import folded, holds
from relance.core.security import Caller, Level
from relance.domains.avant_vente.list_schemas import OpenFilter, RequestFilter
from relance.domains.avant_vente.models import (
    OPPORTUNITY_TITLE,
    AvantVenteInfoRequest,
    AvantVenteRequest,
    AvantVenteSlot,
    InterventionType,
    Opportunity,
    RequestCounter,
)
from relance.domains.avant_vente.permissions import READ, REQUEST
from relance.domains.avant_vente.states import OPEN, SETTLED, InfoState, RequestStatus

_Wanted, _Creator, _Submitter, _Handler = aliased(User), aliased(User), aliased(User), aliased(User)
_Speaker = aliased(User)
#: What a missing instant sorts as.
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Person:
    """A user, as lists and mails name them."""

    id: UUID
    name: str
    email: str
    locale: str
    active: bool


@dataclass(frozen=True, slots=True)
class SlotRow:
    """A slot of the present round with its speaker."""

    slot: AvantVenteSlot
    speaker: Person | None


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request with what is around it, as the list and the mails need it."""

    request: AvantVenteRequest
    opportunity: Opportunity
    company: Company
    organisation_name: str
    type: InterventionType | None
    wanted_speaker: Person | None
    creator: Person
    submitter: Person | None
    handler: Person | None
    workspace_name: str
    zone: str
    slots: tuple[SlotRow, ...] = ()
    info: AvantVenteInfoRequest | None = None

    def slot(self, slot_id: UUID | None) -> SlotRow | None:
        """The slot of the present round with that id."""
        return next((one for one in self.slots if one.slot.id == slot_id), None)


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides whether a mail about a request still says what is so."""

    status: str
    cycle: int
    proposal_cycle: int


def around(statement: AnySelect) -> AnySelect:
    """`statement` about requests, with everything that the list shows and filters by within reach."""
    asked = AvantVenteRequest
    workspace = asked.workspace_id
    statement = (
        statement.join(Opportunity, and_(Opportunity.workspace_id == workspace, Opportunity.id == asked.opportunity_id))
        .join(Company, and_(Company.workspace_id == workspace, Company.id == Opportunity.company_id))
        .join(Organisation, and_(Organisation.workspace_id == workspace, Organisation.id == asked.organisation_id))
        .join(Workspace, Workspace.id == workspace)
        .join(_Creator, and_(_Creator.workspace_id == workspace, _Creator.id == asked.created_by))
        .outerjoin(
            InterventionType,
            and_(InterventionType.workspace_id == workspace, InterventionType.id == asked.intervention_type_id),
        )
    )
    for person, column in (
        (_Wanted, asked.wanted_speaker_id),
        (_Submitter, asked.submitted_by),
        (_Handler, asked.handled_by),
    ):
        statement = statement.outerjoin(person, and_(person.workspace_id == workspace, person.id == column))
    return statement


def _joined() -> AnySelect:
    whole = select(
        AvantVenteRequest,
        Opportunity,
        Company,
        Organisation.name,
        InterventionType,
        _Wanted,
        _Creator,
        _Submitter,
        _Handler,
        Workspace.name,
        Workspace.zone,
    )
    return around(whole.select_from(AvantVenteRequest))


def person_of(user: User | None) -> Person | None:
    """The user as a person; None where there is none."""
    if user is None:
        return None
    return Person(user.id, user.name, user.email, user.locale, user.status == "active")


def _of(row: AnyRow, slots: Sequence[SlotRow], info: AvantVenteInfoRequest | None) -> RequestRow:
    request, opportunity, company, organisation, type_, wanted, creator, submitter, handler, name, zone = row[:11]
    made_by = person_of(creator)
    assert made_by is not None  # an inner join
    return RequestRow(
        request,
        opportunity,
        company,
        organisation,
        type_,
        person_of(wanted),
        made_by,
        person_of(submitter),
        person_of(handler),
        name,
        zone,
        tuple(slots),
        info,
    )


def visible(caller: Caller) -> ColumnElement[bool]:
    """Which requests `caller` may read: those of its partners; at level all every one, but for others' drafts."""
    level = caller.level(READ)
    if level is Level.NONE:
        return false()
    own = AvantVenteRequest.organisation_id.in_(caller.organisation_ids)
    if level is not Level.ALL:
        return own
    if caller.level(REQUEST) is Level.ALL:
        return true()
    return or_(AvantVenteRequest.status != RequestStatus.DRAFT.value, own)


def matching(wanted: RequestFilter, caller: Caller) -> list[ColumnElement[bool]]:
    """The conditions of the list."""
    asked = AvantVenteRequest
    found = [visible(caller)]
    if wanted.open is not OpenFilter.ALL:
        states = OPEN if wanted.open is OpenFilter.OPEN else SETTLED
        found.append(asked.status.in_(sorted(state.value for state in states)))
    if wanted.status:
        found.append(asked.status.in_([value.value for value in wanted.status]))
    if wanted.intervention_type_id:
        found.append(asked.intervention_type_id.in_(wanted.intervention_type_id))
    if wanted.mine:
        people = (asked.created_by, asked.submitted_by, asked.handled_by)
        found.append(or_(*(column == caller.user_id for column in people)))
    if wanted.organisation_id is not None:
        found.append(asked.organisation_id == wanted.organisation_id)
    if wanted.opportunity_id is not None:
        found.append(asked.opportunity_id == wanted.opportunity_id)
    if wanted.speaker_id is not None:
        found.append(or_(asked.wanted_speaker_id == wanted.speaker_id, _proposed(wanted.speaker_id)))
    if wanted.wanted_from or wanted.wanted_to:
        found.append(asked.wanted_date.between(wanted.wanted_from or date.min, wanted.wanted_to or date.max))
    if wanted.q and wanted.q.strip():
        part = wanted.q.strip()
        texts = (folded(asked.number), OPPORTUNITY_TITLE, COMPANY_NAME, folded(asked.place))
        found.append(or_(*(holds(text, part) for text in texts)))
    return found


def _proposed(speaker_id: UUID) -> ColumnElement[bool]:
    held = select(AvantVenteSlot.id).where(
        AvantVenteSlot.workspace_id == AvantVenteRequest.workspace_id,
        AvantVenteSlot.request_id == AvantVenteRequest.id,
        AvantVenteSlot.round == AvantVenteRequest.round,
        AvantVenteSlot.speaker_id == speaker_id,
    )
    return held.exists()


SORTS: dict[str, SQLColumnExpression[Any]] = {
    "created_at": AvantVenteRequest.created_at,
    "number": func.coalesce(AvantVenteRequest.number, literal("")),
    "wanted_date": func.coalesce(AvantVenteRequest.wanted_date, literal(date.max)),
    "last_action_at": AvantVenteRequest.last_action_at,
    "customer_name": COMPANY_NAME,
}


class RequestRepository(Repository):
    """Requests of the session's workspace."""

    async def page(
        self, wanted: RequestFilter, caller: Caller, request: PageRequest
    ) -> tuple[list[RequestRow], Slice[AnyRow]]:
        """One page of the list."""
        key = SortKey(request.key, SORTS[request.key])
        statement = _joined().where(*matching(wanted, caller))
        found = await fetch_page(self.session, statement, request, key, AvantVenteRequest.id)
        ids = [row[0].id for row in found.rows]
        slots, infos = await self._slots(ids), await self._infos(ids)
        return [_of(row, slots.get(row[0].id, ()), infos.get(row[0].id)) for row in found.rows], found

    async def find(self, request_id: UUID, caller: Caller) -> RequestRow | None:
        """The request, where the caller may read it."""
        held = select(AvantVenteRequest.id).where(AvantVenteRequest.id == request_id, visible(caller))
        known = await self.session.scalar(held)
        return None if known is None else (await self.rows([request_id])).get(request_id)

    async def lock(self, request_id: UUID, caller: Caller) -> RequestRow | None:
        """The same, its row locked until the transaction ends."""
        held = select(AvantVenteRequest.id).where(AvantVenteRequest.id == request_id, visible(caller))
        known = await self.session.scalar(held.with_for_update())
        return None if known is None else (await self.rows([request_id])).get(request_id)

    async def rows(self, ids: Collection[UUID]) -> dict[UUID, RequestRow]:
        """Requests with what is around them, by id, as they are now in the database."""
        if not ids:
            return {}
        statement = _joined().where(AvantVenteRequest.id.in_(ids)).execution_options(populate_existing=True)
        found = (await self.session.execute(statement)).all()
        slots, infos = await self._slots(ids), await self._infos(ids)
        return {row[0].id: _of(row, slots.get(row[0].id, ()), infos.get(row[0].id)) for row in found}

    async def lock_free(self, ids: Collection[UUID]) -> dict[UUID, RequestRow]:
        """Those of `ids` that nobody else holds, locked; for the worker, which waits for nobody."""
        held = select(AvantVenteRequest.id).where(AvantVenteRequest.id.in_(ids)).with_for_update(skip_locked=True)
        return await self.rows((await self.session.scalars(held)).all())

    async def lock_all(self, ids: Collection[UUID]) -> dict[UUID, RequestRow]:
        """`ids`, locked in their order."""
        held = select(AvantVenteRequest.id).where(AvantVenteRequest.id.in_(ids)).order_by(AvantVenteRequest.id)
        return await self.rows((await self.session.scalars(held.with_for_update())).all())

    async def standing(self, ids: Collection[UUID]) -> dict[UUID, "Standing"]:
        """Where each stands; nothing is locked."""
        asked = AvantVenteRequest
        columns = select(asked.id, asked.status, asked.cycle, asked.proposal_cycle)
        found = await self.session.execute(columns.where(asked.id.in_(ids)))
        return {row[0]: Standing(*row[1:]) for row in found}

    async def next_number(self, year: int) -> int:
        """Take the next number of a year; whoever takes another one waits for this transaction to end."""
        values = {"workspace_id": self.session.workspace_id, "id": new_id(), "year": year, "last": 1}
        statement = (
            insert(RequestCounter)
            .values(values)
            .on_conflict_do_update(
                index_elements=[RequestCounter.workspace_id, RequestCounter.year],
                set_={"last": RequestCounter.last + 1},
            )
            .returning(RequestCounter.last)
        )
        return (await self.session.execute(statement)).scalar_one()

    async def delete(self, request_id: UUID) -> None:
        """Take a draft away, and what hangs on it."""
        await affected(self.session, delete(AvantVenteRequest).where(AvantVenteRequest.id == request_id))

    async def slot_anywhere(self, request_id: UUID, slot_id: UUID) -> AvantVenteSlot | None:
        """A slot of the request, of whatever round."""
        statement = select(AvantVenteSlot).where(AvantVenteSlot.request_id == request_id, AvantVenteSlot.id == slot_id)
        return await self.session.scalar(statement)

    async def last_info(self, request_id: UUID) -> AvantVenteInfoRequest | None:
        """The latest request for information, whatever its state."""
        asked = AvantVenteInfoRequest
        statement = select(asked).where(asked.request_id == request_id).order_by(asked.id.desc()).limit(1)
        return await self.session.scalar(statement)

    async def infos(self, request_id: UUID) -> Sequence[AvantVenteInfoRequest]:
        """Every request for information, the oldest first."""
        asked = AvantVenteInfoRequest
        found = await self.session.scalars(select(asked).where(asked.request_id == request_id).order_by(asked.id))
        return found.all()

    async def counts(self, wanted: RequestFilter, caller: Caller) -> Mapping[str, int]:
        """How many requests there are by status."""
        statement = around(select(AvantVenteRequest.status, func.count()).select_from(AvantVenteRequest))
        grouped = statement.where(*matching(wanted, caller)).group_by(AvantVenteRequest.status)
        return {row[0]: row[1] for row in await self.session.execute(grouped)}

    async def _slots(self, ids: Collection[UUID]) -> dict[UUID, list[SlotRow]]:
        """The slots of the present round of each, by rank."""
        found: dict[UUID, list[SlotRow]] = {}
        if not ids:
            return found
        slot = AvantVenteSlot
        statement = (
            select(slot, _Speaker)
            .join(
                AvantVenteRequest,
                and_(
                    AvantVenteRequest.workspace_id == slot.workspace_id,
                    AvantVenteRequest.id == slot.request_id,
                    AvantVenteRequest.round == slot.round,
                ),
            )
            .outerjoin(_Speaker, and_(_Speaker.workspace_id == slot.workspace_id, _Speaker.id == slot.speaker_id))
            .where(slot.request_id.in_(ids))
            .order_by(slot.request_id, slot.rank)
            .execution_options(populate_existing=True)
        )
        for row, speaker in await self.session.execute(statement):
            found.setdefault(row.request_id, []).append(SlotRow(row, person_of(speaker)))
        return found

    async def _infos(self, ids: Collection[UUID]) -> dict[UUID, AvantVenteInfoRequest]:
        """The open request for information of each that has one."""
        if not ids:
            return {}
        asked = AvantVenteInfoRequest
        statement = select(asked).where(asked.request_id.in_(ids), asked.state == InfoState.OPEN.value)
        found = await self.session.scalars(statement.execution_options(populate_existing=True))
        return {one.request_id: one for one in found}
