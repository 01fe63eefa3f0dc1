"""Which entries of the infobox are about a person, alone or among others."""

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, literal, not_
from sqlalchemy.orm import aliased

from relance.core.personal import Person
from relance.domains.crm_toolbox.models import InfoboxComment, InfoboxEntry, InfoboxTarget


def _targets(person: Person, entry: Any) -> tuple[ColumnElement[bool], ColumnElement[bool], ColumnElement[bool]]:
    """Whether the entry `entry` is about the person, about anything else, and about the person's company."""
    target = aliased(InfoboxTarget)
    of_entry = and_(target.workspace_id == entry.workspace_id, target.entry_id == _id_of(entry))
    theirs = exists().where(of_entry, target.contact_id == person.contact_id)
    others = exists().where(of_entry, func.coalesce(target.contact_id, target.company_id) != person.contact_id)
    return theirs, others, exists().where(of_entry, target.company_id == person.company_id)


def _id_of(entry: Any) -> Any:
    return entry.entry_id if entry is InfoboxComment else entry.id


def alone(model: type[InfoboxEntry | InfoboxComment], person: Person) -> ColumnElement[bool]:
    """Entries about the person and nobody else; or what is said about those."""
    theirs, others, _ = _targets(person, model)
    return and_(theirs, not_(others))


def among_others(model: type[InfoboxEntry | InfoboxComment], person: Person) -> ColumnElement[bool]:
    """Entries about the person and others, or about the person's company; or what is said about those."""
    theirs, others, company = _targets(person, model)
    return and_(others, theirs | company)


#: Of what an action was given, all but what an action of the workspace's own is called.
BARE_CONTENT = func.jsonb_strip_nulls(func.jsonb_build_object(literal("label"), InfoboxEntry.content["label"]))
