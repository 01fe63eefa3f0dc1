"""HTTP of this domain, as to the further contacts of a mandate."""

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Query, Request, Response, status

from relance.core.errors import (
    DuplicateResource,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
    Unauthenticated,
    ValidationFailed,
)
from relance.core.etag import IfMatch, set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep, link_next, page_request
from relance.core.lifecycle import TransitionNotAllowed
from relance.core.problems import problem_responses
from relance.core.schemas import ActionsQuery, Page
from relance.core.security import Caller, requires
from relance.domains.mandates.contacts.schemas import MandateContactCreate, MandateContactListed, MandateContactRead
from relance.domains.mandates.contacts.service import MandateContacts
from relance.domains.mandates.errors import AddressUndeliverable, TooRecent
from relance.domains.mandates.lifecycle import REMIND, WRITE
from relance.domains.mandates.permissions import READ
from relance.domains.mandates.repository import MandateRow
from relance.domains.mandates.router import Readable, Writing, readable
from relance.domains.mandates.router import ToWrite as ToChange
from relance.domains.mandates.schemas import RemindMandateRequest

router = APIRouter(prefix="/v1/mandates/{mandate_id}/contacts", tags=["mandates"], route_class=StrictRoute)

_ONE = (Unauthenticated, PermissionDenied, NotFound, ValidationFailed)
_ACTION = (*_ONE, PreconditionFailed, TransitionNotAllowed)

Reader = Annotated[Caller, Depends(requires(READ))]


class MandateContactSort(StrEnum):
    """Orders of the list; ties end on the id."""

    CREATED = "created_at"
    CREATED_DESC = "-created_at"


class MandateContactQuery(ActionsQuery):
    """Query of the further contacts of a mandate."""

    sort: MandateContactSort = MandateContactSort.CREATED


async def reading(session: ReadDep, runtime: RuntimeDep, caller: Reader) -> MandateContacts:
    """The service on a read session."""
    return MandateContacts(session, runtime, caller)


async def writing(session: WriteDep, runtime: RuntimeDep, caller: Reader) -> MandateContacts:
    """The service in the transaction of this request."""
    return MandateContacts(session, runtime, caller)


Reads = Annotated[MandateContacts, Depends(reading)]
Writes = Annotated[MandateContacts, Depends(writing)]


async def _of_mandate(
    mandate: Annotated[MandateRow, Depends(readable)], mandate_contact_id: UUID, service: Reads
) -> MandateRow:
    return await service.get(mandate, mandate_contact_id)


async def to_write(
    mandate_id: UUID, mandates: Writing, _caller: Annotated[Caller, Depends(requires(WRITE))]
) -> MandateRow:
    """The mandate of the address, locked, where the caller may change it."""
    return await mandates.actionable(mandate_id, WRITE)


async def to_remind(
    mandate_id: UUID, mandates: Writing, _caller: Annotated[Caller, Depends(requires(REMIND))]
) -> MandateRow:
    """The mandate of the address, locked, where the caller may remind."""
    return await mandates.actionable(mandate_id, REMIND)


async def contact_to_write(
    mandate: Annotated[MandateRow, Depends(to_write)], mandate_contact_id: UUID, service: Writes, precondition: IfMatch
) -> MandateRow:
    """The contact of the address, locked."""
    row = await service.locked(mandate, mandate_contact_id)
    precondition.check(row.invitee.version)
    return row


async def contact_to_remind(
    mandate: Annotated[MandateRow, Depends(to_remind)], mandate_contact_id: UUID, service: Writes, precondition: IfMatch
) -> MandateRow:
    """The contact of the address, locked."""
    row = await service.locked(mandate, mandate_contact_id)
    precondition.check(row.invitee.version)
    return row


ContactToWrite = Annotated[MandateRow, Depends(contact_to_write)]
ContactToRemind = Annotated[MandateRow, Depends(contact_to_remind)]


@router.post(
    "",
    operation_id="mandate_contacts_create",
    summary="Invite a further contact",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(*_ACTION, DuplicateResource),
)
async def create(
    mandate: ToChange, payload: MandateContactCreate, service: Writes, response: Response
) -> MandateContactRead:
    """Somebody else of the company: the same mails, reminder and expiry; access comes with their registration."""
    row = await service.invite(mandate, payload)
    response.headers["Location"] = f"/v1/mandates/{row.mandate.id}/contacts/{row.invitee.id}"
    return await _shown(service, row, response)


@router.get(
    "",
    operation_id="mandate_contacts_list",
    summary="Further contacts of a mandate",
    responses=problem_responses(*_ONE),
)
async def list_contacts(
    mandate: Readable,
    request: Request,
    response: Response,
    service: Reads,
    runtime: RuntimeDep,
    query: Annotated[MandateContactQuery, Query()],
) -> Page[MandateContactListed]:
    """Who was asked besides the main contact, removed ones included."""
    items, next_cursor = await service.page(
        mandate, page_request(runtime, query.limit, query.sort, query.cursor), with_actions=bool(query.include)
    )
    link_next(request, runtime, response, next_cursor)
    return Page(items=items, next_cursor=next_cursor)


@router.get(
    "/{mandate_contact_id}",
    operation_id="mandate_contacts_get",
    summary="One further contact",
    responses=problem_responses(*_ONE),
)
async def get(
    row: Annotated[MandateRow, Depends(_of_mandate)], service: Reads, response: Response
) -> MandateContactRead:
    """State, what the caller may do now, and what will be sent next."""
    return await _shown(service, row, response)


@router.post(
    "/{mandate_contact_id}/remind",
    operation_id="mandate_contacts_remind",
    summary="Remind a further contact",
    responses=problem_responses(*_ACTION, TooRecent, AddressUndeliverable),
)
async def remind(
    row: ContactToRemind,
    service: Writes,
    response: Response,
    payload: Annotated[RemindMandateRequest | None, Body()] = None,
) -> MandateContactRead:
    """Ask again; the expiry does not move."""
    return await _shown(service, await service.remind(row, force=payload.force if payload else False), response)


@router.post(
    "/{mandate_contact_id}/renew",
    operation_id="mandate_contacts_renew",
    summary="Renew an expired invitation of a further contact",
    responses=problem_responses(*_ACTION, TooRecent, AddressUndeliverable),
)
async def renew(row: ContactToRemind, service: Writes, response: Response) -> MandateContactRead:
    """Begin a new cycle."""
    return await _shown(service, await service.renew(row), response)


@router.post(
    "/{mandate_contact_id}/remove",
    operation_id="mandate_contacts_remove",
    summary="Remove a further contact",
    responses=problem_responses(*_ACTION),
)
async def remove(row: ContactToWrite, service: Writes, response: Response) -> MandateContactRead:
    """Ask no more, and take the access to this mandate; the account stays."""
    await service.remove(row)
    return await _shown(service, row, response)


async def _shown(service: MandateContacts, row: MandateRow, response: Response) -> MandateContactRead:
    found = await service.detail(row)
    set_etag(response, found.version)
    return found
