"""What a domain says about its cycles; the rest is done here once for all of them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from relance.capabilities.cycles.lifecycle import Delivery, Pace
from relance.capabilities.cycles.models import Chased
from relance.capabilities.messaging.handlers import MailFact
from relance.core.db import DbSession
from relance.core.lifecycle import Lifecycle


class ChasedRow(Protocol):
    """A subject with what the mails about it need."""

    @property
    def chased(self) -> Chased:
        """The row with the columns of the cycle."""
        ...

    @property
    def address_key(self) -> str | None:
        """The address asked, in lower case."""
        ...

    @property
    def company_id(self) -> UUID | None:
        """The company that the journal names."""
        ...

    @property
    def contact_id(self) -> UUID | None:
        """The contact that the journal names, where the directory knows them."""
        ...


RowT = TypeVar("RowT", bound=ChasedRow)


class Chase(Protocol[RowT]):
    """One kind of subject that is asked, chased and expired. Registered by the composition root."""

    #: The subject kind; the journal's actions of the worker are `<kind>.undeliverable` and the lifecycle's own.
    kind: str
    #: Under which name a workspace's policy of reminders and expiry is kept.
    domain: str
    lifecycle: Lifecycle[Any]
    #: Keys of the mail that begins a cycle and of its reminder: both bear a link.
    inviting: str
    reminding: str
    #: In which states each mail still makes sense.
    wanted_in: Mapping[str, Collection[str]]
    #: In which states somebody is still waited for.
    open_states: Collection[str]

    async def lock_all(self, session: DbSession, ids: Collection[UUID]) -> Mapping[UUID, RowT]:
        """The subjects with those ids, locked in their order."""
        ...

    async def lock_free(self, session: DbSession, ids: Collection[UUID]) -> Mapping[UUID, RowT]:
        """Those that nobody else holds, locked."""
        ...

    async def statuses(self, session: DbSession, ids: Collection[UUID]) -> Mapping[UUID, str]:
        """Where each stands; a plain read."""
        ...

    def facts(self, row: RowT, pace: Pace) -> Any:
        """What the guards of the lifecycle ask about `row`."""
        ...

    async def invite(self, session: DbSession, rows: Sequence[RowT], expires_at: datetime) -> None:
        """Enqueue the inviting mail of the current cycle of each; `expires_at` is the deadline that it names."""
        ...

    async def remind(self, session: DbSession, rows: Sequence[RowT]) -> None:
        """Enqueue one more reminder for each, numbered by `reminders_asked`."""
        ...

    async def tell_expired(self, session: DbSession, row: RowT) -> None:
        """Enqueue what is said when nobody has answered."""
        ...

    async def tell_undeliverable(self, session: DbSession, row: RowT, failure: MailFact) -> None:
        """Enqueue what those who ask are told when mail does not arrive."""
        ...


def pace_of(row: ChasedRow, now: datetime, *, forced: bool = False) -> Pace:
    """How the row has been asked so far."""
    chased = row.chased
    asked = max(filter(None, (chased.last_asked_at, chased.last_sent_at)), default=None)
    return Pace(now, asked, chased.delivery == Delivery.UNDELIVERABLE, forced)
