"""Errors of this domain."""

from uuid import UUID

# The pace of a cycle is the product's, not this domain's; its refusals read as errors of the domain all the same.
from relance.capabilities.cycles.lifecycle import AddressUndeliverable as AddressUndeliverable
from relance.capabilities.messaging.gap import TooRecent as TooRecent
from relance.core.errors import RelanceError
from relance.core.i18n import Text


class PrequalificationValid(RelanceError):
    """The partner's form is completed and valid: there is nothing to ask."""

    code = "prequalification_valid"
    status = 409
    title = Text("Préqualification déjà valide", "Prequalification already valid")
    detail = Text(
        "Ce partenaire a complété son formulaire, qui est encore valide.",
        "This partner has completed its form, which is still valid.",
    )


class AlreadyOpen(RelanceError):
    """An open row exists for the same organisation, partner and address."""

    code = "already_open"
    status = 409
    title = Text("Invitation déjà en cours", "Invitation already open")
    detail = Text(
        "Une invitation est déjà en cours pour ce partenaire à cette adresse : {invitation_id}.",
        "An invitation is already open for this partner at this address: {invitation_id}.",
    )

    def __init__(self, invitation_id: UUID) -> None:
        super().__init__(invitation_id=str(invitation_id))


class InvitationArchived(RelanceError):
    """An archived row is not chased."""

    code = "archived"
    status = 409
    title = Text("Invitation archivée", "Invitation archived")
    detail = Text("Désarchivez l’invitation d’abord.", "Unarchive the invitation first.")


class AlreadyArchived(RelanceError):
    """It is archived already."""

    code = "already_archived"
    status = 409
    title = Text("Déjà archivée", "Already archived")
    detail = Text("Cette invitation est déjà archivée.", "This invitation is already archived.")


class NotArchived(RelanceError):
    """It is not archived."""

    code = "not_archived"
    status = 409
    title = Text("Non archivée", "Not archived")
    detail = Text("Cette invitation n’est pas archivée.", "This invitation is not archived.")


class RecipientDeclined(RelanceError):
    """The partner asked not to be contacted."""

    code = "recipient_declined"
    status = 409
    title = Text("Le partenaire a décliné", "The partner declined")
    detail = Text(
        "Le partenaire a demandé à ne plus être sollicité par cette invitation.",
        "The partner asked not to be contacted for this invitation any more.",
    )


class AlreadyAnswered(RelanceError):
    """The form was submitted already, with other answers."""

    code = "already_answered"
    status = 409
    title = Text("Formulaire déjà envoyé", "Form already submitted")
    detail = Text(
        "Ce formulaire a déjà été envoyé ; les réponses enregistrées restent valables.",
        "This form was submitted already; the recorded answers stand.",
    )
