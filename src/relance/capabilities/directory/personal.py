"""What the directory keeps of people: the contact itself, and views that look for it."""

from relance.capabilities.directory.models import ConsentRecord, Contact, SavedView
from relance.core.i18n import Text
from relance.core.personal import Holding, naming

#: The subject kind of a contact's consent; its id is the contact's.
CONSENT = "consent"

PERSONAL = (
    Holding(
        "contact",
        Text("Fiche du contact", "The contact’s entry"),
        Contact,
        lambda person: Contact.id == person.contact_id,
        cleared={
            "first_name": "",
            "last_name": "",
            "email": None,
            "other_emails": [],
            "phone": None,
            "other_phones": [],
            "external_id": None,
            "tags": [],
            "custom_fields": {},
            "active": False,
        },
        shown=("company_id", "status", "locale", "created_at"),
        asked=CONSENT,
    ),
    Holding(
        "consent",
        Text("Consentement", "Consent"),
        ConsentRecord,
        lambda person: ConsentRecord.contact_id == person.contact_id,
        cleared={"justification": None},
        shown=("action", "at", "how", "wording", "locale"),
    ),
    Holding(
        "saved_views",
        Text("Vues enregistrées", "Saved views"),
        SavedView,
        lambda person: naming(person.mentions, SavedView.filters, SavedView.name),
        shown=("name", "filters"),
        removed=True,
    ),
)
