"""HTTP of the sandbox; mounted only where `RELANCE_SANDBOX` is set, which production settings refuse."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from relance.capabilities.sandbox.clock import advance, duration_text
from relance.capabilities.sandbox.errors import ClockTooFar
from relance.capabilities.sandbox.models import CapturedMail
from relance.capabilities.sandbox.pages import pages
from relance.capabilities.sandbox.permissions import USE
from relance.capabilities.sandbox.repository import ClockRepository, MailRepository
from relance.capabilities.sandbox.schemas import MailHeader, MailQuery, TestClockAdvance, TestClockRead, TestMail
from relance.core.clock import system_now
from relance.core.errors import PermissionDenied, Unauthenticated, ValidationFailed
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

router = APIRouter(prefix="/v1", tags=["sandbox"], route_class=StrictRoute)

User = Annotated[Caller, Depends(requires(USE))]
_DENIED = (Unauthenticated, PermissionDenied)


@router.get(
    "/test-clock",
    operation_id="test_clock_get",
    summary="Read the test clock",
    responses=problem_responses(*_DENIED),
)
async def get_test_clock(session: ReadDep, _caller: User) -> TestClockRead:
    """The business time that every process of this sandbox sees."""
    offset = await ClockRepository(session).offset()
    return TestClockRead(now=system_now() + offset, offset=duration_text(offset))


@router.post(
    "/test-clock/advance",
    operation_id="test_clock_advance",
    summary="Move the test clock forward",
    responses=problem_responses(*_DENIED, ValidationFailed, ClockTooFar),
)
async def advance_test_clock(
    body: TestClockAdvance, session: WriteDep, runtime: RuntimeDep, _caller: User
) -> TestClockRead:
    """Move the business time of the **whole deployment**, every workspace included; what falls due then happens.

    Reminders and expiries follow within seconds. Access tokens keep the machine's time: nobody is signed out.
    """
    now, offset = await advance(session, body.by)
    return TestClockRead(now=now, offset=duration_text(offset))


@router.get(
    "/test-mailbox",
    operation_id="test_mailbox_list",
    summary="List the mails caught",
    responses=problem_responses(*_DENIED, ValidationFailed),
)
async def list_test_mailbox(
    request: Request,
    response: Response,
    session: ReadDep,
    runtime: RuntimeDep,
    caller: User,
    query: Annotated[MailQuery, Query()],
) -> Page[TestMail]:
    """What the caller's workspace has sent, newest first, as it arrived, with the links found in it."""
    wanted = page_request(runtime, query.limit, query.sort, query.cursor)
    found = await MailRepository(session).page_of_workspace(caller.workspace_id, query.to, wanted)
    next_cursor = runtime.cursors.encode(found.next) if found.next else None
    link_next(request, runtime, response, next_cursor)
    return Page(items=[_read(row[0]) for row in found.rows], next_cursor=next_cursor)


def _read(mail: CapturedMail) -> TestMail:
    return TestMail.model_validate(
        {
            "id": mail.id,
            "to": mail.recipient,
            "from": mail.header_from,
            "subject": mail.subject,
            "text": mail.text,
            "html": mail.html,
            "headers": [MailHeader(**header) for header in mail.headers],
            "links": mail.links,
            "received_at": mail.received_at,
        }
    )


routers = (router, pages)
