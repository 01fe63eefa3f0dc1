"""People who were erased are not brought back quietly: their addresses and the partner's keys are kept as hashes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from relance.capabilities.directory.errors import PersonErased
from relance.capabilities.directory.forgotten.repository import ForgottenRepository
from relance.capabilities.directory.models import ConsentRecord, Contact
from relance.capabilities.journal.service import Journal
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.ids import new_id
from relance.core.keys import KeyRing
from relance.core.subjects import ActorRef, SubjectRef

_PURPOSE = "forgotten"


class PersonKey(NamedTuple):
    """What somebody may be known by, and where a caller has written it."""

    text: str
    pointer: str


def keys_of(values: Mapping[str, Any]) -> list[PersonKey]:
    """The keys among the fields of a contact."""
    found = [PersonKey(f"email/{values['email']}", "/email")] if values.get("email") else []
    others = values.get("other_emails") or ()
    found += [PersonKey(f"email/{one}", f"/other_emails/{at}") for at, one in enumerate(others)]
    if values.get("external_id"):
        found.append(PersonKey(f"external_id/{values['external_id']}", "/external_id"))
    return found


class Forgotten:
    """The people whom the session's workspace has erased."""

    def __init__(self, session: DbSession, keys: KeyRing) -> None:
        self._rows = ForgottenRepository(session)
        self._keys = keys

    def _hashes(self, key: PersonKey) -> list[bytes]:
        return self._keys.hashes(_PURPOSE, key.text)

    async def remember(self, keys: Iterable[PersonKey], now: datetime) -> None:
        """From now on nobody comes in by one of `keys` unsaid."""
        newest = sorted({self._hashes(key)[0] for key in keys})
        if newest:
            await self._rows.add(newest, now)

    async def among(self, every: Sequence[Sequence[PersonKey]]) -> list[tuple[PersonKey, datetime] | None]:
        """For each of some contacts the first of its keys that is kept, and since when."""
        hashes = {key: self._hashes(key) for keys in every for key in keys}
        wanted = {one for some in hashes.values() for one in some}
        kept = await self._rows.known(wanted) if wanted else {}
        found: list[tuple[PersonKey, datetime] | None] = []
        for keys in every:
            hit = ((key, kept[one]) for key in keys for one in hashes[key] if one in kept)
            found.append(next(hit, None))
        return found

    async def admit(self, values: Mapping[str, Any], *, readmitted: bool = False) -> None:
        """Make sure that the fields of a contact name nobody who was erased, or let them come back.

        Raises:
            PersonErased: one of them does, and they are not readmitted.
        """
        if readmitted:
            hashes = {one for key in keys_of(values) for one in self._hashes(key)}
            await self._rows.remove(hashes)
            return
        (hit,) = await self.among([keys_of(values)])
        if hit is not None:
            key, since = hit
            raise PersonErased(key.pointer, since)


def record_readmission(session: DbSession, contact: Contact, actor: ActorRef, justification: str, clock: Clock) -> None:
    """Keep why somebody who was erased is known again."""
    action = "consent.readmitted"
    session.add(
        ConsentRecord(
            workspace_id=session.workspace_id,
            id=new_id(),
            contact_id=contact.id,
            action=action,
            at=clock.now(),
            how="user",
            actor_id=actor.id,
            justification=justification,
        )
    )
    Journal(session, clock).record(
        action, SubjectRef("contact", contact.id), actor, company_id=contact.company_id, contact_id=contact.id
    )
