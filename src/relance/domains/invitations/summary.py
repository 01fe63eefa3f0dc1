"""Counts of the dashboard, by each of its axes."""

from collections import Counter
from collections.abc import Mapping

from relance.domains.invitations.lifecycle import FormStatus, Status
from relance.domains.invitations.models import FACETS
from relance.domains.invitations.schemas import ArchivedCounts, FormStatusCounts, InvitationCounts, StatusCounts


def summed(counts: Mapping[int, int]) -> InvitationCounts:
    """From numbers by facet to counts by each of its axes."""
    archived: Counter[str] = Counter(false=0, true=0)
    forms: Counter[str] = Counter({status.value: 0 for status in FormStatus})
    statuses: Counter[str] = Counter({status.value: 0 for status in Status})
    for facet, count in counts.items():
        for axis, code in zip((archived, forms, statuses), FACETS.places[facet], strict=True):
            axis[code] += count
    return InvitationCounts(
        total=sum(archived.values()),
        form_status=FormStatusCounts.model_validate(dict(forms)),
        status=StatusCounts.model_validate(dict(statuses)),
        archived=ArchivedCounts.model_validate(dict(archived)),
    )
