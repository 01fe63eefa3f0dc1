"""Every query of this domain about sessions; the lists of files, clients and feeds have their own rooms."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, delete, false, func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from relance.capabilities.directory.models import COMPANY_NAME, Company, Contact
from relance.capabilities.identity.models import Membership, Organisation, User, Workspace
from relance.core.i18n import Locale, as_locale
from relance.core.ids import new_id
from relance.core.pagination import AnySelect, PageRequest, Slice, SortKey
from relance.core.repository import AnyRow, Repository, affected, fetch_page
from relance.core.search import folded, holds
from relance.core.security import Caller, Level
from relance.domains.sessions.lifecycle import SessionStatus
from relance.domains.sessions.list_schemas import SessionFilter
from relance.domains.sessions.models import SESSION_TITLE, SessionClient, SessionSlot, TrainingSession
from relance.domains.sessions.permissions import READ
from relance.domains.sessions.planning import SlotTimes

#: What a session without slots sorts as: after everything.
_NO_DAY = date(9999, 12, 31)

_Creator = aliased(User)


@dataclass(frozen=True, slots=True)
class Responsible:
    """The user whose session it is."""

    id: UUID
    name: str
    email: str
    locale: Locale
    active: bool


@dataclass(frozen=True, slots=True)
class ClientRow:
    """A client of a session, with its company and its contact."""

    client: SessionClient
    company: Company
    contact: Contact | None


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session with the names around it, its slots in their order and its clients by name."""

    session: TrainingSession
    organisation_name: str
    responsible: Responsible
    creator_name: str
    #: The workspace's language: of whoever has none of its own.
    locale: Locale
    slots: tuple[SessionSlot, ...] = ()
    clients: tuple[ClientRow, ...] = ()

    @property
    def zone(self) -> ZoneInfo:
        """On whose clocks the slots are said."""
        return ZoneInfo(self.session.zone)

    @property
    def status(self) -> SessionStatus:
        """Where the session stands."""
        return SessionStatus(self.session.status)

    @property
    def times(self) -> list[SlotTimes]:
        """What the slots say."""
        return [times_of(slot) for slot in self.slots]


@dataclass(frozen=True, slots=True)
class ListedRow:
    """A session as the list shows it."""

    row: SessionRow
    places: Sequence[str] = field(default=())
    clients: Sequence[tuple[UUID, str]] = field(default=())


def times_of(slot: SessionSlot) -> SlotTimes:
    """What a slot says."""
    return SlotTimes(slot.day, slot.starts_at, slot.ends_at, slot.place)


def around(statement: AnySelect) -> AnySelect:
    """`statement` about sessions, with everything that the list shows and filters by within reach."""
    workspace = TrainingSession.workspace_id
    return (
        statement.join(
            Organisation,
            and_(Organisation.workspace_id == workspace, Organisation.id == TrainingSession.organisation_id),
        )
        .join(User, and_(User.workspace_id == workspace, User.id == TrainingSession.responsible_id))
        .join(_Creator, and_(_Creator.workspace_id == workspace, _Creator.id == TrainingSession.created_by))
        .join(Workspace, Workspace.id == workspace)
    )


def _joined() -> AnySelect:
    whole = select(TrainingSession, Organisation.name, User, _Creator.name, Workspace.default_locale)
    return around(whole.select_from(TrainingSession))


def _of(row: AnyRow, slots: Sequence[SessionSlot] = (), clients: Sequence[ClientRow] = ()) -> SessionRow:
    session, organisation, user, creator, locale = row[:5]
    responsible = Responsible(user.id, user.name, user.email, as_locale(user.locale), user.status == "active")
    return SessionRow(session, organisation, responsible, creator, as_locale(locale), tuple(slots), tuple(clients))


def visible(caller: Caller) -> ColumnElement[bool]:
    """Which sessions `caller` may read: those of its organisations, narrowed by the level of its right."""
    level = caller.level(READ)
    if level is Level.NONE or not caller.organisation_ids:
        return false()
    within = TrainingSession.organisation_id.in_(caller.organisation_ids)
    if level is Level.OWN:
        return and_(within, TrainingSession.responsible_id == caller.user_id)
    if level is Level.GROUP:
        return and_(within, TrainingSession.responsible_id.in_(caller.group_ids))
    return within


def _with_client(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    client = (
        select(SessionClient.id)
        .join(Company, and_(Company.workspace_id == SessionClient.workspace_id, Company.id == SessionClient.company_id))
        .where(
            SessionClient.workspace_id == TrainingSession.workspace_id,
            SessionClient.session_id == TrainingSession.id,
            *conditions,
        )
    )
    return client.exists()


def _at_place(part: str) -> ColumnElement[bool]:
    slot = select(SessionSlot.id).where(
        SessionSlot.workspace_id == TrainingSession.workspace_id,
        SessionSlot.session_id == TrainingSession.id,
        holds(folded(SessionSlot.place), part),
    )
    return slot.exists()


def matching(wanted: SessionFilter, caller: Caller, now: datetime) -> list[ColumnElement[bool]]:
    """The conditions of a filter, as `caller` may see it at `now`."""
    found = [visible(caller)]
    if wanted.mine:
        found.append(TrainingSession.responsible_id == caller.user_id)
    if wanted.status:
        found.append(TrainingSession.status.in_([value.value for value in wanted.status]))
    if wanted.confirmation:
        found.append(TrainingSession.confirmation.in_([value.value for value in wanted.confirmation]))
    if wanted.overdue is not None:
        overdue = func.coalesce(TrainingSession.due_at <= now, false())
        found.append(overdue if wanted.overdue else ~overdue)
    if wanted.period_from is not None:
        found.append(TrainingSession.last_on >= wanted.period_from)
    if wanted.period_to is not None:
        found.append(TrainingSession.first_on <= wanted.period_to)
    for column, value in (
        (TrainingSession.responsible_id, wanted.responsible_id),
        (TrainingSession.organisation_id, wanted.organisation_id),
        (TrainingSession.external_id, wanted.external_id),
    ):
        if value is not None:
            found.append(column == value)
    if wanted.company_id is not None:
        found.append(_with_client(SessionClient.company_id == wanted.company_id))
    if wanted.place and wanted.place.strip():
        found.append(_at_place(wanted.place.strip()))
    if wanted.q and wanted.q.strip():
        part = wanted.q.strip()
        found.append(
            or_(
                holds(SESSION_TITLE, part),
                holds(folded(TrainingSession.trainer), part),
                holds(folded(TrainingSession.external_id), part),
                _with_client(holds(COMPANY_NAME, part)),
            )
        )
    return found


SORTS: dict[str, SQLColumnExpression[Any]] = {
    "created_at": TrainingSession.created_at,
    "first_on": func.coalesce(TrainingSession.first_on, literal(_NO_DAY)),
    "last_on": func.coalesce(TrainingSession.last_on, literal(_NO_DAY)),
    "title": SESSION_TITLE,
}


class SessionRepository(Repository):
    """Sessions of the session's workspace."""

    async def page(
        self, wanted: SessionFilter, caller: Caller, request: PageRequest, now: datetime
    ) -> tuple[list[ListedRow], Slice[AnyRow]]:
        """One page of the list."""
        key = SortKey(request.key, SORTS[request.key])
        statement = _joined().where(*matching(wanted, caller, now))
        found = await fetch_page(self.session, statement, request, key, TrainingSession.id)
        ids = [row[0].id for row in found.rows]
        places, clients = await self.places(ids), await self.client_names(ids)
        listed = [ListedRow(_of(row), places.get(row[0].id, ()), clients.get(row[0].id, ())) for row in found.rows]
        return listed, found

    async def find(self, session_id: UUID, caller: Caller) -> SessionRow | None:
        """The session, where the caller may read it."""
        known = await self.session.scalar(
            select(TrainingSession.id).where(TrainingSession.id == session_id, visible(caller))
        )
        return None if known is None else (await self.rows([session_id])).get(session_id)

    async def lock(self, session_id: UUID, caller: Caller) -> SessionRow | None:
        """The same, its row locked until the transaction ends."""
        held = select(TrainingSession.id).where(TrainingSession.id == session_id, visible(caller)).with_for_update()
        known = await self.session.scalar(held)
        return None if known is None else (await self.rows([session_id])).get(session_id)

    async def lock_all(self, ids: Collection[UUID], *, skip: bool = False) -> dict[UUID, SessionRow]:
        """`ids`, locked in their order; with `skip` those that nobody else holds, for the worker, which waits not."""
        held = (
            select(TrainingSession.id)
            .where(TrainingSession.id.in_(ids))
            .order_by(TrainingSession.id)
            .with_for_update(skip_locked=skip)
        )
        return await self.rows((await self.session.scalars(held)).all())

    async def rows(self, ids: Collection[UUID]) -> dict[UUID, SessionRow]:
        """Sessions with all that is around them, by id, as they are now in the database."""
        if not ids:
            return {}
        statement = _joined().where(TrainingSession.id.in_(ids)).execution_options(populate_existing=True)
        found = (await self.session.execute(statement)).all()
        slots, clients = await self._slots(ids), await self._clients(ids)
        return {row[0].id: _of(row, slots.get(row[0].id, ()), clients.get(row[0].id, ())) for row in found}

    async def _slots(self, ids: Collection[UUID]) -> Mapping[UUID, Sequence[SessionSlot]]:
        found: dict[UUID, list[SessionSlot]] = {}
        statement = select(SessionSlot).where(SessionSlot.session_id.in_(ids)).order_by(SessionSlot.begins_at)
        for slot in await self.session.scalars(statement.execution_options(populate_existing=True)):
            found.setdefault(slot.session_id, []).append(slot)
        return found

    async def _clients(self, ids: Collection[UUID]) -> Mapping[UUID, Sequence[ClientRow]]:
        found: dict[UUID, list[ClientRow]] = {}
        statement = (
            select(SessionClient, Company, Contact)
            .join(
                Company,
                and_(Company.workspace_id == SessionClient.workspace_id, Company.id == SessionClient.company_id),
            )
            .outerjoin(
                Contact,
                and_(Contact.workspace_id == SessionClient.workspace_id, Contact.id == SessionClient.contact_id),
            )
            .where(SessionClient.session_id.in_(ids))
            .order_by(COMPANY_NAME, SessionClient.id)
        )
        for client, company, contact in await self.session.execute(statement.execution_options(populate_existing=True)):
            found.setdefault(client.session_id, []).append(ClientRow(client, company, contact))
        return found

    async def places(self, ids: Collection[UUID]) -> Mapping[UUID, Sequence[str]]:
        """Every place of each session once, in the order of the slots."""
        first = func.min(SessionSlot.begins_at)
        statement = (
            select(SessionSlot.session_id, SessionSlot.place)
            .where(SessionSlot.session_id.in_(ids), SessionSlot.place.is_not(None))
            .group_by(SessionSlot.session_id, SessionSlot.place)
            .order_by(first)
        )
        found: dict[UUID, list[str]] = {}
        for session_id, place in await self.session.execute(statement):
            found.setdefault(session_id, []).append(place or "")
        return found

    async def client_names(self, ids: Collection[UUID]) -> Mapping[UUID, Sequence[tuple[UUID, str]]]:
        """The client companies of each session, by name."""
        statement = (
            select(SessionClient.session_id, Company.id, Company.name)
            .join(
                Company,
                and_(Company.workspace_id == SessionClient.workspace_id, Company.id == SessionClient.company_id),
            )
            .where(SessionClient.session_id.in_(ids))
            .order_by(COMPANY_NAME, Company.id)
        )
        found: dict[UUID, list[tuple[UUID, str]]] = {}
        for session_id, company_id, name in await self.session.execute(statement):
            found.setdefault(session_id, []).append((company_id, name))
        return found

    async def insert(self, values: Mapping[str, object]) -> UUID | None:
        """A new session; None where another one has its external id."""
        own = {"workspace_id": self.session.workspace_id, "id": new_id(), "version": 1, "dates_version": 0}
        counts = {f"{name}_count": 0 for name in ("not_sent", "awaiting", "accepted", "declined", "manual")}
        status = {"status": SessionStatus.UNPLANNED.value}
        statement = insert(TrainingSession).values({**own, **counts, **status, **values}).on_conflict_do_nothing()
        return await self.session.scalar(statement.returning(TrainingSession.id))

    async def known(self, ids: Collection[UUID]) -> set[UUID]:
        """Those of `ids` that there are."""
        return set(await self.session.scalars(select(TrainingSession.id).where(TrainingSession.id.in_(ids))))

    async def by_external_id(self, external_id: str) -> UUID | None:
        """The session with that key of the partner."""
        return await self.session.scalar(select(TrainingSession.id).where(TrainingSession.external_id == external_id))

    async def delete(self, session_id: UUID) -> None:
        """Take the session away, and what hangs on it."""
        await affected(self.session, delete(TrainingSession).where(TrainingSession.id == session_id))

    async def delete_slots(self, ids: Collection[UUID]) -> None:
        """Take slots away."""
        await affected(self.session, delete(SessionSlot).where(SessionSlot.id.in_(ids)))

    async def works_for(self, user_id: UUID, organisation_id: UUID) -> bool:
        """Whether that is an active user who works for that organisation."""
        found = await self.session.scalar(
            select(User.id)
            .join(Membership, and_(Membership.workspace_id == User.workspace_id, Membership.user_id == User.id))
            .where(User.id == user_id, User.status == "active", Membership.organisation_id == organisation_id)
        )
        return found is not None

    async def workspace_zone(self) -> str:
        """The zone of the workspace."""
        found = await self.session.scalar(select(Workspace.zone).where(Workspace.id == self.session.workspace_id))
        assert found is not None  # the session is in it
        return found

    async def counts(
        self, wanted: SessionFilter, caller: Caller, now: datetime
    ) -> list[tuple[str, str | None, bool, int]]:
        """How many sessions there are by status, confirmation, and whether they are overdue."""
        overdue = func.coalesce(TrainingSession.due_at <= now, false())
        groups = (TrainingSession.status, TrainingSession.confirmation, overdue)
        statement = around(select(*groups, func.count()).select_from(TrainingSession))
        found = await self.session.execute(statement.where(*matching(wanted, caller, now)).group_by(*groups))
        return [(row[0], row[1], row[2], row[3]) for row in found]
