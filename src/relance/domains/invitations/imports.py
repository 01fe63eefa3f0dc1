"""Partners to invite from a file: the same checks and the same statements as invitations from the API."""

import asyncio
import hashlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from uuid import UUID

from pydantic import ValidationError

from relance.capabilities.directory.identifiers import normalise
from relance.capabilities.files.store import FileStore
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.jobs.handlers import Batch, ItemResult, JobFacts, Position, Work
from relance.capabilities.transfers.reading import Cells, ImportColumn, folded_heading, match_header, read_table
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
BATCH = 200

COLUMNS: Sequence[ImportColumn] = (
    ImportColumn("name", Text("Raison sociale", "Name"), required=True, example="Fonderie Martin"),
    ImportColumn("id_scheme", Text("Type d’identifiant", "Id scheme"), example="siren"),
    ImportColumn("id_country", Text("Pays de l’identifiant", "Id country"), example="FR"),
    ImportColumn("local_id", Text("Identifiant local", "Local id"), required=True, example="732829320"),
    ImportColumn("email", Text("E-mail sollicité", "E-mail asked"), required=True, example="achats@partenaire.example"),
    ImportColumn("issuing_organisation", Text("Entité émettrice", "Issuing organisation")),
    ImportColumn("locale", Text("Langue", "Language"), example="fr"),
)
#: What the file of refused rows has besides: passed over when it comes back.
_REPORTED = (ImportColumn("row", Text("Ligne", "Row")), ImportColumn("errors", Text("Erreurs", "Errors")))
KEYS = [column.key for column in COLUMNS]

CREATED = "created"
#: Counted apart, so that nobody is taken for somebody else unnoticed: a number is typed wrong more often than a name.
KNOWN_OTHERWISE = "created_known_otherwise"
OUTCOMES: Mapping[str, Text] = {
    CREATED: Text("Invitée", "Invited"),
    KNOWN_OTHERWISE: Text("Invitée ; partenaire connu sous un autre nom", "Invited; known under another name"),
    "blank": Text("Ligne vide", "Empty row"),
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


def check_header(path: Path, max_rows: int) -> None:
    """Refuse a file whose header does not fit, before a job is made of it.

    Raises:
        TableUnreadable: neither CSV nor XLSX.
        HeaderMismatch: naming the differences.
    """
    match_header(next(read_table(path, max_rows), []), (*COLUMNS, *_REPORTED))


class InvitationImport:
    """A `RowJob`. Parameters: `file_id`, `issuing_organisation_id` (of rows that name none)."""

    kind = IMPORT
    label = Text("Import d’invitations", "Import of invitations")
    outcomes = OUTCOMES

    def __init__(self, runtime: Runtime, store: FileStore) -> None:
        self._runtime = runtime
        self._store = store

    async def total(self, session: DbSession, job: JobFacts) -> int | None:
        """Unknown until the end: counting the rows means reading the file."""
        return None

    async def begin(self, job: JobFacts, position: Position | None) -> Work:
        """Open the file, and go to the first row that is not settled."""
        folder = tempfile.TemporaryDirectory(prefix="relance-import-")
        path = Path(folder.name) / "table"
        try:
            await self._store.fetch(job.workspace_id, UUID(job.parameters["file_id"]), path)
            async with self._runtime.db.reading(job.workspace_id) as session:
                organisations = await IdentityRepository(session).organisations_of(job.caller)
            rows = read_table(path, self._runtime.settings.import_max_rows)
            header: Cells = await asyncio.to_thread(next, rows, [])
            names = {folded_heading(organisation.name): organisation.id for organisation in organisations}
            parser = _RowParser(
                match_header(header, (*COLUMNS, *_REPORTED)), names, str(job.parameters["issuing_organisation_id"])
            )
            work = _Reading(self._runtime, job, folder, rows, parser)
            await work.skip(int(position["row"]) if position else 0)
        except BaseException:
            folder.cleanup()
            raise
        return work


class _RowParser:
    """Cells to a wanted invitation."""

    def __init__(self, header: Sequence[str | None], organisations: Mapping[str, UUID], default: str) -> None:
        self._header = header
        self._organisations = organisations
        self._default = default

    def ordered(self, cells: Cells) -> Cells:
        """The cells in the order of the template."""
        given = self._by_key(cells)
        return [given.get(key, "") for key in KEYS]

    def parse(self, cells: Cells) -> InvitationCreate | ItemResult:
        """The invitation that a row asks for, or its faults by column."""
        given = self._by_key(cells)
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
        return parse_wanted(
            {
                "issuing_organisation_id": organisation,
                "email": given.get("email", ""),
                "partner": {"name": given.get("name", ""), "local_id": local_id},
                "locale": given.get("locale", "").lower() or "fr",
            }
        )

    def _by_key(self, cells: Cells) -> dict[str, str]:
        return {key: cell.strip() for key, cell in zip(self._header, cells, strict=False) if key is not None}


class _Reading:
    """A file being read. Rows that were read and not settled are lost with it; it is then opened again."""

    def __init__(
        self,
        runtime: Runtime,
        job: JobFacts,
        folder: "tempfile.TemporaryDirectory[str]",
        rows: Iterator[Cells],
        parser: _RowParser,
    ) -> None:
        self._runtime = runtime
        self._job = job
        self._folder = folder
        self._rows = rows
        self._parser = parser
        self._row = 0
        #: What a dry run has seen: it leaves no rows behind by which the next batch would know.
        self._seen: set[bytes] = set()

    async def skip(self, count: int) -> None:
        """Pass over rows that are settled."""
        while count > 0:
            passed = await self._next(min(count, 5000))
            if not passed:
                return
            self._row += len(passed)
            count -= len(passed)
            if self._job.dry_run:
                for cells in passed:
                    self._repeats(self._parser.parse(cells))

    async def batch(self, session: DbSession) -> Batch:
        """Invite the partners of the next rows."""
        read = await self._next(BATCH)
        parsed = [self._parsed(cells) for cells in read]
        results = await settle(Creation(session, self._runtime, self._job.caller), parsed)
        items = [self._told(cells, result) for cells, result in zip(read, results, strict=True)]
        self._row += len(read)
        return Batch(items, {"row": self._row} if len(read) == BATCH else None)

    async def close(self) -> None:
        """Let go of the file."""
        close = getattr(self._rows, "close", None)
        if close is not None:
            await asyncio.to_thread(close)
        self._folder.cleanup()

    async def _next(self, count: int) -> list[Cells]:
        return await asyncio.to_thread(lambda: list(islice(self._rows, count)))

    def _parsed(self, cells: Cells) -> InvitationCreate | ItemResult:
        if not cells:
            return ItemResult("blank")
        one = self._parser.parse(cells)
        if self._job.dry_run and self._repeats(one):
            fault = FieldError("/email", AlreadyOpen.code, _SEEN_ABOVE.in_locale())
            return ItemResult(AlreadyOpen.code, failed=True, errors=[fault])
        return one

    def _repeats(self, one: InvitationCreate | ItemResult) -> bool:
        if isinstance(one, ItemResult) or one.partner.local_id is None:
            return False
        try:
            identity = normalise(one.partner.local_id).match_key
        except ValidationFailed:
            return False
        key = hashlib.blake2b(
            f"{one.issuing_organisation_id}/{identity}/{one.email.casefold()}".encode(), digest_size=12
        ).digest()
        if key in self._seen:
            return True
        self._seen.add(key)
        return False

    def _told(self, cells: Cells, result: ItemResult) -> ItemResult:
        """`result` with what the person needs to correct the row."""
        ordered = self._parser.ordered(cells)
        reference = result.reference or " · ".join(filter(None, (ordered[0], ordered[4])))[:300] or None
        if not result.failed:
            return replace(result, reference=reference)
        return replace(result, reference=reference, errors=_by_column(result.errors), cells=ordered)


def _by_column(faults: Sequence[FieldError]) -> list[FieldError]:
    return [replace(fault, pointer=_POINTERS.get(fault.pointer, fault.pointer)) for fault in faults]
