"""Use cases of profiles."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from relance.capabilities.directory.repository import DirectoryRepository
from relance.capabilities.files.attachments import Attachments
from relance.capabilities.files.models import StoredFile
from relance.capabilities.files.schemas import FileFacts
from relance.capabilities.journal.service import Journal
from relance.core.clock import Clock
from relance.core.db import DbSession
from relance.core.errors import NotFound
from relance.core.etag import Precondition
from relance.core.i18n import Text
from relance.core.ids import new_id
from relance.core.schemas import Reference
from relance.core.security import Caller
from relance.core.subjects import ActorRef, SubjectRef
from relance.domains.crm_toolbox.profiles.files import hold_files
from relance.domains.crm_toolbox.profiles.models import Profile, ProfileKind
from relance.domains.crm_toolbox.profiles.repository import ProfileRepository
from relance.domains.crm_toolbox.profiles.schemas import (
    ProfileCreate,
    ProfileFieldRead,
    ProfileListed,
    ProfileRead,
    ProfileUpdate,
)
from relance.domains.crm_toolbox.rich_text import RichText

KIND = "profile"
#: What a change says in other words than the row.
_TRANSLATED = frozenset({"file_ids", "archived", "fields", "description"})
KIND_LABELS = {ProfileKind.PERSON: Text("Personne", "Person"), ProfileKind.OFFER: Text("Offre", "Offer")}


def holder_of(profile_id: UUID) -> SubjectRef:
    """What holds the files of a profile."""
    return SubjectRef(KIND, profile_id)


class Profiles:
    """The profiles of the caller's workspace."""

    def __init__(self, session: DbSession, clock: Clock, caller: Caller) -> None:
        self._session = session
        self._clock = clock
        self._caller = caller
        self._rows = ProfileRepository(session)

    async def get(self, profile_id: UUID, *, lock: bool = False) -> Profile:
        """The profile with that id.

        Raises:
            NotFound: there is none in this workspace.
        """
        found = await self._rows.find(profile_id, lock=lock)
        if found is None:
            raise NotFound()
        return found

    async def create(self, wanted: ProfileCreate) -> Profile:
        """A new profile.

        Raises:
            ValidationFailed: a file is not the caller's to give, or the description holds something that runs.
            FileTooLarge: one is too large for a mail.
        """
        now = self._clock.now()
        values = wanted.model_dump(exclude={"file_ids", "description"}) | _described(wanted.description)
        by = {"created_by": self._caller.user_id, "changed_by": self._caller.user_id}
        profile = Profile(id=new_id(), **values, **by, created_at=now, changed_at=now)
        self._session.add(profile)
        await hold_files(self._session, self._caller, holder_of(profile.id), wanted.file_ids)
        self._record("profile.created", profile.id, {"kind": profile.kind})
        await self._session.flush()
        return profile

    async def update(self, profile_id: UUID, wanted: ProfileUpdate, precondition: Precondition) -> Profile:
        """Change what is sent.

        Raises:
            NotFound: there is none in this workspace.
            PreconditionFailed: it has changed since the caller read it.
            ValidationFailed: a file is not the caller's to give, or the description holds something that runs.
            FileTooLarge: one is too large for a mail.
        """
        profile = await self.get(profile_id, lock=True)
        precondition.check(profile.version)
        changes = wanted.changes()
        if "file_ids" in changes:
            await hold_files(self._session, self._caller, holder_of(profile.id), wanted.file_ids)
        for name, value in self._columns(profile, changes).items():
            setattr(profile, name, value)
        profile.changed_by, profile.changed_at = self._caller.user_id, self._clock.now()
        self._record("profile.changed", profile.id, {"fields": sorted(changes)})
        await self._session.flush()
        return profile

    def _columns(self, profile: Profile, changes: dict[str, Any]) -> dict[str, Any]:
        """`changes` as the row has them."""
        found = {name: value for name, value in changes.items() if name not in _TRANSLATED}
        if "description" in changes:
            found |= _described(changes["description"])
        if "fields" in changes:
            found["fields"] = [one.model_dump() for one in changes["fields"]]
        if "archived" in changes:
            found["archived_at"] = (profile.archived_at or self._clock.now()) if changes["archived"] else None
        return found

    async def delete(self, profile_id: UUID, precondition: Precondition) -> None:
        """Delete it and let go of its files; what was sent of it stays.

        Raises:
            NotFound: there is none in this workspace.
            PreconditionFailed: it has changed since the caller read it.
        """
        profile = await self.get(profile_id, lock=True)
        precondition.check(profile.version)
        await Attachments(self._session).hold(holder_of(profile_id), ())
        await self._rows.remove(profile)
        self._record("profile.deleted", profile_id, {})

    async def files(self, profile_id: UUID) -> Sequence[StoredFile]:
        """The files of a profile."""
        return await Attachments(self._session).held([holder_of(profile_id)])

    def _record(self, action: str, profile_id: UUID, after: dict[str, object]) -> None:
        Journal(self._session, self._clock).record(
            action, holder_of(profile_id), ActorRef.of(self._caller), after=after
        )


def _described(given: str | None) -> dict[str, str | None]:
    words = RichText.read_optional(given, "/description")
    return {"description": words.html if words else None, "description_text": words.text if words else None}


def _shared(profile: Profile, names: dict[UUID, str]) -> dict[str, Any]:
    kind = ProfileKind(profile.kind)
    return {
        "id": profile.id,
        "kind": kind,
        "kind_label": KIND_LABELS[kind].in_locale(),
        "title": profile.title,
        "summary": profile.summary,
        "archived_at": profile.archived_at,
        "created_at": profile.created_at,
        "created_by": Reference(id=profile.created_by, name=names.get(profile.created_by, "")),
        "changed_at": profile.changed_at,
        "changed_by": Reference(id=profile.changed_by, name=names.get(profile.changed_by, "")),
        "version": profile.version,
    }


async def _names(session: DbSession, profiles: Sequence[Profile]) -> dict[UUID, str]:
    people = {one for profile in profiles for one in (profile.created_by, profile.changed_by)}
    return await DirectoryRepository(session).people(people)


async def listed(session: DbSession, profiles: Sequence[Profile]) -> list[ProfileListed]:
    """Profiles as a list shows them."""
    names = await _names(session, profiles)
    files = await Attachments(session).held([holder_of(profile.id) for profile in profiles])
    held_by = [file.subject_id for file in files]
    return [ProfileListed(**_shared(one, names), files_count=held_by.count(one.id)) for one in profiles]


async def read(session: DbSession, profile: Profile) -> ProfileRead:
    """One profile."""
    files = await Attachments(session).held([holder_of(profile.id)])
    return ProfileRead(
        **_shared(profile, await _names(session, [profile])),
        description=profile.description,
        description_text=profile.description_text,
        fields=[ProfileFieldRead.model_validate(one) for one in profile.fields],
        files=[FileFacts.of(file) for file in files],
    )
