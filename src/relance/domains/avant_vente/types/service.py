"""The workspace's list of types of intervention."""

from uuid import UUID

from relance.capabilities.journal.service import Journal
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.errors import DuplicateResource, NotFound
from relance.core.etag import Precondition
from relance.core.i18n import Text
from relance.core.security import Caller
from relance.core.subjects import ActorRef, SubjectRef
from relance.domains.avant_vente.models import InterventionType
from relance.domains.avant_vente.types.repository import TypeRepository
from relance.domains.avant_vente.types.schemas import (
    InterventionTypeCreate,
    InterventionTypeRead,
    InterventionTypeUpdate,
)

#: What a workspace begins with; it is its own to change.
STARTING = (
    Text("Démonstration", "Demonstration"),
    Text("Présentation technique", "Technical presentation"),
    Text("Cadrage du besoin", "Scoping workshop"),
    Text("Réponse à appel d’offres", "Answer to a call for tenders"),
)


async def install_types(session: DbSession, clock: Clock) -> None:
    """Give a new workspace the types that it begins with."""
    for label in STARTING:
        await TypeRepository(session).insert({"label_fr": label.fr, "label_en": label.en, "active": True}, clock.now())


class InterventionTypes:
    """The types of the caller's workspace."""

    def __init__(self, session: DbSession, clock: Clock, caller: Caller) -> None:
        self._session = session
        self._clock = clock
        self._caller = caller
        self._rows = TypeRepository(session)

    async def get(self, type_id: UUID, *, lock: bool = False) -> InterventionType:
        """The type with that id.

        Raises:
            NotFound: there is none in this workspace.
        """
        found = await self._rows.find(type_id, lock=lock)
        if found is None:
            raise NotFound()
        return found

    async def create(self, wanted: InterventionTypeCreate) -> InterventionType:
        """A new type.

        Raises:
            DuplicateResource: one is called so.
        """
        created = await self._rows.insert(wanted.model_dump(), self._clock.now())
        if created is None:
            raise DuplicateResource(existing_id=str(await self._rows.by_label(wanted.label_fr)), pointer="/label_fr")
        self._record("intervention_type.created", created)
        return created

    async def update(
        self, type_id: UUID, wanted: InterventionTypeUpdate, precondition: Precondition
    ) -> InterventionType:
        """Change a type; requests that have it keep it.

        Raises:
            NotFound: there is none in this workspace.
            PreconditionFailed: it has changed since the caller read it.
            DuplicateResource: another one is called so.
        """
        found = await self.get(type_id, lock=True)
        precondition.check(found.version)
        changes = wanted.changes()
        if "label_fr" in changes:
            known = await self._rows.by_label(changes["label_fr"])
            if known is not None and known != found.id:
                raise DuplicateResource(existing_id=str(known), pointer="/label_fr")
        for name, value in changes.items():
            setattr(found, name, value)
        self._record("intervention_type.changed", found)
        await self._session.flush()
        return found

    def _record(self, action: str, found: InterventionType) -> None:
        subject = SubjectRef("intervention_type", found.id)
        Journal(self._session, self._clock).record(action, subject, ActorRef.of(self._caller))


def read(found: InterventionType) -> InterventionTypeRead:
    """The type in the caller's language."""
    return InterventionTypeRead(
        id=found.id,
        label=Text(found.label_fr, found.label_en).in_locale(),
        label_fr=found.label_fr,
        label_en=found.label_en,
        active=found.active,
        created_at=found.created_at,
        version=found.version,
    )
