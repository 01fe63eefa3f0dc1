"""Errors of deliveries."""

from relance.core.errors import RelanceError
from relance.core.i18n import Text


class MandateNotActive(RelanceError):
    """Documents are due under an active mandate only."""

    code = "mandate_not_active"
    status = 409
    title = Text("Mandat inactif", "Mandate not active")
    detail = Text(
        "Ce mandat n’est pas actif : aucun dépôt n’est attendu.", "This mandate is not active: nothing is to be sent."
    )


class DeliveryReceived(RelanceError):
    """The documents of this date were received before."""

    code = "delivery_received"
    status = 409
    title = Text("Dépôt déjà reçu", "Delivery already received")
    detail = Text(
        "Les documents de cette échéance sont déjà reçus ; pour en ajouter, écrivez à votre interlocuteur.",
        "The documents of this due date were received already; to add some, write to your contact.",
    )
