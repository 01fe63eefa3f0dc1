"""The endpoint to which a mail system posts delivery reports."""

import asyncio
import hmac
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response, Security
from fastapi.security import APIKeyHeader

from relance.capabilities.messaging.reports.parsing import read_report
from relance.capabilities.messaging.reports.service import Reports
from relance.core.errors import BodyTooLarge, Conflict, Unauthenticated, UnsupportedMediaType
from relance.core.http import OpenDep, RuntimeDep, StrictRoute
from relance.core.idempotency.http import EXEMPT
from relance.core.problems import problem_responses

MEDIA_TYPES = ("message/rfc822", "message/global")
SECRET_HEADER = "X-Relance-Reports-Secret"  # noqa: S105 - the name of a header

router = APIRouter(prefix="/v1/messages", tags=["messages"], route_class=StrictRoute)

_secret = APIKeyHeader(
    name=SECRET_HEADER,
    scheme_name="reports_secret",
    description="`RELANCE_REPORTS_SECRET` of the deployment; without it no report is taken.",
    auto_error=False,
)


async def _mail_system(runtime: RuntimeDep, given: Annotated[str | None, Security(_secret)]) -> None:
    expected = runtime.settings.reports_secret
    if not expected or not hmac.compare_digest((given or "").encode(), expected.encode()):
        raise Unauthenticated()


@router.post(
    "/delivery-reports",
    operation_id="messages_report_delivery",
    summary="Post a delivery report",
    status_code=202,
    response_class=Response,
    dependencies=[Depends(_mail_system)],
    responses={
        202: {"description": "Read. The answer is the same whether it was about a mail of ours or not."},
        **problem_responses(Unauthenticated, Conflict, BodyTooLarge, UnsupportedMediaType),
    },
    openapi_extra={
        EXEMPT: "A mail system sends no such key, and a report that comes twice changes nothing the second time.",
        "requestBody": {
            "required": True,
            "description": "The report as it was received: a whole mail.",
            "content": {
                MEDIA_TYPES[0]: {
                    "schema": {"type": "string"},
                    "example": "From: MAILER-DAEMON@relay.example\r\nContent-Type: multipart/report; "
                    "report-type=delivery-status; boundary=b\r\n\r\n--b\r\n…",
                }
            },
        },
    },
)
async def report_delivery(request: Request, runtime: RuntimeDep, session: OpenDep) -> Response:
    """Takes a bounce (RFC 3464, or the words of an older system) about a mail of ours, known by its Message-ID.

    A final failure marks the mail `bounced` and tells its subject; a delay is written down; either settles an
    uncertain mail. A 409 means that the mail was changing at this moment: post it again.
    """
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in MEDIA_TYPES:
        raise UnsupportedMediaType(accepted=", ".join(MEDIA_TYPES))
    # In a thread: a large report takes the parser tens of milliseconds.
    report = await asyncio.to_thread(read_report, await request.body())
    await Reports(session, runtime, request.app.state.mail_subjects).take(report)
    return Response(status_code=202)
