"""Making, revoking and finding action links."""

from collections.abc import Sequence
from uuid import UUID

from relance.capabilities.links.models import ActionLink
from relance.capabilities.links.repository import LinkKey, LinkRepository, LiveLink
from relance.capabilities.links.tokens import LinkTokens
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.errors import Conflict, NotFound
from relance.core.subjects import SubjectRef


def comparable(recipient: str) -> str:
    """An e-mail address in the form in which two of them are compared."""
    return recipient.strip().lower()


class Links:
    """The links of the session's workspace. The caller holds the lock of the subject's row."""

    def __init__(self, session: DbSession, clock: Clock) -> None:
        self._session = session
        self._repository = LinkRepository(session)
        self._clock = clock

    async def ensure(self, subject: SubjectRef, recipient: str) -> LiveLink:
        """The live link of this address for this subject: the same row however often it is asked.

        A revoked link is never revived: a new one is made beside it.
        """
        return (await self.ensure_all([(subject, recipient)]))[0]

    async def ensure_all(self, wanted: Sequence[tuple[SubjectRef, str]], *, new: bool = False) -> list[LiveLink]:
        """`ensure` for many subjects with few statements; the results are in the order of `wanted`.

        Args:
            wanted: subjects and addresses.
            new: the subjects were made in this transaction, so that they have no links yet.
        """
        keys = [(subject, comparable(recipient)) for subject, recipient in wanted]
        found = {} if new else await self._repository.live(keys)
        if len(found) < len(keys):
            found |= await self._add([at for at in range(len(keys)) if at not in found], keys)
        if len(found) < len(keys):
            # Made and revoked by others between our two statements: possible only without the subjects' locks.
            raise Conflict()
        workspace_id = self._session.workspace_id
        return [LiveLink(workspace_id, found[at], *key) for at, key in enumerate(keys)]

    async def _add(self, missing: Sequence[int], keys: Sequence[LinkKey]) -> dict[int, UUID]:
        made = await self._repository.add_unless_live([keys[at] for at in missing], self._clock.now())
        added = {missing[place]: id_ for place, id_ in made.items()}
        raced = [at for at in missing if at not in added]
        if raced:  # a statement of its own: it sees what others have committed meanwhile, and what stands here twice
            known = await self._repository.live([keys[at] for at in raced])
            added |= {raced[place]: id_ for place, id_ in known.items()}
        return added

    async def revoke(self, subject: SubjectRef, recipient: str | None = None) -> int:
        """Revoke the links of a subject, or only those of one address. How many were live."""
        address = None if recipient is None else comparable(recipient)
        return await self._repository.revoke(subject, address, self._clock.now())


async def find_link(session: DbSession, tokens: LinkTokens, token: str) -> ActionLink:
    """The live link behind `token`; the system session is narrowed to its workspace.

    Raises:
        NotFound: the token is unreadable, unknown or revoked: the three look the same.
    """
    link_id = tokens.verify(token)
    link = None if link_id is None else await LinkRepository(session).live_by_id(link_id)
    if link is None:
        raise NotFound()
    session.enter_workspace(link.workspace_id)
    return link


async def confirm_link(session: DbSession, link: ActionLink) -> None:
    """Make sure that `link` is still live, asked once the subject's row is locked.

    A link revoked between its being found and the lock must not answer any more.

    Raises:
        NotFound: it was revoked in the meantime.
    """
    if await LinkRepository(session).live_by_id(link.id) is None:
        raise NotFound()
