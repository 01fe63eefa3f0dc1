"""Use cases of opportunities."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from relance.capabilities.directory.models import Company
from relance.capabilities.directory.schemas import CompanyInput
from relance.capabilities.directory.service import Directory
from relance.capabilities.journal.service import Journal
from relance.core.by_reference import ByReference, changed
from relance.core.db import DbSession
from relance.core.errors import Conflict, DuplicateResource, NotFound, PermissionDenied, ValidationFailed
from relance.core.i18n import Text
from relance.core.pagination import PageRequest
from relance.core.runtime import Runtime
from relance.core.schemas import Reference
from relance.core.security import Caller, Level
from relance.core.subjects import ActorRef, SubjectRef
from relance.domains.avant_vente.models import Opportunity
from relance.domains.avant_vente.opportunities.kinds import KIND_LABELS, OpportunityKind
from relance.domains.avant_vente.opportunities.repository import OpportunityRepository, OpportunityRow
from relance.domains.avant_vente.opportunities.schemas import (
    OpportunityCreate,
    OpportunityQuery,
    OpportunityRead,
    OpportunityReplace,
    OpportunityUpdate,
)
from relance.domains.avant_vente.permissions import OPPORTUNITIES, REQUEST

_COMPANIES = "companies:read"
_UNKNOWN_ORGANISATION = Text("Cette organisation n’est pas une des vôtres.", "This organisation is not one of yours.")
_NOT_A_PARTNER = Text(
    "Cette organisation n’est pas un partenaire actif.", "This organisation is not an active partner."
)
_UNKNOWN_COMPANY = Text("Société inconnue.", "Unknown company.")
_FIXED = Text("Le partenaire d’une opportunité ne change pas.", "The partner of an opportunity does not change.")


def within(caller: Caller, permission: str, organisation_id: UUID) -> bool:
    """Whether the caller's `permission` reaches what belongs to that partner."""
    level = caller.level(permission)
    return level is Level.ALL or (level > Level.NONE and organisation_id in caller.organisation_ids)


class Opportunities:
    """Opportunities, for a caller in one session."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._session = session
        self._runtime = runtime
        self._caller = caller
        self._rows = OpportunityRepository(session)

    async def get(self, opportunity_id: UUID, *, lock: bool = False) -> OpportunityRow:
        """The opportunity.

        Raises:
            NotFound: unknown, of another workspace, or not readable by the caller.
        """
        row = await self._rows.find(opportunity_id, self._caller, lock=lock)
        if row is None:
            raise NotFound()
        return row

    async def writable(self, opportunity_id: UUID) -> OpportunityRow:
        """The opportunity, locked, for a change.

        Raises:
            NotFound: unknown, of another workspace, or not readable by the caller.
            PermissionDenied: readable, not to be changed by the caller.
        """
        row = await self.get(opportunity_id, lock=True)
        self.require_write(row.opportunity)
        return row

    def require_write(self, opportunity: Opportunity) -> None:
        """Refuse who may read the opportunity and not change it.

        Raises:
            PermissionDenied: they may not.
        """
        if not within(self._caller, OPPORTUNITIES, opportunity.partner_organisation_id):
            raise PermissionDenied(OPPORTUNITIES)

    async def page(self, wanted: OpportunityQuery, request: PageRequest) -> tuple[list[OpportunityRead], str | None]:
        """One page of the list, and the cursor of the next."""
        found = await self._rows.page(wanted, self._caller, request)
        next_cursor = self._runtime.cursors.encode(found.next) if found.next else None
        return [self.read(row) for row in found.rows], next_cursor

    async def create(self, wanted: OpportunityCreate) -> OpportunityRow:
        """A new opportunity of a partner.

        Raises:
            ValidationFailed: the partner or the customer is not known.
            DuplicateResource: another one has that external id.
        """
        await self.require_partner(wanted.partner_organisation_id)
        await self._refuse_taken(wanted.external_id, None)
        company = await self._company(wanted.company)
        values = {
            **wanted.model_dump(exclude={"company", "kind"}),
            "kind": wanted.kind.value,
            "company_id": company.id,
            "created_by": self._caller.user_id,
            "created_at": self._runtime.clock.now(),
        }
        made = await self._rows.insert(values)
        if made is None:  # somebody was faster
            await self._refuse_taken(wanted.external_id, None)
            raise Conflict()
        row = await self._rows.find(made, self._caller)
        if row is None:
            # A right to write without one to read: nothing to show, so nothing is made.
            raise PermissionDenied(OPPORTUNITIES)
        self._record("opportunity.created", row, {})
        await self._session.flush()
        return row

    async def require_partner(self, organisation_id: UUID) -> None:
        """Refuse an organisation of which the caller may add no opportunities.

        Raises:
            ValidationFailed: it is not a partner in use, or not one of the caller's.
        """
        is_partner = await self._rows.is_partner(organisation_id)
        if not within(self._caller, OPPORTUNITIES, organisation_id) or is_partner is None:
            raise ValidationFailed.at("/partner_organisation_id", "unknown_organisation", _UNKNOWN_ORGANISATION)
        if not is_partner:
            raise ValidationFailed.at("/partner_organisation_id", "not_a_partner", _NOT_A_PARTNER)

    async def update(self, row: OpportunityRow, wanted: OpportunityUpdate) -> OpportunityRow:
        """Change a locked opportunity.

        Raises:
            ValidationFailed: the customer is not known.
            DuplicateResource: another one has that external id.
        """
        changes = wanted.changes()
        if "company" in changes:
            changes["company_id"] = (await self._company(changes.pop("company"))).id
        return await self._change(row, changes)

    async def replace(self, row: OpportunityRow, wanted: OpportunityReplace) -> OpportunityRow:
        """Make a locked opportunity what is wanted; where it is so already, nothing is written.

        Raises:
            ValidationFailed: the customer is not known, or the partner would change.
        """
        if wanted.partner_organisation_id != row.opportunity.partner_organisation_id:
            raise ValidationFailed.at("/partner_organisation_id", "fixed", _FIXED)
        values = wanted.model_dump(exclude={"company", "partner_organisation_id"})
        return await self._change(row, {**values, "company_id": (await self._company(wanted.company)).id})

    async def _change(self, row: OpportunityRow, values: Mapping[str, Any]) -> OpportunityRow:
        changes = changed(row.opportunity, values)
        if not changes:
            return row
        await self._refuse_taken(values.get("external_id"), row.opportunity.id)
        before = _codes(row.opportunity)
        for name, value in changes.items():
            setattr(row.opportunity, name, value)
        self._record("opportunity.changed", row, before, fields=sorted(changes))
        await self._session.flush()
        return await self.get(row.opportunity.id)

    def read(self, row: OpportunityRow) -> OpportunityRead:
        """The opportunity as the caller sees it."""
        opportunity, kind = row.opportunity, OpportunityKind(row.opportunity.kind)
        is_open = opportunity.closed_at is None
        mine = within(self._caller, REQUEST, opportunity.partner_organisation_id)
        return OpportunityRead(
            id=opportunity.id,
            customer=Reference(id=row.company.id, name=row.company.name),
            partner_organisation=Reference(id=opportunity.partner_organisation_id, name=row.organisation_name),
            external_id=opportunity.external_id,
            title=opportunity.title,
            kind=kind,
            kind_label=KIND_LABELS[kind].in_locale(),
            amount=opportunity.amount,
            stage=opportunity.stage,
            open=is_open,
            closed_at=opportunity.closed_at,
            requestable=mine and is_open and kind is OpportunityKind.PRIMO,
            created_at=opportunity.created_at,
            version=opportunity.version,
        )

    async def _company(self, wanted: CompanyInput) -> Company:
        """The customer. Whoever may not read the directory describes it: an id would tell whose it is."""
        if wanted.id is not None and self._caller.level(_COMPANIES) is Level.NONE:
            raise ValidationFailed.at("/company/id", "unknown_company", _UNKNOWN_COMPANY)
        directory = Directory(self._session, self._runtime.clock, ActorRef.of(self._caller))
        return await directory.choose(wanted, "/company")

    async def _refuse_taken(self, external_id: str | None, own_id: UUID | None) -> None:
        known = await self._rows.taken(external_id) if external_id else None
        if known is not None and known != own_id:
            readable = await self._rows.find(known, self._caller)
            raise DuplicateResource(existing_id=str(known) if readable else None, pointer="/external_id")

    def _record(self, action: str, row: OpportunityRow, before: Mapping[str, object], **details: object) -> None:
        opportunity = row.opportunity
        Journal(self._session, self._runtime.clock).record(
            action,
            SubjectRef("opportunity", opportunity.id),
            ActorRef.of(self._caller),
            company_id=opportunity.company_id,
            before=before,
            after={**_codes(opportunity), **details},
        )


def _codes(opportunity: Opportunity) -> dict[str, object]:
    return {"kind": str(opportunity.kind), "open": opportunity.closed_at is None}


class OpportunitiesByReference(ByReference[Opportunity, OpportunityReplace]):
    """Opportunities that the caller may see, by their external id."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._rows = OpportunityRepository(session)
        self._caller = caller
        self._opportunities = Opportunities(session, runtime, caller)

    async def find(self, external_id: str, *, lock: bool = False) -> Opportunity | None:
        """The opportunity with that key, where the caller may read it."""
        row = await self._rows.by_external_id(external_id, self._caller, lock=lock)
        return row.opportunity if row is not None else None

    async def create(self, external_id: str, wanted: OpportunityReplace) -> Opportunity:
        """A new opportunity; see `Opportunities.create`."""
        given = OpportunityCreate.model_construct(**dict(wanted), external_id=external_id)
        return (await self._opportunities.create(given)).opportunity

    async def replace(self, row: Opportunity, wanted: OpportunityReplace) -> None:
        """See `Opportunities.replace`.

        Raises:
            PermissionDenied: the caller may not change it.
        """
        self._opportunities.require_write(row)
        await self._opportunities.replace(await self._opportunities.get(row.id), wanted)
