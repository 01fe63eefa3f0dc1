"""Which rows of sessions are about a person."""

from sqlalchemy import ColumnElement, exists, or_

from relance.core.personal import Person
from relance.domains.sessions.models import DateAnswer, DateProposal, SessionClient, TrainingSession


def clients(person: Person) -> ColumnElement[bool]:
    """The clients whose main contact the person is, or who answered through the person."""
    return or_(SessionClient.contact_id == person.contact_id, SessionClient.answered_by.in_(person.own_emails))


def _of_client(model: type[DateProposal | DateAnswer], person: Person) -> ColumnElement[bool]:
    return exists().where(
        SessionClient.workspace_id == model.workspace_id,
        SessionClient.id == model.session_client_id,
        SessionClient.contact_id == person.contact_id,
    )


def proposals(person: Person) -> ColumnElement[bool]:
    """Proposals to the person."""
    here = _of_client(DateProposal, person)
    return or_(DateProposal.recipient.in_(person.own_emails), here & DateProposal.recipient.in_(person.emails))


def proposals_near(person: Person) -> ColumnElement[bool]:
    """Proposals to the person's company: of which the person may have had a copy."""
    return exists().where(
        SessionClient.workspace_id == DateProposal.workspace_id,
        SessionClient.id == DateProposal.session_client_id,
        SessionClient.company_id == person.company_id,
    )


def answers(person: Person) -> ColumnElement[bool]:
    """Answers that the person gave."""
    here = _of_client(DateAnswer, person)
    return or_(DateAnswer.answered_by.in_(person.own_emails), here & DateAnswer.answered_by.in_(person.emails))


def sessions(person: Person) -> ColumnElement[bool]:
    """Sessions with the person's company among the clients."""
    return exists().where(
        SessionClient.workspace_id == TrainingSession.workspace_id,
        SessionClient.session_id == TrainingSession.id,
        SessionClient.company_id == person.company_id,
    )
