"""What invitations keep of people: the address asked, what it answered, and texts about its company."""

from sqlalchemy import ColumnElement, Text, and_, cast, or_

from relance.core.i18n import Text as Words
from relance.core.personal import Holding, Person
from relance.domains.invitations.asked import KIND
from relance.domains.invitations.models import Invitation, Prequalification


def _theirs(person: Person) -> ColumnElement[bool]:
    at_home = and_(Invitation.company_id == person.company_id, Invitation.email_key.in_(person.emails))
    return or_(Invitation.email_key.in_(person.own_emails), at_home)


PERSONAL = (
    Holding(
        "invitations",
        Words("Invitations", "Invitations"),
        Invitation,
        _theirs,
        # A key of its own: open invitations of one company are told apart by it.
        cleared={"email": "", "email_key": cast(Invitation.id, Text()), "decline_reason": None},
        redacted=("reason",),
        shown=("company_id", "status", "form_status", "created_at", "last_sent_at"),
        asked=KIND,
    ),
    Holding(
        "invitations_of_company",
        Words("Invitations de la société", "Invitations of the company"),
        Invitation,
        lambda person: Invitation.company_id == person.company_id,
        redacted=("reason", "decline_reason"),
        shown=("created_at",),
        near=KIND,
    ),
    Holding(
        "prequalifications",
        Words("Préqualification de la société", "Prequalification of the company"),
        Prequalification,
        lambda person: Prequalification.company_id == person.company_id,
        redacted=("answers", "draft"),
        shown=("form_status", "completed_at"),
        near="prequalification",
    ),
)
