"""Partners to invite from a file: the same checks and the same statements as invitations from the API."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from relance.capabilities.directory.identifiers import normalise
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.jobs.handlers import ItemResult, JobFacts
from relance.capabilities.jobs.imports import Given
from relance.capabilities.transfers.reading import ImportColumn, folded_heading
from relance.core.db import DbSession
from relance.core.errors import FieldError, RelanceError, ValidationFailed
from relance.core.i18n import Text
from relance.core.problems import field_error
from relance.core.runtime import Runtime
from relance.domains.invitations.asking import subject_of
from relance.domains.invitations.creation import Creation, known_otherwise
from relance.domains.invitations.errors import AlreadyOpen, PrequalificationValid
from relance.domains.invitations.jobs import faults_of
from relance.domains.invitations.repository import InvitationRow
from relance.domains.invitations.schemas import InvitationCreate

IMPORT = "invitations.import"

COLUMNS: Sequence[ImportColumn] = (
    ImportColumn("name", Text("Raison sociale", "Name"), required=True, example="Fonderie Martin"),
    ImportColumn("id_scheme", Text("Type d’identifiant", "Id scheme"), example="siren"),
    ImportColumn("id_country", Text("Pays de l’identifiant", "Id country"), example="FR"),
    ImportColumn("local_id", Text("Identifiant local", "Local id"), required=True, example="732829320"),
    ImportColumn("email", Text("E-mail sollicité", "E-mail asked"), required=True, example="achats@partenaire.example"),
    ImportColumn("issuing_organisation", Text("Entité émettrice", "Issuing organisation")),
    ImportColumn("locale", Text("Langue", "Language"), example="fr"),
)

CREATED = "created"
#: Counted apart, so that nobody is taken for somebody else unnoticed: a number is typed wrong more often than a name.
KNOWN_OTHERWISE = "created_known_otherwise"
OUTCOMES: Mapping[str, Text] = {
    CREATED: Text("Invitée", "Invited"),
    KNOWN_OTHERWISE: Text("Invitée ; partenaire connu sous un autre nom", "Invited; known under another name"),
    **{error.code: error.title for error in (ValidationFailed, AlreadyOpen, PrequalificationValid)},
}
#: From where a fault stands in a request to the column of the file.
_POINTERS = {
    "/partner/name": "/name",
    "/partner/local_id/scheme": "/id_scheme",
    "/partner/local_id/country": "/id_country",
    "/partner/local_id/value": "/local_id",
    "/issuing_organisation_id": "/issuing_organisation",
}
_UNKNOWN_ORGANISATION = Text(
    "Cette entité n’est pas une des vôtres ; écrivez son nom tel qu’il est affiché.",
    "This organisation is not one of yours; write its name as it is shown.",
)
_SEEN_ABOVE = Text(
    "Même partenaire et même adresse plus haut dans le fichier.",
    "The same partner and the same address stand further up in the file.",
)


def result_of(wanted: InvitationCreate, made: InvitationRow | RelanceError) -> ItemResult:
    """What became of one wanted invitation."""
    if isinstance(made, RelanceError):
        return ItemResult(made.code, failed=True, errors=faults_of(made))
    outcome = KNOWN_OTHERWISE if known_otherwise(wanted, made) else CREATED
    return ItemResult(outcome, subject=subject_of(made.invitation), reference=made.invitation.email)


def parse_wanted(given: Mapping[str, object]) -> InvitationCreate | ItemResult:
    """The invitation that `given` asks for, or its faults."""
    try:
        return InvitationCreate.model_validate(given)
    except ValidationError as refused:
        faults = [field_error(dict(raw)) for raw in refused.errors(include_url=False, include_input=False)]
        return ItemResult(ValidationFailed.code, failed=True, errors=faults)


async def settle(creation: Creation, parsed: Sequence[InvitationCreate | ItemResult]) -> list[ItemResult]:
    """Create what can be created, and tell what became of each, in the order of `parsed`."""
    made = iter(await creation.create([one for one in parsed if isinstance(one, InvitationCreate)]))
    return [one if isinstance(one, ItemResult) else result_of(one, next(made)) for one in parsed]


class InvitationImport:
    """An `ImportSource`. Parameters: `issuing_organisation_id` (of rows that name none)."""

    kind = IMPORT
    label = Text("Import d’invitations", "Import of invitations")
    outcomes = OUTCOMES
    batch = 200

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def columns(self, session: DbSession, parameters: Mapping[str, Any]) -> Sequence[ImportColumn]:
        """The same for every workspace."""
        return COLUMNS

    async def importer(self, session: DbSession, job: JobFacts) -> "_Partners":
        """With the caller's organisations as they are now."""
        organisations = await IdentityRepository(session).organisations_of(job.caller)
        return _Partners(self._runtime, job, {folded_heading(one.name): one.id for one in organisations})


class _Partners:
    """An `Importer`."""

    def __init__(self, runtime: Runtime, job: JobFacts, organisations: Mapping[str, UUID]) -> None:
        #: A dry run leaves no rows behind by which the next batch would know of the ones before.
        self.remembers = job.dry_run
        self._runtime = runtime
        self._job = job
        self._organisations = organisations
        self._default = str(job.parameters["issuing_organisation_id"])
        self._seen: set[bytes] = set()

    def parse(self, given: Given) -> InvitationCreate | ItemResult:
        """The invitation that a row asks for, or its faults by column."""
        organisation: UUID | str | None = self._default
        if given.get("issuing_organisation"):
            organisation = self._organisations.get(folded_heading(given["issuing_organisation"]))
            if organisation is None:
                fault = FieldError("/issuing_organisation", "unknown_organisation", _UNKNOWN_ORGANISATION.in_locale())
                return ItemResult(ValidationFailed.code, failed=True, errors=[fault])
        local_id = {
            "scheme": given.get("id_scheme", "").lower() or "siren",
            "country": given.get("id_country", "").upper() or None,
            "value": given.get("local_id", ""),
        }
        wanted = parse_wanted(
            {
                "issuing_organisation_id": organisation,
                "email": given.get("email", ""),
                "partner": {"name": given.get("name", ""), "local_id": local_id},
                "locale": given.get("locale", "").lower() or "fr",
            }
        )
        return _by_column(wanted) if isinstance(wanted, ItemResult) else wanted

    def again(self, wanted: InvitationCreate) -> ItemResult | None:
        """In a dry run, whether the same partner is asked at the same address further up."""
        if not self.remembers or wanted.partner.local_id is None:
            return None
        try:
            identity = normalise(wanted.partner.local_id).match_key
        except ValidationFailed:
            return None
        asked = f"{wanted.issuing_organisation_id}/{identity}/{wanted.email.casefold()}"
        key = hashlib.blake2b(asked.encode(), digest_size=12).digest()
        if key not in self._seen:
            self._seen.add(key)
            return None
        fault = FieldError("/email", AlreadyOpen.code, _SEEN_ABOVE.in_locale())
        return ItemResult(AlreadyOpen.code, failed=True, errors=[fault])

    async def settle(self, session: DbSession, wanted: Sequence[InvitationCreate]) -> list[ItemResult]:
        """Invite the partners."""
        return [_by_column(one) for one in await settle(Creation(session, self._runtime, self._job.caller), wanted)]

    def reference(self, given: Given) -> str | None:
        """Name and address."""
        return " · ".join(filter(None, (given.get("name"), given.get("email"))))[:300] or None


def _by_column(result: ItemResult) -> ItemResult:
    faults = [replace(fault, pointer=_POINTERS.get(fault.pointer, fault.pointer)) for fault in result.errors]
    return replace(result, errors=faults)
