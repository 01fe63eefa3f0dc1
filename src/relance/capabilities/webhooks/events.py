"""The events of webhooks themselves: what an integration is told about its own endpoints."""

from pydantic import Field

from relance.capabilities.webhooks.catalogue import Codes, EventData, EventType
from relance.core.i18n import Text

KIND = "webhook_endpoint"
#: Goes to the endpoint that is tested, and to no other.
TESTED = "webhook_endpoint.tested"
DISABLED = "webhook_endpoint.disabled"


class EndpointCodes(Codes):
    """What an endpoint shows of itself."""

    enabled: bool | None
    reason: str | None = Field(description="Why it was disabled: `by_user`, `gone`, `failing`.")


class EndpointEventData(EventData):
    """`data` of the events of a webhook endpoint."""

    before: EndpointCodes | None
    after: EndpointCodes | None


EVENTS = (
    EventType(
        TESTED,
        KIND,
        Text("Webhook testé", "Webhook tested"),
        EndpointEventData,
        after={"enabled": True},
    ),
    EventType(
        DISABLED,
        KIND,
        Text("Webhook désactivé", "Webhook disabled"),
        EndpointEventData,
        before={"enabled": True},
        after={"enabled": False, "reason": "failing"},
    ),
)
