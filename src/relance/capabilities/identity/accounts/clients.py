"""The accounts of people outside: a company's contact that answers a link opens one, or signs in to the one it has."""

from relance.capabilities.identity.accounts.joining import join
from relance.capabilities.identity.accounts.lifecycle import UserStatus
from relance.capabilities.identity.models import User
from relance.capabilities.identity.passwords import hash_password, require_strong, verify_password
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.journal.service import Journal
from relance.core.clock import Clock, system_now
from relance.core.db import DbSession
from relance.core.errors import Conflict, ValidationFailed
from relance.core.i18n import Locale, Text
from relance.core.ids import new_id
from relance.core.lifecycle import Actor
from relance.core.subjects import ActorRef, SubjectRef

#: Key of the built-in role of people outside.
CLIENT = "client"

_WRONG = Text("Ce mot de passe n’est pas celui de votre compte.", "This is not the password of your account.")


class ClientAccounts:
    """The accounts behind addresses of the session's workspace."""

    def __init__(self, session: DbSession, clock: Clock) -> None:
        self._session = session
        self._clock = clock
        self._rows = IdentityRepository(session)

    async def find(self, email: str) -> User | None:
        """Whoever has that address, in lower case."""
        return await self._rows.user_by_email(email)

    async def sign_in(self, user: User, password: str, pointer: str) -> None:
        """Make sure that whoever answers knows the password of the account.

        Raises:
            ValidationFailed: they do not.
        """
        if not await verify_password(password, user.password_hash):
            raise ValidationFailed.at(pointer, "wrong_password", _WRONG)

    async def open(self, email: str, name: str, password: str, locale: Locale, actor: ActorRef, pointer: str) -> User:
        """An active account with that address: a new one, or one that was invited and never taken up.

        Raises:
            ValidationFailed: the password is too easy to guess.
            Conflict: the same address opens an account at this very moment.
        """
        await require_strong(password, pointer, (name, email))
        hashed = await hash_password(password)
        known = await self._rows.user_by_email(email)
        if known is None:
            return await self._add(email, name, hashed, locale, actor)
        user = await self._rows.user(known.id, lock=True)
        if user is None or user.status != UserStatus.INVITED:
            raise Conflict()
        user.name, user.password_hash = name, hashed
        await join(self._session, self._clock, user, Actor.RECIPIENT, actor)
        return user

    async def _add(self, email: str, name: str, hashed: str, locale: Locale, actor: ActorRef) -> User:
        role = await self._rows.role_by_key(CLIENT)
        if role is None:
            raise RuntimeError("this workspace has no role for clients: its roles were not synchronised")
        user_id = new_id()
        values = {
            "id": user_id,
            "email": email,
            "name": name,
            "locale": locale,
            "role_id": role.id,
            "status": UserStatus.ACTIVE,
            "password_hash": hashed,
            "last_sign_in_at": system_now(),
            "created_at": self._clock.now(),
        }
        user = await self._rows.insert_user(values)
        if user is None:
            raise Conflict()
        journal = Journal(self._session, self._clock)
        journal.record("user.created", SubjectRef("user", user.id), actor, after={"role_id": str(role.id)})
        return user
