"""Errors of this domain."""

from datetime import UTC, datetime
from uuid import UUID

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


class TooRecent(RelanceError):
    """Less than 24 h since the last link-bearing mail to this address."""

    code = "too_recent"
    status = 409
    title = Text("Dernier envoi trop récent", "Last mail too recent")
    detail = Text(
        "Moins de 24 heures depuis le dernier envoi à cette adresse ; possible à partir du {retry_at}.",
        "Less than 24 hours since the last mail to this address; possible from {retry_at}.",
    )

    def __init__(self, retry_at: datetime) -> None:
        super().__init__(retry_at=retry_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"))


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


class AddressUndeliverable(RelanceError):
    """Mail to this address was refused for good."""

    code = "undeliverable"
    status = 409
    title = Text("Adresse injoignable", "Address unreachable")
    detail = Text(
        "Le serveur de courrier a refusé cette adresse définitivement ; corrigez-la d’abord.",
        "The mail server refused this address for good; correct it first.",
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
