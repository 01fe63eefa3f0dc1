"""Making, revoking and finding action links."""

from collections.abc import Sequence

from relance.capabilities.links.models import ActionLink
from relance.capabilities.links.repository import LinkRepository
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
        self._repository = LinkRepository(session)
        self._clock = clock

    async def ensure(self, subject: SubjectRef, recipient: str) -> ActionLink:
        """The live link of this address for this subject: the same row however often it is asked.

        A revoked link is never revived: a new one is made beside it.
        """
        return (await self.ensure_all([(subject, recipient)]))[0]

    async def ensure_all(self, wanted: Sequence[tuple[SubjectRef, str]]) -> list[ActionLink]:
        """`ensure` for many subjects with few statements; the results are in the order of `wanted`."""
        keys = [(subject, comparable(recipient)) for subject, recipient in wanted]
        found = await self._repository.live(keys)
        missing = [key for key in dict.fromkeys(keys) if key not in found]
        if missing:
            await self._repository.add_unless_live(missing, self._clock.now())
            found |= await self._repository.live(missing)
        if any(key not in found for key in keys):
            # Made and revoked by others between our two statements: possible only without the subjects' locks.
            raise Conflict()
        return [found[key] for key in keys]

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
