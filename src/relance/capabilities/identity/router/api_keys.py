"""API keys of the workspace."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from relance.capabilities.identity.api_key_schemas import (
    ApiKeyCreate,
    ApiKeyCreated,
    ApiKeyQuery,
    ApiKeyRead,
    ApiKeyRotate,
)
from relance.capabilities.identity.errors import KeyNotLive, RotationPending
from relance.capabilities.identity.models import ApiKey
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.identity.service.api_keys import ApiKeys, is_live
from relance.core.clock import system_now
from relance.core.db import DbSession
from relance.core.errors import NotFound, PermissionDenied, Unauthenticated, ValidationFailed
from relance.core.etag import IfMatch, set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep, link_next, page_request
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.core.security import Caller, requires

router = APIRouter(
    route_class=StrictRoute,
    prefix="/v1/api-keys",
    tags=["api-keys"],
    responses=problem_responses(Unauthenticated, PermissionDenied, ValidationFailed),
)
Reader = Annotated[Caller, Depends(requires("api-keys:read"))]
Writer = Annotated[Caller, Depends(requires("api-keys:write"))]


async def read_keys(session: DbSession, keys: Sequence[ApiKey]) -> list[ApiKeyRead]:
    """API keys as the API shows them, with the names of their owners."""
    owners = await IdentityRepository(session).users({key.user_id for key in keys})
    now = system_now()
    return [
        ApiKeyRead.model_validate(
            {
                "id": key.id,
                "name": key.name,
                "user": {"id": key.user_id, "name": owners[key.user_id].name},
                "hint": key.hint,
                "permissions": key.permissions,
                "replaces_id": key.replaces_id,
                "live": is_live(key, now),
                "created_at": key.created_at,
                "expires_at": key.expires_at,
                "revoked_at": key.revoked_at,
                "last_used_at": key.last_used_at,
            }
        )
        for key in keys
    ]


async def _created(response: Response, session: DbSession, key: ApiKey, clear: str) -> ApiKeyCreated:
    set_etag(response, key.version)
    response.headers["Location"] = f"/v1/api-keys/{key.id}"
    response.headers["Cache-Control"] = "no-store"
    shown = (await read_keys(session, [key]))[0]
    return ApiKeyCreated.model_validate({**shown.model_dump(), "api_key": clear})


@router.get("", operation_id="api_keys_list", summary="List API keys")
async def list_api_keys(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    session: ReadDep,
    caller: Reader,
    query: Annotated[ApiKeyQuery, Query()],
) -> Page[ApiKeyRead]:
    """The API keys that the caller may read, without their clear form."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    page = await IdentityRepository(session).api_key_page(caller, query.live, system_now(), asked)
    next_cursor = runtime.cursors.encode(page.next) if page.next else None
    link_next(request, runtime, response, next_cursor)
    return Page(items=await read_keys(session, page.rows), next_cursor=next_cursor)


@router.post("", operation_id="api_keys_create", summary="Make an API key", status_code=201)
async def create_api_key(
    body: ApiKeyCreate, response: Response, runtime: RuntimeDep, session: WriteDep, caller: Writer
) -> ApiKeyCreated:
    """Makes a key that acts for the caller, with at most their rights. Its clear form is in this answer only."""
    key, clear = await ApiKeys(session, runtime, caller).create(body)
    return await _created(response, session, key, clear)


@router.get(
    "/{api_key_id}", operation_id="api_keys_get", summary="Read an API key", responses=problem_responses(NotFound)
)
async def get_api_key(
    api_key_id: UUID, response: Response, runtime: RuntimeDep, session: ReadDep, caller: Reader
) -> ApiKeyRead:
    """One API key, without its clear form. Being used changes no version of it."""
    key = await ApiKeys(session, runtime, caller).get(api_key_id)
    set_etag(response, key.version)
    return (await read_keys(session, [key]))[0]


@router.post(
    "/{api_key_id}/rotate",
    operation_id="api_keys_rotate",
    summary="Replace an API key",
    status_code=201,
    responses=problem_responses(NotFound, KeyNotLive, RotationPending),
)
async def rotate_api_key(
    api_key_id: UUID,
    body: ApiKeyRotate,
    response: Response,
    runtime: RuntimeDep,
    session: WriteDep,
    caller: Writer,
    if_match: IfMatch,
) -> ApiKeyCreated:
    """Makes a successor with the same rights; both keys live for `overlap`, then the first expires."""
    key, clear = await ApiKeys(session, runtime, caller).rotate(api_key_id, body, if_match)
    return await _created(response, session, key, clear)


@router.post(
    "/{api_key_id}/revoke",
    operation_id="api_keys_revoke",
    summary="Revoke an API key",
    responses=problem_responses(NotFound),
)
async def revoke_api_key(
    api_key_id: UUID,
    response: Response,
    runtime: RuntimeDep,
    session: WriteDep,
    caller: Writer,
    if_match: IfMatch,
) -> ApiKeyRead:
    """Ends a key at once. Repeating it changes nothing."""
    key = await ApiKeys(session, runtime, caller).revoke(api_key_id, if_match)
    set_etag(response, key.version)
    return (await read_keys(session, [key]))[0]
