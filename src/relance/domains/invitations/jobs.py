"""« Tout relancer »: the invitations of the dashboard, reminded a few hundred at a time."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from relance.capabilities.jobs.handlers import Batch, ItemResult, JobFacts, Position, Work
from relance.core.db import DbSession
from relance.core.errors import FieldError, RelanceError
from relance.core.i18n import Text
from relance.core.lifecycle import Actor, TransitionNotAllowed
from relance.core.runtime import Runtime
from relance.domains.invitations.asked import Asked
from relance.domains.invitations.asked.repository import AskedRepository
from relance.domains.invitations.chasing import Chasing
from relance.domains.invitations.errors import (
    AddressUndeliverable,
    AlreadyOpen,
    InvitationArchived,
    PrequalificationValid,
    RecipientDeclined,
    TooRecent,
)
from relance.domains.invitations.lifecycle import LIFECYCLE, Delivery, Status
from relance.domains.invitations.permissions import REMIND
from relance.domains.invitations.repository import InvitationRepository
from relance.domains.invitations.schemas import InvitationFilter

REMIND_ALL = "invitations.remind_all"
BATCH = 500

OUTCOMES: Mapping[str, Text] = {
    "sent": Text("Relancée", "Reminded"),
    "renewed": Text("Expirée, renvoyée", "Expired, renewed"),
    "too_recent": TooRecent.title,
    "completed": Text("Formulaire complété", "Form completed"),
    "archived": InvitationArchived.title,
    "undeliverable": AddressUndeliverable.title,
    "forbidden": Text("Hors de vos droits", "Beyond your rights"),
    "expired": Text("Expirée, laissée de côté", "Expired, left alone"),
    "waiting": Text("Pas encore envoyée", "Not sent yet"),
    "cancelled": Text("Annulée", "Cancelled"),
    "declined": RecipientDeclined.title,
    "already_open": AlreadyOpen.title,
}
_BY_STATUS = {
    Status.QUEUED: "waiting",
    Status.EXPIRED: "expired",
    Status.CLOSED: "completed",
    Status.CANCELLED: "cancelled",
}
_BY_ERROR: Mapping[type[RelanceError], str] = {
    TooRecent: "too_recent",
    PrequalificationValid: "completed",
    InvitationArchived: "archived",
    AddressUndeliverable: "undeliverable",
    RecipientDeclined: "declined",
}


class RemindAll:
    """A `RowJob`. Parameters: `filter`, `include_expired`, `until` (the youngest invitation that is looked at)."""

    kind = REMIND_ALL
    label = Text("Tout relancer", "Remind all")
    outcomes = OUTCOMES

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def total(self, session: DbSession, job: JobFacts) -> int | None:
        """How many rows of the dashboard there are."""
        return await InvitationRepository(session).count(_filter(job), job.caller, UUID(job.parameters["until"]))

    async def begin(self, job: JobFacts, position: Position | None) -> Work:
        """Begin, or go on after the last invitation settled."""
        return _Round(self._runtime, job, UUID(position["after"]) if position else None)


class _Round:
    """One run over the dashboard. Nothing is kept but the last id, so that it can be thrown away at any time."""

    def __init__(self, runtime: Runtime, job: JobFacts, after: UUID | None) -> None:
        self._runtime = runtime
        self._job = job
        self._after = after

    async def batch(self, session: DbSession) -> Batch:
        """Settle the next invitations."""
        job, rows = self._job, InvitationRepository(session)
        until = UUID(job.parameters["until"])
        ids = await rows.ids_after(_filter(job), job.caller, self._after, until, BATCH)
        held = await AskedRepository(session).lock_all(ids)
        asked = {id_: self._outcome(held[id_]) for id_ in ids if id_ in held}
        chasing = Chasing(session, self._runtime, job.caller)
        await chasing.remind([held[id_] for id_, outcome in asked.items() if outcome == "sent"])
        renewed = [held[id_] for id_, outcome in asked.items() if outcome == "renewed"]
        refused = await chasing.renew(renewed)
        items = [_result(held[id_], outcome, refused.get(id_)) for id_, outcome in asked.items()]
        if len(ids) < BATCH:
            return Batch(items, None)
        self._after = ids[-1]
        return Batch(items, {"after": str(self._after)})

    async def close(self) -> None:
        """Nothing is held."""

    def _outcome(self, row: Asked) -> str:
        """What becomes of `row`, by the same table as a reminder of one invitation."""
        if not self._job.caller.reaches(REMIND, row.requested_by):
            return "forbidden"
        again = row.status == Status.EXPIRED and bool(self._job.parameters["include_expired"])
        facts = row.facts(self._runtime.clock.now())
        refused = LIFECYCLE.refusal(row.status, "renew" if again else "remind", Actor.USER, facts)
        if refused is None:
            return "renewed" if again else "sent"
        if not isinstance(refused, TransitionNotAllowed):
            return _BY_ERROR[type(refused)]
        if row.status == Status.QUEUED and row.delivery == Delivery.UNDELIVERABLE:
            return "undeliverable"
        return _BY_STATUS[Status(row.status)]


def _result(row: Asked, outcome: str, refused: RelanceError | None) -> ItemResult:
    subject, reference = row.subject, row.email
    if refused is None:
        return ItemResult(outcome, subject=subject, reference=reference)
    return ItemResult(refused.code, failed=True, subject=subject, reference=reference, errors=faults_of(refused))


def faults_of(error: RelanceError) -> Sequence[FieldError]:
    """What a refusal says, as the faults of an item."""
    listed = error.data.get("errors")
    if isinstance(listed, list):
        return [FieldError(**fault) for fault in listed]
    return [FieldError("", error.code, error.detail.format(error.data))]


def _filter(job: JobFacts) -> InvitationFilter:
    return InvitationFilter.model_validate(job.parameters["filter"])
