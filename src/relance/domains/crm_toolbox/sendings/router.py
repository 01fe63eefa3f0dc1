"""HTTP of sendings."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from relance.capabilities.directory.repository import DirectoryRepository
from relance.capabilities.files.attachments import Attachments
from relance.capabilities.files.errors import FileTooLarge
from relance.capabilities.files.router import FileStoreDep
from relance.capabilities.files.schemas import FileFacts
from relance.capabilities.messaging.errors import AttachmentsTooLarge
from relance.core.errors import NotFound, PermissionDenied, PreconditionFailed, Unauthenticated, ValidationFailed
from relance.core.etag import IfMatch, set_etag
from relance.core.http import DryRun, ReadDep, RuntimeDep, StrictRoute, WriteDep, link_next, page_request
from relance.core.i18n import Text, as_locale
from relance.core.lifecycle import TransitionNotAllowed
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.core.security import Caller, requires
from relance.domains.crm_toolbox.actions.http import ACTION_ERRORS
from relance.domains.crm_toolbox.export_templates.errors import DocumentTooComplex, PdfUnavailable
from relance.domains.crm_toolbox.export_templates.router import PrinterDep
from relance.domains.crm_toolbox.permissions import INFOBOX_READ, INFOBOX_WRITE
from relance.domains.crm_toolbox.profiles.service import holder_of
from relance.domains.crm_toolbox.sendings import views
from relance.domains.crm_toolbox.sendings.errors import ContactNotMailable
from relance.domains.crm_toolbox.sendings.permissions import SEND
from relance.domains.crm_toolbox.sendings.repository import SendingRepository, SendingRow
from relance.domains.crm_toolbox.sendings.schemas import (
    ProfileSendingCreate,
    ProfileSendingListed,
    ProfileSendingQuery,
    ProfileSendingRead,
    Rescheduling,
    SendingDraft,
    SendingDraftQuery,
    SendingReport,
)
from relance.domains.crm_toolbox.sendings.service import Sendings, Tools

router = APIRouter(
    prefix="/v1/crm-toolbox/profile-sendings",
    tags=["crm-toolbox"],
    route_class=StrictRoute,
    responses=problem_responses(Unauthenticated, PermissionDenied, ValidationFailed),
)

Sender = Annotated[Caller, Depends(requires(SEND))]
Reader = Annotated[Caller, Depends(requires(INFOBOX_READ))]
Writer = Annotated[Caller, Depends(requires(INFOBOX_WRITE))]
_CHANGED = problem_responses(NotFound, PreconditionFailed, TransitionNotAllowed)
_UNKNOWN_CONTACT = Text("Ce contact est inconnu.", "This contact is not known.")


async def get_tools(request: Request, runtime: RuntimeDep, store: FileStoreDep, printer: PrinterDep) -> Tools:
    """What sending takes."""
    return Tools(runtime, request.app.state.templates, store, printer)


ToolsDep = Annotated[Tools, Depends(get_tools)]


@router.post(
    "",
    operation_id="crm_toolbox_send_profile",
    summary="Send profiles (Envoyer profil)",
    responses=ACTION_ERRORS
    | problem_responses(ContactNotMailable, FileTooLarge, AttachmentsTooLarge, DocumentTooComplex, PdfUnavailable),
)
async def create(
    payload: ProfileSendingCreate,
    session: WriteDep,
    tools: ToolsDep,
    caller: Sender,
    response: Response,
    dry_run: DryRun = False,
) -> SendingReport:
    """One entry in the infobox, and a mail of their own to each contact, with the profiles' files and PDFs.

    With `at` to come it leaves then, unless the contact is inactive, has refused, has no address or is deleted by then:
    that is told to the caller by mail. `mode=record` only makes the entry.
    """
    report = await Sendings(session, tools, caller).create(payload, dry_run=dry_run)
    if report.entry_id is not None:
        response.headers["Location"] = f"/v1/crm-toolbox/infobox/{report.entry_id}"
    return report


@router.get("", operation_id="profile_sendings_list", summary="List sendings of profiles")
async def list_sendings(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    session: ReadDep,
    caller: Reader,
    query: Annotated[ProfileSendingQuery, Query()],
) -> Page[ProfileSendingListed]:
    """Those whose entries the caller may read, what is to come among them."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    page = await SendingRepository(session).page(query, caller, asked)
    next_cursor = runtime.cursors.encode(page.next) if page.next else None
    link_next(request, runtime, response, next_cursor)
    items = await views.listed(session, page.rows, caller, with_actions=bool(query.include))
    return Page(items=items, next_cursor=next_cursor)


@router.get("/draft", operation_id="profile_sendings_draft", summary="Draft of the mail")
async def draft(
    session: ReadDep, tools: ToolsDep, caller: Sender, query: Annotated[SendingDraftQuery, Query()]
) -> SendingDraft:
    """The mail filled in from its template, to be edited and sent. Nothing is written."""
    sendings = Sendings(session, tools, caller)
    profiles = await sendings.profiles(query.profile_id, "/query/profile_id")
    contact = None
    if query.contact_id is not None:
        contact = await DirectoryRepository(session).contact(query.contact_id)
        if contact is None or not caller.reaches(SEND, contact.assigned_to):
            raise ValidationFailed.at("/query/contact_id", "unknown_contact", _UNKNOWN_CONTACT)
    locale = query.locale or as_locale(contact.locale if contact else None)
    words = await sendings.draft(profiles, locale, contact)
    files = await Attachments(session).held([holder_of(profile.id) for profile in profiles])
    return SendingDraft(
        locale=locale, subject=words.subject, body=words.html, attachments=[FileFacts.of(file) for file in files]
    )


@router.get(
    "/{profile_sending_id}",
    operation_id="profile_sendings_get",
    summary="Read a sending of profiles",
    responses=problem_responses(NotFound),
)
async def get(profile_sending_id: UUID, session: ReadDep, caller: Reader, response: Response) -> ProfileSendingRead:
    """With what has become of it, contact by contact."""
    row = await SendingRepository(session).find(profile_sending_id, caller)
    if row is None:
        raise NotFound()
    set_etag(response, row.sending.version)
    return await views.detail(session, row, caller)


async def changeable(profile_sending_id: UUID, session: WriteDep, caller: Writer, precondition: IfMatch) -> SendingRow:
    """The sending of the address, locked, where the caller may change it."""
    row = await SendingRepository(session).find(profile_sending_id, caller, lock=True)
    if row is None:
        raise NotFound()
    if not caller.reaches(INFOBOX_WRITE, row.sending.created_by):
        raise PermissionDenied(INFOBOX_WRITE)
    precondition.check(row.sending.version)
    return row


Changeable = Annotated[SendingRow, Depends(changeable)]


@router.post(
    "/{profile_sending_id}/cancel",
    operation_id="profile_sendings_cancel",
    summary="Cancel what is still to leave",
    responses=_CHANGED,
)
async def cancel(
    found: Changeable, session: WriteDep, tools: ToolsDep, caller: Writer, response: Response
) -> ProfileSendingRead:
    """Its entry in the infobox is cancelled with it."""
    await Sendings(session, tools, caller).cancel(found)
    set_etag(response, found.sending.version)
    return await views.detail(session, found, caller)


@router.post(
    "/{profile_sending_id}/reschedule",
    operation_id="profile_sendings_reschedule",
    summary="Move what is still to leave",
    responses=_CHANGED,
)
async def reschedule(
    found: Changeable, payload: Rescheduling, session: WriteDep, tools: ToolsDep, caller: Writer, response: Response
) -> ProfileSendingRead:
    """It leaves at another instant, with the files and words that it has."""
    await Sendings(session, tools, caller).reschedule(found, payload.at)
    set_etag(response, found.sending.version)
    return await views.detail(session, found, caller)
