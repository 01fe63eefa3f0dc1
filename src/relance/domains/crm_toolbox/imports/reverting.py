"""Taking an import back: what it has made and nobody has touched since."""

from collections.abc import Mapping, Sequence
from typing import Literal
from uuid import UUID

from relance.capabilities.directory.bulk.repository import BulkRepository
from relance.capabilities.directory.bulk.wanted import Change
from relance.capabilities.directory.models import Company, Contact
from relance.capabilities.jobs.handlers import Batch, ItemResult, JobFacts, Position, Work
from relance.capabilities.journal.service import Entry, Journal
from relance.core.db import DbSession
from relance.core.i18n import Text
from relance.core.runtime import Runtime
from relance.core.subjects import ActorRef, SubjectRef
from relance.domains.crm_toolbox.imports.repository import ImportRepository

REVERT = "contacts.import_revert"
BATCH = 500

OUTCOMES: Mapping[str, Text] = {
    "removed": Text("Supprimé", "Removed"),
    "kept": Text("Gardé : modifié ou utilisé depuis", "Kept: changed or used since"),
}


class ImportRevert:
    """A `RowJob`. Parameters: `import_id`."""

    kind = REVERT
    label = Text("Annulation d’un import", "Taking an import back")
    outcomes = OUTCOMES

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def total(self, session: DbSession, job: JobFacts) -> int | None:
        """Unknown: an import may have made companies too."""
        return None

    async def begin(self, job: JobFacts, position: Position | None) -> Work:
        """Begin with the contacts, or go on after the last that was looked at."""
        return _Round(self._runtime, job, position or {"contacts": 0})


class _Round:
    """One run: the contacts first, then the companies that were made for them."""

    def __init__(self, runtime: Runtime, job: JobFacts, position: Position) -> None:
        self._runtime = runtime
        self._job = job
        self._position = position
        self._import_id = UUID(job.parameters["import_id"])

    async def batch(self, session: DbSession) -> Batch:
        """Take the next entries back."""
        if "contacts" in self._position:
            batch = await self._contacts(session, int(self._position["contacts"]))
        else:
            after = self._position["companies"]
            batch = await self._companies(session, UUID(after) if after else None)
        self._position = batch.position or self._position
        return batch

    async def close(self) -> None:
        """Nothing is held."""

    async def _contacts(self, session: DbSession, after: int) -> Batch:
        made = await ImportRepository(session).made(self._import_id, Change.CREATED, after, BATCH)
        items = await self._remove(session, Contact, "contact", [subject_id for _, subject_id in made])
        if len(made) < BATCH:
            return Batch(items, {"companies": None})
        return Batch(items, {"contacts": made[-1][0]})

    async def _companies(self, session: DbSession, after: UUID | None) -> Batch:
        ids = await BulkRepository(session).companies_of_import(self._import_id, after, BATCH)
        items = await self._remove(session, Company, "company", ids)
        return Batch(items, {"companies": str(ids[-1])} if len(ids) == BATCH else None)

    async def _remove(
        self,
        session: DbSession,
        model: type[Company | Contact],
        kind: Literal["company", "contact"],
        ids: Sequence[UUID],
    ) -> list[ItemResult]:
        gone = await BulkRepository(session).remove_untouched(model, ids)
        entries = [
            Entry(
                f"{kind}.deleted",
                SubjectRef(kind, one),
                company_id=one if kind == "company" else None,
                contact_id=one if kind == "contact" else None,
            )
            for one in ids
            if one in gone
        ]
        await Journal(session, self._runtime.clock).record_all(entries, ActorRef.of(self._job.caller))
        return [ItemResult("removed" if one in gone else "kept", subject=SubjectRef(kind, one)) for one in ids]
