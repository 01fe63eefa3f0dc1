"""The audit of accounts and rights: sign-ins, refusals, changes of users, roles, keys and organisations."""

from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import ConfigDict, Field, StringConstraints

from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.journal.models import JournalEntry
from relance.capabilities.journal.repository import JournalFilter, JournalRepository
from relance.core.db import DbSession
from relance.core.errors import PermissionDenied, Unauthenticated, ValidationFailed
from relance.core.http import ReadDep, RuntimeDep, StrictRoute, link_next, page_request
from relance.core.problems import problem_responses
from relance.core.schemas import GivenInstant, Instant, ListQuery, Output, Page
from relance.core.security import Caller, requires

_ID = "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"

router = APIRouter(
    route_class=StrictRoute,
    prefix="/v1/security-events",
    tags=["security-events"],
    responses=problem_responses(Unauthenticated, PermissionDenied, ValidationFailed),
)
Reader = Annotated[Caller, Depends(requires("security:read"))]
ActionCode = Annotated[str, StringConstraints(max_length=60, pattern=r"^[a-z_]+\.[a-z_]+$")]


class SecurityEventQuery(ListQuery):
    """Filters of the list of security events."""

    action: ActionCode | None = Field(None, description="`user.signed_in`, `user.sign_in_failed`, `api_key.created`, …")
    subject_id: UUID | None = Field(None, description="What it happened to.")
    actor_id: UUID | None = Field(None, description="Who did it: a user or an API key.")
    since: GivenInstant | None = Field(None, description="Included.")
    until: GivenInstant | None = Field(None, description="Not included.")
    sort: Literal["at", "-at"] = "-at"


class SecurityParty(Output):
    """Who did it, or what it happened to."""

    kind: str
    id: UUID | None = Field(description="Null for the system itself.")
    name: str | None = Field(description="Of a user, as it is now; null for everything else.")


class SecurityEventRead(Output):
    """One thing that happened to an account or a right."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": _ID,
                "at": "2026-11-02T09:30:00Z",
                "action": "user.deactivated",
                "actor": {"kind": "user", "id": _ID, "name": "Nora Admin"},
                "subject": {"kind": "user", "id": _ID, "name": "Léa Petit"},
                "before": {"status": "active"},
                "after": {"status": "deactivated"},
            }
        }
    )

    id: UUID
    at: Instant
    action: str
    actor: SecurityParty
    subject: SecurityParty
    before: dict[str, object] = Field(description="Codes before the change.")
    after: dict[str, object] = Field(description="Codes after it.")


@router.get("", operation_id="security_events_list", summary="List security events")
async def list_security_events(
    request: Request,
    response: Response,
    runtime: RuntimeDep,
    session: ReadDep,
    _caller: Reader,
    query: Annotated[SecurityEventQuery, Query()],
) -> Page[SecurityEventRead]:
    """What happened to accounts and rights, newest first. Entries are never changed and hold no secrets."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    wanted = JournalFilter(query.action, query.subject_id, query.actor_id, query.since, query.until)
    page = await JournalRepository(session).security_page(wanted, asked)
    next_cursor = runtime.cursors.encode(page.next) if page.next else None
    link_next(request, runtime, response, next_cursor)
    return Page(items=await _shown(session, page.rows), next_cursor=next_cursor)


async def _shown(session: DbSession, entries: Sequence[JournalEntry]) -> list[SecurityEventRead]:
    ids = {one.subject_id for one in entries if one.subject_kind == "user"}
    ids |= {one.actor_id for one in entries if one.actor_kind == "user" and one.actor_id is not None}
    users = await IdentityRepository(session).users(ids)

    def party(kind: str, id_: UUID | None) -> SecurityParty:
        known = users.get(id_) if id_ is not None and kind == "user" else None
        return SecurityParty(kind=kind, id=id_, name=known.name if known else None)

    return [
        SecurityEventRead(
            id=one.id,
            at=one.at,
            action=one.action,
            actor=party(one.actor_kind, one.actor_id),
            subject=party(one.subject_kind, one.subject_id),
            before=one.before,
            after=one.after,
        )
        for one in entries
    ]
