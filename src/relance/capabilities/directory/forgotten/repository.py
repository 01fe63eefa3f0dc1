"""Every query about people who were erased."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, select

from relance.capabilities.directory.models import ForgottenPerson
from relance.core.bulk import among, insert_all
from relance.core.ids import new_id
from relance.core.repository import Repository, affected


class ForgottenRepository(Repository):
    """Keys of the session's workspace that nobody may be known by again."""

    async def known(self, hashes: Collection[bytes]) -> dict[bytes, datetime]:
        """Those of `hashes` that are kept, and since when."""
        found = await self.session.execute(
            select(ForgottenPerson.key_hash, ForgottenPerson.forgotten_at).where(
                among(ForgottenPerson.key_hash, list(hashes))
            )
        )
        return {row[0]: row[1] for row in found}

    async def add(self, hashes: Sequence[bytes], now: datetime) -> None:
        """Keep these; the ones that are kept stay as they are."""
        rows = [
            {"workspace_id": self.session.workspace_id, "id": new_id(), "key_hash": one, "forgotten_at": now}
            for one in hashes
        ]
        await insert_all(self.session, ForgottenPerson, rows, unless="workspace_id, key_hash")

    async def remove(self, hashes: Collection[bytes]) -> int:
        """Keep these no longer; how many there were."""
        return await affected(
            self.session, delete(ForgottenPerson).where(among(ForgottenPerson.key_hash, list(hashes)))
        )
