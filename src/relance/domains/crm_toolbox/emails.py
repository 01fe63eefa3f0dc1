"""The mails of this domain, each a typed model of its placeholders. They go to users of the workspace alone."""

from typing import Annotated, ClassVar

from relance.capabilities.messaging.mails import Mail, Placeholders, hint
from relance.core.i18n import Text

_RecipientEmail = Annotated[str, hint("Adresse du destinataire", "The recipient’s address", "paul@vasseur.example")]
_Addressee = Annotated[str, hint("Nom du destinataire", "Name of the recipient", "Paul Girard")]
_Author = Annotated[str, hint("Nom de l’auteur", "Name of the author", "Claire Vasseur")]
_Action = Annotated[str, hint("Action effectuée", "The action", "Info", "Info")]
_Customers = Annotated[
    str, hint("Sociétés et contacts concernés", "Companies and contacts", "Camille Martin (Fonderie Martin)")
]
_At = Annotated[
    str,
    hint(
        "Date de l’action",
        "When",
        "8 décembre 2026 à 09:00 (Europe/Paris)",
        "December 8, 2026 at 09:00 (Europe/Paris)",
    ),
]
_Description = Annotated[str, hint("Texte de l’action, ou vide", "Its words, or empty", "À rappeler.", "Call back.")]
_Comment = Annotated[str, hint("Texte du commentaire", "Words of the comment", "C’est fait.", "Done.")]
_Workspace = Annotated[str, hint("Nom de l’espace de travail", "Name of the workspace", "Groupe Vasseur")]
_Owner = Annotated[str, hint("À qui c’est attribué", "To whom it is assigned", "Paul Girard")]


class EntryFacts(Placeholders):
    """What was done, with whom, when."""

    action: _Action
    customers: _Customers
    at: _At
    description: _Description


class _OfEntry(Placeholders):
    recipient_email: _RecipientEmail
    addressee: _Addressee
    author: _Author
    workspace: _Workspace
    entry: EntryFacts


class EntryMail(_OfEntry, Mail):
    """Action enregistrée: tells a participant of an entry."""

    key: ClassVar[str] = "crm_toolbox.entry"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Action enregistrée", "Action recorded")
    about: ClassVar[Text | None] = Text(
        "Informe un participant d’une action menée avec un client.",
        "Tells a participant what was done with a customer.",
    )


class CommentMail(_OfEntry, Mail):
    """Commentaire ajouté: tells a participant what was said about an entry."""

    key: ClassVar[str] = "crm_toolbox.comment"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Commentaire ajouté", "Comment added")
    about: ClassVar[Text | None] = Text(
        "Informe un participant d’un commentaire sur une action.", "Tells a participant of a comment on an action."
    )

    comment: _Comment


class CalendarMail(_OfEntry, Mail):
    """Ajout calendrier: the entry for the calendar of whoever has written the note."""

    key: ClassVar[str] = "crm_toolbox.calendar"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Ajout calendrier", "Calendar entry")
    about: ClassVar[Text | None] = Text(
        "Envoie à l’auteur d’une note l’entrée de son agenda.", "Sends the author of a note the entry for the calendar."
    )


class AssignedMail(_OfEntry, Mail):
    """Client attribué: tells somebody that companies or contacts are theirs from now on."""

    key: ClassVar[str] = "crm_toolbox.assigned"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Client attribué", "Customer assigned")
    about: ClassVar[Text | None] = Text(
        "Dit à un utilisateur que des clients lui sont attribués.", "Tells a user that customers are assigned to them."
    )

    owner: _Owner


MAILS: tuple[type[Mail], ...] = (EntryMail, CommentMail, CalendarMail, AssignedMail)
