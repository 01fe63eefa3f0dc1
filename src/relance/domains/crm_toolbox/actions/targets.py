"""With whom an action may be done, and what comes of it target by target: the same for every action."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from relance.capabilities.directory.models import Company, Contact
from relance.capabilities.directory.repository import DirectoryRepository
from relance.core.db import DbSession
from relance.core.errors import FieldError, NotFound, PermissionDenied, RelanceError, ValidationFailed
from relance.core.i18n import Text
from relance.core.security import Caller
from relance.domains.crm_toolbox.actions.schemas import (
    ActionReport,
    ContactTarget,
    ResultOutcome,
    TargetInput,
    TargetRefusal,
    TargetResult,
)
from relance.domains.crm_toolbox.errors import TargetsNotAllowed
from relance.domains.crm_toolbox.infobox.recording import Target

_UNKNOWN = {
    "company_id": Text("Cette société est inconnue.", "This company is not known."),
    "contact_id": Text("Ce contact est inconnu.", "This contact is not known."),
}
_LABELS: dict[ResultOutcome, Text] = {
    "done": Text("Effectué", "Done"),
    "unchanged": Text("Inchangé", "Unchanged"),
    "refused": Text("Refusé", "Refused"),
}

Row = Company | Contact
#: Whether anything was done with a row; a `RelanceError` where it may not be.
Act = Callable[[Row], Awaitable[bool]]


@dataclass(slots=True)
class Given:
    """One target as it was given, what it points to, and what came of it."""

    index: int
    name: str
    id: UUID
    row: Row | None = None
    outcome: ResultOutcome = "refused"
    refused: RelanceError | None = None
    #: Kept apart from the row, which the action may delete.
    target: Target | None = None


@dataclass(slots=True)
class Chosen:
    """The targets of one run, each once, in the order in which they were given."""

    session: DbSession
    partial: bool
    given: list[Given] = field(default_factory=list)

    @property
    def rows(self) -> list[Row]:
        """What may be acted on."""
        return [one.row for one in self.given if one.row is not None and one.refused is None]

    @property
    def done(self) -> list[Target]:
        """With whom something was done: what the entry names."""
        return [one.target for one in self.given if one.outcome == "done" and one.target is not None]

    async def each(self, act: Act, *, contacts_first: bool = False) -> None:
        """Act on every target. All or none, unless `partial`: then what is refused is undone and reported alone.

        Raises:
            RelanceError: of the first target that is refused, where all or none is asked for.
        """
        order = sorted(self.given, key=lambda one: one.name == "company_id") if contacts_first else self.given
        for one in order:
            if one.row is None or one.refused is not None:
                continue
            if not self.partial:
                one.outcome = "done" if await act(one.row) else "unchanged"
                continue
            try:
                async with self.session.begin_nested():
                    one.outcome = "done" if await act(one.row) else "unchanged"
            except RelanceError as refused:
                one.refused = refused

    def all_done(self) -> None:
        """Nothing is to be done with a row but to record it."""
        for one in self.given:
            if one.row is not None and one.refused is None:
                one.outcome = "done"

    def report(self, entry_id: UUID | None, *, dry_run: bool = False) -> ActionReport:
        """What the API answers."""
        results = [_result(one) for one in self.given]
        counts = {name: sum(one.outcome == name for one in results) for name in _LABELS}
        return ActionReport(
            entry_id=None if dry_run else entry_id,
            total=len(results),
            done=counts["done"],
            unchanged=counts["unchanged"],
            failed=counts["refused"],
            results=results,
            dry_run=dry_run,
        )


class Choosing:
    """Finds the targets of an action, and refuses those that the caller's right does not reach."""

    def __init__(self, session: DbSession, caller: Caller) -> None:
        self._session = session
        self._caller = caller
        self._rows = DirectoryRepository(session)

    async def choose(
        self,
        wanted: Sequence[TargetInput | ContactTarget],
        permission: str,
        *,
        partial: bool = False,
        lock: bool = False,
        company_permission: str | None = None,
    ) -> Chosen:
        """The targets, locked where they will be changed: companies before contacts, each in the order of their ids.

        Args:
            wanted: as the caller gave them.
            permission: whose level says which of them the caller reaches.
            partial: whether those that cannot be are left out, instead of refusing all.
            lock: whether the action changes them.
            company_permission: the right on companies, where it is another one.

        Raises:
            ValidationFailed: some are not known, each named at its place.
            TargetsNotAllowed: some are not reached.
        """
        chosen = Chosen(self._session, partial, _each_once(wanted))
        rows = await self._find(chosen.given, lock=lock)
        for one in chosen.given:
            one.row = rows.get(one.id)
            if one.row is None:
                one.refused = NotFound()
                continue
            one.target = Target.of(one.row)
            right = company_permission if company_permission and isinstance(one.row, Company) else permission
            if not self._caller.reaches(right, one.row.assigned_to):
                one.refused = PermissionDenied(right)
        if not partial:
            _refuse(chosen.given, permission)
        return chosen

    async def _find(self, given: Sequence[Given], *, lock: bool) -> dict[UUID, Row]:
        companies = [one.id for one in given if one.name == "company_id"]
        contacts = [one.id for one in given if one.name == "contact_id"]
        found: dict[UUID, Row] = {}
        if companies:
            found |= await (self._rows.lock_companies(companies) if lock else self._rows.companies(companies))
        if contacts:
            found |= await self._rows.contacts(contacts, lock=lock)
        return found


def _each_once(wanted: Sequence[TargetInput | ContactTarget]) -> list[Given]:
    found: dict[UUID, Given] = {}
    for index, one in enumerate(wanted):
        company_id = one.company_id if isinstance(one, TargetInput) else None
        target_id = company_id or one.contact_id
        assert target_id is not None  # the schema asks for one of both
        found.setdefault(target_id, Given(index, "company_id" if company_id else "contact_id", target_id))
    return list(found.values())


def _refuse(given: Sequence[Given], permission: str) -> None:
    unknown = [one for one in given if one.row is None]
    if unknown:
        raise ValidationFailed(
            [
                FieldError(
                    f"/targets/{one.index}/{one.name}",
                    f"unknown_{one.name.removesuffix('_id')}",
                    _UNKNOWN[one.name].in_locale(),
                )
                for one in unknown
            ]
        )
    forbidden = [one for one in given if isinstance(one.refused, PermissionDenied)]
    if forbidden:
        missing = {str(one.refused.data["permission"]) for one in forbidden if one.refused is not None}
        raise TargetsNotAllowed(missing.pop() if len(missing) == 1 else permission, [one.id for one in forbidden])


def _result(one: Given) -> TargetResult:
    refusal = None
    if one.refused is not None:
        refusal = TargetRefusal(code=one.refused.code, message=one.refused.detail.format(one.refused.data))
    return TargetResult(
        company_id=one.id if one.name == "company_id" else None,
        contact_id=one.id if one.name == "contact_id" else None,
        outcome="refused" if refusal is not None else one.outcome,
        outcome_label=_LABELS["refused" if refusal is not None else one.outcome].in_locale(),
        error=refusal,
    )
