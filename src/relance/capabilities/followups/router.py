"""HTTP of the policies."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from relance.capabilities.followups.errors import UnknownFollowUpDomain
from relance.capabilities.followups.policies import Policies, PolicyDomain
from relance.capabilities.followups.schemas import FollowUpPolicyQuery, FollowUpPolicyRead, FollowUpPolicyWrite
from relance.core.errors import PermissionDenied, PreconditionFailed, Unauthenticated, ValidationFailed
from relance.core.etag import IfMatch, set_etag
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, WriteDep, link_next, page_request
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.core.security import Caller, requires

router = APIRouter(
    route_class=StrictRoute,
    prefix="/v1/workspace/follow-up-policies",
    tags=["workspace"],
    responses=problem_responses(Unauthenticated, PermissionDenied, ValidationFailed),
)
Reader = Annotated[Caller, Depends(requires("workspace:read"))]
Writer = Annotated[Caller, Depends(requires("workspace:write"))]
DomainPath = Annotated[str, Path(max_length=40, description="Code of a domain, `invitations` for one.")]


async def get_domains(request: Request) -> Sequence[PolicyDomain]:
    """The domains that follow up by policy."""
    domains: Sequence[PolicyDomain] = request.app.state.follow_up_domains
    return domains


DomainsDep = Annotated[Sequence[PolicyDomain], Depends(get_domains)]


@router.get("", operation_id="follow_up_policies_list", summary="When each domain reminds and expires")
async def list_policies(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    session: ReadDep,
    domains: DomainsDep,
    _caller: Reader,
    query: Annotated[FollowUpPolicyQuery, Query()],
) -> Page[FollowUpPolicyRead]:
    """One policy a domain; version 0 is the product's own, until the workspace has one."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    page = await Policies(session, domains).page(asked)
    next_cursor = runtime.cursors.encode(page.next) if page.next else None
    link_next(request, runtime, response, next_cursor)
    return Page(items=list(page.rows), next_cursor=next_cursor)


@router.get(
    "/{domain}",
    operation_id="follow_up_policies_get",
    summary="When a domain reminds and expires",
    responses=problem_responses(UnknownFollowUpDomain),
)
async def get_policy(
    domain: DomainPath, response: Response, session: ReadDep, domains: DomainsDep, _caller: Reader
) -> FollowUpPolicyRead:
    """Reminders, expiry, quiet hours and working days of one domain."""
    found = await Policies(session, domains).get(domain)
    set_etag(response, found.version)
    return found


@router.put(
    "/{domain}",
    operation_id="follow_up_policies_put",
    summary="Set when a domain reminds and expires",
    responses=problem_responses(UnknownFollowUpDomain, PreconditionFailed),
)
async def put_policy(
    domain: DomainPath,
    body: FollowUpPolicyWrite,
    response: Response,
    runtime: RuntimeDep,
    session: WriteDep,
    domains: DomainsDep,
    caller: Writer,
    if_match: IfMatch,
) -> FollowUpPolicyRead:
    """Reminders and expiry hold for cycles that begin from now on; quiet hours and days off for every reminder at once.

    A reminder due in quiet hours or on a day off leaves at the next allowed instant, in the workspace's zone, and is
    dropped where that would be at or past the expiry. The expiry itself never moves.
    """
    found = await Policies(session, domains).put(domain, body, runtime.clock, caller, if_match)
    set_etag(response, found.version)
    return found
