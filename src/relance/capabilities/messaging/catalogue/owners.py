"""Whose templates: the workspace's, or those of one of its organisations."""

from uuid import UUID

from relance.capabilities.messaging.catalogue.repository import CatalogueRepository
from relance.capabilities.messaging.permissions import TEMPLATES_READ, TEMPLATES_WRITE
from relance.core.errors import NotFound, PermissionDenied
from relance.core.security import Caller, Level


async def require_owner(
    rows: CatalogueRepository, caller: Caller, organisation_id: UUID | None, *, write: bool = False
) -> None:
    """Let the caller read, or change, what an owner has set.

    Raises:
        NotFound: there is no such organisation.
        PermissionDenied: it is not the caller's to read, or to change.
    """
    caller.require(TEMPLATES_WRITE if write else TEMPLATES_READ)
    if organisation_id is not None and not await rows.has_organisation(organisation_id):
        raise NotFound()
    if write and caller.level(TEMPLATES_WRITE) is not Level.ALL and organisation_id not in caller.organisation_ids:
        raise PermissionDenied(TEMPLATES_WRITE)
