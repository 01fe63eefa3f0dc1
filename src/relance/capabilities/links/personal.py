"""What links keep of people: the address that a link was made for."""

from sqlalchemy import ColumnElement, and_, func, or_, tuple_

from relance.capabilities.links.models import ActionLink
from relance.core.i18n import Text
from relance.core.personal import Holding, Person


def _theirs(person: Person) -> ColumnElement[bool]:
    """Links to the person; of what the person is asked by, those to an earlier address too."""
    subject = tuple_(ActionLink.subject_kind, ActionLink.subject_id)
    near = and_(subject.in_([(one.kind, one.id) for one in person.near]), ActionLink.recipient.in_(person.emails))
    asked = subject.in_([(one.kind, one.id) for one in person.asked])
    return or_(ActionLink.recipient.in_(person.own_emails), asked, near)


#: Revoked for good: the token opens nothing, and says nothing of whom it was for.
PERSONAL = (
    Holding(
        "links",
        Text("Liens", "Links"),
        ActionLink,
        _theirs,
        cleared={"recipient": "", "revoked_at": lambda person: func.coalesce(ActionLink.revoked_at, person.at)},
        shown=("subject_kind", "subject_id", "created_at"),
    ),
)
