"""Mandates under the partner's own keys."""

from typing import Any

from relance.core.by_reference import ByReference
from relance.core.db import DbSession
from relance.core.errors import PermissionDenied, ValidationFailed
from relance.core.i18n import Text
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.domains.mandates import views
from relance.domains.mandates.creation import MandateCreation
from relance.domains.mandates.lifecycle import WRITE, MandateStatus
from relance.domains.mandates.models import Mandate
from relance.domains.mandates.permissions import CREATE
from relance.domains.mandates.repository import MandateRepository, MandateRow
from relance.domains.mandates.schemas import ContactInput, MandateCreate, MandateReplace, MandateUpdate
from relance.domains.mandates.service import MandateService

_FIXED = Text(
    "La société, l’organisation et le type ne changent plus une fois le mandat soumis.",
    "The company, the organisation and the kind are fixed once the mandate is submitted.",
)


class MandatesByReference(ByReference[Mandate, MandateReplace]):
    """Mandates that the caller may see, by their external id."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._caller = caller
        self._rows = MandateRepository(session)
        self._service = MandateService(session, runtime, caller)
        self._creation = MandateCreation(session, runtime, caller)

    async def find(self, external_id: str, *, lock: bool = False) -> Mandate | None:
        """The mandate with that key, where the caller may read it."""
        known = await self._rows.by_external_id(external_id)
        if known is None:
            return None
        row = await (self._rows.lock if lock else self._rows.find)(known, self._caller)
        return row.mandate if row is not None else None

    async def create(self, external_id: str, wanted: MandateReplace) -> Mandate:
        """A new draft; see `MandateCreation.create`."""
        self._caller.require(CREATE)
        given = MandateCreate.model_construct(**dict(wanted), external_id=external_id, submit=False)
        return (await self._creation.create(given)).mandate

    async def replace(self, row: Mandate, wanted: MandateReplace) -> None:
        """Write what differs: another address of an asked contact begins a new cycle, as by `PATCH`.

        Raises:
            PermissionDenied: the caller may not change the mandate.
            ValidationFailed: what is fixed once it is submitted would change.
            RelanceError: as by `PATCH` and by `PUT` of the team, the schedule and the option.
        """
        found = (await self._rows.rows([row.id]))[row.id]
        if not views.reaches(found, self._caller, WRITE):
            raise PermissionDenied(WRITE)
        await self._refuse_fixed(found, wanted)
        contact = await self._service.picked(row.company_id, wanted.contact or ContactInput.model_validate({}))
        whole = {name: getattr(contact, name) for name in ContactInput.model_fields}
        changes: dict[str, Any] = {}
        if any(getattr(row, f"contact_{name}") != value for name, value in whole.items()):
            changes["contact"] = ContactInput.model_construct(_fields_set=set(whole), **whole)
        for name in ("kind", "locale"):
            if getattr(row, name) != getattr(wanted, name):
                changes[name] = getattr(wanted, name)
        if changes:
            found = await self._service.update(
                found, MandateUpdate.model_construct(_fields_set=set(changes), **changes)
            )
        await self._replace_steps(found, wanted)

    async def _replace_steps(self, row: MandateRow, wanted: MandateReplace) -> None:
        schedule = wanted.schedule.model_dump(mode="json") if wanted.schedule else None
        if schedule != row.mandate.schedule:
            row = await self._service.set_schedule(row, wanted.schedule)
        if wanted.passthrough is not None and wanted.passthrough != row.mandate.passthrough:
            row = await self._service.set_passthrough(row, wanted.passthrough)
        if {(one.user_id, one.role) for one in wanted.team} != {(one.user_id, one.role) for one in row.team}:
            await self._service.set_team(row, wanted.team)

    async def _refuse_fixed(self, row: MandateRow, wanted: MandateReplace) -> None:
        mandate, company = row.mandate, row.company
        same = company.id == wanted.company.id or (wanted.company.id is None and company.name == wanted.company.name)
        if mandate.status == MandateStatus.DRAFT:
            if not same:
                mandate.company_id = (await self._creation.company(wanted.company)).id
            if wanted.issuing_organisation_id != mandate.issuing_organisation_id:
                self._creation.require_organisation(wanted.issuing_organisation_id)
                mandate.issuing_organisation_id = wanted.issuing_organisation_id
            return
        if not same:
            raise ValidationFailed.at("/company", "not_a_draft", _FIXED)
        if wanted.issuing_organisation_id != mandate.issuing_organisation_id:
            raise ValidationFailed.at("/issuing_organisation_id", "not_a_draft", _FIXED)
