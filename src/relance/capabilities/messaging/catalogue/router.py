"""HTTP of the template catalogue."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from relance.capabilities.messaging.catalogue.errors import NoPreviewSubject
from relance.capabilities.messaging.catalogue.schemas import (
    OverrideRead,
    TemplateListed,
    TemplatePreview,
    TemplateQuery,
    TemplateRead,
    TemplateTry,
    TestSent,
    VersionQuery,
    VersionRead,
    WordingWrite,
)
from relance.capabilities.messaging.catalogue.service import Catalogue
from relance.capabilities.messaging.permissions import TEMPLATES_READ, TEMPLATES_WRITE
from relance.core.errors import NotFound, PermissionDenied, PreconditionFailed, Unauthenticated, ValidationFailed
from relance.core.etag import IfMatch, set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep, link_next, page_request
from relance.core.i18n import Locale
from relance.core.idempotency.http import EXEMPT
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.core.security import Caller, requires

router = APIRouter(
    prefix="/v1/email-templates",
    tags=["email-templates"],
    route_class=StrictRoute,
    responses=problem_responses(Unauthenticated, PermissionDenied, NotFound),
)
_REFUSED = problem_responses(ValidationFailed)
_CHANGED = problem_responses(ValidationFailed, PreconditionFailed)

Reader = Annotated[Caller, Depends(requires(TEMPLATES_READ))]
Writer = Annotated[Caller, Depends(requires(TEMPLATES_WRITE))]
Key = Annotated[str, Path(max_length=80, description="Key of the mail: `invitations.invitation`.")]
Language = Annotated[Locale, Path(description="Language of the template.")]
Number = Annotated[int, Path(ge=1, le=2_147_483_647, description="Number of the version, from 1.")]
Organisation = Annotated[
    UUID | None, Query(description="The templates of this organisation; those of the workspace without.")
]


async def reading(request: Request, session: ReadDep, runtime: RuntimeDep, caller: Reader) -> Catalogue:
    """The catalogue on a read session."""
    state = request.app.state
    return Catalogue(session, runtime, caller, state.templates, state.mail_examples)


async def writing(request: Request, session: WriteDep, runtime: RuntimeDep, caller: Writer) -> Catalogue:
    """The catalogue in the transaction of this request."""
    state = request.app.state
    return Catalogue(session, runtime, caller, state.templates, state.mail_examples)


Reading = Annotated[Catalogue, Depends(reading)]
Writing = Annotated[Catalogue, Depends(writing)]


@router.get("", operation_id="email_templates_list", summary="Every mail of the product", responses=_REFUSED)
async def list_templates(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    catalogue: Reading,
    query: Annotated[TemplateQuery, Query()],
) -> Page[TemplateListed]:
    """By key: what each mail is, its placeholders, and in which languages this owner has edited it."""
    page = await catalogue.page(query.organisation_id, page_request(runtime, query.limit, query.sort, query.cursor))
    next_cursor = runtime.cursors.encode(page.next) if page.next else None
    link_next(request, runtime, response, next_cursor)
    return Page(items=list(page.rows), next_cursor=next_cursor)


@router.get("/{key}", operation_id="email_templates_get", summary="One mail, for its editor", responses=_REFUSED)
async def get_template(
    key: Key, catalogue: Reading, response: Response, organisation_id: Organisation = None
) -> TemplateRead:
    """The shipped words in the reduced language, the edited ones, every placeholder with a sample, every filter."""
    found = await catalogue.detail(key, organisation_id)
    # Each edit of one of its languages counts; a change asks for the version of the language itself.
    set_etag(response, sum(override.version for override in found.overrides))
    return found


@router.get(
    "/{key}/{locale}",
    operation_id="email_templates_get_override",
    summary="The edited words of a mail",
    responses=_REFUSED,
)
async def get_override(
    key: Key, locale: Language, catalogue: Reading, response: Response, organisation_id: Organisation = None
) -> OverrideRead:
    """In one language. Its `ETag` goes into the `If-Match` of a change, from version 0 on."""
    found = await catalogue.get(key, locale, organisation_id)
    set_etag(response, found.version)
    return found


@router.put(
    "/{key}/{locale}", operation_id="email_templates_save", summary="Edit the words of a mail", responses=_CHANGED
)
async def save_override(
    key: Key,
    locale: Language,
    body: WordingWrite,
    catalogue: Writing,
    response: Response,
    precondition: IfMatch,
    organisation_id: Organisation = None,
) -> OverrideRead:
    """From now on mails of this owner say this. What does not fit is refused with its line and column.

    `email-templates:write` at level `own` reaches the caller's organisations; the workspace needs `all`.
    """
    found = await catalogue.save(key, locale, organisation_id, body, precondition)
    set_etag(response, found.version)
    return found


@router.delete(
    "/{key}/{locale}", operation_id="email_templates_reset", summary="Back to the shipped words", responses=_CHANGED
)
async def reset_override(
    key: Key,
    locale: Language,
    catalogue: Writing,
    response: Response,
    precondition: IfMatch,
    organisation_id: Organisation = None,
) -> OverrideRead:
    """An organisation goes back to the workspace's words. Versions stay and can be restored."""
    found = await catalogue.reset(key, locale, organisation_id, precondition)
    set_etag(response, found.version)
    return found


@router.get(
    "/{key}/{locale}/versions",
    operation_id="email_templates_versions",
    summary="What a template said before",
    responses=_REFUSED,
)
async def list_versions(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    key: Key,
    locale: Language,
    catalogue: Reading,
    query: Annotated[VersionQuery, Query()],
) -> Page[VersionRead]:
    """Every version of this owner, newest first."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    items, next_cursor = await catalogue.versions(key, locale, query, asked)
    link_next(request, runtime, response, next_cursor)
    return Page(items=items, next_cursor=next_cursor)


@router.post(
    "/{key}/{locale}/versions/{number}/restore",
    operation_id="email_templates_restore",
    summary="Take back an earlier version",
    responses=_CHANGED,
)
async def restore_version(
    key: Key,
    locale: Language,
    number: Number,
    catalogue: Writing,
    response: Response,
    precondition: IfMatch,
    organisation_id: Organisation = None,
) -> OverrideRead:
    """Its words become a new version, checked as any other."""
    found = await catalogue.restore(key, locale, organisation_id, number, precondition)
    set_etag(response, found.version)
    return found


@router.post(
    "/{key}/{locale}/preview",
    operation_id="email_templates_preview",
    summary="See a mail before it leaves",
    responses=problem_responses(ValidationFailed, NoPreviewSubject),
    openapi_extra={EXEMPT: "A preview writes nothing, so that a repeat has no effect."},
)
async def preview_template(
    key: Key, locale: Language, body: TemplateTry, catalogue: Reading, organisation_id: Organisation = None
) -> TemplatePreview:
    """Byte for byte what would leave, but for the link, which leads nowhere: on samples, or on a row of one's own."""
    return await catalogue.preview(key, locale, organisation_id, body)


@router.post(
    "/{key}/{locale}/test-send",
    operation_id="email_templates_test_send",
    summary="Send a mail to oneself",
    responses=problem_responses(ValidationFailed, NoPreviewSubject),
)
async def send_test(
    key: Key, locale: Language, body: TemplateTry, catalogue: Writing, organisation_id: Organisation = None
) -> TestSent:
    """A real mail to the caller's own address, marked `[Test]`; its link leads nowhere."""
    return await catalogue.test(key, locale, organisation_id, body)
