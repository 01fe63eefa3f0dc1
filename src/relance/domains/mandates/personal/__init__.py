"""What mandates keep of people: the contacts who are asked to join, and texts about their company."""

from functools import partial

from relance.core.i18n import Text
from relance.core.personal import Holding
from relance.domains.mandates.asking import CONTACT_KIND, KIND
from relance.domains.mandates.deliveries.asking import KIND as DELIVERY_KIND
from relance.domains.mandates.models import Mandate, MandateContact, MandateDelivery
from relance.domains.mandates.personal.repository import asked_to_join, deliveries_of_company

_EMPTY = {
    "contact_title": None,
    "contact_first_name": "",
    "contact_last_name": "",
    "contact_email": "",
    "contact_email_key": None,
    "contact_phone": None,
    "decline_reason": None,
}

PERSONAL = (
    Holding(
        "mandates",
        Text("Mandats", "Mandates"),
        Mandate,
        partial(asked_to_join, Mandate),
        cleared=_EMPTY,
        redacted=("cancel_reason",),
        shown=("company_id", "status", "created_at", "accepted_at", "declined_at"),
        asked=KIND,
    ),
    Holding(
        "mandate_contacts",
        Text("Contacts des mandats", "Contacts of mandates"),
        MandateContact,
        partial(asked_to_join, MandateContact),
        cleared=_EMPTY,
        shown=("mandate_id", "status", "created_at", "accepted_at", "declined_at"),
        asked=CONTACT_KIND,
    ),
    Holding(
        "mandates_of_company",
        Text("Mandats de la société", "Mandates of the company"),
        Mandate,
        lambda person: Mandate.company_id == person.company_id,
        redacted=("cancel_reason", "decline_reason"),
        shown=("created_at",),
        near=KIND,
    ),
    Holding(
        "mandate_deliveries",
        Text("Dépôts de la société", "Deliveries of the company"),
        MandateDelivery,
        deliveries_of_company,
        redacted=("comment",),
        shown=("due_on", "status"),
        near=DELIVERY_KIND,
    ),
)
