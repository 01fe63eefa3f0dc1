"""Reading and changing the policies of a workspace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm.attributes import flag_modified

from relance.capabilities.followups.calendar import has_holidays
from relance.capabilities.followups.errors import UnknownFollowUpDomain
from relance.capabilities.followups.models import FollowUpPolicy
from relance.capabilities.followups.repository import FollowUpRepository
from relance.capabilities.followups.schemas import DailyHours, FollowUpPolicyRead, FollowUpPolicyWrite
from relance.capabilities.followups.service import Policy
from relance.capabilities.journal.service import Journal
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.durations import after
from relance.core.errors import ValidationFailed
from relance.core.etag import Precondition
from relance.core.i18n import Text
from relance.core.pagination import Cursor, PageRequest, Slice
from relance.core.security import Caller
from relance.core.subjects import ActorRef, SubjectRef

#: Months differ in length: an order of durations must hold from every one of these starts.
_STARTS = tuple(datetime(2027, month, 1, tzinfo=UTC) for month in range(1, 13))
_LONGEST = "P10Y"
_NO_ID = UUID(int=0)

_NOT_POSITIVE = Text("La durée doit être positive.", "The duration must be positive.")
_NOT_ASCENDING = Text("Les relances doivent se suivre dans le temps.", "Reminders must follow one another in time.")
_PAST_EXPIRY = Text("Une relance doit précéder l’expiration.", "A reminder must come before the expiry.")
_TOO_LONG = Text("La durée dépasse dix ans.", "The duration exceeds ten years.")
_EMPTY = Text("La fin doit différer du début.", "The end must differ from the beginning.")
_UNKNOWN_COUNTRY = Text("Les jours fériés de ce pays ne sont pas connus.", "The holidays of this country are unknown.")


@dataclass(frozen=True, slots=True)
class PolicyDomain:
    """A part of the product that follows up by policy; registered by the composition root."""

    code: str
    label: Text
    #: Where the workspace has set none; empty: nobody is reminded unless it does.
    reminders: tuple[str, ...] = Policy().reminders


class Policies:
    """The policies of the session's workspace."""

    def __init__(self, session: DbSession, domains: Sequence[PolicyDomain]) -> None:
        self._session = session
        self._rows = FollowUpRepository(session)
        self._domains = {domain.code: domain for domain in domains}

    async def page(self, request: PageRequest) -> Slice[FollowUpPolicyRead]:
        """One page of the policies, one for each domain, by its code. A domain has no row and no id of its own."""
        codes = sorted(self._domains, reverse=request.descending)
        if request.after is not None:
            last = str(request.after.value)
            codes = [code for code in codes if (code < last if request.descending else code > last)]
        shown = [await self.get(code) for code in codes[: request.limit]]
        more = len(codes) > request.limit
        return Slice(shown, Cursor(request.sort, shown[-1].domain, _NO_ID) if more else None)

    async def get(self, domain: str) -> FollowUpPolicyRead:
        """The policy that holds for `domain`.

        Raises:
            UnknownFollowUpDomain: nothing of that name follows up.
        """
        known = self._domains.get(domain)
        if known is None:
            raise UnknownFollowUpDomain()
        row, zone = await self._rows.policy(domain)
        return _read(known, row or _own(known), zone)

    async def put(
        self, domain: str, wanted: FollowUpPolicyWrite, clock: Clock, caller: Caller, precondition: Precondition
    ) -> FollowUpPolicyRead:
        """Set the policy of `domain`, for what begins from now on.

        Raises:
            UnknownFollowUpDomain: nothing of that name follows up.
            ValidationFailed: the durations are out of order, the hours empty, or the country unknown.
            PreconditionFailed: it has changed since the caller read it.
        """
        known = self._domains.get(domain)
        if known is None:
            raise UnknownFollowUpDomain()
        values = _values(wanted)
        row = await self._rows.lock_policy(domain, _stored(_own(known)))
        precondition.check(row.version)
        before = _stored(row)
        for name, value in values.items():
            setattr(row, name, value)
        if before != values or row.version == 0:
            # Choosing the product's own policy is a choice too: it is at version 1 then.
            flag_modified(row, "reminders")
            Journal(self._session, clock).record(
                "follow_up_policy.changed",
                SubjectRef("follow_up_policy", row.id),
                ActorRef.of(caller),
                before={"domain": domain, "reminders": before["reminders"], "expires_after": before["expires_after"]},
                after={"domain": domain, "reminders": row.reminders, "expires_after": row.expires_after},
            )
        await self._session.flush()
        return await self.get(domain)


def _own(domain: PolicyDomain) -> FollowUpPolicy:
    """The product's own policy, as a row that is not stored."""
    return FollowUpPolicy(
        domain=domain.code,
        reminders=list(domain.reminders),
        expires_after=Policy().expires_after,
        working_days_only=False,
        version=0,
    )


def _stored(row: FollowUpPolicy) -> dict[str, Any]:
    names = ("reminders", "expires_after", "quiet_from", "quiet_to", "working_days_only", "holidays")
    return {name: getattr(row, name) for name in names}


def _read(domain: PolicyDomain, row: FollowUpPolicy, zone: str) -> FollowUpPolicyRead:
    quiet = None
    if row.quiet_from is not None and row.quiet_to is not None:
        quiet = DailyHours.model_validate({"from": f"{row.quiet_from:%H:%M}", "to": f"{row.quiet_to:%H:%M}"})
    return FollowUpPolicyRead(
        domain=domain.code,
        domain_label=domain.label.in_locale(),
        reminders=row.reminders,
        expires_after=row.expires_after,
        quiet_hours=quiet,
        working_days_only=row.working_days_only,
        holidays=row.holidays,
        zone=zone,
        version=row.version,
    )


def _values(wanted: FollowUpPolicyWrite) -> Mapping[str, Any]:
    """What to store, checked across its fields."""
    _check_order(wanted.reminders, wanted.expires_after)
    quiet = wanted.quiet_hours
    if quiet is not None and quiet.start == quiet.end:
        raise ValidationFailed.at("/quiet_hours/to", "empty_span", _EMPTY)
    if wanted.holidays is not None and not has_holidays(wanted.holidays):
        raise ValidationFailed.at("/holidays", "unknown_country", _UNKNOWN_COUNTRY)
    return {
        "reminders": list(wanted.reminders),
        "expires_after": wanted.expires_after,
        "quiet_from": time.fromisoformat(quiet.start) if quiet else None,
        "quiet_to": time.fromisoformat(quiet.end) if quiet else None,
        "working_days_only": wanted.working_days_only,
        "holidays": wanted.holidays,
    }


def _check_order(reminders: Sequence[str], expires_after: str) -> None:
    if not _precedes("PT0S", expires_after):
        raise ValidationFailed.at("/expires_after", "not_positive", _NOT_POSITIVE)
    if _precedes(_LONGEST, expires_after):
        raise ValidationFailed.at("/expires_after", "too_long", _TOO_LONG)
    earlier = "PT0S"
    for index, reminder in enumerate(reminders):
        if not _precedes(earlier, reminder):
            code, words = ("not_ascending", _NOT_ASCENDING) if index else ("not_positive", _NOT_POSITIVE)
            raise ValidationFailed.at(f"/reminders/{index}", code, words)
        if not _precedes(reminder, expires_after):
            raise ValidationFailed.at(f"/reminders/{index}", "past_expiry", _PAST_EXPIRY)
        earlier = reminder


def _precedes(first: str, second: str) -> bool:
    return all(after(start, second) - after(start, first) > timedelta() for start in _STARTS)
