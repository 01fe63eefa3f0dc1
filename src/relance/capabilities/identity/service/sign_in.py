"""Signing in, staying signed in, and signing out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from email_validator import EmailNotValidError

from relance.capabilities.identity import credentials
from relance.capabilities.identity.access_tokens import AccessClaims, AccessTokens
from relance.capabilities.identity.accounts.lifecycle import UserStatus
from relance.capabilities.identity.errors import InvalidGrant, WorkspaceRequired
from relance.capabilities.identity.models import RefreshToken
from relance.capabilities.identity.passwords import verify_password
from relance.capabilities.identity.repository import Candidate, IdentityRepository
from relance.capabilities.identity.throttle import SignInThrottle
from relance.capabilities.journal.service import Journal
from relance.core.addresses import MAX_ADDRESS_LENGTH, normalise_address
from relance.core.clock import system_now
from relance.core.db import DbSession
from relance.core.ids import new_id
from relance.core.runtime import Runtime
from relance.core.subjects import SYSTEM, ActorRef, SubjectRef


@dataclass(frozen=True, slots=True)
class Grant:
    """What a successful sign-in gives: both tokens in clear, and the life of the first."""

    access_token: str
    refresh_token: str
    expires_in: timedelta


class SignIn:
    """The grants of the token endpoint.

    It opens its transactions itself: what a refused attempt leaves (a journal entry, an ended session) must be
    committed although the answer is an error, and none may stay open while a password is hashed.
    """

    def __init__(self, runtime: Runtime, throttle: SignInThrottle) -> None:
        self._runtime = runtime
        self._db = runtime.db
        self._throttle = throttle
        self._access = AccessTokens(runtime.settings, runtime.keys)
        self._refresh = credentials.refresh_tokens(runtime.keys)

    async def by_password(self, username: str, password: str, workspace: str | None, address: str) -> Grant:
        """Tokens for the account with that address and password.

        Args:
            username: the e-mail address of the account.
            password: in clear.
            workspace: slug, where the account exists in several.
            address: network address of the caller, for the throttle.

        Raises:
            TooManySignIns: too many attempts have failed.
            InvalidGrant: no active account has this address and this password.
            WorkspaceRequired: accounts in several workspaces have.
        """
        account = _account(username)
        async with self._throttle.attempt(address, account):
            async with self._db.reading(None) as session:
                candidates = await IdentityRepository(session).candidates(account, workspace)
            held = [one for one in candidates if await verify_password(password, one.password_hash)]
            if not candidates:
                await verify_password(password, None)
            held = [one for one in held if one.active]
            if not held:
                await self._throttle.failed(address, account)
        if not held:
            await self._record_failure(candidates)
            raise InvalidGrant()
        await self._throttle.forgive(address, account)
        if len(held) > 1:
            raise WorkspaceRequired(sorted(one.slug for one in held))
        return await self._open_session(held[0])

    async def by_refresh_token(self, clear: str, address: str) -> Grant:
        """New tokens for a refresh token, which is used up by it.

        A token that comes a second time was stolen, from the user or by the user's double: its whole session ends.

        Raises:
            TooManySignIns: too many attempts have failed.
            InvalidGrant: the token is unknown, expired, used, or of a session that has ended.
        """
        async with self._throttle.attempt(address, None):
            grant = await self._rotate(clear)
            if grant is None:
                await self._throttle.failed(address, None)
                raise InvalidGrant()
        return grant

    async def _rotate(self, clear: str) -> Grant | None:
        hashes = self._refresh.candidates(clear)
        if not hashes:
            return None
        async with self._db.transaction(None) as session:
            rows = IdentityRepository(session)
            token = await rows.refresh_token(hashes)
            if token is None:
                return None
            session.enter_workspace(token.workspace_id)
            now = system_now()
            if token.used_at is not None and token.revoked_at is None:
                await rows.revoke_family(token.family_id, now)
                self._record(session, "user.refresh_reused", token.user_id)
                return None
            user = await rows.user(token.user_id)
            if (
                token.revoked_at is not None
                or token.expires_at <= now
                or user is None
                or user.status != UserStatus.ACTIVE
            ):
                return None
            token.used_at = now
            return self._issue(session, token.user_id, token.family_id)

    async def _open_session(self, account: Candidate) -> Grant:
        async with self._db.transaction(account.workspace_id) as session:
            rows = IdentityRepository(session)
            # Read again under its lock: somebody deactivated meanwhile gets no session to come back to.
            user = await rows.user(account.user_id, lock=True)
            if user is None or user.status != UserStatus.ACTIVE or user.password_hash != account.password_hash:
                raise InvalidGrant()
            await rows.forget_expired_tokens(user.id, system_now() - self._access.lifetime)
            await rows.note_sign_in(user.id, self._runtime.clock.now())
            self._record(session, "user.signed_in", user.id)
            return self._issue(session, user.id, new_id())

    def _issue(self, session: DbSession, user_id: UUID, family_id: UUID) -> Grant:
        clear, now = self._refresh.mint(), system_now()
        session.add(
            RefreshToken(
                id=new_id(),
                user_id=user_id,
                family_id=family_id,
                token_hash=self._refresh.hash(clear),
                issued_at=now,
                expires_at=now + timedelta(days=self._runtime.settings.refresh_token_days),
            )
        )
        access = self._access.mint(AccessClaims(user_id, session.workspace_id, family_id))
        return Grant(access, clear, self._access.lifetime)

    async def _record_failure(self, candidates: Sequence[Candidate]) -> None:
        for one in candidates:
            async with self._db.transaction(one.workspace_id) as session:
                Journal(session, self._runtime.clock).record(
                    "user.sign_in_failed", SubjectRef("user", one.user_id), SYSTEM
                )

    def _record(self, session: DbSession, action: str, user_id: UUID) -> None:
        Journal(session, self._runtime.clock).record(action, SubjectRef("user", user_id), ActorRef("user", user_id))


def _account(username: str) -> str:
    try:
        return normalise_address(username)
    except EmailNotValidError:
        # Not an address, so nobody's; it takes the same way as an unknown one.
        return username.strip().lower()[:MAX_ADDRESS_LENGTH]


async def end_session(session: DbSession, runtime: Runtime, claims: AccessClaims) -> None:
    """Sign out: neither the refresh token nor the access tokens of this sign-in hold any more."""
    await IdentityRepository(session).revoke_family(claims.session_id, system_now())
    subject, actor = SubjectRef("user", claims.user_id), ActorRef("user", claims.user_id)
    Journal(session, runtime.clock).record("user.signed_out", subject, actor)
