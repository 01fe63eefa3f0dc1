"""Every query of this domain."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, delete, false, func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from relance.capabilities.directory.models import COMPANY_NAME, Company
from relance.capabilities.identity.models import Membership, Organisation, User, Workspace
from relance.core.ids import new_id
from relance.core.pagination import AnySelect, PageRequest, Slice, SortKey
from relance.core.repository import AnyRow, Repository, affected, fetch_page
from relance.core.search import folded, holds
from relance.core.security import Caller, Level
from relance.domains.mandates.lifecycle import MandateStatus, Passthrough, TeamRole
from relance.domains.mandates.list_schemas import MandateFilter
from relance.domains.mandates.models import Mandate, MandateContact, MandateMember
from relance.domains.mandates.permissions import READ

#: What a missing instant sorts as: before everything.
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)

_Submitter = aliased(User)


@dataclass(frozen=True, slots=True)
class Member:
    """A user in the team of a mandate."""

    user_id: UUID
    role: TeamRole
    name: str
    email: str
    locale: str
    active: bool


@dataclass(frozen=True, slots=True)
class MandateRow:
    """A mandate with the names around it, as the list and the mails need them."""

    mandate: Mandate
    company: Company
    organisation_name: str
    creator_name: str
    creator_email: str
    submitter_name: str | None
    submitter_email: str | None
    submitter_locale: str | None
    submitter_active: bool
    zone: str
    features: frozenset[str]
    team: tuple[Member, ...]
    #: The further contact that this is about; None where it is about the mandate and its main contact.
    further: MandateContact | None = None
    #: Users with whom further contacts have registered.
    guests: frozenset[UUID] = frozenset()

    @property
    def invitee(self) -> Mandate | MandateContact:
        """Who is asked."""
        return self.further or self.mandate

    @property
    def chased(self) -> Mandate | MandateContact:
        """The row with the columns of the cycle."""
        return self.invitee

    @property
    def address_key(self) -> str | None:
        """The contact's address, in lower case."""
        return self.invitee.contact_email_key

    @property
    def company_id(self) -> UUID:
        """The company that the journal names."""
        return self.mandate.company_id

    @property
    def contact_id(self) -> UUID | None:
        """The contact that the journal names, once the directory knows them."""
        return self.invitee.contact_id

    @property
    def people(self) -> frozenset[UUID]:
        """Whose mandate it is: who made it, its team, and the contacts that have joined."""
        own = {self.mandate.created_by, *(member.user_id for member in self.team), *self.guests}
        return frozenset(own | ({self.mandate.contact_user_id} if self.mandate.contact_user_id else set()))

    def members(self, role: TeamRole) -> list[Member]:
        """The team's members in `role`."""
        return [member for member in self.team if member.role is role]


def around(statement: AnySelect) -> AnySelect:
    """`statement` about mandates, with everything that the list shows and filters by within reach."""
    workspace = Mandate.workspace_id
    return (
        statement.join(Company, and_(Company.workspace_id == workspace, Company.id == Mandate.company_id))
        .join(
            Organisation,
            and_(Organisation.workspace_id == workspace, Organisation.id == Mandate.issuing_organisation_id),
        )
        .join(User, and_(User.workspace_id == workspace, User.id == Mandate.created_by))
        .join(Workspace, Workspace.id == workspace)
        .outerjoin(_Submitter, and_(_Submitter.workspace_id == workspace, _Submitter.id == Mandate.submitted_by))
    )


def _joined() -> AnySelect:
    whole = select(
        Mandate,
        Company,
        Organisation.name,
        User.name,
        User.email,
        _Submitter.name,
        _Submitter.email,
        _Submitter.locale,
        _Submitter.status,
        Workspace.zone,
        Workspace.features,
    )
    return around(whole.select_from(Mandate))


def _of(row: AnyRow, team: Sequence[Member], guests: Collection[UUID] = ()) -> MandateRow:
    mandate, company, organisation, creator, creator_email = row[:5]
    submitter, submitter_email, submitter_locale, submitter_status, zone, features = row[5:11]
    return MandateRow(
        mandate,
        company,
        organisation,
        creator,
        creator_email,
        submitter,
        submitter_email,
        submitter_locale,
        submitter_status == "active",
        zone,
        frozenset(features),
        tuple(team),
        guests=frozenset(guests),
    )


def _in_team(users: Collection[UUID]) -> ColumnElement[bool]:
    member = select(MandateMember.mandate_id).where(
        MandateMember.workspace_id == Mandate.workspace_id,
        MandateMember.mandate_id == Mandate.id,
        MandateMember.user_id.in_(users),
    )
    return member.exists()


def _of_people(users: Collection[UUID]) -> ColumnElement[bool]:
    return or_(Mandate.created_by.in_(users), Mandate.contact_user_id.in_(users), _in_team(users), _as_guest(users))


def _as_guest(users: Collection[UUID]) -> ColumnElement[bool]:
    joined = select(MandateContact.id).where(
        MandateContact.workspace_id == Mandate.workspace_id,
        MandateContact.mandate_id == Mandate.id,
        MandateContact.status == MandateStatus.ACTIVE.value,
        MandateContact.contact_user_id.in_(users),
    )
    return joined.exists()


def visible(caller: Caller) -> ColumnElement[bool]:
    """Which mandates `caller` may read: its own ones, and by the level of its right those of its organisations."""
    level = caller.level(READ)
    if level is Level.NONE:
        return false()
    own = _of_people([caller.user_id])
    if level is Level.OWN:
        return own
    within = Mandate.issuing_organisation_id.in_(caller.organisation_ids)
    return or_(own, within if level is Level.ALL else and_(within, _of_people(caller.group_ids)))


def matching(wanted: MandateFilter, caller: Caller) -> list[ColumnElement[bool]]:
    found = [visible(caller)]
    if wanted.mine:
        found.append(_in_team([caller.user_id]))
    if wanted.team_member_id is not None:
        found.append(_in_team([wanted.team_member_id]))
    if wanted.status:
        found.append(Mandate.status.in_([value.value for value in wanted.status]))
    if wanted.kind:
        found.append(Mandate.kind.in_([value.value for value in wanted.kind]))
    if wanted.passthrough is not None:
        found.append(Mandate.passthrough == wanted.passthrough.value)
    if wanted.organisation_id is not None:
        found.append(Mandate.issuing_organisation_id == wanted.organisation_id)
    if wanted.company_id is not None:
        found.append(Mandate.company_id == wanted.company_id)
    if wanted.external_id is not None:
        found.append(Mandate.external_id == wanted.external_id)
    if wanted.next_delivery_from or wanted.next_delivery_to:
        ends = wanted.next_delivery_from or date.min, wanted.next_delivery_to or date.max
        found.append(Mandate.next_delivery_on.between(*ends))
    if wanted.q and wanted.q.strip():
        part = wanted.q.strip()
        found.append(
            or_(
                holds(COMPANY_NAME, part),
                holds(folded(Mandate.contact_last_name), part),
                holds(folded(Mandate.external_id), part),
                Mandate.contact_email_key.contains(part.casefold(), autoescape=True),
            )
        )
    return found


SORTS: dict[str, SQLColumnExpression[Any]] = {
    "created_at": Mandate.created_at,
    "company_name": COMPANY_NAME,
    "last_sent_at": func.coalesce(Mandate.last_sent_at, literal(_NEVER)),
    "expires_at": func.coalesce(Mandate.expires_at, literal(_NEVER)),
    "next_delivery_on": func.coalesce(Mandate.next_delivery_on, literal(date.max)),
}


class MandateRepository(Repository):
    """Mandates of the session's workspace."""

    async def page(
        self, wanted: MandateFilter, caller: Caller, request: PageRequest
    ) -> tuple[list[MandateRow], Slice[AnyRow]]:
        """One page of the list."""
        key = SortKey(request.key, SORTS[request.key])
        found = await fetch_page(self.session, _joined().where(*matching(wanted, caller)), request, key, Mandate.id)
        ids = [row[0].id for row in found.rows]
        teams, guests = await self.teams(ids), await self.guests(ids)
        return [_of(row, teams.get(row[0].id, ()), guests.get(row[0].id, ())) for row in found.rows], found

    async def find(self, mandate_id: UUID, caller: Caller) -> MandateRow | None:
        """The mandate, where the caller may read it."""
        known = await self.session.scalar(select(Mandate.id).where(Mandate.id == mandate_id, visible(caller)))
        return None if known is None else (await self.rows([mandate_id])).get(mandate_id)

    async def lock(self, mandate_id: UUID, caller: Caller) -> MandateRow | None:
        """The same, its row locked until the transaction ends."""
        held = select(Mandate.id).where(Mandate.id == mandate_id, visible(caller)).with_for_update()
        known = await self.session.scalar(held)
        return None if known is None else (await self.rows([mandate_id])).get(mandate_id)

    async def rows(self, ids: Collection[UUID]) -> dict[UUID, MandateRow]:
        """Mandates with the names around them, by id, as they are now in the database."""
        if not ids:
            return {}
        statement = _joined().where(Mandate.id.in_(ids)).execution_options(populate_existing=True)
        found = (await self.session.execute(statement)).all()
        teams, guests = await self.teams(ids), await self.guests(ids)
        return {row[0].id: _of(row, teams.get(row[0].id, ()), guests.get(row[0].id, ())) for row in found}

    async def lock_free(self, ids: Collection[UUID]) -> dict[UUID, MandateRow]:
        """Those of `ids` that nobody else holds, locked; for the worker, which waits for nobody."""
        held = select(Mandate.id).where(Mandate.id.in_(ids)).with_for_update(skip_locked=True)
        return await self.rows((await self.session.scalars(held)).all())

    async def lock_all(self, ids: Collection[UUID]) -> dict[UUID, MandateRow]:
        """`ids`, locked in their order."""
        held = select(Mandate.id).where(Mandate.id.in_(ids)).order_by(Mandate.id).with_for_update()
        return await self.rows((await self.session.scalars(held)).all())

    async def statuses(self, ids: Collection[UUID]) -> dict[UUID, str]:
        """Where each stands; nothing is locked."""
        found = await self.session.execute(select(Mandate.id, Mandate.status).where(Mandate.id.in_(ids)))
        return {row[0]: row[1] for row in found}

    async def insert(self, values: Mapping[str, object]) -> UUID | None:
        """A new draft; None where another mandate has its external id."""
        own = {
            "workspace_id": self.session.workspace_id,
            "id": new_id(),
            "status": MandateStatus.DRAFT.value,
            "passthrough": Passthrough.DISABLED.value,
            "version": 1,
            "cycle": 1,
            "reminders_count": 0,
            "reminders_asked": 0,
        }
        statement = insert(Mandate).values({**own, **values}).on_conflict_do_nothing()
        return await self.session.scalar(statement.returning(Mandate.id))

    async def by_external_id(self, external_id: str) -> UUID | None:
        """The mandate with that key of the partner."""
        return await self.session.scalar(select(Mandate.id).where(Mandate.external_id == external_id))

    async def delete(self, mandate_id: UUID) -> None:
        """Take the mandate away, its team with it."""
        await affected(self.session, delete(MandateMember).where(MandateMember.mandate_id == mandate_id))
        await affected(self.session, delete(Mandate).where(Mandate.id == mandate_id))

    # --- teams and accounts ----------------------------------------------------------------------------------------

    async def teams(self, ids: Collection[UUID]) -> Mapping[UUID, Sequence[Member]]:
        """The team of each mandate, by name."""
        if not ids:
            return {}
        found = await self.session.execute(
            select(
                MandateMember.mandate_id, User.id, MandateMember.role, User.name, User.email, User.locale, User.status
            )
            .join(User, and_(User.workspace_id == MandateMember.workspace_id, User.id == MandateMember.user_id))
            .where(MandateMember.mandate_id.in_(ids))
            .order_by(User.name, User.id, MandateMember.role)
        )
        teams: dict[UUID, list[Member]] = {}
        for mandate_id, user_id, role, name, email, locale, status in found:
            member = Member(user_id, TeamRole(role), name, email, locale, status == "active")
            teams.setdefault(mandate_id, []).append(member)
        return teams

    async def guests(self, ids: Collection[UUID]) -> Mapping[UUID, Collection[UUID]]:
        """The users with whom further contacts have joined each mandate."""
        if not ids:
            return {}
        found = await self.session.execute(
            select(MandateContact.mandate_id, MandateContact.contact_user_id).where(
                MandateContact.mandate_id.in_(ids),
                MandateContact.status == MandateStatus.ACTIVE.value,
            )
        )
        guests: dict[UUID, set[UUID]] = {}
        for mandate_id, user_id in found:
            if user_id is not None:
                guests.setdefault(mandate_id, set()).add(user_id)
        return guests

    async def replace_team(self, mandate_id: UUID, team: Collection[tuple[UUID, TeamRole]]) -> None:
        """The whole team of a mandate, whose row is locked."""
        await affected(self.session, delete(MandateMember).where(MandateMember.mandate_id == mandate_id))
        for user_id, role in team:
            self.session.add(MandateMember(id=new_id(), mandate_id=mandate_id, user_id=user_id, role=role.value))
        await self.session.flush()

    async def staff(self, ids: Collection[UUID], organisation_id: UUID) -> set[UUID]:
        """Which of `ids` are active users who work for that organisation."""
        found = await self.session.scalars(
            select(User.id)
            .join(Membership, and_(Membership.workspace_id == User.workspace_id, Membership.user_id == User.id))
            .where(User.id.in_(ids), User.status == "active", Membership.organisation_id == organisation_id)
        )
        return set(found)

    async def registered(self, addresses: Collection[str]) -> set[str]:
        """Which of those addresses, in lower case, have an active account."""
        found = await self.session.scalars(select(User.email).where(User.email.in_(addresses), User.status == "active"))
        return set(found)

    # --- many rows -------------------------------------------------------------------------------------------------

    async def counts(self, wanted: MandateFilter, caller: Caller) -> dict[str, int]:
        """How many mandates there are by status."""
        statement = around(select(Mandate.status, func.count()).select_from(Mandate))
        found = await self.session.execute(statement.where(*matching(wanted, caller)).group_by(Mandate.status))
        return {row[0]: row[1] for row in found}
