"""The import of contacts or companies as the job that reads a file sees it."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from relance.capabilities.directory.bulk.companies import CompaniesInBulk, CompanyCache
from relance.capabilities.directory.bulk.contacts import ContactsInBulk
from relance.capabilities.directory.bulk.wanted import Change, Done, Mode, Outcome, WantedEntry
from relance.capabilities.directory.settings.repository import SettingsRepository
from relance.capabilities.directory.watchers import IdentityWatcher
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.jobs.handlers import ItemResult, JobFacts
from relance.capabilities.jobs.imports import Given
from relance.capabilities.transfers.reading import ImportColumn, folded_heading
from relance.core.db import DbSession
from relance.core.errors import FieldError, ValidationFailed
from relance.core.i18n import Text
from relance.core.runtime import Runtime
from relance.core.subjects import ActorRef, SubjectRef
from relance.domains.crm_toolbox.imports.columns import Record, columns_of
from relance.domains.crm_toolbox.imports.parsing import RowParser

KINDS: Mapping[Record, str] = {"contacts": "contacts.import", "companies": "companies.import"}
RECORDS: Mapping[str, Record] = {kind: record for record, kind in KINDS.items()}
_SUBJECTS: Mapping[Record, Literal["contact", "company"]] = {"contacts": "contact", "companies": "company"}
REPEATED = "repeated_in_file"
_REPEATED = Text("Cette fiche est déjà plus haut dans le fichier.", "This entry stands further up in the file.")

OUTCOMES: Mapping[str, Text] = {
    Change.CREATED.value: Text("Créé", "Created"),
    Change.UPDATED.value: Text("Mis à jour", "Updated"),
    Change.UNCHANGED.value: Text("Inchangé", "Unchanged"),
    REPEATED: Text("En double dans le fichier", "Repeated in the file"),
    ValidationFailed.code: ValidationFailed.title,
}


class DirectoryImport:
    """An `ImportSource`. Parameters: `mode`."""

    outcomes = OUTCOMES
    batch = 1000

    def __init__(self, runtime: Runtime, record: Record, watchers: Sequence[IdentityWatcher]) -> None:
        self._runtime = runtime
        self._watchers = watchers
        self._record = record
        self.kind = KINDS[record]
        self.label = (
            Text("Import de contacts", "Import of contacts")
            if record == "contacts"
            else Text("Import de sociétés", "Import of companies")
        )

    async def columns(self, session: DbSession, parameters: Mapping[str, Any]) -> Sequence[ImportColumn]:
        """With the workspace's own fields."""
        return await columns_of(session, self._record, Mode(parameters["mode"]))

    async def importer(self, session: DbSession, job: JobFacts) -> "_Entries":
        """With the workspace's statuses, users and own fields as they are now."""
        settings = SettingsRepository(session)
        own = await settings.custom_fields(self._record)
        statuses: dict[str, str] = {}
        for status in await settings.statuses():
            statuses |= {folded_heading(label): status.code for label in (status.label_fr, status.label_en)}
            statuses[status.code] = status.code
        users = await IdentityRepository(session).ids_by_email()
        parser = RowParser(own.json_schema if own else {}, statuses, users, contacts=self._record == "contacts")
        return _Entries(self._runtime, job, self._record, parser, self._watchers)


class _Entries:
    """An `Importer`."""

    remembers = True

    def __init__(
        self,
        runtime: Runtime,
        job: JobFacts,
        record: Record,
        parser: RowParser,
        watchers: Sequence[IdentityWatcher],
    ) -> None:
        self._watchers = watchers
        self._runtime = runtime
        self._job = job
        self._record = record
        self._mode = Mode(job.parameters["mode"])
        self._parser = parser
        #: Twelve bytes for each key that was seen: flat enough for a million rows.
        self._seen: set[bytes] = set()
        #: None in a dry run, whose companies are gone with each batch.
        self._cache = None if job.dry_run else CompanyCache()

    def parse(self, given: Given) -> WantedEntry | ItemResult:
        """See `RowParser.parse`."""
        return self._parser.parse(given)

    def again(self, wanted: WantedEntry) -> ItemResult | None:
        """Whether a row further up has the key of this one."""
        key = self._key_of(wanted)
        if key is None:
            return None
        digest = hashlib.blake2b(key.encode(), digest_size=12).digest()
        if digest not in self._seen:
            self._seen.add(digest)
            return None
        column = "id" if wanted.id else "external_id" if wanted.external_id else key.partition("/")[0]
        return ItemResult(REPEATED, failed=True, errors=[FieldError(f"/{column}", REPEATED, _REPEATED.in_locale())])

    async def settle(self, session: DbSession, wanted: Sequence[WantedEntry]) -> list[ItemResult]:
        """Make or change the entries."""
        clock, actor = self._runtime.clock, ActorRef.of(self._job.caller)
        bulk: ContactsInBulk | CompaniesInBulk = CompaniesInBulk(
            session, clock, actor, self._job.id, watchers=self._watchers
        )
        if self._record == "contacts":
            bulk = ContactsInBulk(session, clock, actor, self._job.id, self._cache, keys=self._runtime.keys)
        return [self._told(one) for one in await bulk.settle(wanted, self._mode)]

    def reference(self, given: Given) -> str | None:
        """Name and address."""
        names = (given.get("first_name"), given.get("last_name"), given.get("name"), given.get("email"))
        return " ".join(filter(None, names))[:300] or None

    def _key_of(self, wanted: WantedEntry) -> str | None:
        """The one key by which a row is found: two rows of one key are about one entry."""
        if wanted.id is not None:
            return f"id/{wanted.id}"
        if wanted.external_id is not None:
            return f"external_id/{wanted.external_id}"
        if self._record == "companies":
            identity = wanted.company.identity
            return f"local_id/{identity.match_key}" if identity is not None else None
        return f"email/{wanted.email}" if wanted.email is not None else None

    def _told(self, outcome: Outcome) -> ItemResult:
        if isinstance(outcome, Done):
            return ItemResult(outcome.change.value, subject=SubjectRef(_SUBJECTS[self._record], outcome.id))
        return ItemResult(ValidationFailed.code, failed=True, errors=outcome.errors)
