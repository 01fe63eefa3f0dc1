"""Reading the feed."""

from uuid import UUID

from relance.capabilities.webhooks.catalogue import Catalogue
from relance.capabilities.webhooks.feed.repository import EventFilter, FeedRepository
from relance.capabilities.webhooks.feed.schemas import EventFilterQuery, EventRead
from relance.capabilities.webhooks.feed.views import event_read
from relance.core.db import DbSession
from relance.core.errors import NotFound, ValidationFailed
from relance.core.i18n import Text
from relance.core.pagination import PageRequest, Slice


class Feed:
    """The events of the session's workspace."""

    def __init__(self, session: DbSession, catalogue: Catalogue) -> None:
        self._rows = FeedRepository(session)
        self._catalogue = catalogue

    async def page(self, wanted: EventFilterQuery, request: PageRequest) -> Slice[EventRead]:
        """One page of the feed.

        Raises:
            ValidationFailed: a type is unknown, or `after` is no event of this workspace.
        """
        types = self._catalogue.require(wanted.type, "/query/type") or sorted(self._catalogue.names)
        after = await self._position(wanted.after) if wanted.after else None
        found = await self._rows.page(EventFilter(types, wanted.subject_kind, wanted.subject_id, after), request)
        return Slice([event_read(one, self._catalogue) for one in found.rows], found.next)

    async def get(self, event_id: UUID) -> EventRead:
        """The event with that id.

        Raises:
            NotFound: there is none in this workspace.
        """
        found = await self._rows.find(event_id)
        if found is None or found.event.type not in self._catalogue.names:
            raise NotFound()
        return event_read(found, self._catalogue)

    async def _position(self, event_id: UUID) -> int:
        found = await self._rows.position(event_id)
        if found is None:
            raise ValidationFailed.at(
                "/query/after",
                "unknown_event",
                Text("Cet événement n’existe pas dans cet espace.", "There is no such event in this workspace."),
            )
        return found
