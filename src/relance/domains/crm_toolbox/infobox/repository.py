"""Every query about entries. Which of them a caller may read is decided here, for every representation."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, true, update

from relance.capabilities.directory.models import Company, Contact
from relance.capabilities.files.models import StoredFile
from relance.capabilities.identity.models import User
from relance.core.bulk import among, insert_all
from relance.core.ids import new_id
from relance.core.repository import Repository, affected
from relance.core.security import Caller, Level
from relance.domains.crm_toolbox.models import InfoboxComment, InfoboxEntry, InfoboxParticipant, InfoboxTarget
from relance.domains.crm_toolbox.permissions import INFOBOX_READ


@dataclass(frozen=True, slots=True)
class TargetRow:
    """A target with the names it has now; None where it is deleted."""

    entry_id: UUID
    company_id: UUID
    contact_id: UUID | None
    company_name: str | None
    contact_name: str | None

    @property
    def deleted(self) -> bool:
        """Whether what it points to is deleted."""
        return (self.company_name if self.contact_id is None else self.contact_name) is None


@dataclass(frozen=True, slots=True)
class ParticipantRow:
    """A participant with the name of the user."""

    participant: InfoboxParticipant
    name: str


def _takes_part(user_id: UUID) -> ColumnElement[bool]:
    joined = select(InfoboxParticipant.id).where(
        InfoboxParticipant.workspace_id == InfoboxEntry.workspace_id,
        InfoboxParticipant.entry_id == InfoboxEntry.id,
        InfoboxParticipant.user_id == user_id,
    )
    return joined.exists()


def _about_theirs(users: Collection[UUID]) -> ColumnElement[bool]:
    """Whether a company or contact of the entry is assigned to one of `users`."""
    target = InfoboxTarget
    contact = select(Contact.id).where(
        Contact.workspace_id == target.workspace_id,
        Contact.id == target.contact_id,
        among(Contact.assigned_to, list(users)),
    )
    company = select(Company.id).where(
        Company.workspace_id == target.workspace_id,
        Company.id == target.company_id,
        among(Company.assigned_to, list(users)),
    )
    joined = select(target.id).where(
        target.workspace_id == InfoboxEntry.workspace_id,
        target.entry_id == InfoboxEntry.id,
        or_(contact.exists(), company.exists()),
    )
    return joined.exists()


def visible(caller: Caller) -> ColumnElement[bool]:
    """Which entries `caller` may read: by level, of its people and of their customers; and those it takes part in."""
    level = caller.level(INFOBOX_READ)
    if level is Level.ALL:
        return true()
    taking_part = _takes_part(caller.user_id)
    if level is Level.NONE:
        return taking_part
    users = {caller.user_id} | (caller.group_ids if level is Level.GROUP else set())
    return or_(taking_part, among(InfoboxEntry.author_id, list(users)), _about_theirs(users))


class InfoboxRepository(Repository):
    """Entries of the session's workspace."""

    # --- writing -----------------------------------------------------------------------------------------------------

    async def add_targets(self, entry: InfoboxEntry, targets: Sequence[tuple[UUID, UUID | None]]) -> None:
        """Companies, and contacts with their companies."""
        own = {"workspace_id": self.session.workspace_id, "entry_id": entry.id, "action_at": entry.action_at}
        rows = [{**own, "id": new_id(), "company_id": company, "contact_id": contact} for company, contact in targets]
        await insert_all(self.session, InfoboxTarget, rows)

    async def add_participants(self, entry_id: UUID, users: Sequence[UUID], now: datetime) -> set[UUID]:
        """Let users take part; those that are new."""
        own = {"workspace_id": self.session.workspace_id, "entry_id": entry_id, "added_at": now, "muted_at": None}
        rows = [{**own, "id": new_id(), "user_id": user} for user in users]
        made = await insert_all(self.session, InfoboxParticipant, rows, unless="workspace_id, entry_id, user_id")
        return {user for user, row in zip(users, rows, strict=True) if row["id"] in made}

    async def remove_participant(self, entry_id: UUID, user_id: UUID) -> bool:
        """Whether that user took part until now."""
        part = InfoboxParticipant
        gone = delete(part).where(part.entry_id == entry_id, part.user_id == user_id)
        return await affected(self.session, gone) > 0

    async def mute(self, entry_id: UUID, user_id: UUID, at: datetime | None) -> bool:
        """Whether that user takes part, and wants no mails since `at`; None for wanting them."""
        part = InfoboxParticipant
        changed = update(part).where(part.entry_id == entry_id, part.user_id == user_id).values(muted_at=at)
        return await affected(self.session, changed) > 0

    async def listeners(self, entry_id: UUID) -> Sequence[UUID]:
        """Who takes part and wants mails."""
        part = InfoboxParticipant
        statement = select(part.user_id).where(part.entry_id == entry_id, part.muted_at.is_(None)).order_by(part.id)
        return (await self.session.scalars(statement)).all()

    async def mark_acted(self, contacts: Collection[UUID], at: datetime) -> None:
        """Note on contacts that something was done with them; no change of their version."""
        if not contacts:
            return
        # In the order of all writers, so that none waits for another in a circle.
        held = select(Contact.id).where(among(Contact.id, list(contacts))).order_by(Contact.id)
        await self.session.execute(held.with_for_update(key_share=True))
        await affected(
            self.session,
            update(Contact)
            .where(among(Contact.id, list(contacts)))
            .values(last_action_at=func.greatest(Contact.last_action_at, at), version=Contact.version),
        )

    async def move(self, entry: InfoboxEntry, at: datetime) -> None:
        """Give an entry, which is locked, its place in the timelines."""
        if entry.action_at == at:
            return
        entry.action_at = at
        await affected(
            self.session, update(InfoboxTarget).where(InfoboxTarget.entry_id == entry.id).values(action_at=at)
        )

    async def remove(self, entry: InfoboxEntry) -> None:
        """Delete an entry with all that belongs to it."""
        await self.session.flush()
        await affected(self.session, delete(InfoboxEntry).where(InfoboxEntry.id == entry.id))
        self.session.expunge(entry)

    # --- reading -----------------------------------------------------------------------------------------------------

    async def entry(self, entry_id: UUID, *, lock: bool = False) -> InfoboxEntry | None:
        """The entry with that id, whoever asks."""
        statement = select(InfoboxEntry).where(InfoboxEntry.id == entry_id)
        return (await self.session.scalars(statement.with_for_update() if lock else statement)).one_or_none()

    async def find(self, entry_id: UUID, caller: Caller, *, lock: bool = False) -> InfoboxEntry | None:
        """The entry, where the caller may read it."""
        statement = select(InfoboxEntry).where(InfoboxEntry.id == entry_id, visible(caller))
        return (await self.session.scalars(statement.with_for_update() if lock else statement)).one_or_none()

    async def entries(self, ids: Collection[UUID]) -> Mapping[UUID, InfoboxEntry]:
        """The entries with those ids."""
        if not ids:
            return {}
        found = await self.session.scalars(select(InfoboxEntry).where(among(InfoboxEntry.id, list(ids))))
        return {entry.id: entry for entry in found}

    async def targets_of(self, entry_id: UUID) -> Sequence[tuple[UUID, UUID | None]]:
        """The companies and contacts of an entry, in the order in which they were given."""
        target = InfoboxTarget
        statement = select(target.company_id, target.contact_id).where(target.entry_id == entry_id).order_by(target.id)
        return [(row[0], row[1]) for row in await self.session.execute(statement)]

    async def named_targets(self, ids: Collection[UUID]) -> Mapping[UUID, Sequence[TargetRow]]:
        """The targets of entries with their names, in the order in which they were given."""
        if not ids:
            return {}
        target, name = InfoboxTarget, func.concat(Contact.first_name, " ", Contact.last_name)
        statement = (
            select(
                target.entry_id,
                target.company_id,
                target.contact_id,
                Company.name,
                # concat() makes a text of nothing as well.
                func.nullif(func.btrim(name), ""),
            )
            .outerjoin(Company, and_(Company.workspace_id == target.workspace_id, Company.id == target.company_id))
            .outerjoin(Contact, and_(Contact.workspace_id == target.workspace_id, Contact.id == target.contact_id))
            .where(among(target.entry_id, list(ids)))
            .order_by(target.id)
        )
        found: dict[UUID, list[TargetRow]] = {one: [] for one in ids}
        for row in await self.session.execute(statement):
            found[row[0]].append(TargetRow(*row))
        return found

    async def participants(self, entry_id: UUID) -> Sequence[ParticipantRow]:
        """Who takes part, in the order in which they came."""
        part = InfoboxParticipant
        statement = (
            select(part, User.name)
            .join(User, and_(User.workspace_id == part.workspace_id, User.id == part.user_id))
            .where(part.entry_id == entry_id)
            .order_by(part.added_at, part.id)
        )
        return [ParticipantRow(row[0], row[1]) for row in await self.session.execute(statement)]

    async def comment_counts(self, ids: Collection[UUID]) -> Mapping[UUID, int]:
        """How many comments entries have."""
        if not ids:
            return {}
        statement = (
            select(InfoboxComment.entry_id, func.count())
            .where(among(InfoboxComment.entry_id, list(ids)))
            .group_by(InfoboxComment.entry_id)
        )
        return {row[0]: row[1] for row in await self.session.execute(statement)}

    async def file_counts(self, kind: str, ids: Collection[UUID]) -> Mapping[UUID, int]:
        """How many files entries hold."""
        if not ids:
            return {}
        statement = (
            select(StoredFile.subject_id, func.count())
            .where(StoredFile.subject_kind == kind, among(StoredFile.subject_id, list(ids)))
            .group_by(StoredFile.subject_id)
        )
        return {row[0]: row[1] for row in await self.session.execute(statement) if row[0] is not None}
