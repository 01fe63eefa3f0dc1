"""HTTP of companies."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from relance.capabilities.directory.deletion import Deletion
from relance.capabilities.directory.errors import AlreadyInDirectory, CompanyHasContacts, StillReferred
from relance.capabilities.directory.permissions import (
    COMPANIES_DELETE,
    COMPANIES_READ,
    COMPANIES_WRITE,
    CONTACTS_DELETE,
    CONTACTS_WRITE,
)
from relance.capabilities.directory.references import CompaniesByReference
from relance.capabilities.directory.repository import DirectoryRepository
from relance.capabilities.directory.router.departures import DepartureWatchersDep
from relance.capabilities.directory.schemas import (
    CompanyCreate,
    CompanyCreated,
    CompanyDuplicateQuery,
    CompanyFilter,
    CompanyRead,
    CompanyReplace,
    CompanyUpdate,
    PossibleDuplicates,
)
from relance.capabilities.directory.service import Directory
from relance.capabilities.directory.views import duplicate_companies, read_companies
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

CompanyReader = Annotated[Caller, Depends(requires(COMPANIES_READ))]
CompanyWriter = Annotated[Caller, Depends(requires(COMPANIES_WRITE))]
CompanyDeleter = Annotated[Caller, Depends(requires(COMPANIES_DELETE))]


def get_identity_watchers(request: Request) -> Sequence[IdentityWatcher]:
    """Who is told of companies that are not the ones they were."""
    watchers: Sequence[IdentityWatcher] = request.app.state.identity_watchers
    return watchers


IdentityWatchersDep = Annotated[Sequence[IdentityWatcher], Depends(get_identity_watchers)]


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
    return Page(items=await read_companies(session, page.rows), next_cursor=next_cursor)


@companies.post(
    "",
    operation_id="companies_create",
    summary="Add a company",
    status_code=201,
    responses=problem_responses(AlreadyInDirectory),
)
async def create_company(
    body: CompanyCreate, response: Response, runtime: RuntimeDep, session: WriteDep, caller: CompanyWriter
) -> CompanyCreated:
    """Adds a company. Its identifier is checked; a SIRET stands for its SIREN, so that each company is known once.

    `possible_duplicates` warns of companies with the same name or address; `/v1/companies/duplicates` asks beforehand.
    """
    directory = Directory(session, runtime.clock, ActorRef.of(caller))
    company = await directory.create(body)
    set_etag(response, company.version)
    response.headers["Location"] = f"/v1/companies/{company.id}"
    (read,) = await read_companies(session, [company])
    alike = duplicate_companies(await directory.like(body, company.id), body.email)
    return CompanyCreated(**dict(read), possible_duplicates=alike)


@companies.get("/duplicates", operation_id="companies_duplicates", summary="What a new company would repeat")
async def company_duplicates(
    session: ReadDep, _caller: CompanyReader, query: Annotated[CompanyDuplicateQuery, Query()]
) -> PossibleDuplicates:
    """Companies with the same name or address, at most twenty: a warning to show before adding one."""
    found = await DirectoryRepository(session).companies_like(query.email, query.name, 20)
    return PossibleDuplicates(possible_duplicates=duplicate_companies(found, query.email))


@companies.get("/{company_id}", operation_id="companies_get", summary="Read a company", responses=_ONE)
async def get_company(
    company_id: UUID, response: Response, runtime: RuntimeDep, session: ReadDep, _caller: CompanyReader
) -> CompanyRead:
    """One company; its `ETag` goes into the `If-Match` of a change."""
    company = await Directory(session, runtime.clock).get(company_id)
    set_etag(response, company.version)
    return (await read_companies(session, [company]))[0]


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
    return (await read_companies(session, [company]))[0]


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
    return (await read_companies(session, [company]))[0]


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
    return (await read_companies(session, [done.row]))[0]


@companies.delete(
    "/{company_id}",
    operation_id="companies_delete",
    summary="Delete a company for good",
    status_code=204,
    responses=problem_responses(NotFound, CompanyHasContacts, StillReferred, AlreadyInDirectory, PreconditionFailed),
)
async def delete_company(
    company_id: UUID,
    runtime: RuntimeDep,
    session: WriteDep,
    caller: CompanyDeleter,
    if_match: IfMatch,
    watchers: DepartureWatchersDep,
    cascade: Annotated[bool, Query(description="Delete its contacts with it.")] = False,
    reassign_to: Annotated[UUID | None, Query(description="The company that its contacts are given to.")] = None,
) -> None:
    """Permanent. A company that has contacts needs `cascade` or `reassign_to`; what refers to it stands in the way."""
    if cascade:
        caller.require(CONTACTS_DELETE)
    if reassign_to is not None:
        caller.require(CONTACTS_WRITE)
    deletion = Deletion(session, runtime.clock, ActorRef.of(caller), watchers)
    await deletion.company(company_id, if_match, cascade=cascade, reassign_to=reassign_to)
