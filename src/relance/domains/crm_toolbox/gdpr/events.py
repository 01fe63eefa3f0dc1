"""The events of consents: codes and ids only."""

from pydantic import Field

from relance.capabilities.webhooks.catalogue import Codes, EventData, EventType
from relance.core.i18n import Text


class ConsentCodes(Codes):
    """What a consent shows of itself."""

    status: str | None = Field(description="See the lifecycle `consent`.")
    how: str | None = Field(description="`link`, `user` or `worker`.")


class ConsentEventData(EventData):
    """`data` of the events of a consent; its id is the contact's."""

    before: ConsentCodes | None
    after: ConsentCodes | None


def _event(action: str, title: Text, before: str, after: str) -> EventType:
    return EventType(
        f"consent.{action}",
        "consent",
        title,
        ConsentEventData,
        before={"status": before},
        after={"status": after},
    )


EVENTS = (
    _event("asked", Text("Consentement demandé", "Consent asked for"), "none", "pending"),
    _event("accepted", Text("Consentement donné", "Consent given"), "pending", "accepted"),
    _event("refused", Text("Consentement refusé", "Consent refused"), "pending", "refused"),
    _event("withdrawn", Text("Consentement retiré", "Consent withdrawn"), "accepted", "refused"),
    _event("kept", Text("Vidage annulé", "Emptying cancelled"), "pending", "pending"),
    _event("emptied", Text("Contact vidé", "Contact emptied"), "refused", "emptied"),
)
