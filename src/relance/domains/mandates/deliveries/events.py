"""The events of deliveries: codes and ids only."""

from datetime import date
from uuid import UUID

from pydantic import Field

from relance.capabilities.webhooks.catalogue import Codes, EventData, EventType
from relance.core.i18n import Text


class DeliveryCodes(Codes):
    """What a delivery shows of itself."""

    status: str | None = Field(description="See the lifecycle `mandate_delivery`.")
    mandate_id: UUID | None = Field(description="Of what was planned or withdrawn.")
    due_on: date | None = Field(description="Of what was planned or withdrawn.")
    channel: str | None = Field(description="Of a receipt: `link`, `account` or `elsewhere`.")
    files: int | None = Field(description="Of a receipt: how many files came.")


class DeliveryEventData(EventData):
    """`data` of the events of a delivery."""

    before: DeliveryCodes | None
    after: DeliveryCodes | None


def _event(action: str, title: Text, before: str | None, after: str) -> EventType:
    return EventType(
        f"mandate_delivery.{action}",
        "mandate_delivery",
        title,
        DeliveryEventData,
        before={"status": before} if before else None,
        after={"status": after},
    )


EVENTS = (
    _event("planned", Text("Dépôt prévu", "Delivery planned"), None, "due"),
    _event("withdrawn", Text("Dépôt retiré", "Delivery withdrawn"), None, "due"),
    _event("reminded", Text("Dépôt relancé", "Delivery reminded"), "due", "due"),
    _event("late", Text("Dépôt en retard", "Delivery late"), "due", "late"),
    _event("received", Text("Dépôt reçu", "Delivery received"), "due", "received"),
    _event("received_elsewhere", Text("Dépôt reçu par ailleurs", "Delivery received elsewhere"), "due", "received"),
    _event(
        "undeliverable", Text("Adresse injoignable pour un dépôt", "Address of a delivery unreachable"), "due", "due"
    ),
)
