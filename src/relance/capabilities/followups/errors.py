"""Errors of the follow-ups."""

from relance.core.errors import NotFound
from relance.core.i18n import Text


class UnknownFollowUpDomain(NotFound):
    """No part of the product with that code follows anything up."""

    code = "unknown_follow_up_domain"
    title = Text("Domaine inconnu", "Unknown domain")
    detail = Text(
        "Aucun domaine de ce nom ne fait de relances ; la liste est donnée par la collection.",
        "No domain of this name follows anything up; the collection lists those that do.",
    )
