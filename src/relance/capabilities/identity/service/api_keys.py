"""API keys: made and rotated by their owner, revoked by whoever may change them."""

from datetime import datetime, timedelta
from uuid import UUID

from relance.capabilities.identity.api_key_schemas import ApiKeyCreate, ApiKeyRotate
from relance.capabilities.identity.errors import KeyNotLive, RotationPending
from relance.capabilities.identity.models import ApiKey
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.identity.service.guards import refuse_beyond
from relance.capabilities.identity.service.provisioning import create_api_key
from relance.capabilities.journal.service import Journal
from relance.core.clock import system_now
from relance.core.db import DbSession
from relance.core.durations import after
from relance.core.errors import NotFound, PermissionDenied, ValidationFailed
from relance.core.etag import Precondition
from relance.core.i18n import Text
from relance.core.runtime import Runtime
from relance.core.security import Caller
from relance.core.subjects import ActorRef, SubjectRef

_LONGEST_LIFE = timedelta(days=3660)
_LONGEST_OVERLAP = timedelta(days=30)
_READ, _WRITE = "api-keys:read", "api-keys:write"


def is_live(key: ApiKey, now: datetime) -> bool:
    """Whether the key holds at `now`, on the machine's clock."""
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > now)


class ApiKeys:
    """The API keys of the caller's workspace. Their lifetimes run on the machine's clock."""

    def __init__(self, session: DbSession, runtime: Runtime, caller: Caller) -> None:
        self._session = session
        self._runtime = runtime
        self._caller = caller
        self._rows = IdentityRepository(session)

    async def get(self, key_id: UUID, *, lock: bool = False) -> ApiKey:
        """The API key with that id.

        Raises:
            NotFound: there is none in this workspace, or the caller may not read it.
        """
        found = await self._rows.api_key(key_id, lock=lock)
        if found is None or not self._caller.reaches(_READ, found.user_id):
            raise NotFound()
        return found

    async def create(self, wanted: ApiKeyCreate) -> tuple[ApiKey, str]:
        """A new key of the caller's own, and its clear form.

        Raises:
            PermissionDenied: it would hold more than the caller does.
            ValidationFailed: it would expire in the past, or in more than ten years.
        """
        permissions: dict[str, str] = {code: level.name.lower() for code, level in self._caller.permissions.items()}
        if wanted.permissions is not None:
            permissions = dict(wanted.permissions)
        refuse_beyond(self._caller, permissions)
        now = system_now()
        if wanted.expires_at is not None and not now < wanted.expires_at <= now + _LONGEST_LIFE:
            raise ValidationFailed.at(
                "/expires_at",
                "expiry_out_of_range",
                Text("L’expiration doit être entre maintenant et dans dix ans.", "Expiry: from now to ten years."),
            )
        return await self._make(wanted.name, permissions, wanted.expires_at, None)

    async def rotate(self, key_id: UUID, wanted: ApiKeyRotate, precondition: Precondition) -> tuple[ApiKey, str]:
        """A successor with the same name and rights; the key itself goes on for `overlap`, then expires.

        Raises:
            NotFound: there is none in this workspace, or the caller may not read it.
            PermissionDenied: it is somebody else's, or holds more than the caller does.
            PreconditionFailed: it has changed since the caller read it.
            KeyNotLive: it is revoked or expired.
            RotationPending: two keys live already.
            ValidationFailed: the overlap is longer than thirty days.
        """
        key = await self.get(key_id, lock=True)
        if key.user_id != self._caller.user_id:
            raise PermissionDenied(_WRITE)
        precondition.check(key.version)
        refuse_beyond(self._caller, key.permissions)
        now = system_now()
        if not is_live(key, now):
            raise KeyNotLive()
        await self._refuse_third(key, now)
        end = after(now, wanted.overlap)
        if end > now + _LONGEST_OVERLAP:
            raise ValidationFailed.at(
                "/overlap", "overlap_too_long", Text("Trente jours au plus.", "Thirty days at most.")
            )
        expires_at = now + (key.expires_at - key.created_at) if key.expires_at is not None else None
        key.expires_at = end if key.expires_at is None else min(end, key.expires_at)
        self._record("api_key.rotated", key)
        return await self._make(key.name, key.permissions, expires_at, key.id)

    async def revoke(self, key_id: UUID, precondition: Precondition) -> ApiKey:
        """End a key at once; a key already revoked stays as it is.

        Raises:
            NotFound: there is none in this workspace, or the caller may not read it.
            PermissionDenied: the caller may read it, not change it.
            PreconditionFailed: it has changed since the caller read it.
        """
        key = await self.get(key_id, lock=True)
        if not self._caller.reaches(_WRITE, key.user_id):
            raise PermissionDenied(_WRITE)
        precondition.check(key.version)
        if key.revoked_at is None:
            key.revoked_at = system_now()
            self._record("api_key.revoked", key)
            await self._session.flush()
        return key

    async def _refuse_third(self, key: ApiKey, now: datetime) -> None:
        related = list(await self._rows.api_key_replacing(key.id))
        if key.replaces_id is not None:
            replaced = await self._rows.api_key(key.replaces_id)
            related += [replaced] if replaced is not None else []
        for other in related:
            if is_live(other, now):
                raise RotationPending(other.id)

    async def _make(
        self, name: str, permissions: dict[str, str], expires_at: datetime | None, replaces_id: UUID | None
    ) -> tuple[ApiKey, str]:
        return await create_api_key(
            self._session,
            self._runtime.keys,
            self._caller.user_id,
            name,
            permissions,
            expires_at=expires_at,
            replaces_id=replaces_id,
            actor=ActorRef.of(self._caller),
            clock=self._runtime.clock,
        )

    def _record(self, action: str, key: ApiKey) -> None:
        journal = Journal(self._session, self._runtime.clock)
        journal.record(action, SubjectRef("api_key", key.id), ActorRef.of(self._caller))
