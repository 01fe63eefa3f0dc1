"""Who calls and what they may do: the caller, the levels of a permission, and the dependencies that ask for them.

Core knows no users and no tables: an `Authenticator` (the identity capability) is set on the application by the
composition root, so that every router below it can ask for a caller without importing identity.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Annotated, Literal, Protocol
from uuid import UUID

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer, OAuth2PasswordBearer

from relance.core.errors import PermissionDenied, Unauthenticated
from relance.core.i18n import Text
from relance.core.rate_limits import COUNTING, count_caller


class Level(IntEnum):
    """How far a permission reaches."""

    NONE = 0
    OWN = 1
    GROUP = 2
    ALL = 3

    @classmethod
    def parse(cls, value: str) -> "Level":
        """The level with that name; none for anything else."""
        return _LEVELS.get(value, cls.NONE)


#: As roles and keys store a level, and as a job keeps its caller's.
_LEVELS: Mapping[str, Level] = {name: level for level in Level for name in (level.name.lower(), level.name)}


@dataclass(frozen=True, slots=True)
class Permission:
    """One right, `<resource>:<verb>`, with the words that an administrator reads.

    `manager`, `member` and `client` are the levels that the built-in roles start with; administrators have all of
    them. A client is somebody outside who has opened an account: a company's contact. `roles` are the levels of
    further built-in roles, by their key.
    `shared` resources belong to nobody in particular: they are granted whole or not at all.
    """

    code: str
    label: Text
    manager: Level = Level.ALL
    member: Level = Level.OWN
    shared: bool = False
    client: Level = Level.NONE
    roles: Mapping[str, Level] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Caller:
    """The authenticated caller of a request: a user, or an API key acting for the user who owns it."""

    kind: Literal["user", "api_key"]
    workspace_id: UUID
    user_id: UUID
    api_key_id: UUID | None
    name: str
    email: str
    permissions: Mapping[str, Level]
    organisation_ids: frozenset[UUID]
    group_ids: frozenset[UUID]

    def level(self, permission: str) -> Level:
        """How far `permission` reaches for this caller."""
        return self.permissions.get(permission, Level.NONE)

    def require(self, permission: str) -> Level:
        """The level of `permission`.

        Raises:
            PermissionDenied: the caller has it at no level.
        """
        level = self.level(permission)
        if level is Level.NONE:
            raise PermissionDenied(permission)
        return level

    def reaches(self, permission: str, owner_id: UUID | None) -> bool:
        """Whether `permission` reaches a row that belongs to `owner_id`."""
        level = self.level(permission)
        if level is Level.ALL:
            return True
        if level is Level.GROUP:
            return owner_id in self.group_ids
        return level is Level.OWN and owner_id == self.user_id


class Authenticator(Protocol):
    """Turns a bearer credential into a caller."""

    async def authenticate(self, credential: str) -> Caller:
        """The caller behind `credential`.

        Raises:
            Unauthenticated: it is unknown, expired or revoked.
        """
        ...


_user_scheme = OAuth2PasswordBearer(
    tokenUrl="/v1/auth/token",
    scheme_name="user",
    description="Access token of a user, from `POST /v1/auth/token`.",
    auto_error=False,
)
_key_scheme = HTTPBearer(
    scheme_name="api_key",
    bearerFormat="rl_live_…",
    description="API key of a partner integration, as HTTP bearer.",
    auto_error=False,
)


async def current_caller(
    request: Request,
    token: Annotated[str | None, Depends(_user_scheme)],
    key: Annotated[HTTPAuthorizationCredentials | None, Depends(_key_scheme)],
) -> Caller:
    """The caller of this request.

    Raises:
        Unauthenticated: no credential, or one that does not hold.
        TooManyRequests: the caller has used the limit up.
    """
    credential = token or (key.credentials if key else None)
    if not credential or len(credential) > 8192:
        raise Unauthenticated()
    # FastAPI runs a dependency once per set of scopes; the caller is the same for all of them.
    known: Caller | None = getattr(request.state, "caller", None)
    if known is None:
        authenticator: Authenticator = request.app.state.authenticator
        known = request.state.caller = await authenticator.authenticate(credential)
        await count_caller(request, str(known.api_key_id or known.user_id))
    return known


COUNTING.add(current_caller)
CurrentCaller = Annotated[Caller, Depends(current_caller)]


def requires(permission: str) -> Callable[[Caller], Awaitable[Caller]]:
    """A dependency: the caller, who holds `permission` at some level. The scope shows in the contract."""

    async def allowed(caller: Annotated[Caller, Security(current_caller, scopes=[permission])]) -> Caller:
        caller.require(permission)
        return caller

    return allowed
