"""The mails about deliveries, each a typed model of its placeholders."""

from typing import Annotated, ClassVar

from relance.capabilities.messaging.mails import Mail, Placeholders, hint
from relance.core.i18n import Text
from relance.domains.mandates.emails import CompanyFacts, FirmFacts, RequesterFacts

_RecipientEmail = Annotated[str, hint("Adresse du destinataire", "The recipient’s address", "camille@martin.example")]
_Asked = Annotated[str, hint("Ce qui est attendu", "What is asked", "Vos documents du mois", "Your monthly documents")]
_DueOn = Annotated[str, hint("Échéance, incluse", "Due date, included", "31 janvier 2027", "January 31, 2027")]
_Addressee = Annotated[str, hint("Nom du destinataire", "Name of the recipient", "Camille Martin")]
_Late = Annotated[bool, hint("Si l’échéance est passée", "Whether the due date has passed", "oui", "yes")]
_ReceivedOn = Annotated[str, hint("Date du dépôt", "Date of the upload", "30 janvier 2027", "January 30, 2027")]
_Channel = Annotated[str, hint("Comment il est venu", "How it came", "par le lien", "through the link")]
_Files = Annotated[str, hint("Nombre de fichiers", "Number of files", "2")]
_Comment = Annotated[str, hint("Commentaire, ou vide", "Comment, or empty", "Le mois est complet.", "It is complete.")]
_Reference = Annotated[
    str, hint("Référence du mandat", "Reference of the mandate", "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10")
]


class _Delivery(Placeholders):
    recipient_email: _RecipientEmail
    company: CompanyFacts
    organisation: FirmFacts
    requester: RequesterFacts
    #: What is to be handed in, in words.
    asked: _Asked
    #: The due date in words, included.
    due_on: _DueOn


class UploadDueMail(_Delivery, Mail):
    """Dépôt attendu: asks those of the company for the documents, before and after the due date."""

    key: ClassVar[str] = "mandates.upload_due"
    link_bearing: ClassVar[bool] = True
    label: ClassVar[Text | None] = Text("Dépôt attendu", "Upload due")
    about: ClassVar[Text | None] = Text(
        "Demande les documents, avant et après l’échéance.", "Asks for the documents, before and after the due date."
    )

    link: str
    #: Whose address it is.
    addressee: _Addressee
    late: _Late


class UploadReceivedMail(_Delivery, Mail):
    """Dépôt reçu: to owners and agents."""

    key: ClassVar[str] = "mandates.upload_received"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Dépôt reçu", "Upload received")
    about: ClassVar[Text | None] = Text(
        "Dit à l’équipe que les documents sont là.", "Tells the team that the documents have come."
    )

    received_on: _ReceivedOn
    channel: _Channel
    #: How many there are.
    files: _Files
    #: Of whoever handed in; empty where there is none.
    comment: _Comment
    late: _Late
    reference: _Reference


class UploadLateMail(_Delivery, Mail):
    """Dépôt en retard: tells the owners that the due date has passed without documents."""

    key: ClassVar[str] = "mandates.upload_late"
    link_bearing: ClassVar[bool] = False
    label: ClassVar[Text | None] = Text("Dépôt en retard", "Upload late")
    about: ClassVar[Text | None] = Text(
        "Dit aux propriétaires que l’échéance est passée.", "Tells the owners that the due date has passed."
    )

    reference: _Reference


MAILS: tuple[type[Mail], ...] = (UploadDueMail, UploadReceivedMail, UploadLateMail)
