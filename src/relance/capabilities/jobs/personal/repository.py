"""Which rows of jobs are about a person."""

from sqlalchemy import ColumnElement, and_, exists, or_

from relance.capabilities.jobs.models import Job, JobItem
from relance.core.personal import Person, naming


def items(person: Person) -> ColumnElement[bool]:
    """Rows that made or changed the contact; and by their words those that no contact's id tells.

    Those are few beside the rows of an import that went well, whose words need not be read: refused rows, rows about
    something else, and what a dry run has only tried.
    """
    tried = exists().where(Job.workspace_id == JobItem.workspace_id, Job.id == JobItem.job_id, Job.dry_run)
    untold = or_(JobItem.failed, JobItem.subject_kind.is_distinct_from("contact"), tried)
    named = naming(person.needles, JobItem.reference, JobItem.cells, JobItem.errors)
    return or_(and_(JobItem.subject_kind == "contact", JobItem.subject_id == person.contact_id), and_(untold, named))
