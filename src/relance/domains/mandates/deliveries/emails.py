"""The mails about deliveries, each a typed model of its placeholders."""

from typing import ClassVar

from relance.capabilities.messaging.mails import Mail, Placeholders
from relance.domains.mandates.emails import CompanyFacts, FirmFacts, RequesterFacts


class _Delivery(Placeholders):
    recipient_email: str
    company: CompanyFacts
    organisation: FirmFacts
    requester: RequesterFacts
    #: What is to be handed in, in words.
    asked: str
    #: The due date in words, included.
    due_on: str


class UploadDueMail(_Delivery, Mail):
    """Dépôt attendu: asks those of the company for the documents, before and after the due date."""

    key: ClassVar[str] = "mandates.upload_due"
    link_bearing: ClassVar[bool] = True

    link: str
    #: Whose address it is.
    addressee: str
    late: bool


class UploadReceivedMail(_Delivery, Mail):
    """Dépôt reçu: to owners and agents."""

    key: ClassVar[str] = "mandates.upload_received"
    link_bearing: ClassVar[bool] = False

    received_on: str
    channel: str
    #: How many there are.
    files: str
    #: Of whoever handed in; empty where there is none.
    comment: str
    late: bool
    reference: str


class UploadLateMail(_Delivery, Mail):
    """Dépôt en retard: tells the owners that the due date has passed without documents."""

    key: ClassVar[str] = "mandates.upload_late"
    link_bearing: ClassVar[bool] = False

    reference: str


MAILS: tuple[type[Mail], ...] = (UploadDueMail, UploadReceivedMail, UploadLateMail)
