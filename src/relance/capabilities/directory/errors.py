"""Errors of the directory."""

from types import MappingProxyType
from uuid import UUID

from relance.core.errors import DuplicateResource
from relance.core.i18n import Text


class AlreadyInDirectory(DuplicateResource):
    """Another company or contact has this key; the answer names it."""

    detail = Text(
        "Une fiche avec cette valeur existe déjà : {existing_id}.",
        "An entry with this value already exists: {existing_id}.",
    )
    example = MappingProxyType({"existing_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10", "pointer": "/local_id/value"})

    def __init__(self, existing_id: UUID, pointer: str) -> None:
        super().__init__(existing_id=str(existing_id), pointer=pointer)
