"""HTTP of branding, and the public address of logos."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, File, Path, Query, Response, UploadFile

from relance.capabilities.messaging.catalogue.branding import Branding
from relance.capabilities.messaging.catalogue.errors import LogoRefused
from relance.capabilities.messaging.catalogue.pictures import MOST_BYTES
from relance.capabilities.messaging.catalogue.repository import CatalogueRepository
from relance.capabilities.messaging.catalogue.schemas import BrandingRead, BrandingWrite, LogoRead
from relance.capabilities.messaging.permissions import TEMPLATES_READ, TEMPLATES_WRITE
from relance.core.errors import NotFound, PermissionDenied, PreconditionFailed, Unauthenticated, ValidationFailed
from relance.core.etag import IfMatch, set_etag
from relance.core.http import OpenDep, ReadDep, RuntimeDep, StrictRoute, WriteDep
from relance.core.problems import problem_responses
from relance.core.security import Caller, requires

router = APIRouter(
    prefix="/v1/email-branding",
    tags=["email-branding"],
    route_class=StrictRoute,
    responses=problem_responses(Unauthenticated, PermissionDenied, NotFound),
)
logos = APIRouter(tags=["email-branding"], route_class=StrictRoute)

Reader = Annotated[Caller, Depends(requires(TEMPLATES_READ))]
Writer = Annotated[Caller, Depends(requires(TEMPLATES_WRITE))]
Organisation = Annotated[
    UUID | None, Query(description="The branding of this organisation; that of the workspace without.")
]


@router.get(
    "", operation_id="email_branding_get", summary="The look of mails", responses=problem_responses(ValidationFailed)
)
async def get_branding(
    session: ReadDep, runtime: RuntimeDep, caller: Reader, response: Response, organisation_id: Organisation = None
) -> BrandingRead:
    """Sender name, address for answers, colour and logo; what is null is inherited."""
    found = await Branding(session, runtime, caller).get(organisation_id)
    set_etag(response, found.version)
    return found


@router.put(
    "",
    operation_id="email_branding_put",
    summary="Set the look of mails",
    responses=problem_responses(ValidationFailed, PreconditionFailed),
)
async def put_branding(
    body: BrandingWrite,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Writer,
    response: Response,
    precondition: IfMatch,
    organisation_id: Organisation = None,
) -> BrandingRead:
    """Replaces all of it; an empty body goes back to what is inherited. Shipped and edited templates alike bear it."""
    found = await Branding(session, runtime, caller).put(organisation_id, body, precondition)
    set_etag(response, found.version)
    return found


@router.post(
    "/logos",
    operation_id="email_branding_add_logo",
    summary="Add a logo",
    responses=problem_responses(ValidationFailed, LogoRefused),
)
async def add_logo(
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Writer,
    file: Annotated[UploadFile, File(description="PNG, JPEG or GIF, 256 KB at most.")],
) -> LogoRead:
    """Puts it at a public address, which never changes; name its id in the branding to use it."""
    return await Branding(session, runtime, caller).add_logo(await file.read(MOST_BYTES + 1))


@logos.get(
    "/logos/{digest}",
    operation_id="email_branding_logo",
    summary="A logo, for mail clients",
    response_class=Response,
    responses=problem_responses(NotFound, ValidationFailed)
    | {
        200: {
            "description": "The picture.",
            "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def get_logo(
    digest: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the picture.")], session: OpenDep
) -> Response:
    """Without credentials: mail clients have none. The address names the bytes, so that they are kept for ever."""
    logo = await CatalogueRepository(session).logo_like(digest)
    if logo is None:
        raise NotFound()
    return Response(
        logo.content,
        media_type=logo.media_type,
        headers={
            "Cache-Control": "public, max-age=31536000, immutable",
            "ETag": f'"{logo.digest}"',
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'",
            "Cross-Origin-Resource-Policy": "cross-origin",
        },
    )
