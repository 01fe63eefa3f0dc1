"""Which entries of the infobox are about a person, alone or among others."""

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, literal, not_, or_, select
from sqlalchemy.orm import aliased

from relance.core.personal import Person
from relance.domains.crm_toolbox.models import InfoboxComment, InfoboxEntry, InfoboxTarget
from relance.domains.crm_toolbox.sendings.models import ProfileRecipient, ProfileSending


def _entry_of(model: type[InfoboxEntry | InfoboxComment]) -> Any:
    return model.entry_id if issubclass(model, InfoboxComment) else model.id


def _others(model: type[InfoboxEntry | InfoboxComment], person: Person) -> ColumnElement[bool]:
    """Whether the entry is about anything besides the person."""
    target = aliased(InfoboxTarget)
    return exists().where(
        target.workspace_id == model.workspace_id,
        target.entry_id == _entry_of(model),
        func.coalesce(target.contact_id, target.company_id) != person.contact_id,
    )


def alone(model: type[InfoboxEntry | InfoboxComment], person: Person) -> ColumnElement[bool]:
    """Entries about the person and nobody else; or what is said about those."""
    theirs = select(InfoboxTarget.entry_id).where(InfoboxTarget.contact_id == person.contact_id)
    return and_(_entry_of(model).in_(theirs), not_(_others(model, person)))


def among_others(model: type[InfoboxEntry | InfoboxComment], person: Person) -> ColumnElement[bool]:
    """Entries about the person and others, or about the person's company; or what is said about those."""
    near = select(InfoboxTarget.entry_id).where(
        or_(InfoboxTarget.contact_id == person.contact_id, InfoboxTarget.company_id == person.company_id)
    )
    return and_(_entry_of(model).in_(near), _others(model, person))


#: Of what an action was given, all but what an action of the workspace's own is called.
BARE_CONTENT = func.jsonb_strip_nulls(func.jsonb_build_object(literal("label"), InfoboxEntry.content["label"]))


def _recipients(person: Person) -> tuple[ColumnElement[bool], ColumnElement[bool], ColumnElement[bool]]:
    """Whether a sending goes to the person, to anybody else, and to the person's company."""
    one = ProfileRecipient
    of_sending = and_(one.workspace_id == ProfileSending.workspace_id, one.sending_id == ProfileSending.id)
    theirs = exists().where(of_sending, one.contact_id == person.contact_id)
    others = exists().where(of_sending, one.contact_id != person.contact_id)
    return theirs, others, exists().where(of_sending, one.company_id == person.company_id)


def sendings(person: Person) -> ColumnElement[bool]:
    """Sendings to the person and nobody else."""
    theirs, others, _ = _recipients(person)
    return and_(theirs, not_(others))


def sendings_near(person: Person) -> ColumnElement[bool]:
    """Sendings to the person and others, or to the person's company: their words may name the person."""
    theirs, others, company = _recipients(person)
    return and_(others, theirs | company)
