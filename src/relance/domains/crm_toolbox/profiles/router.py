"""HTTP of profiles."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response, status
from fastapi.responses import StreamingResponse

from relance.capabilities.files.errors import FileTooLarge
from relance.capabilities.files.responses import CONTENT, file_response
from relance.capabilities.files.router import FileStoreDep
from relance.core.errors import NotFound, PermissionDenied, PreconditionFailed, Unauthenticated, ValidationFailed
from relance.core.etag import IfMatch, set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep, link_next, page_request
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.core.security import Caller, requires
from relance.domains.crm_toolbox.profiles.permissions import DELETE, READ, WRITE
from relance.domains.crm_toolbox.profiles.repository import ProfileRepository
from relance.domains.crm_toolbox.profiles.schemas import (
    ProfileCreate,
    ProfileListed,
    ProfileQuery,
    ProfileRead,
    ProfileUpdate,
)
from relance.domains.crm_toolbox.profiles.service import Profiles, listed, read

router = APIRouter(
    prefix="/v1/crm-toolbox/profiles",
    tags=["crm-toolbox"],
    route_class=StrictRoute,
    responses=problem_responses(Unauthenticated, PermissionDenied, ValidationFailed),
)

Reader = Annotated[Caller, Depends(requires(READ))]
Writer = Annotated[Caller, Depends(requires(WRITE))]
Deleter = Annotated[Caller, Depends(requires(DELETE))]


@router.get("", operation_id="profiles_list", summary="List profiles")
async def list_profiles(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    session: ReadDep,
    _caller: Reader,
    query: Annotated[ProfileQuery, Query()],
) -> Page[ProfileListed]:
    """The profiles that can be sent, a page at a time; `archived=true` lists the archived ones."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    page = await ProfileRepository(session).page(query, asked)
    next_cursor = runtime.cursors.encode(page.next) if page.next else None
    link_next(request, runtime, response, next_cursor)
    return Page(items=await listed(session, page.rows), next_cursor=next_cursor)


@router.post(
    "",
    operation_id="profiles_create",
    summary="Add a profile",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(FileTooLarge),
)
async def create(
    payload: ProfileCreate, session: WriteDep, runtime: RuntimeDep, caller: Writer, response: Response
) -> ProfileRead:
    """A person's or an offer's profile. Its files are uploaded before, by `POST /v1/files`."""
    made = await Profiles(session, runtime.clock, caller).create(payload)
    set_etag(response, made.version)
    response.headers["Location"] = f"/v1/crm-toolbox/profiles/{made.id}"
    return await read(session, made)


@router.get(
    "/{profile_id}", operation_id="profiles_get", summary="Read a profile", responses=problem_responses(NotFound)
)
async def get(
    profile_id: UUID, session: ReadDep, runtime: RuntimeDep, caller: Reader, response: Response
) -> ProfileRead:
    """One profile with its text and files; its `ETag` goes into the `If-Match` of a change."""
    found = await Profiles(session, runtime.clock, caller).get(profile_id)
    set_etag(response, found.version)
    return await read(session, found)


@router.patch(
    "/{profile_id}",
    operation_id="profiles_update",
    summary="Change a profile",
    responses=problem_responses(NotFound, PreconditionFailed, FileTooLarge),
)
async def update(
    profile_id: UUID,
    payload: ProfileUpdate,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Writer,
    response: Response,
    precondition: IfMatch,
) -> ProfileRead:
    """JSON merge patch. What was sent before stays as it was."""
    found = await Profiles(session, runtime.clock, caller).update(profile_id, payload, precondition)
    set_etag(response, found.version)
    return await read(session, found)


@router.delete(
    "/{profile_id}",
    operation_id="profiles_delete",
    summary="Delete a profile",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(NotFound, PreconditionFailed),
)
async def delete(
    profile_id: UUID, session: WriteDep, runtime: RuntimeDep, caller: Deleter, precondition: IfMatch
) -> None:
    """Permanent. What was sent of it stays; to offer it no longer, archive it."""
    await Profiles(session, runtime.clock, caller).delete(profile_id, precondition)


@router.get(
    "/{profile_id}/files/{file_id}",
    operation_id="profiles_download_file",
    summary="Download a file of a profile",
    response_class=StreamingResponse,
    responses=problem_responses(NotFound) | CONTENT,
)
async def download(
    profile_id: UUID, file_id: UUID, session: ReadDep, runtime: RuntimeDep, caller: Reader, store: FileStoreDep
) -> Response:
    """The bytes, as an attachment."""
    for file in await Profiles(session, runtime.clock, caller).files(profile_id):
        if file.id == file_id:
            return await file_response(store, file)
    raise NotFound()
