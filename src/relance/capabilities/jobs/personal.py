"""What long work keeps of people: the rows of imports, and the filters of exports."""

from sqlalchemy import ColumnElement, and_, or_

from relance.capabilities.jobs.models import Job, JobItem
from relance.core.i18n import Text
from relance.core.personal import Holding, Person, naming


def _rows(person: Person) -> ColumnElement[bool]:
    named = naming(person.needles, JobItem.reference, JobItem.cells, JobItem.errors)
    return or_(and_(JobItem.subject_kind == "contact", JobItem.subject_id == person.contact_id), named)


PERSONAL = (
    Holding(
        "job_items",
        Text("Lignes d’imports", "Rows of imports"),
        JobItem,
        _rows,
        cleared={"reference": None, "cells": None},
        redacted=("errors",),
        shown=("job_id", "number", "outcome"),
    ),
    Holding(
        "jobs",
        Text("Filtres d’exports", "Filters of exports"),
        Job,
        lambda person: naming(person.mentions, Job.parameters),
        redacted=("parameters",),
        shown=("kind", "created_at"),
    ),
)
