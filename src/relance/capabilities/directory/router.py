"""HTTP of the directory."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from relance.capabilities.directory.errors import AlreadyInDirectory
from relance.capabilities.directory.models import Company
from relance.capabilities.directory.references import CompaniesByReference, ContactsByReference
from relance.capabilities.directory.repository import DirectoryRepository
from relance.capabilities.directory.schemas import (
    CompanyCreate,
    CompanyFilter,
    CompanyRead,
    CompanyReplace,
    CompanyUpdate,
    ContactCreate,
    ContactFilter,
    ContactRead,
    ContactReplace,
    ContactUpdate,
    LocalIdRead,
)
from relance.capabilities.directory.service import Directory
from relance.capabilities.directory.watchers import IdentityWatcher
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
_CHANGED = problem_responses(NotFound, AlreadyInDirectory, PreconditionFailed)

companies = APIRouter(route_class=StrictRoute, prefix="/v1/companies", tags=["companies"], responses=_ALWAYS)
contacts = APIRouter(route_class=StrictRoute, prefix="/v1/contacts", tags=["contacts"], responses=_ALWAYS)

CompanyReader = Annotated[Caller, Depends(requires("companies:read"))]
CompanyWriter = Annotated[Caller, Depends(requires("companies:write"))]
ContactReader = Annotated[Caller, Depends(requires("contacts:read"))]
ContactWriter = Annotated[Caller, Depends(requires("contacts:write"))]


def get_identity_watchers(request: Request) -> Sequence[IdentityWatcher]:
    """Who is told of companies that are not the ones they were."""
    watchers: Sequence[IdentityWatcher] = request.app.state.identity_watchers
    return watchers


IdentityWatchersDep = Annotated[Sequence[IdentityWatcher], Depends(get_identity_watchers)]


def company_read(company: Company) -> CompanyRead:
    """A company as the API shows it."""
    local_id = None
    if company.id_scheme is not None:
        local_id = LocalIdRead.model_validate(
            {"scheme": company.id_scheme, "country": company.country, "value": company.id_value}
        )
    return CompanyRead(
        id=company.id,
        name=company.name,
        local_id=local_id,
        external_id=company.external_id,
        registered_at=company.registered_at,
        created_at=company.created_at,
    )


@companies.get("", operation_id="companies_list", summary="List companies")
async def list_companies(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    session: ReadDep,
    _caller: CompanyReader,
    query: Annotated[CompanyFilter, Query()],
) -> Page[CompanyRead]:
    """The companies of the workspace, a page at a time. `q` ignores case and accents."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    page = await DirectoryRepository(session).company_page(query, asked)
    next_cursor = runtime.cursors.encode(page.next) if page.next else None
    link_next(request, runtime, response, next_cursor)
    return Page(items=[company_read(company) for company in page.rows], next_cursor=next_cursor)


@companies.post(
    "",
    operation_id="companies_create",
    summary="Add a company",
    status_code=201,
    responses=problem_responses(AlreadyInDirectory),
)
async def create_company(
    body: CompanyCreate, response: Response, runtime: RuntimeDep, session: WriteDep, caller: CompanyWriter
) -> CompanyRead:
    """Adds a company. Its identifier is checked; a SIRET stands for its SIREN, so that each company is known once."""
    company = await Directory(session, runtime.clock, ActorRef.of(caller)).create(body)
    set_etag(response, company.version)
    response.headers["Location"] = f"/v1/companies/{company.id}"
    return company_read(company)


@companies.get("/{company_id}", operation_id="companies_get", summary="Read a company", responses=_ONE)
async def get_company(
    company_id: UUID, response: Response, runtime: RuntimeDep, session: ReadDep, _caller: CompanyReader
) -> CompanyRead:
    """One company; its `ETag` goes into the `If-Match` of a change."""
    company = await Directory(session, runtime.clock).get(company_id)
    set_etag(response, company.version)
    return company_read(company)


@companies.patch("/{company_id}", operation_id="companies_update", summary="Change a company", responses=_CHANGED)
async def update_company(
    company_id: UUID,
    body: CompanyUpdate,
    response: Response,
    runtime: RuntimeDep,
    session: WriteDep,
    caller: CompanyWriter,
    watchers: IdentityWatchersDep,
    if_match: IfMatch,
) -> CompanyRead:
    """Changes the fields that are sent (JSON merge patch); null clears one that may be empty.

    Another identifier or another name is another identity: what the company has answered as the former one, its
    prequalification for one, expires. A SIRET for its SIREN, capitals, accents and punctuation change nobody.
    """
    directory = Directory(session, runtime.clock, ActorRef.of(caller))
    company = await directory.update(company_id, body, if_match, watchers)
    set_etag(response, company.version)
    return company_read(company)


@companies.get(
    BY_REFERENCE,
    operation_id="companies_get_by_reference",
    summary="Read a company by your own key",
    responses=_ONE,
)
async def get_company_by_reference(
    external_id: ExternalIdPath, response: Response, runtime: RuntimeDep, session: ReadDep, _caller: CompanyReader
) -> CompanyRead:
    """The company whose `external_id` this is."""
    company = await CompaniesByReference(session, runtime.clock, ()).get(external_id)
    set_etag(response, company.version)
    return company_read(company)


@companies.put(
    BY_REFERENCE,
    operation_id="companies_put_by_reference",
    summary="Create or replace a company by your own key",
    responses=put_responses(CompanyRead, AlreadyInDirectory),
)
async def put_company_by_reference(
    external_id: ExternalIdPath,
    body: CompanyReplace,
    response: Response,
    runtime: RuntimeDep,
    session: WriteDep,
    caller: CompanyWriter,
    watchers: IdentityWatchersDep,
    precondition: IfMatchOrNone,
) -> CompanyRead:
    """The company with this `external_id` is what the body says: created, or all of its fields replaced.

    Sent again, it changes nothing. A company that has the identifier under another key, or under none, is a
    `duplicate`; give it the key with a `PATCH` first. A change of identity is what it is for a `PATCH`.
    """
    door = CompaniesByReference(session, runtime.clock, watchers, ActorRef.of(caller))
    done = await door.put(external_id, body, precondition)
    answer_put(response, done, f"/v1/companies/{done.row.id}")
    return company_read(done.row)


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
    return Page(items=[ContactRead.model_validate(contact) for contact in page.rows], next_cursor=next_cursor)


@contacts.post(
    "",
    operation_id="contacts_create",
    summary="Add a contact",
    status_code=201,
    responses=problem_responses(AlreadyInDirectory),
)
async def create_contact(
    body: ContactCreate, response: Response, runtime: RuntimeDep, session: WriteDep, caller: ContactWriter
) -> ContactRead:
    """Adds a person to a company. An address is known once per company."""
    contact = await Directory(session, runtime.clock, ActorRef.of(caller)).create_contact(body)
    set_etag(response, contact.version)
    response.headers["Location"] = f"/v1/contacts/{contact.id}"
    return ContactRead.model_validate(contact)


@contacts.get("/{contact_id}", operation_id="contacts_get", summary="Read a contact", responses=_ONE)
async def get_contact(
    contact_id: UUID, response: Response, runtime: RuntimeDep, session: ReadDep, _caller: ContactReader
) -> ContactRead:
    """One contact; its `ETag` goes into the `If-Match` of a change."""
    contact = await Directory(session, runtime.clock).get_contact(contact_id)
    set_etag(response, contact.version)
    return ContactRead.model_validate(contact)


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
    directory = Directory(session, runtime.clock, ActorRef.of(caller))
    contact = await directory.update_contact(contact_id, body, if_match)
    set_etag(response, contact.version)
    return ContactRead.model_validate(contact)


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
    return ContactRead.model_validate(contact)


@contacts.put(
    BY_REFERENCE,
    operation_id="contacts_put_by_reference",
    summary="Create or replace a contact by your own key",
    responses=put_responses(ContactRead, AlreadyInDirectory),
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
    door = ContactsByReference(session, runtime.clock, ActorRef.of(caller))
    done = await door.put(external_id, body, precondition)
    answer_put(response, done, f"/v1/contacts/{done.row.id}")
    return ContactRead.model_validate(done.row)


routers: tuple[APIRouter, ...] = (companies, contacts)
