"""Errors of this domain."""

from collections.abc import Sequence
from types import MappingProxyType

# The pace of a cycle is the product's, not this domain's; its refusals read as errors of the domain all the same.
from relance.capabilities.cycles.lifecycle import AddressUndeliverable as AddressUndeliverable
from relance.capabilities.messaging.gap import TooRecent as TooRecent
from relance.core.errors import RelanceError
from relance.core.i18n import Text


class MandateIncomplete(RelanceError):
    """Something is missing before the mandate can be submitted."""

    code = "mandate_incomplete"
    status = 409
    title = Text("Mandat incomplet", "Mandate incomplete")
    detail = Text(
        "Il manque encore : {missing}. Voir « completeness ».", "Still missing: {missing}. See “completeness”."
    )
    example = MappingProxyType({"missing": ["contact_email", "owner"]})

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(missing=list(missing))


class FeatureNotSubscribed(RelanceError):
    """A field belongs to a feature that the workspace has not subscribed to."""

    code = "feature_not_subscribed"
    status = 422
    title = Text("Option non souscrite", "Feature not subscribed")
    detail = Text(
        "L’abonnement de cet espace ne comprend pas « {feature} ».",
        "The subscription of this workspace does not include “{feature}”.",
    )
    example = MappingProxyType({"feature": "passthrough"})

    def __init__(self, feature: str) -> None:
        super().__init__(feature=feature)


class ContactFixed(RelanceError):
    """The contact has accepted; who it is does not change any more."""

    code = "contact_fixed"
    status = 409
    title = Text("Contact fixé", "Contact fixed")
    detail = Text(
        "Le contact a accepté ce mandat : il ne peut plus être changé.",
        "The contact has accepted this mandate: it cannot be changed any more.",
    )


class LastTeamMember(RelanceError):
    """A submitted mandate keeps at least one active owner and one active agent."""

    code = "last_team_member"
    status = 409
    title = Text("Dernier propriétaire ou agent", "Last owner or agent")
    detail = Text(
        "Un mandat garde au moins un propriétaire et un agent actifs ; il manquerait : {role}.",
        "A mandate keeps at least one active owner and one active agent; missing would be: {role}.",
    )
    example = MappingProxyType({"role": "owner"})

    def __init__(self, role: str) -> None:
        super().__init__(role=role)


class AccountDeactivated(RelanceError):
    """The contact's account was closed by the firm."""

    code = "account_deactivated"
    status = 409
    title = Text("Compte désactivé", "Account deactivated")
    detail = Text(
        "Le compte de cette adresse est désactivé ; écrivez à la personne qui vous invite.",
        "The account of this address is deactivated; write to the person who invites you.",
    )


class MandateAnswered(RelanceError):
    """The contact has answered otherwise before, or the firm has withdrawn the mandate."""

    code = "mandate_answered"
    status = 409
    title = Text("Mandat déjà traité", "Mandate already settled")
    detail = Text(
        "Ce mandat n’attend plus de réponse : il a été refusé ou retiré.",
        "This mandate waits for no answer any more: it was declined or withdrawn.",
    )
