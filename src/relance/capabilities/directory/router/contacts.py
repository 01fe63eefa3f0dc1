"""HTTP of contacts."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from relance.capabilities.directory.deletion import Deletion
from relance.capabilities.directory.errors import AlreadyInDirectory, ContactEmptied, PersonErased, StillReferred
from relance.capabilities.directory.forgotten import record_readmission
from relance.capabilities.directory.permissions import CONTACTS_DELETE, CONTACTS_READ, CONTACTS_WRITE, READMIT
from relance.capabilities.directory.references import ContactsByReference
from relance.capabilities.directory.repository import DirectoryRepository
from relance.capabilities.directory.router.departures import DepartureWatchersDep
from relance.capabilities.directory.schemas import (
    ContactCreate,
    ContactCreated,
    ContactDuplicateQuery,
    ContactFilter,
    ContactRead,
    ContactReplace,
    ContactUpdate,
    PossibleDuplicates,
)
from relance.capabilities.directory.service import Directory
from relance.capabilities.directory.views import duplicate_contacts, read_contacts
from relance.core.by_reference import BY_REFERENCE, ExternalIdPath, answer_put, put_responses
from relance.core.errors import (
    NotFound,
    PermissionDenied,
    PreconditionFailed,
    Unauthenticated,
    ValidationFailed,
)
from relance.core.etag import IfMatch, IfMatchOrNone, set_etag
from relance.core.http import (
    ReadDep,
    RuntimeDep,
    StrictRoute,
    WriteDep,
    link_next,
    page_request,
)
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.core.security import Caller, requires
from relance.core.subjects import ActorRef

_ALWAYS = problem_responses(Unauthenticated, PermissionDenied, ValidationFailed)
_ONE = problem_responses(NotFound)
_CHANGED = problem_responses(NotFound, AlreadyInDirectory, PreconditionFailed, ContactEmptied, PersonErased)

contacts = APIRouter(route_class=StrictRoute, prefix="/v1/contacts", tags=["contacts"], responses=_ALWAYS)

ContactReader = Annotated[Caller, Depends(requires(CONTACTS_READ))]
ContactWriter = Annotated[Caller, Depends(requires(CONTACTS_WRITE))]
ContactDeleter = Annotated[Caller, Depends(requires(CONTACTS_DELETE))]


@contacts.get("", operation_id="contacts_list", summary="List contacts")
async def list_contacts(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    session: ReadDep,
    _caller: ContactReader,
    query: Annotated[ContactFilter, Query()],
) -> Page[ContactRead]:
    """The contacts of the workspace, a page at a time. `q` ignores case and accents."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    page = await DirectoryRepository(session).contact_page(query, asked)
    next_cursor = runtime.cursors.encode(page.next) if page.next else None
    link_next(request, runtime, response, next_cursor)
    return Page(items=await read_contacts(session, page.rows), next_cursor=next_cursor)


@contacts.post(
    "",
    operation_id="contacts_create",
    summary="Add a contact",
    status_code=201,
    responses=problem_responses(AlreadyInDirectory, PersonErased),
)
async def create_contact(
    body: ContactCreate, response: Response, runtime: RuntimeDep, session: WriteDep, caller: ContactWriter
) -> ContactCreated:
    """Adds a person to a company. An address is known once per company.

    `possible_duplicates` warns of contacts with the same address elsewhere, or the same name at this company;
    `/v1/contacts/duplicates` asks beforehand. Somebody who was erased comes back only by a `readmission`.
    """
    if body.readmission is not None:
        caller.require(READMIT)
    directory = Directory(session, runtime.clock, ActorRef.of(caller), runtime.keys)
    contact = await directory.create_contact(body)
    if body.readmission is not None:
        record_readmission(session, contact, ActorRef.of(caller), body.readmission.justification, runtime.clock)
    set_etag(response, contact.version)
    response.headers["Location"] = f"/v1/contacts/{contact.id}"
    (read,) = await read_contacts(session, [contact])
    alike = await duplicate_contacts(session, await directory.contacts_like(body, contact.id), body.email)
    return ContactCreated(**dict(read), possible_duplicates=alike)


@contacts.get("/duplicates", operation_id="contacts_duplicates", summary="Whom a new contact would repeat")
async def contact_duplicates(
    session: ReadDep, _caller: ContactReader, query: Annotated[ContactDuplicateQuery, Query()]
) -> PossibleDuplicates:
    """Contacts with the same address, or the same name at the company, at most twenty: a warning to show beforehand."""
    name = None
    if query.first_name and query.last_name and query.company_id:
        name = (query.first_name, query.last_name, query.company_id)
    found = await DirectoryRepository(session).contacts_like(query.email, name, 20)
    return PossibleDuplicates(possible_duplicates=await duplicate_contacts(session, found, query.email))


@contacts.get("/{contact_id}", operation_id="contacts_get", summary="Read a contact", responses=_ONE)
async def get_contact(
    contact_id: UUID, response: Response, runtime: RuntimeDep, session: ReadDep, _caller: ContactReader
) -> ContactRead:
    """One contact; its `ETag` goes into the `If-Match` of a change."""
    contact = await Directory(session, runtime.clock).get_contact(contact_id)
    set_etag(response, contact.version)
    return (await read_contacts(session, [contact]))[0]


@contacts.patch("/{contact_id}", operation_id="contacts_update", summary="Change a contact", responses=_CHANGED)
async def update_contact(
    contact_id: UUID,
    body: ContactUpdate,
    response: Response,
    runtime: RuntimeDep,
    session: WriteDep,
    caller: ContactWriter,
    if_match: IfMatch,
) -> ContactRead:
    """Changes the fields that are sent (JSON merge patch); null clears one that may be empty."""
    directory = Directory(session, runtime.clock, ActorRef.of(caller), runtime.keys)
    contact = await directory.update_contact(contact_id, body, if_match)
    set_etag(response, contact.version)
    return (await read_contacts(session, [contact]))[0]


@contacts.get(
    BY_REFERENCE,
    operation_id="contacts_get_by_reference",
    summary="Read a contact by your own key",
    responses=_ONE,
)
async def get_contact_by_reference(
    external_id: ExternalIdPath, response: Response, runtime: RuntimeDep, session: ReadDep, _caller: ContactReader
) -> ContactRead:
    """The contact whose `external_id` this is."""
    contact = await ContactsByReference(session, runtime.clock).get(external_id)
    set_etag(response, contact.version)
    return (await read_contacts(session, [contact]))[0]


@contacts.put(
    BY_REFERENCE,
    operation_id="contacts_put_by_reference",
    summary="Create or replace a contact by your own key",
    responses=put_responses(ContactRead, AlreadyInDirectory, PersonErased),
)
async def put_contact_by_reference(
    external_id: ExternalIdPath,
    body: ContactReplace,
    response: Response,
    runtime: RuntimeDep,
    session: WriteDep,
    caller: ContactWriter,
    precondition: IfMatchOrNone,
) -> ContactRead:
    """The contact with this `external_id` is what the body says: created, or all of its fields replaced.

    Sent again, it changes nothing. A contact that has the address at this company under another key, or under none,
    is a `duplicate`.
    """
    door = ContactsByReference(session, runtime.clock, ActorRef.of(caller), runtime.keys)
    done = await door.put(external_id, body, precondition)
    answer_put(response, done, f"/v1/contacts/{done.row.id}")
    return (await read_contacts(session, [done.row]))[0]


@contacts.delete(
    "/{contact_id}",
    operation_id="contacts_delete",
    summary="Delete a contact for good",
    status_code=204,
    responses=problem_responses(NotFound, StillReferred, PreconditionFailed),
)
async def delete_contact(
    contact_id: UUID,
    runtime: RuntimeDep,
    session: WriteDep,
    caller: ContactDeleter,
    if_match: IfMatch,
    watchers: DepartureWatchersDep,
) -> None:
    """Permanent: nothing of the person is left anywhere. What is about the contact (a mandate, for one) stands in the
    way: empty the contact then.
    """
    await Deletion(session, runtime.clock, ActorRef.of(caller), watchers).contact(contact_id, if_match)
