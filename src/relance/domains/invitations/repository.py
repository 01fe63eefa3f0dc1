"""Every query of this domain."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, func, select, update
from sqlalchemy.dialects.postgresql import insert

from relance.capabilities.directory.models import Company
from relance.capabilities.identity.models import Membership, Organisation, User, Workspace
from relance.core.bulk import among
from relance.core.ids import new_id
from relance.core.pagination import AnySelect, PageRequest, Slice, SortKey, ordered
from relance.core.repository import AnyRow, Repository, affected, fetch_page, streamed
from relance.core.security import Caller
from relance.domains.invitations.dashboard.repository import matching, visible
from relance.domains.invitations.forms_schemas import PrequalificationQuery
from relance.domains.invitations.lifecycle import FormStatus
from relance.domains.invitations.models import SORTS, Invitation, Prequalification, PrequalificationForm
from relance.domains.invitations.schemas import InvitationFilter


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """An invitation with the names around it, as the dashboard and the mails need them."""

    invitation: Invitation
    company: Company
    organisation_name: str
    requester_name: str
    requester_email: str
    requester_locale: str
    #: A requester who has left reads no notices; somebody else takes the request over.
    requester_active: bool
    zone: str

    @property
    def form_status(self) -> FormStatus:
        """Of the partner's prequalification."""
        return FormStatus(self.invitation.form_status)

    @classmethod
    def of(cls, row: AnyRow) -> "InvitationRow":
        """From a row of `_joined`."""
        invitation, company, organisation, name, email, locale, user_status, zone = row[:8]
        requester = (name, email, locale, user_status == "active")
        return cls(invitation, company, organisation, *requester, zone)


@dataclass(frozen=True, slots=True)
class DashboardRow:
    """A row of the dashboard as it leaves in a file: plain values, for lists of any length."""

    id_value: str | None
    company_name: str
    email: str
    organisation_name: str
    last_sent_at: datetime | None
    reminders_count: int
    form_status: str
    status: str
    delivery: str | None
    expires_at: datetime | None


def _joined() -> AnySelect:
    requester = (User.name, User.email, User.locale, User.status)
    whole = select(Invitation, Company, Organisation.name, *requester, Workspace.zone)
    return _around(whole.select_from(Invitation))


def _around(statement: AnySelect) -> AnySelect:
    """`statement` about invitations, with everything that the dashboard shows and filters by within reach."""
    return (
        statement.join(
            Company, and_(Company.workspace_id == Invitation.workspace_id, Company.id == Invitation.company_id)
        )
        .join(
            Organisation,
            and_(
                Organisation.workspace_id == Invitation.workspace_id,
                Organisation.id == Invitation.issuing_organisation_id,
            ),
        )
        .join(User, and_(User.workspace_id == Invitation.workspace_id, User.id == Invitation.requested_by))
        .join(Workspace, Workspace.id == Invitation.workspace_id)
    )


class InvitationRepository(Repository):
    """Invitations of the session's workspace."""

    async def find(self, invitation_id: UUID, caller: Caller) -> InvitationRow | None:
        """The invitation, where the caller may read it."""
        found = await self.session.execute(
            _joined().where(Invitation.id == invitation_id, *visible(caller).conditions())
        )
        row = found.one_or_none()
        return InvitationRow.of(row) if row is not None else None

    async def lock(self, invitation_id: UUID, caller: Caller) -> InvitationRow | None:
        """The same, its row locked until the transaction ends."""
        held = (
            select(Invitation.id).where(Invitation.id == invitation_id, *visible(caller).conditions()).with_for_update()
        )
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

    async def lock_all_of(self, company_id: UUID) -> dict[UUID, InvitationRow]:
        """Every row of the partner, locked in the order of their ids."""
        return await self.rows(await self._lock_of([company_id]))

    async def spread_form_status(self, company_ids: Collection[UUID], form_status: FormStatus) -> None:
        """Write on every invitation of partners where their prequalification stands; its lock is held."""
        held = await self._lock_of(company_ids)
        await affected(
            self.session,
            update(Invitation)
            .where(among(Invitation.id, list(held)))
            .values(form_status=form_status.value, version=Invitation.version + 1),
        )

    async def _lock_of(self, company_ids: Collection[UUID]) -> Sequence[UUID]:
        # In the order of all writers: the reminding of many locks by id, whosever the rows are.
        held = select(Invitation.id).where(among(Invitation.company_id, list(company_ids)))
        return (await self.session.scalars(held.order_by(Invitation.id).with_for_update())).all()

    async def may_request(self, user_id: UUID, organisation_id: UUID) -> bool:
        """Whether that user is active and works for that organisation."""
        found = await self.session.scalar(
            select(User.id)
            .join(Membership, and_(Membership.workspace_id == User.workspace_id, Membership.user_id == User.id))
            .where(User.id == user_id, User.status == "active", Membership.organisation_id == organisation_id)
        )
        return found is not None

    # --- many rows -------------------------------------------------------------------------------------------------

    async def count(self, wanted: InvitationFilter, caller: Caller, until: UUID) -> int:
        """How many rows `ids_after` gives in all."""
        statement = _around(select(func.count()).select_from(Invitation))
        found = await self.session.scalar(
            statement.where(*matching(wanted, caller).conditions(), Invitation.id <= until)
        )
        return int(found or 0)

    async def ids_after(
        self, wanted: InvitationFilter, caller: Caller, after: UUID | None, until: UUID, limit: int
    ) -> Sequence[UUID]:
        """The next rows of the dashboard in the order of their ids, none made after `until`."""
        statement = select(Invitation.id).where(*matching(wanted, caller).conditions(), Invitation.id <= until)
        if after is not None:
            statement = statement.where(Invitation.id > after)
        return (await self.session.scalars(statement.order_by(Invitation.id).limit(limit))).all()

    def dashboard(self, wanted: InvitationFilter, caller: Caller, sort: str) -> AnySelect:
        """Every row of the dashboard in its order, its columns named as the fields of `DashboardRow`."""
        order = ordered(SORTS[sort.removeprefix("-")], Invitation.id, descending=sort.startswith("-"))
        return self._dashboard(wanted, caller).order_by(*order)

    def dashboard_rows(
        self, wanted: InvitationFilter, caller: Caller, sort: str
    ) -> AsyncIterator[Sequence[DashboardRow]]:
        """The same, as `streamed`."""
        return streamed(self.session, self._dashboard(wanted, caller), sort, SORTS, Invitation.id, DashboardRow)

    @staticmethod
    def _dashboard(wanted: InvitationFilter, caller: Caller) -> AnySelect:
        shown = select(
            Company.id_value,
            Company.name.label("company_name"),
            Invitation.email,
            Organisation.name.label("organisation_name"),
            Invitation.last_sent_at,
            Invitation.reminders_count,
            Invitation.form_status,
            Invitation.status,
            Invitation.delivery,
            Invitation.expires_at,
        )
        return _around(shown.select_from(Invitation)).where(*matching(wanted, caller).conditions())


class PrequalificationRepository(Repository):
    """Forms and answers of the session's workspace."""

    async def lock(self, company_id: UUID) -> Prequalification:
        """The partner's prequalification, made if new, and locked: asking and answering one partner take turns."""
        return (await self.lock_all([company_id]))[company_id]

    async def lock_all(self, company_ids: Collection[UUID]) -> dict[UUID, Prequalification]:
        """`lock` for many partners, in the order of their ids."""
        if not company_ids:
            return {}
        own = {"workspace_id": self.session.workspace_id, "form_status": FormStatus.TO_COMPLETE, "version": 1}
        rows = [{**own, "id": new_id(), "company_id": company_id} for company_id in sorted(company_ids)]
        await self.session.execute(insert(Prequalification).values(rows).on_conflict_do_nothing())
        found = await self.session.scalars(
            select(Prequalification)
            .where(Prequalification.company_id.in_(company_ids))
            .order_by(Prequalification.company_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return {row.company_id: row for row in found}

    async def lock_known(self, company_id: UUID) -> Prequalification | None:
        """The partner's prequalification, locked; None where nobody has ever asked it anything."""
        found = await self.session.scalars(
            select(Prequalification)
            .where(Prequalification.company_id == company_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        return found.one_or_none()

    async def of_company(self, company_id: UUID) -> Prequalification | None:
        """The partner's prequalification."""
        return (await self.of_companies([company_id])).get(company_id)

    async def of_companies(self, company_ids: Collection[UUID]) -> dict[UUID, Prequalification]:
        """Prequalifications by partner."""
        found = await self.session.scalars(select(Prequalification).where(Prequalification.company_id.in_(company_ids)))
        return {row.company_id: row for row in found}

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
