"""Counts of the dashboard, by each of its axes."""

from collections import Counter
from collections.abc import Iterable

from relance.domains.invitations.lifecycle import FormStatus, Status
from relance.domains.invitations.schemas import ArchivedCounts, FormStatusCounts, InvitationCounts, StatusCounts


def summed(counts: Iterable[tuple[str, str, bool, int]]) -> InvitationCounts:
    """From rows per form status, status and archived, to counts by each of the three."""
    forms: Counter[str] = Counter({status.value: 0 for status in FormStatus})
    statuses: Counter[str] = Counter({status.value: 0 for status in Status})
    archived: Counter[str] = Counter(false=0, true=0)
    for form, status, away, count in counts:
        forms[form] += count
        statuses[status] += count
        archived["true" if away else "false"] += count
    return InvitationCounts(
        total=sum(archived.values()),
        form_status=FormStatusCounts.model_validate(dict(forms)),
        status=StatusCounts.model_validate(dict(statuses)),
        archived=ArchivedCounts.model_validate(dict(archived)),
    )
