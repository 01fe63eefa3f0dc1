"""HTTP of export templates."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response, status

from relance.capabilities.directory.permissions import CONTACTS_READ
from relance.capabilities.directory.repository import DirectoryRepository
from relance.capabilities.files.errors import FileTooLarge
from relance.capabilities.files.router import FileStoreDep
from relance.core.downloads import attachment
from relance.core.errors import NotFound, PermissionDenied, PreconditionFailed, Unauthenticated, ValidationFailed
from relance.core.etag import IfMatch, set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep, link_next, page_request
from relance.core.i18n import Text
from relance.core.idempotency.http import EXEMPT
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.core.security import Caller, requires
from relance.domains.crm_toolbox.export_templates.document import checked
from relance.domains.crm_toolbox.export_templates.errors import DocumentTooComplex, PdfUnavailable
from relance.domains.crm_toolbox.export_templates.printing import Printer
from relance.domains.crm_toolbox.export_templates.repository import ExportTemplateRepository
from relance.domains.crm_toolbox.export_templates.schemas import (
    ExportPreview,
    ExportTemplateCreate,
    ExportTemplateListed,
    ExportTemplateQuery,
    ExportTemplateRead,
    ExportTemplateUpdate,
)
from relance.domains.crm_toolbox.export_templates.service import ExportTemplates, listed, read, require_pictures
from relance.domains.crm_toolbox.export_templates.sheets import Look, Sheets
from relance.domains.crm_toolbox.profiles.permissions import CONFIGURE, READ
from relance.domains.crm_toolbox.profiles.repository import ProfileRepository

router = APIRouter(
    prefix="/v1/crm-toolbox/export-templates",
    tags=["crm-toolbox"],
    route_class=StrictRoute,
    responses=problem_responses(Unauthenticated, PermissionDenied, ValidationFailed),
)

Reader = Annotated[Caller, Depends(requires(READ))]
Configurer = Annotated[Caller, Depends(requires(CONFIGURE))]
_UNKNOWN_PROFILE = Text("Ce profil est inconnu.", "This profile is not known.")
_UNKNOWN_CONTACT = Text("Ce contact est inconnu.", "This contact is not known.")


async def get_printer(request: Request) -> Printer:
    """The printer of this process."""
    printer: Printer = request.app.state.printer
    return printer


PrinterDep = Annotated[Printer, Depends(get_printer)]


@router.get("", operation_id="export_templates_list", summary="List export templates")
async def list_templates(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    session: ReadDep,
    _caller: Reader,
    query: Annotated[ExportTemplateQuery, Query()],
) -> Page[ExportTemplateListed]:
    """By what profiles can be printed."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    page = await ExportTemplateRepository(session).page(query.active, asked)
    next_cursor = runtime.cursors.encode(page.next) if page.next else None
    link_next(request, runtime, response, next_cursor)
    return Page(items=await listed(session, page.rows), next_cursor=next_cursor)


@router.post(
    "",
    operation_id="export_templates_create",
    summary="Add an export template",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(FileTooLarge),
)
async def create(
    payload: ExportTemplateCreate, session: WriteDep, runtime: RuntimeDep, caller: Configurer, response: Response
) -> ExportTemplateRead:
    """What does not fit is refused with its line and column, a placeholder that does not exist by its name."""
    made = await ExportTemplates(session, runtime.clock, caller).create(payload)
    set_etag(response, made.version)
    response.headers["Location"] = f"/v1/crm-toolbox/export-templates/{made.id}"
    return await read(session, made)


@router.get(
    "/{export_template_id}",
    operation_id="export_templates_get",
    summary="Read an export template",
    responses=problem_responses(NotFound),
)
async def get(
    export_template_id: UUID, session: ReadDep, runtime: RuntimeDep, caller: Reader, response: Response
) -> ExportTemplateRead:
    """One template, with what can stand in it."""
    found = await ExportTemplates(session, runtime.clock, caller).get(export_template_id)
    set_etag(response, found.version)
    return await read(session, found)


@router.patch(
    "/{export_template_id}",
    operation_id="export_templates_update",
    summary="Change an export template",
    responses=problem_responses(NotFound, PreconditionFailed, FileTooLarge),
)
async def update(
    export_template_id: UUID,
    payload: ExportTemplateUpdate,
    session: WriteDep,
    runtime: RuntimeDep,
    caller: Configurer,
    response: Response,
    precondition: IfMatch,
) -> ExportTemplateRead:
    """JSON merge patch. PDFs that were made stay as they are."""
    found = await ExportTemplates(session, runtime.clock, caller).update(export_template_id, payload, precondition)
    set_etag(response, found.version)
    return await read(session, found)


@router.delete(
    "/{export_template_id}",
    operation_id="export_templates_delete",
    summary="Delete an export template",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problem_responses(NotFound, PreconditionFailed),
)
async def delete(
    export_template_id: UUID, session: WriteDep, runtime: RuntimeDep, caller: Configurer, precondition: IfMatch
) -> None:
    """Permanent. PDFs that were made stay."""
    await ExportTemplates(session, runtime.clock, caller).delete(export_template_id, precondition)


@router.post(
    "/{export_template_id}/preview",
    operation_id="export_templates_preview",
    summary="See a profile as a PDF",
    response_class=Response,
    responses=problem_responses(NotFound, PreconditionFailed, DocumentTooComplex, PdfUnavailable)
    | {
        200: {
            "description": "The document.",
            "content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}},
        }
    },
    openapi_extra={EXEMPT: "A preview writes nothing, so that a repeat has no effect."},
)
async def preview(
    export_template_id: UUID,
    payload: ExportPreview,
    session: ReadDep,
    runtime: RuntimeDep,
    caller: Reader,
    printer: PrinterDep,
    store: FileStoreDep,
    precondition: IfMatch,
) -> Response:
    """The PDF as it would be attached, by what is saved or by `html` and `css` that are only tried. Nothing is kept.

    With a contact it asks for `contacts:read` as well.
    """
    templates = ExportTemplates(session, runtime.clock, caller)
    template = await templates.get(export_template_id)
    precondition.check(template.version)
    look = _tried(Look.of(template, await templates.pictures(template.id)), payload)
    profile = await ProfileRepository(session).find(payload.profile_id)
    if profile is None:
        raise ValidationFailed.at("/profile_id", "unknown_profile", _UNKNOWN_PROFILE)
    contact = None
    if payload.contact_id is not None:
        caller.require(CONTACTS_READ)
        contact = await DirectoryRepository(session).contact(payload.contact_id)
        if contact is None:
            raise ValidationFailed.at("/contact_id", "unknown_contact", _UNKNOWN_CONTACT)
    with printer.folder() as folder:
        sheets = Sheets(session, runtime.clock, caller, printer, store)
        (made,) = await sheets.print(folder, look, [profile], contact)
        content = made.read_bytes()
    headers = {**attachment(f"{profile.title}.pdf"), "Content-Security-Policy": "default-src 'none'; sandbox"}
    return Response(content, media_type="application/pdf", headers=headers)


def _tried(look: Look, payload: ExportPreview) -> Look:
    """`look` with what is only tried.

    Raises:
        ValidationFailed: it does not fit.
    """
    if payload.html is None and payload.css is None:
        return look
    css = payload.css if payload.css is not None else look.css
    html = checked(payload.html if payload.html is not None else look.html, css)
    require_pictures(html, css, look.pictures)
    return Look(html, css, look.locale, look.pictures)
