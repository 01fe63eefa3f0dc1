"""HTTP of prequalification forms and of what partners answered."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from relance.capabilities.files.responses import CONTENT, file_response
from relance.capabilities.files.router import FileStoreDep
from relance.capabilities.links.errors import FormNotSupported
from relance.core.errors import NotFound, PermissionDenied, PreconditionFailed, Unauthenticated, ValidationFailed
from relance.core.etag import IfMatch, set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep, link_next, page_request
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.core.security import Caller, requires
from relance.domains.invitations.forms import Forms
from relance.domains.invitations.forms_schemas import (
    FormQuery,
    FormRead,
    FormWrite,
    PrequalificationQuery,
    PrequalificationRead,
)
from relance.domains.invitations.permissions import FORMS_READ, FORMS_WRITE, PREQUALIFICATIONS_READ

_ALWAYS = problem_responses(Unauthenticated, PermissionDenied, ValidationFailed)
forms = APIRouter(
    prefix="/v1/prequalification-forms",
    tags=["prequalification-forms"],
    route_class=StrictRoute,
    responses=_ALWAYS,
)
prequalifications = APIRouter(
    prefix="/v1/prequalifications", tags=["prequalifications"], route_class=StrictRoute, responses=_ALWAYS
)

FormReader = Annotated[Caller, Depends(requires(FORMS_READ))]
FormWriter = Annotated[Caller, Depends(requires(FORMS_WRITE))]
Reader = Annotated[Caller, Depends(requires(PREQUALIFICATIONS_READ))]


@forms.get("", operation_id="prequalification_forms_list", summary="Versions of the form")
async def list_forms(
    request: Request,
    response: Response,
    session: ReadDep,
    runtime: RuntimeDep,
    caller: FormReader,
    query: Annotated[FormQuery, Query()],
) -> Page[FormRead]:
    """Every version of the workspace's form, newest first."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    items, next_cursor = await Forms(session, runtime, caller).versions(asked)
    link_next(request, runtime, response, next_cursor)
    return Page(items=items, next_cursor=next_cursor)


@forms.get(
    "/current",
    operation_id="prequalification_forms_current",
    summary="The form in use",
    responses=problem_responses(NotFound),
)
async def current_form(session: ReadDep, runtime: RuntimeDep, caller: FormReader, response: Response) -> FormRead:
    """The newest version: what partners are shown."""
    found = await Forms(session, runtime, caller).current()
    set_etag(response, found.form_version)
    return found


@forms.put(
    "/current",
    operation_id="prequalification_forms_replace",
    summary="Replace the form",
    responses={
        **problem_responses(NotFound, PreconditionFailed),
        **problem_responses(ValidationFailed, FormNotSupported),
    },
)
async def replace_form(
    payload: FormWrite,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: FormWriter,
    response: Response,
    precondition: IfMatch,
    dry_run: Annotated[bool, Query(description="Check the schema and write nothing.")] = False,
) -> FormRead:
    """Add a version. Recorded answers keep theirs; whoever has the page open is asked to check it again."""
    found = await Forms(session, runtime, caller).replace(payload, precondition, dry_run=dry_run)
    set_etag(response, found.form_version)
    return found


@forms.get(
    "/{form_version}",
    operation_id="prequalification_forms_get",
    summary="One version of the form",
    responses=problem_responses(NotFound),
)
async def get_form(
    form_version: Annotated[int, Path(ge=1, le=2_147_483_647, description="The number of the version, from 1.")],
    session: ReadDep,
    runtime: RuntimeDep,
    caller: FormReader,
    response: Response,
) -> FormRead:
    """The version that an answer names."""
    found = await Forms(session, runtime, caller).version(form_version)
    set_etag(response, found.form_version)
    return found


@prequalifications.get("", operation_id="prequalifications_list", summary="What partners answered")
async def list_prequalifications(
    request: Request,
    response: Response,
    session: ReadDep,
    runtime: RuntimeDep,
    caller: Reader,
    query: Annotated[PrequalificationQuery, Query()],
) -> Page[PrequalificationRead]:
    """One row a partner that was ever invited: status, answers, validity."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    items, next_cursor = await Forms(session, runtime, caller).prequalifications(query, asked)
    link_next(request, runtime, response, next_cursor)
    return Page(items=items, next_cursor=next_cursor)


@prequalifications.get(
    "/{prequalification_id}",
    operation_id="prequalifications_get",
    summary="What one partner answered",
    responses=problem_responses(NotFound),
)
async def get_prequalification(
    prequalification_id: UUID, session: ReadDep, runtime: RuntimeDep, caller: Reader, response: Response
) -> PrequalificationRead:
    """Status, answers and validity of one partner."""
    found, version = await Forms(session, runtime, caller).prequalification(prequalification_id)
    set_etag(response, version)
    return found


@prequalifications.get(
    "/{prequalification_id}/files/{file_id}",
    operation_id="prequalifications_download",
    summary="Download a file that a partner sent",
    response_class=StreamingResponse,
    responses={**problem_responses(NotFound), **CONTENT},
)
async def download_file(
    prequalification_id: UUID,
    file_id: UUID,
    session: ReadDep,
    runtime: RuntimeDep,
    caller: Reader,
    store: FileStoreDep,
) -> StreamingResponse:
    """The bytes, as an attachment, never to be shown in place. Files of a draft are not among them."""
    return await file_response(store, await Forms(session, runtime, caller).file(prequalification_id, file_id))
