"""Errors of sendings."""

from types import MappingProxyType
from uuid import UUID

from relance.core.errors import RelanceError
from relance.core.i18n import Text
from relance.domains.crm_toolbox.sendings.lifecycle import reason_label


class ContactNotMailable(RelanceError):
    """Nothing may or can be sent to the contact."""

    code = "contact_not_mailable"
    status = 409
    title = Text("Envoi impossible à ce contact", "Nothing can be sent to this contact")
    detail = Text(
        "Rien ne peut être envoyé au contact {contact_id} : {reason_label}.",
        "Nothing can be sent to the contact {contact_id}: {reason_label}.",
    )
    example = MappingProxyType(
        {
            "contact_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a11",
            "reason": "inactive",
            "reason_label": "contact inactif",
        }
    )

    def __init__(self, contact_id: UUID, reason: str) -> None:
        super().__init__(contact_id=str(contact_id), reason=reason, reason_label=reason_label(reason).in_locale())
