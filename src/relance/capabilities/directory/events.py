"""The events of the directory: that something changed and which fields, never what they hold."""

from pydantic import Field

from relance.capabilities.webhooks.catalogue import Codes, EventData, EventType
from relance.core.i18n import Text


class DirectoryCodes(Codes):
    """What a company or a contact shows of a change."""

    fields: list[str] | None = Field(description="Names of the fields that were given.")


class DirectoryEventData(EventData):
    """`data` of the events of a company or a contact."""

    before: DirectoryCodes | None
    after: DirectoryCodes | None


EVENTS = (
    EventType(
        "company.created",
        "company",
        Text("Société créée", "Company created"),
        DirectoryEventData,
    ),
    EventType(
        "company.changed",
        "company",
        Text("Société modifiée", "Company changed"),
        DirectoryEventData,
        after={"fields": ["name"]},
    ),
    EventType(
        "company.deleted",
        "company",
        Text("Société supprimée", "Company deleted"),
        DirectoryEventData,
    ),
    EventType(
        "contact.deleted",
        "contact",
        Text("Contact supprimé", "Contact deleted"),
        DirectoryEventData,
    ),
    EventType(
        "contact.created",
        "contact",
        Text("Contact créé", "Contact created"),
        DirectoryEventData,
        after={"fields": ["last_name"]},
    ),
    EventType(
        "contact.changed",
        "contact",
        Text("Contact modifié", "Contact changed"),
        DirectoryEventData,
        after={"fields": ["last_name"]},
    ),
)
