"""Which rows of mandates are about a person."""

from sqlalchemy import ColumnElement, and_, exists, or_

from relance.core.personal import Person
from relance.domains.mandates.models import Mandate, MandateContact, MandateDelivery


def asked_to_join(model: type[Mandate | MandateContact], person: Person) -> ColumnElement[bool]:
    """Whether the person is who is asked: known as this contact, or by an address."""
    here: ColumnElement[bool] = Mandate.company_id == person.company_id
    if model is MandateContact:
        here = exists().where(
            Mandate.workspace_id == MandateContact.workspace_id,
            Mandate.id == MandateContact.mandate_id,
            Mandate.company_id == person.company_id,
        )
    return or_(
        model.contact_id == person.contact_id,
        model.contact_email_key.in_(person.own_emails),
        and_(here, model.contact_email_key.in_(person.emails)),
    )


def deliveries_of_company(person: Person) -> ColumnElement[bool]:
    """What is due from the person's company."""
    return exists().where(
        Mandate.workspace_id == MandateDelivery.workspace_id,
        Mandate.id == MandateDelivery.mandate_id,
        Mandate.company_id == person.company_id,
    )
