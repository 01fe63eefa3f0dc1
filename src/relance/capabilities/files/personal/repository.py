"""Every query about people in files."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Text, Uuid, and_, column, exists, or_, select, table, tuple_, update

from relance.capabilities.files.models import StoredFile
from relance.core.bulk import among
from relance.core.personal import Person, naming
from relance.core.repository import AnyRow, Repository, affected

#: Of the room above by name only: for whom a link was made.
_LINKS = table("action_links", column("workspace_id", Uuid), column("id", Uuid), column("recipient", Text))

#: What exports are, and what imported files are kept as.
_TABLES = (
    "text/csv",
    "text/csv; charset=utf-8",
    "application/octet-stream",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)


class PersonalFiles(Repository):
    """Files of the session's workspace that hold people."""

    async def sent_by(self, person: Person) -> Sequence[UUID]:
        """What came through a link of the person, what is held for them alone, and files that are named after them."""
        theirs = exists().where(
            _LINKS.c.workspace_id == StoredFile.workspace_id,
            _LINKS.c.id == StoredFile.link_id,
            or_(
                _LINKS.c.recipient.in_(person.own_emails),
                and_(
                    tuple_(StoredFile.subject_kind, StoredFile.subject_id).in_(
                        [(one.kind, one.id) for one in person.asked]
                    ),
                    _LINKS.c.recipient.in_(person.emails),
                ),
            ),
        )
        holder = tuple_(StoredFile.subject_kind, StoredFile.subject_id)
        held = holder.in_([(one.kind, one.id) for one in person.holders])
        statement = select(StoredFile.id).where(or_(theirs, held, naming(person.needles, StoredFile.name)))
        return (await self.session.scalars(statement.order_by(StoredFile.id))).all()

    async def tables(self) -> Sequence[UUID]:
        """Files that nothing holds and that a user made: exports, and what was imported."""
        found = await self.session.scalars(
            select(StoredFile.id)
            .where(StoredFile.subject_id.is_(None), StoredFile.created_by.is_not(None))
            .order_by(StoredFile.id)
        )
        return found.all()

    async def made_tables(self, before: datetime) -> Sequence[UUID]:
        """Those of `tables` that an export made or an import took before then."""
        found = await self.session.scalars(
            select(StoredFile.id)
            .where(
                StoredFile.subject_id.is_(None),
                StoredFile.created_by.is_not(None),
                StoredFile.media_type.in_(_TABLES),
                StoredFile.created_at < before,
            )
            .order_by(StoredFile.id)
        )
        return found.all()

    async def shown(self, ids: Sequence[UUID]) -> Sequence[AnyRow]:
        """What these files are."""
        found = await self.session.execute(
            select(StoredFile.id, StoredFile.name, StoredFile.media_type, StoredFile.size, StoredFile.created_at)
            .where(among(StoredFile.id, list(ids)))
            .order_by(StoredFile.id)
        )
        return found.all()

    async def expire(self, ids: Sequence[UUID], now: datetime) -> None:
        """Let go of these files, whatever holds them: the sweep deletes them with their bytes."""
        await affected(
            self.session,
            update(StoredFile)
            .where(among(StoredFile.id, list(ids)))
            .values(name="", digest="", subject_kind=None, subject_id=None, expires_at=now),
        )
