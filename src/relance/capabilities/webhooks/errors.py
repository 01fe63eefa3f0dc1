"""Refusals of the webhooks' API."""

from types import MappingProxyType

from relance.core.errors import RelanceError
from relance.core.i18n import Text


class EndpointDisabled(RelanceError):
    """Nothing is sent to a disabled endpoint."""

    code = "webhook_endpoint_disabled"
    status = 409
    title = Text("Webhook désactivé", "Webhook disabled")
    detail = Text(
        "Rien n’est envoyé à un webhook désactivé : activez-le d’abord.",
        "Nothing is sent to a disabled webhook: enable it first.",
    )


class DeliveryUnderWay(RelanceError):
    """The event is on its way to this endpoint already."""

    code = "webhook_delivery_under_way"
    status = 409
    title = Text("Envoi en cours", "Delivery under way")
    detail = Text(
        "Cet événement est déjà en route vers ce webhook.", "This event is on its way to this webhook already."
    )


class ReplayTooLarge(RelanceError):
    """The period holds more events than one replay takes."""

    code = "webhook_replay_too_large"
    status = 422
    title = Text("Période trop longue", "Period too long")
    detail = Text(
        "Cette période compte plus de {most} événements : rejouez-la par morceaux.",
        "This period holds more than {most} events: replay it in parts.",
    )
    example = MappingProxyType({"most": 100000})
