"""Errors about consents."""

from relance.core.errors import RelanceError
from relance.core.i18n import Text


class GdprSwitchedOff(RelanceError):
    """The workspace does not use consents."""

    code = "gdpr_switched_off"
    status = 409
    title = Text("RGPD non activé", "GDPR not switched on")
    detail = Text(
        "La gestion du consentement n’est pas activée dans cet espace de travail.",
        "Consents are not switched on in this workspace.",
    )


class NothingPlanned(RelanceError):
    """No emptying is planned that could be cancelled."""

    code = "no_emptying_planned"
    status = 409
    title = Text("Aucun vidage prévu", "No emptying planned")
    detail = Text("Aucun vidage n’est prévu pour ce contact.", "No emptying is planned for this contact.")


class NoAddress(RelanceError):
    """A consent is asked for by mail, and the contact has no address."""

    code = "contact_without_address"
    status = 409
    title = Text("Contact sans adresse", "Contact without an address")
    detail = Text(
        "Ce contact n’a pas d’adresse e-mail ; demandez sans e-mail, avec une justification.",
        "This contact has no e-mail address; ask without a mail, with a justification.",
    )


class InactiveContact(RelanceError):
    """Inactive contacts are left out of sendings."""

    code = "contact_inactive"
    status = 409
    title = Text("Contact inactif", "Inactive contact")
    detail = Text("Aucun message ne part vers un contact inactif.", "No mail leaves for an inactive contact.")
