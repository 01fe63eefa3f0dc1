"""What long work keeps of people: the rows of imports, and the filters of exports."""

from relance.capabilities.jobs.models import Job, JobItem
from relance.capabilities.jobs.personal.repository import items
from relance.core.i18n import Text
from relance.core.personal import Holding, naming

PERSONAL = (
    Holding(
        "job_items",
        Text("Lignes d’imports", "Rows of imports"),
        JobItem,
        items,
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
