"""Opportunities from a file: a row adds one, or brings the one with its reference up to date."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.jobs.handlers import ItemResult, JobFacts
from relance.capabilities.jobs.imports import Given
from relance.capabilities.transfers.reading import ImportColumn, folded_heading
from relance.core.db import DbSession
from relance.core.errors import DuplicateResource, FieldError, PermissionDenied, RelanceError, ValidationFailed
from relance.core.i18n import Text
from relance.core.problems import field_error
from relance.core.runtime import Runtime
from relance.core.security import Level
from relance.core.subjects import SubjectRef
from relance.domains.avant_vente.opportunities.parsing import CellFault, amount_of, closed_at_of, kind_of
from relance.domains.avant_vente.opportunities.repository import OpportunityRepository, OpportunityRow
from relance.domains.avant_vente.opportunities.schemas import OpportunityCreate, OpportunityUpdate
from relance.domains.avant_vente.opportunities.service import Opportunities
from relance.domains.avant_vente.permissions import OPPORTUNITIES

IMPORT = "opportunities.import"

COLUMNS: Sequence[ImportColumn] = (
    ImportColumn("external_id", Text("Référence", "Reference"), example="OPP-1204"),
    ImportColumn("title", Text("Intitulé", "Title"), required=True, example="ERP de l’usine de Lille"),
    ImportColumn("customer", Text("Client", "Customer"), required=True, example="Fonderie Martin"),
    ImportColumn("id_scheme", Text("Type d’identifiant", "Id scheme"), example="siren"),
    ImportColumn("id_country", Text("Pays de l’identifiant", "Id country"), example="FR"),
    ImportColumn("local_id", Text("Identifiant local", "Local id"), example="732829320"),
    ImportColumn("kind", Text("Type", "Kind"), example="Primo"),
    ImportColumn("amount", Text("Montant", "Amount"), example="48000"),
    ImportColumn("stage", Text("Étape", "Stage"), example="Qualification"),
    ImportColumn("partner", Text("Partenaire", "Partner")),
    ImportColumn("closed_on", Text("Close le", "Closed on")),
)
CREATED, UPDATED, UNCHANGED = "created", "updated", "unchanged"
OUTCOMES: Mapping[str, Text] = {
    CREATED: Text("Créée", "Added"),
    UPDATED: Text("Mise à jour", "Brought up to date"),
    UNCHANGED: Text("Inchangée", "Unchanged"),
    **{error.code: error.title for error in (ValidationFailed, DuplicateResource, PermissionDenied)},
}
#: From where a fault stands in a request to the column of the file.
_POINTERS = {
    "/company/name": "/customer",
    "/company/local_id/scheme": "/id_scheme",
    "/company/local_id/country": "/id_country",
    "/company/local_id/value": "/local_id",
    "/partner_organisation_id": "/partner",
    "/closed_at": "/closed_on",
}
_UNKNOWN_PARTNER = Text(
    "Ce partenaire n’est pas un des vôtres ; écrivez son nom tel qu’il est affiché.",
    "This partner is not one of yours; write its name as it is shown.",
)
_SEEN_ABOVE = Text("Même référence plus haut dans le fichier.", "The same reference stands further up in the file.")
#: What a row with a known reference brings up to date, where its cell says something.
_UPDATED = {
    "title": "title",
    "customer": "company",
    "kind": "kind",
    "amount": "amount",
    "stage": "stage",
    "closed_on": "closed_at",
}


class _Wanted:
    """What a row asks for: a whole opportunity, and which of its fields the row speaks of."""

    def __init__(self, whole: OpportunityCreate, given: Given) -> None:
        self.whole = whole
        self.fields = {field for column, field in _UPDATED.items() if given.get(column)}

    def update(self) -> OpportunityUpdate:
        """What the row changes of an opportunity that is there."""
        values = {field: getattr(self.whole, field) for field in self.fields}
        return OpportunityUpdate.model_construct(_fields_set=set(values), **values)


class OpportunityImport:
    """An `ImportSource`. Parameters: `partner_organisation_id` (of rows that name none), or null."""

    kind = IMPORT
    label = Text("Import d’opportunités", "Import of opportunities")
    outcomes = OUTCOMES
    batch = 100

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def columns(self, session: DbSession, parameters: Mapping[str, Any]) -> Sequence[ImportColumn]:
        """The same for every workspace."""
        return COLUMNS

    async def importer(self, session: DbSession, job: JobFacts) -> "_Opportunities":
        """With the partners that the caller may name now."""
        everywhere = job.caller.level(OPPORTUNITIES) is Level.ALL
        partners = await OpportunityRepository(session).partners(job.caller, everywhere=everywhere)
        zone = await IdentityRepository(session).zone()
        names = {folded_heading(name): one for name, one in partners.items()}
        given = job.parameters["partner_organisation_id"]
        default = UUID(given) if given else next(iter(names.values())) if len(names) == 1 else None
        return _Opportunities(self._runtime, job, names, default, zone)


class _Opportunities:
    """An `Importer`."""

    #: A reference that stands twice is refused wherever the import goes on.
    remembers = True

    def __init__(
        self, runtime: Runtime, job: JobFacts, partners: Mapping[str, UUID], default: UUID | None, zone: Any
    ) -> None:
        self._runtime = runtime
        self._job = job
        self._partners = partners
        self._default = default
        self._zone = zone
        self._seen: set[str] = set()

    def parse(self, given: Given) -> _Wanted | ItemResult:
        """The opportunity that a row asks for, or its faults by column."""
        try:
            return _Wanted(OpportunityCreate.model_validate(self._values(given)), given)
        except CellFault as refused:
            return _refused([refused.fault])
        except ValidationError as refused:
            faults = [field_error(dict(raw)) for raw in refused.errors(include_url=False, include_input=False)]
            return _refused(faults)

    def _values(self, given: Given) -> dict[str, object]:
        local_id = None
        if given.get("local_id"):
            local_id = {
                "scheme": given.get("id_scheme", "").lower() or "siren",
                "country": given.get("id_country", "").upper() or None,
                "value": given["local_id"],
            }
        return {
            "external_id": given.get("external_id") or None,
            "partner_organisation_id": self._partner(given.get("partner", "")),
            "company": {"name": given.get("customer", ""), "local_id": local_id},
            "title": given.get("title", ""),
            "kind": kind_of(given.get("kind", "")),
            "amount": amount_of(given.get("amount", "")),
            "stage": given.get("stage") or None,
            "closed_at": closed_at_of(given.get("closed_on", ""), self._zone),
        }

    def _partner(self, cell: str) -> UUID:
        found = self._partners.get(folded_heading(cell)) if cell else self._default
        if found is None:
            raise CellFault("partner", "unknown_organisation", _UNKNOWN_PARTNER)
        return found

    def again(self, wanted: _Wanted) -> ItemResult | None:
        """A reference that stands twice: which of both was meant, nobody knows."""
        key = wanted.whole.external_id
        if key is None or key not in self._seen:
            self._seen.update([key] if key else [])
            return None
        fault = FieldError("/external_id", DuplicateResource.code, _SEEN_ABOVE.in_locale())
        return ItemResult(DuplicateResource.code, failed=True, errors=[fault])

    async def settle(self, session: DbSession, wanted: Sequence[_Wanted]) -> list[ItemResult]:
        """Add or bring up to date, each row by itself."""
        return [await self._settle(session, one) for one in wanted]

    async def _settle(self, session: DbSession, wanted: _Wanted) -> ItemResult:
        service = Opportunities(session, self._runtime, self._job.caller)
        try:
            async with session.begin_nested():
                known = await self._known(session, wanted.whole.external_id)
                if known is None:
                    return _done(CREATED, await service.create(wanted.whole))
                service.require_write(known.opportunity)
                before = known.opportunity.version
                after = await service.update(known, wanted.update())
                return _done(UNCHANGED if after.opportunity.version == before else UPDATED, after)
        except ValidationFailed as refused:
            return _refused(refused.errors)
        except RelanceError as refused:
            words = refused.detail.format(refused.data)
            at = str(refused.data.get("pointer") or "")
            return ItemResult(refused.code, failed=True, errors=[FieldError(at, refused.code, words)])

    async def _known(self, session: DbSession, external_id: str | None) -> OpportunityRow | None:
        if external_id is None:
            return None
        return await OpportunityRepository(session).by_external_id(external_id, self._job.caller, lock=True)

    def reference(self, given: Given) -> str | None:
        """What a person recognises a row by."""
        shown = " · ".join(filter(None, (given.get("external_id"), given.get("title"), given.get("customer"))))
        return shown[:300] or None


def _done(outcome: str, row: OpportunityRow) -> ItemResult:
    opportunity = row.opportunity
    return ItemResult(outcome, subject=SubjectRef("opportunity", opportunity.id), reference=opportunity.title[:300])


def _refused(faults: Sequence[FieldError]) -> ItemResult:
    by_column = [FieldError(_POINTERS.get(one.pointer, one.pointer), one.code, one.message) for one in faults]
    return ItemResult(ValidationFailed.code, failed=True, errors=by_column)
