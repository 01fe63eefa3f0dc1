"""Who calls: an access token of a user, or an API key, becomes a `Caller` with one query."""

from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Literal
from uuid import UUID

from relance.capabilities.identity import credentials
from relance.capabilities.identity.access_tokens import AccessTokens
from relance.capabilities.identity.accounts.joining import join
from relance.capabilities.identity.accounts.lifecycle import UserStatus
from relance.capabilities.identity.callers.repository import CallerRepository, Facts, caller_of_user
from relance.capabilities.identity.oidc import OidcTokens, VerifiedEmail
from relance.capabilities.identity.repository import IdentityRepository
from relance.core.clock import system_now
from relance.core.db import Database, DbSession
from relance.core.errors import Unauthenticated
from relance.core.lifecycle import Actor
from relance.core.runtime import Runtime
from relance.core.security import Caller, Level
from relance.core.subjects import ActorRef

_TOUCH_SECONDS = 60


class IdentityAuthenticator:
    """Implements core's `Authenticator`. A deactivated user or a revoked key is refused at the next request."""

    def __init__(self, runtime: Runtime) -> None:
        self._db = runtime.db
        self._callers = CallerRepository(runtime.db)
        self._tokens = AccessTokens(runtime.settings, runtime.keys)
        self._keys = credentials.api_keys(runtime.keys)
        self._issuers = OidcTokens(runtime.settings.oidc_issuers)
        self._clock = runtime.clock

    async def authenticate(self, credential: str) -> Caller:
        """The caller behind `credential`.

        Raises:
            Unauthenticated: it is unknown, expired or revoked, or its user is deactivated.
            ServiceUnavailable: it is of an OpenID Connect issuer whose keys cannot be had.
        """
        if credential.startswith(credentials.API_KEY_PREFIX):
            return await self._by_key(credential)
        if self._issuers.knows(credential):
            return await self._by_issuer(credential)
        claims = self._tokens.read(credential)
        facts = await self._callers.of_session(claims.workspace_id, claims.user_id, claims.session_id)
        if facts is None:
            raise Unauthenticated()
        return _caller("user", facts, levels(facts["permissions"]))

    async def close(self) -> None:
        """Close the connections to the issuers."""
        await self._issuers.close()

    async def _by_issuer(self, token: str) -> Caller:
        who = await self._issuers.read(token)
        facts = await self._callers.of_email(who.workspace, who.email)
        if facts is None:
            await self._join(who)
            facts = await self._callers.of_email(who.workspace, who.email)
        if facts is None:
            raise Unauthenticated()
        return _caller("user", facts, levels(facts["permissions"]))

    async def _join(self, who: VerifiedEmail) -> None:
        """An invited user who comes through an issuer has shown that the address is theirs: that is what was asked."""
        async with self._db.reading(None) as session:
            known = await IdentityRepository(session).candidates(who.email, who.workspace)
        for one in known:
            async with self._db.transaction(one.workspace_id) as session:
                user = await IdentityRepository(session).user(one.user_id, lock=True)
                if user is not None and user.status == UserStatus.INVITED:
                    await join(session, self._clock, user, Actor.WORKER, ActorRef("user", user.id))

    async def _by_key(self, clear: str) -> Caller:
        hashes = self._keys.candidates(clear)
        if not hashes:
            raise Unauthenticated()
        now = system_now()
        facts = await self._callers.of_key(hashes, now)
        if facts is None:
            raise Unauthenticated()
        last_use = facts["last_used_at"]
        if last_use is None or (now - last_use).total_seconds() >= _TOUCH_SECONDS:
            async with self._db.transaction(facts["workspace_id"]) as session:
                await IdentityRepository(session).touch_key(facts["key_id"], now)
        allowed = _lower(tuple(facts["key_permissions"].items()), tuple(facts["permissions"].items()))
        return _caller("api_key", facts, allowed)


async def caller_named(db: Database, slug: str, email: str) -> Caller | None:
    """The active user with that address in the workspace with that slug, as the caller that they would be."""
    facts = await CallerRepository(db).of_email(slug, email)
    return None if facts is None else _caller("user", facts, levels(facts["permissions"]))


async def caller_for(session: DbSession, workspace_id: UUID, user_id: UUID) -> Caller | None:
    """The user as a caller, with the rights of now; None where the account is not active."""
    facts = await caller_of_user(session, workspace_id, user_id)
    return _caller("user", facts, levels(facts["permissions"])) if facts is not None else None


def levels(stored: Mapping[str, str]) -> Mapping[str, Level]:
    """A stored set of permissions, with its levels in order."""
    return _levels(tuple(stored.items()))


@lru_cache(maxsize=1024)
def _levels(stored: tuple[tuple[str, str], ...]) -> Mapping[str, Level]:
    """Read once: roles and keys are few, and each request brings the permissions of one."""
    return MappingProxyType({code: Level.parse(name) for code, name in stored})


@lru_cache(maxsize=1024)
def _lower(one: tuple[tuple[str, str], ...], other: tuple[tuple[str, str], ...]) -> Mapping[str, Level]:
    """What both allow, of the codes of `one`."""
    owned = _levels(other)
    return MappingProxyType({code: min(level, owned.get(code, Level.NONE)) for code, level in _levels(one).items()})


def _caller(kind: Literal["user", "api_key"], facts: Facts, permissions: Mapping[str, Level]) -> Caller:
    key_id: UUID | None = facts.get("key_id")
    return Caller(
        kind=kind,
        workspace_id=facts["workspace_id"],
        user_id=facts["user_id"],
        api_key_id=key_id,
        name=facts["name"] if key_id is None else facts["key_name"],
        email=facts["email"],
        permissions=permissions,
        organisation_ids=frozenset(facts["organisation_ids"]),
        group_ids=frozenset(facts["group_ids"]),
    )
