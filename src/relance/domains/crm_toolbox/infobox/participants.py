"""Who takes part in an entry: users, or lists of them as they are now; added later, silenced, taken out again."""

from collections.abc import Sequence
from uuid import UUID

from relance.core.db import DbSession
from relance.core.errors import NotFound, PermissionDenied, ValidationFailed
from relance.core.i18n import Text
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.domains.crm_toolbox.actions.schemas import ParticipantsInput
from relance.domains.crm_toolbox.infobox.mails import EntryMails
from relance.domains.crm_toolbox.infobox.recording import Infobox
from relance.domains.crm_toolbox.infobox.repository import InfoboxRepository
from relance.domains.crm_toolbox.lists.repository import ListRepository
from relance.domains.crm_toolbox.models import InfoboxEntry
from relance.domains.crm_toolbox.permissions import INFOBOX_WRITE

_UNKNOWN_LIST = Text("Cette liste de distribution est inconnue.", "This distribution list is not known.")


async def expanded(session: DbSession, wanted: ParticipantsInput) -> list[UUID]:
    """The users who are meant: those who are named first, then those on the lists who are still active.

    Raises:
        ValidationFailed: a list is not known.
    """
    members = await ListRepository(session).members(wanted.distribution_list_ids)
    for index, one in enumerate(wanted.distribution_list_ids):
        if one not in members:
            raise ValidationFailed.at(
                f"/participants/distribution_list_ids/{index}", "unknown_distribution_list", _UNKNOWN_LIST
            )
    listed = [user.id for users in members.values() for user in users if user.status == "active"]
    return list(dict.fromkeys([*wanted.user_ids, *listed]))


class Participants:
    """The participants of entries, for a caller in one session."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._session = session
        self._clock = runtime.clock
        self._caller = caller
        self._rows = InfoboxRepository(session)

    async def add(self, entry: InfoboxEntry, wanted: ParticipantsInput) -> Sequence[UUID]:
        """Let more users take part in a locked entry; those who are new are told of it, as the first ones were.

        Raises:
            ValidationFailed: a user or a list is not known.
            TargetsDeleted: all that it is about is deleted.
        """
        infobox = Infobox.of(self._session, self._clock, self._caller)
        await infobox.require_open(entry)
        people = await expanded(self._session, wanted)
        await infobox.check_people(people)
        new = await self._rows.add_participants(entry.id, people, self._clock.now())
        added = [one for one in people if one in new]
        await EntryMails(self._session, self._clock).tell(entry, added)
        return added

    async def remove(self, entry: InfoboxEntry, user_id: UUID) -> None:
        """Take a user out of an entry: oneself, or anybody where the caller may change it.

        Raises:
            PermissionDenied: it is somebody else's entry.
            NotFound: the user does not take part.
        """
        if user_id != self._caller.user_id and not self._caller.reaches(INFOBOX_WRITE, entry.author_id):
            raise PermissionDenied(INFOBOX_WRITE)
        if not await self._rows.remove_participant(entry.id, user_id):
            raise NotFound()

    async def mute(self, entry: InfoboxEntry, *, muted: bool) -> None:
        """Whether the caller, who takes part, gets mails about the entry.

        Raises:
            NotFound: the caller does not take part.
        """
        at = self._clock.now() if muted else None
        if not await self._rows.mute(entry.id, self._caller.user_id, at):
            raise NotFound()
