"""From entries of the feed to events, as the feed and the webhooks show them alike."""

from relance.capabilities.webhooks.catalogue import Catalogue
from relance.capabilities.webhooks.feed.repository import Entry
from relance.capabilities.webhooks.feed.schemas import EventActor, EventRead, EventSubject


def event_read(entry: Entry, catalogue: Catalogue) -> EventRead:
    """The event of `entry`, whose type the catalogue has."""
    event, journal = entry.event, entry.journal
    kind = catalogue[event.type]
    return EventRead(
        id=event.id,
        position=event.position,
        type=event.type,
        version=kind.version,
        at=event.at,
        actor=EventActor(kind=journal.actor_kind, id=journal.actor_id),
        subject=EventSubject(kind=event.subject_kind, id=event.subject_id),
        data=kind.payload(journal.before, journal.after, journal.company_id, journal.contact_id),
    )
