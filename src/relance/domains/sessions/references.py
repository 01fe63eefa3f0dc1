"""Sessions under the partner's own keys."""

from collections.abc import Sequence
from typing import Any

from relance.core.by_reference import ByReference
from relance.core.db import DbSession
from relance.core.errors import PermissionDenied, ValidationFailed
from relance.core.i18n import Text
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.domains.sessions import views
from relance.domains.sessions.clients.schemas import SessionClientUpdate
from relance.domains.sessions.clients.service import SessionClients
from relance.domains.sessions.lifecycle import WRITE
from relance.domains.sessions.models import TrainingSession
from relance.domains.sessions.permissions import CREATE
from relance.domains.sessions.repository import SessionRepository, SessionRow
from relance.domains.sessions.schemas import SessionClientInput, SessionCreate, SessionReplace, SessionUpdate
from relance.domains.sessions.service import SessionService
from relance.domains.sessions.slot_schemas import SlotWrite

_FIXED = Text("L’organisme de formation d’une session est fixé.", "The organisation of a session is fixed.")
_NAMES = ("title", "trainer", "capacity", "zone", "responsible_id", "automatic_reminders")


class SessionsByReference(ByReference[TrainingSession, SessionReplace]):
    """Sessions that the caller may see, by their external id."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._caller = caller
        self._rows = SessionRepository(session)
        self._service = SessionService(session, runtime, caller)
        self._clients = SessionClients(session, runtime, caller)

    async def find(self, external_id: str, *, lock: bool = False) -> TrainingSession | None:
        """The session with that key, where the caller may read it."""
        known = await self._rows.by_external_id(external_id)
        if known is None:
            return None
        row = await (self._rows.lock if lock else self._rows.find)(known, self._caller)
        return row.session if row is not None else None

    async def create(self, external_id: str, wanted: SessionReplace) -> TrainingSession:
        """A new session; see `SessionService.create`."""
        self._caller.require(CREATE)
        given = SessionCreate.model_construct(**dict(wanted), external_id=external_id)
        return (await self._service.create(given)).session

    async def replace(self, row: TrainingSession, wanted: SessionReplace) -> None:
        """Write what differs, as by the operations on the session, its slots and its clients.

        Raises:
            PermissionDenied: the caller may not change the session.
            ValidationFailed: the organisation would change, or what `PATCH` refuses.
            RelanceError: as by these operations.
        """
        found = (await self._rows.rows([row.id]))[row.id]
        if not views.reaches(row, self._caller, WRITE):
            raise PermissionDenied(WRITE)
        if wanted.organisation_id != row.organisation_id:
            raise ValidationFailed.at("/organisation_id", "fixed", _FIXED)
        changes: dict[str, Any] = {}
        for name in _NAMES:
            value = getattr(wanted, name)
            # An absent zone or person in charge stays who it is: their defaults are only those of a new session.
            if value != getattr(row, name) and not (value is None and name in {"zone", "responsible_id"}):
                changes[name] = value
        if changes:
            given = SessionUpdate.model_construct(_fields_set=set(changes), **changes)
            found = await self._service.update(found, given)
        if [slot.times() for slot in wanted.slots] != found.times:
            slots = [SlotWrite(**slot.model_dump()) for slot in wanted.slots]
            found = await self._service.set_slots(found, slots)
        if wanted.clients is not None:
            await self._replace_clients(found, wanted.clients)

    async def _replace_clients(self, row: SessionRow, wanted: Sequence[SessionClientInput]) -> None:
        companies = {one.company_id for one in wanted}
        for found in row.clients:
            if found.company.id not in companies:
                row = await self._clients.remove(row, found)
        for position, one in enumerate(wanted):
            known = next((found for found in row.clients if found.company.id == one.company_id), None)
            if known is None:
                row, _ = await self._clients.add(row, one, f"/clients/{position}")
            elif known.client.contact_id != one.contact_id:
                changes = SessionClientUpdate(contact_id=one.contact_id)
                row, _ = await self._clients.update(row, known, changes, f"/clients/{position}")
