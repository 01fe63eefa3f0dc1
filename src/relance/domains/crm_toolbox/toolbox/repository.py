"""Every query about shortcuts."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, select

from relance.capabilities.identity.models import User
from relance.core.bulk import insert_all
from relance.core.ids import new_id
from relance.core.repository import Repository, affected
from relance.domains.crm_toolbox.models import CrmShortcut


class ShortcutRepository(Repository):
    """Shortcuts of the users of the session's workspace."""

    async def keys(self, user_id: UUID, *, lock: bool = False) -> list[str]:
        """The shortcuts of a user in their order; where they will be changed, one change after the other."""
        if lock:
            held = select(User.id).where(User.id == user_id).with_for_update(key_share=True)
            await self.session.execute(held)
        statement = select(CrmShortcut.key).where(CrmShortcut.user_id == user_id).order_by(CrmShortcut.position)
        return list(await self.session.scalars(statement))

    async def replace(self, user_id: UUID, keys: Sequence[str]) -> None:
        """The shortcuts of a user from now on."""
        await affected(self.session, delete(CrmShortcut).where(CrmShortcut.user_id == user_id))
        own = {"workspace_id": self.session.workspace_id, "user_id": user_id}
        rows = [{**own, "id": new_id(), "key": key, "position": index} for index, key in enumerate(keys)]
        await insert_all(self.session, CrmShortcut, rows)
