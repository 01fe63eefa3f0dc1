"""The events of this domain: codes and ids only."""

from pydantic import Field

from relance.capabilities.webhooks.catalogue import Codes, EventData, EventType
from relance.core.i18n import Text


class EntryCodes(Codes):
    """What an entry shows of itself."""

    type: str | None = Field(description="The key of the action.")
    outcome: str | None = Field(description="`planned`, `done`, `cancelled`, `failed`.")
    reason: str | None = Field(description="Of what was cancelled or has failed: a code.")
    targets: int | None = Field(description="With how many companies and contacts; where it is one, it is named.")


class EntryEventData(EventData):
    """`data` of the events of an entry of the infobox."""

    before: EntryCodes | None
    after: EntryCodes | None


def _event(verb: str, title: Text, before: str | None, after: str) -> EventType:
    return EventType(
        f"infobox_entry.{verb}",
        "infobox_entry",
        title,
        EntryEventData,
        before={"outcome": before} if before else None,
        after={"type": "note", "outcome": after, "targets": 1},
    )


EVENTS = (
    _event("recorded", Text("Action enregistrée", "Action recorded"), None, "done"),
    _event("completed", Text("Action à venir effectuée", "Planned action done"), "planned", "done"),
    _event("cancelled", Text("Action à venir annulée", "Planned action cancelled"), "planned", "cancelled"),
    _event("failed", Text("Action à venir échouée", "Planned action failed"), "planned", "failed"),
    _event("changed", Text("Action modifiée", "Action changed"), None, "done"),
    _event("deleted", Text("Action supprimée", "Action deleted"), None, "done"),
    _event("commented", Text("Action commentée", "Action commented on"), None, "done"),
)
