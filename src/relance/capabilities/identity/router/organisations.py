"""Organisations of the workspace."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from relance.capabilities.identity.errors import NameTaken
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.identity.schemas import (
    OrganisationCreate,
    OrganisationQuery,
    OrganisationRead,
    OrganisationReplace,
    OrganisationUpdate,
)
from relance.capabilities.identity.service.organisations import Organisations, OrganisationsByReference
from relance.core.by_reference import BY_REFERENCE, ExternalIdPath, answer_put, put_responses
from relance.core.errors import NotFound, PermissionDenied, PreconditionFailed, Unauthenticated, ValidationFailed
from relance.core.etag import IfMatch, IfMatchOrNone, set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep, link_next, page_request
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.core.security import Caller, requires

router = APIRouter(
    route_class=StrictRoute,
    prefix="/v1/organisations",
    tags=["organisations"],
    responses=problem_responses(Unauthenticated, PermissionDenied, ValidationFailed),
)
Reader = Annotated[Caller, Depends(requires("organisations:read"))]
Writer = Annotated[Caller, Depends(requires("organisations:write"))]


@router.get("", operation_id="organisations_list", summary="List organisations")
async def list_organisations(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    session: ReadDep,
    caller: Reader,
    query: Annotated[OrganisationQuery, Query()],
) -> Page[OrganisationRead]:
    """The organisations that the caller works for; all of them at level `all`."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    page = await IdentityRepository(session).organisation_page(caller, query.q, query.model_dump(), asked)
    next_cursor = runtime.cursors.encode(page.next) if page.next else None
    link_next(request, runtime, response, next_cursor)
    return Page(items=[OrganisationRead.model_validate(one) for one in page.rows], next_cursor=next_cursor)


@router.post(
    "",
    operation_id="organisations_create",
    summary="Add an organisation",
    status_code=201,
    responses=problem_responses(NameTaken),
)
async def create_organisation(
    body: OrganisationCreate, response: Response, runtime: RuntimeDep, session: WriteDep, caller: Writer
) -> OrganisationRead:
    """Adds an organisation; needs `organisations:write` at level `all`."""
    organisation = await Organisations(session, runtime.clock, caller).create(body)
    set_etag(response, organisation.version)
    response.headers["Location"] = f"/v1/organisations/{organisation.id}"
    return OrganisationRead.model_validate(organisation)


@router.get(
    "/{organisation_id}",
    operation_id="organisations_get",
    summary="Read an organisation",
    responses=problem_responses(NotFound),
)
async def get_organisation(
    organisation_id: UUID, response: Response, runtime: RuntimeDep, session: ReadDep, caller: Reader
) -> OrganisationRead:
    """One organisation; its `ETag` goes into the `If-Match` of a change."""
    organisation = await Organisations(session, runtime.clock, caller).get(organisation_id)
    set_etag(response, organisation.version)
    return OrganisationRead.model_validate(organisation)


@router.patch(
    "/{organisation_id}",
    operation_id="organisations_update",
    summary="Change an organisation",
    responses=problem_responses(NotFound, NameTaken, PreconditionFailed),
)
async def update_organisation(
    organisation_id: UUID,
    body: OrganisationUpdate,
    response: Response,
    runtime: RuntimeDep,
    session: WriteDep,
    caller: Writer,
    if_match: IfMatch,
) -> OrganisationRead:
    """Changes the fields that are sent (JSON merge patch); null clears one that may be empty."""
    organisation = await Organisations(session, runtime.clock, caller).update(organisation_id, body, if_match)
    set_etag(response, organisation.version)
    return OrganisationRead.model_validate(organisation)


@router.get(
    BY_REFERENCE,
    operation_id="organisations_get_by_reference",
    summary="Read an organisation by your own key",
    responses=problem_responses(NotFound),
)
async def get_organisation_by_reference(
    external_id: ExternalIdPath, response: Response, runtime: RuntimeDep, session: ReadDep, caller: Reader
) -> OrganisationRead:
    """The organisation whose `external_id` this is."""
    organisation = await OrganisationsByReference(session, runtime.clock, caller).get(external_id)
    set_etag(response, organisation.version)
    return OrganisationRead.model_validate(organisation)


@router.put(
    BY_REFERENCE,
    operation_id="organisations_put_by_reference",
    summary="Create or replace an organisation by your own key",
    responses=put_responses(OrganisationRead, NameTaken),
)
async def put_organisation_by_reference(
    external_id: ExternalIdPath,
    body: OrganisationReplace,
    response: Response,
    runtime: RuntimeDep,
    session: WriteDep,
    caller: Writer,
    precondition: IfMatchOrNone,
) -> OrganisationRead:
    """The organisation with this `external_id` is what the body says: created, or all of its fields replaced.

    Sent again, it changes nothing. An organisation that has the name under another key, or under none, is a
    `duplicate`. Creating needs `organisations:write` at level `all`.
    """
    done = await OrganisationsByReference(session, runtime.clock, caller).put(external_id, body, precondition)
    answer_put(response, done, f"/v1/organisations/{done.row.id}")
    return OrganisationRead.model_validate(done.row)
