"""Every query of this domain."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, false, func, literal, or_, select
from sqlalchemy.dialects.postgresql import insert

from relance.capabilities.directory.models import COMPANY_NAME, Company
from relance.capabilities.identity.models import Organisation, User, Workspace
from relance.core.ids import new_id
from relance.core.pagination import AnySelect, PageRequest, Slice, SortKey
from relance.core.repository import AnyRow, Repository, fetch_page
from relance.core.search import holds
from relance.core.security import Caller, Level
from relance.domains.invitations.forms_schemas import PrequalificationQuery
from relance.domains.invitations.lifecycle import FormStatus, Status
from relance.domains.invitations.models import Invitation, Prequalification, PrequalificationForm
from relance.domains.invitations.permissions import READ
from relance.domains.invitations.schemas import Archived, InvitationFilter

#: What a missing instant sorts as: before everything.
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation with the names around it, as the dashboard and the mails need them."""

    invitation: Invitation
    company: Company
    organisation_name: str
    requester_name: str
    requester_email: str
    form_status: FormStatus
    zone: str

    @classmethod
    def of(cls, row: AnyRow) -> "InvitationRow":
        """From a row of `_joined`."""
        invitation, company, organisation, requester, email, form_status, zone = row[:7]
        return cls(invitation, company, organisation, requester, email, FormStatus(form_status), zone)


def _joined() -> AnySelect:
    return (
        select(
            Invitation,
            Company,
            Organisation.name,
            User.name,
            User.email,
            func.coalesce(Prequalification.form_status, FormStatus.TO_COMPLETE.value),
            Workspace.zone,
        )
        .join(Company, and_(Company.workspace_id == Invitation.workspace_id, Company.id == Invitation.company_id))
        .join(
            Organisation,
            and_(
                Organisation.workspace_id == Invitation.workspace_id,
                Organisation.id == Invitation.issuing_organisation_id,
            ),
        )
        .join(User, and_(User.workspace_id == Invitation.workspace_id, User.id == Invitation.requested_by))
        .join(Workspace, Workspace.id == Invitation.workspace_id)
        .outerjoin(
            Prequalification,
            and_(
                Prequalification.workspace_id == Invitation.workspace_id,
                Prequalification.company_id == Invitation.company_id,
            ),
        )
    )


def visible(caller: Caller) -> ColumnElement[bool]:
    """Which invitations `caller` may read: those of its organisations, narrowed by the level of its right."""
    level = caller.level(READ)
    if level is Level.NONE or not caller.organisation_ids:
        return false()
    within = Invitation.issuing_organisation_id.in_(caller.organisation_ids)
    if level is Level.OWN:
        return and_(within, Invitation.requested_by == caller.user_id)
    if level is Level.GROUP:
        return and_(within, Invitation.requested_by.in_(caller.group_ids))
    return within


def _matching(wanted: InvitationFilter, caller: Caller) -> list[ColumnElement[bool]]:
    found = [visible(caller)]
    if wanted.mine:
        found.append(Invitation.requested_by == caller.user_id)
    if wanted.form_status:
        status = func.coalesce(Prequalification.form_status, FormStatus.TO_COMPLETE.value)
        found.append(status.in_([value.value for value in wanted.form_status]))
    if wanted.status:
        found.append(Invitation.status.in_([value.value for value in wanted.status]))
    if wanted.archived is not Archived.ANY:
        archived = Invitation.archived_at.is_not(None)
        found.append(archived if wanted.archived is Archived.TRUE else ~archived)
    if wanted.organisation_id is not None:
        found.append(Invitation.issuing_organisation_id == wanted.organisation_id)
    if wanted.company_id is not None:
        found.append(Invitation.company_id == wanted.company_id)
    if wanted.q and wanted.q.strip():
        part = wanted.q.strip()
        found.append(
            or_(
                holds(COMPANY_NAME, part),
                Company.id_value.contains(part.replace(" ", "").upper(), autoescape=True),
                Invitation.email_key.contains(part.casefold(), autoescape=True),
            )
        )
    return found


_SORTS: dict[str, SQLColumnExpression[Any]] = {
    "last_sent_at": func.coalesce(Invitation.last_sent_at, literal(_NEVER)),
    "created_at": Invitation.created_at,
    "partner_name": COMPANY_NAME,
    "expires_at": func.coalesce(Invitation.expires_at, literal(_NEVER)),
}


class InvitationRepository(Repository):
    """Invitations of the session's workspace."""

    async def page(self, wanted: InvitationFilter, caller: Caller, request: PageRequest) -> Slice[AnyRow]:
        """One page of the dashboard."""
        key = SortKey(request.key, _SORTS[request.key])
        statement = _joined().where(*_matching(wanted, caller))
        return await fetch_page(self.session, statement, request, key, Invitation.id)

    async def find(self, invitation_id: UUID, caller: Caller) -> InvitationRow | None:
        """The invitation, where the caller may read it."""
        found = await self.session.execute(_joined().where(Invitation.id == invitation_id, visible(caller)))
        row = found.one_or_none()
        return InvitationRow.of(row) if row is not None else None

    async def lock(self, invitation_id: UUID, caller: Caller) -> InvitationRow | None:
        """The same, its row locked until the transaction ends."""
        held = select(Invitation.id).where(Invitation.id == invitation_id, visible(caller)).with_for_update()
        if await self.session.scalar(held) is None:
            return None
        rows = await self.rows([invitation_id])
        return rows.get(invitation_id)

    async def rows(self, ids: Collection[UUID]) -> dict[UUID, InvitationRow]:
        """Invitations with the names around them, by id, as they are now in the database."""
        statement = _joined().where(Invitation.id.in_(ids)).execution_options(populate_existing=True)
        found = await self.session.execute(statement)
        return {row[0].id: InvitationRow.of(row) for row in found}

    async def lock_free(self, ids: Collection[UUID]) -> dict[UUID, InvitationRow]:
        """Those of `ids` that nobody else holds, locked; for the worker, which waits for nobody."""
        held = select(Invitation.id).where(Invitation.id.in_(ids)).with_for_update(skip_locked=True)
        return await self.rows((await self.session.scalars(held)).all())

    async def lock_all(self, ids: Collection[UUID]) -> dict[UUID, InvitationRow]:
        """`ids`, locked in their order."""
        held = select(Invitation.id).where(Invitation.id.in_(ids)).order_by(Invitation.id).with_for_update()
        return await self.rows((await self.session.scalars(held)).all())

    async def row_unlocked(self, invitation_id: UUID) -> InvitationRow | None:
        """The invitation a link points to."""
        return (await self.rows([invitation_id])).get(invitation_id)

    async def lock_unfinished_of(self, company_id: UUID) -> dict[UUID, InvitationRow]:
        """Every row of the partner that an answer closes, locked in the order of their ids."""
        held = (
            select(Invitation.id)
            .where(
                Invitation.company_id == company_id,
                Invitation.status.in_([Status.QUEUED, Status.SENT, Status.EXPIRED]),
            )
            .order_by(Invitation.id)
            .with_for_update()
        )
        return await self.rows((await self.session.scalars(held)).all())

    async def statuses(self, ids: Collection[UUID]) -> dict[UUID, tuple[Status, bool]]:
        """Status and whether archived, by id; nothing is locked."""
        found = await self.session.execute(
            select(Invitation.id, Invitation.status, Invitation.archived_at).where(Invitation.id.in_(ids))
        )
        return {row[0]: (Status(row[1]), row[2] is not None) for row in found}

    async def open_row(self, organisation_id: UUID, company_id: UUID, email_key: str) -> UUID | None:
        """The open invitation for that organisation, partner and address, if there is one."""
        return await self.session.scalar(
            select(Invitation.id).where(
                Invitation.issuing_organisation_id == organisation_id,
                Invitation.company_id == company_id,
                Invitation.email_key == email_key,
                Invitation.status.in_([Status.QUEUED, Status.SENT]),
            )
        )


class PrequalificationRepository(Repository):
    """Forms and answers of the session's workspace."""

    async def lock(self, company_id: UUID) -> Prequalification:
        """The partner's prequalification, made if new, and locked: asking and answering one partner take turns."""
        await self.session.execute(
            insert(Prequalification)
            .values(
                workspace_id=self.session.workspace_id,
                id=new_id(),
                company_id=company_id,
                form_status=FormStatus.TO_COMPLETE,
                version=1,
            )
            .on_conflict_do_nothing()
        )
        found = await self.session.scalars(
            select(Prequalification)
            .where(Prequalification.company_id == company_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return found.one()

    async def of_company(self, company_id: UUID) -> Prequalification | None:
        """The partner's prequalification."""
        found = await self.session.scalars(select(Prequalification).where(Prequalification.company_id == company_id))
        return found.one_or_none()

    async def lock_free(self, ids: Collection[UUID]) -> Sequence[Prequalification]:
        """Those of `ids` that nobody else holds, locked."""
        found = await self.session.scalars(
            select(Prequalification).where(Prequalification.id.in_(ids)).with_for_update(skip_locked=True)
        )
        return found.all()

    async def current_form(self) -> PrequalificationForm | None:
        """The newest version of the workspace's form."""
        found = await self.session.scalars(
            select(PrequalificationForm).order_by(PrequalificationForm.form_version.desc()).limit(1)
        )
        return found.one_or_none()

    async def form(self, form_version: int) -> PrequalificationForm | None:
        """One version of the workspace's form."""
        found = await self.session.scalars(
            select(PrequalificationForm).where(PrequalificationForm.form_version == form_version)
        )
        return found.one_or_none()

    async def lock_current_form(self) -> PrequalificationForm | None:
        """The newest version, locked: two who replace the form take turns."""
        found = await self.session.scalars(
            select(PrequalificationForm)
            .order_by(PrequalificationForm.form_version.desc())
            .limit(1)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return found.one_or_none()

    async def form_page(self, request: PageRequest) -> Slice[AnyRow]:
        """One page of the versions."""
        key = SortKey("form_version", PrequalificationForm.form_version)
        return await fetch_page(self.session, select(PrequalificationForm), request, key, PrequalificationForm.id)

    async def page(self, wanted: PrequalificationQuery, request: PageRequest) -> Slice[AnyRow]:
        """One page of what partners answered, each with its company's name."""
        statement = self._named()
        if wanted.company_id is not None:
            statement = statement.where(Prequalification.company_id == wanted.company_id)
        if wanted.form_status:
            statement = statement.where(Prequalification.form_status.in_([s.value for s in wanted.form_status]))
        key = SortKey("id", Prequalification.id)
        return await fetch_page(self.session, statement, request, key, Prequalification.id)

    async def named(self, prequalification_id: UUID) -> AnyRow | None:
        """What one partner answered, with its company's name."""
        found = await self.session.execute(self._named().where(Prequalification.id == prequalification_id))
        return found.one_or_none()

    @staticmethod
    def _named() -> AnySelect:
        return select(Prequalification, Company.name).join(
            Company,
            and_(Company.workspace_id == Prequalification.workspace_id, Company.id == Prequalification.company_id),
        )
