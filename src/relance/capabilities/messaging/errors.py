"""Faults of messaging, which end in a message's row (no caller waits for a mail), and refusals of its API."""

from datetime import UTC, datetime
from types import MappingProxyType

from relance.core.errors import RelanceError
from relance.core.i18n import Text


class MessagingFault(Exception):
    """Base of what makes one message undeliverable; `reason` is the stable code its row keeps."""

    reason: str = "fault"


class TemplateFault(MessagingFault):
    """A template is missing, does not compile, or names a placeholder that its mail does not have."""

    reason = "template_fault"


class HeaderRefused(MessagingFault):
    """A header would hold what no header may: control characters, an encoded word of the user's, an extra field."""

    reason = "header_refused"


class AddressRefused(MessagingFault):
    """The address cannot be written in SMTP: its local part needs an extension that relays rarely have."""

    reason = "address_unwritable"


class AttachmentGone(MessagingFault):
    """A file that the mail carries is no longer kept."""

    reason = "attachment_gone"


class MessageExpired(RelanceError):
    """Too late for this mail: what it says no longer holds."""

    code = "message_expired"
    status = 409
    title = Text("Message périmé", "Mail out of date")
    detail = Text(
        "Ce message ne devait plus partir après le {expires_at} ; relancez plutôt son sujet.",
        "This mail was not to leave after {expires_at}; ask again from its subject instead.",
    )
    example = MappingProxyType({"expires_at": "2026-12-23T09:00:00Z"})

    def __init__(self, expires_at: datetime) -> None:
        super().__init__(expires_at=expires_at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"))


class MessageNotWanted(RelanceError):
    """Its subject no longer stands as the mail says."""

    code = "message_not_wanted"
    status = 409
    title = Text("Message devenu sans objet", "Mail no longer wanted")
    detail = Text(
        "Ce que ce message annonce n’est plus d’actualité : il ne serait pas envoyé.",
        "What this mail says no longer holds: it would not be sent.",
    )


class AddressSuppressed(RelanceError):
    """The address gets no mail."""

    code = "address_suppressed"
    status = 409
    title = Text("Adresse bloquée", "Address suppressed")
    detail = Text(
        "Plus aucun message ne part vers cette adresse (motif : {reason}).",
        "No mail leaves for this address any more (reason: {reason}).",
    )
    #: `liftable`: whether `lift_suppression` may lift it; a wish of the address's owner may not.
    example = MappingProxyType({"reason": "5.1.1", "liftable": True})


class MessageNotRenderable(RelanceError):
    """Its words cannot be made from what was asked: a template or a placeholder is at fault."""

    code = "message_not_renderable"
    status = 409
    title = Text("Message impossible à préparer", "Mail cannot be rendered")
    detail = Text(
        "Ce message ne peut pas être préparé : {fault}.",
        "This mail cannot be rendered: {fault}.",
    )
    example = MappingProxyType({"fault": "invitations.invitation in fr: 'partner' is undefined"})


class AttachmentsTooLarge(RelanceError):
    """The files of one mail are bounded together."""

    code = "attachments_too_large"
    status = 422
    title = Text("Pièces jointes trop volumineuses", "Attachments too large")
    detail = Text(
        "Les pièces jointes pèsent {size} ensemble ; {limit} au plus.",
        "The attachments are {size} together; {limit} at most.",
    )
    example = MappingProxyType({"size": "24 Mo", "limit": "20 Mo"})
