"""Rules that several use cases of identity share."""

from collections.abc import Mapping

from relance.capabilities.identity.errors import LastAdministrator
from relance.capabilities.identity.repository import IdentityRepository
from relance.core.errors import PermissionDenied
from relance.core.security import Caller, Level


def refuse_beyond(caller: Caller, permissions: Mapping[str, str]) -> None:
    """Nobody grants, or takes over, more than they have.

    Raises:
        PermissionDenied: `permissions` holds a right, or a level of it, that the caller has not; it is named.
    """
    code = beyond(caller, permissions)
    if code is not None:
        raise PermissionDenied(code)


def beyond(caller: Caller, permissions: Mapping[str, str]) -> str | None:
    """The first right, or level of it, in `permissions` that the caller has not; None where there is none."""
    for code, level in sorted(permissions.items()):
        if Level.parse(level) > caller.level(code):
            return code
    return None


async def keep_an_administrator(rows: IdentityRepository) -> None:
    """To be asked after the change was flushed, under the lock of the workspace.

    Raises:
        LastAdministrator: nobody is left who can manage users and roles.
    """
    if await rows.administrators() == 0:
        raise LastAdministrator()
