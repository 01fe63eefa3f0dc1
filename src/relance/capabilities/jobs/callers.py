"""A caller kept with its job, and found again by the worker."""

from typing import Any
from uuid import UUID

from relance.core.security import Caller, Level


def pack(caller: Caller) -> dict[str, Any]:
    """`caller` as JSON."""
    return {
        "kind": caller.kind,
        "user_id": str(caller.user_id),
        "api_key_id": str(caller.api_key_id) if caller.api_key_id else None,
        "name": caller.name,
        "email": caller.email,
        "permissions": {code: level.name for code, level in caller.permissions.items()},
        "organisation_ids": sorted(str(id_) for id_ in caller.organisation_ids),
        "group_ids": sorted(str(id_) for id_ in caller.group_ids),
    }


def unpack(workspace_id: UUID, packed: dict[str, Any]) -> Caller:
    """The caller behind `packed`."""
    return Caller(
        kind=packed["kind"],
        workspace_id=workspace_id,
        user_id=UUID(packed["user_id"]),
        api_key_id=UUID(packed["api_key_id"]) if packed["api_key_id"] else None,
        name=packed["name"],
        email=packed["email"],
        permissions={code: Level.parse(name) for code, name in packed["permissions"].items()},
        organisation_ids=frozenset(UUID(id_) for id_ in packed["organisation_ids"]),
        group_ids=frozenset(UUID(id_) for id_ in packed["group_ids"]),
    )
