"""What a mandate lacks to be submitted, step by step as the wizard goes."""

from collections.abc import Iterator
from typing import Literal

from relance.core.i18n import Text
from relance.domains.mandates.lifecycle import MandateKind, TeamRole
from relance.domains.mandates.repository import MandateRow
from relance.domains.mandates.schemas import Completeness, CompletenessStep, Missing

Step = Literal["details", "schedule", "team", "passthrough"]

#: Features of a subscription, as a workspace's row names them.
DATA_REFRESH, UPLOAD_REMINDERS, PASSTHROUGH = "data_refresh", "upload_reminders", "passthrough"

_STEPS: dict[Step, Text] = {
    "details": Text("Société et contact", "Company and contact"),
    "schedule": Text("Planification de téléchargement", "Upload schedule"),
    "team": Text("Équipe", "Team"),
    "passthrough": Text("Passthrough", "Passthrough"),
}
_MISSING = {
    "contact_first_name": Text("Le prénom du contact.", "The contact’s first name."),
    "contact_last_name": Text("Le nom du contact.", "The contact’s last name."),
    "contact_email": Text("L’adresse e-mail du contact.", "The contact’s e-mail address."),
    "owner": Text("Un propriétaire de mission actif.", "An active mission owner."),
    "agent": Text("Un agent de mission actif.", "An active mission agent."),
}


def missing_codes(row: MandateRow) -> tuple[str, ...]:
    """What is missing, in the order of the wizard."""
    return (*_missing_details(row), *_missing_team(row))


def completeness(row: MandateRow) -> Completeness:
    """The same for people: each step with what it lacks. A schedule and the option may be left as they are."""
    lacks: dict[Step, list[str]] = {"details": list(_missing_details(row)), "team": list(_missing_team(row))}
    if {DATA_REFRESH, UPLOAD_REMINDERS} & row.features:
        lacks["schedule"] = []
    if PASSTHROUGH in row.features:
        lacks["passthrough"] = []
    steps = [
        CompletenessStep(
            step=step,
            step_label=label.in_locale(),
            complete=not lacks[step],
            missing=[Missing(code=code, message=_MISSING[code].in_locale()) for code in lacks[step]],
        )
        for step, label in _STEPS.items()
        if step in lacks
    ]
    return Completeness(complete=all(step.complete for step in steps), steps=steps)


def _missing_details(row: MandateRow) -> Iterator[str]:
    if row.mandate.kind == MandateKind.INTERNAL:
        return
    for column in ("contact_first_name", "contact_last_name", "contact_email"):
        if not getattr(row.mandate, column):
            yield column


def _missing_team(row: MandateRow) -> Iterator[str]:
    for role in TeamRole:
        if not any(member.active for member in row.members(role)):
            yield role.value
