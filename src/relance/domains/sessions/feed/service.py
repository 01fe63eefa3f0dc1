"""The calendar that a user subscribes to: its address is the credential, stored as a keyed hash, and revocable."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from relance.capabilities.calendars.events import CalendarEvent, calendar
from relance.capabilities.identity.authentication import caller_for
from relance.capabilities.identity.credentials import OpaqueCredentials
from relance.capabilities.identity.repository import IdentityRepository
from relance.core.db import DbSession
from relance.core.errors import NotFound
from relance.core.i18n import Locale, Text, as_locale
from relance.core.keys import KeyRing
from relance.core.runtime import Runtime
from relance.core.security import Caller, Level
from relance.domains.sessions.calendars import events_of
from relance.domains.sessions.errors import FeedExists
from relance.domains.sessions.feed.repository import FeedRepository
from relance.domains.sessions.feed.schemas import CalendarFeedCreated, CalendarFeedRead
from relance.domains.sessions.lifecycle import SESSION_LABELS, SessionConfirmation
from relance.domains.sessions.models import CalendarFeed
from relance.domains.sessions.permissions import READ
from relance.domains.sessions.repository import SessionRow

PREFIX = "rl_feed_"
#: How long what is over stays in the calendar.
_KEPT = timedelta(days=90)
_NAME = Text("Sessions de formation", "Training sessions")


def feed_tokens(keys: KeyRing) -> OpaqueCredentials:
    """The tokens of calendar feeds."""
    return OpaqueCredentials(keys, PREFIX)


class CalendarFeeds:
    """The calendar feed of a caller."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._session = session
        self._runtime = runtime
        self._caller = caller
        self._clock = runtime.clock
        self._rows = FeedRepository(session)
        self._tokens = feed_tokens(runtime.keys)

    async def get(self) -> CalendarFeed:
        """The feed.

        Raises:
            NotFound: the caller has none.
        """
        found = await self._rows.of_user(self._caller.user_id)
        if found is None:
            raise NotFound()
        return found

    async def create(self) -> CalendarFeedCreated:
        """A feed with an address.

        Raises:
            FeedExists: the caller has one.
        """
        # The lock of the user's row: of two requests at once, the second one sees the feed of the first.
        await IdentityRepository(self._session).user(self._caller.user_id, lock=True)
        if await self._rows.of_user(self._caller.user_id) is not None:
            raise FeedExists()
        clear = self._tokens.mint()
        feed = CalendarFeed(
            user_id=self._caller.user_id, token_hash=self._tokens.hash(clear), created_at=self._clock.now()
        )
        self._session.add(feed)
        await self._session.flush()
        return self._shown(feed, clear)

    async def rotate(self) -> CalendarFeedCreated:
        """Another address; the one before answers no more.

        Raises:
            NotFound: the caller has none.
        """
        feed = await self._rows.of_user(self._caller.user_id, lock=True)
        if feed is None:
            raise NotFound()
        clear = self._tokens.mint()
        feed.token_hash, feed.rotated_at = self._tokens.hash(clear), self._clock.now()
        await self._session.flush()
        return self._shown(feed, clear)

    async def revoke(self) -> None:
        """The address answers no more.

        Raises:
            NotFound: the caller has none.
        """
        if not await self._rows.delete(self._caller.user_id):
            raise NotFound()

    def _shown(self, feed: CalendarFeed, clear: str) -> CalendarFeedCreated:
        shown = CalendarFeedRead.model_validate(feed)
        url = f"{self._runtime.settings.public_url}/v1/sessions/calendar.ics?token={clear}"
        return CalendarFeedCreated(**shown.model_dump(), url=url)


async def feed_content(session: DbSession, runtime: Runtime, token: str) -> str:
    """The calendar behind `token`: what its user may see now. The system session is narrowed to its workspace.

    Raises:
        NotFound: the token is unreadable, unknown or revoked, or its user may see no sessions: they look the same.
    """
    hashes = feed_tokens(runtime.keys).candidates(token)
    feed = await FeedRepository(session).by_hash(hashes) if hashes else None
    if feed is None:
        raise NotFound()
    session.enter_workspace(feed.workspace_id)
    caller = await caller_for(session, feed.workspace_id, feed.user_id)
    if caller is None or caller.level(READ) is Level.NONE:
        raise NotFound()
    user = await IdentityRepository(session).user(feed.user_id)
    locale = as_locale(user.locale if user else None)
    zone: ZoneInfo = await IdentityRepository(session).zone()
    since = (runtime.clock.now() - _KEPT).astimezone(zone).date()
    rows = await FeedRepository(session).shown(caller, since)
    events = [event for row in rows for event in _events(row, locale)]
    return calendar(events, name=_NAME.in_locale(locale))


def _events(row: SessionRow, locale: Locale) -> list[CalendarEvent]:
    """The slots of a session for those who hold it: with its clients, and how they stand."""
    lines = []
    if row.session.trainer:
        lines.append(row.session.trainer)
    if row.session.confirmation:
        lines.append(SESSION_LABELS[SessionConfirmation(row.session.confirmation)].in_locale(locale))
    lines.extend(found.company.name for found in row.clients)
    return events_of(row, locale, row.session.created_at, "\n".join(lines))
