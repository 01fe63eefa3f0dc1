"""The test mailbox as pages for people.

They ask for no credentials, and show every mail of the deployment: acceptable only because a sandbox is refused in
production settings, holds invented addresses and listens where its developers are. The API beside it,
`GET /v1/test-mailbox`, is authenticated and shows a workspace its own mails.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from relance.capabilities.sandbox.repository import ClockRepository, MailRepository
from relance.core.clock import system_now
from relance.core.errors import NotFound
from relance.core.http import RuntimeDep, StrictRoute

_SHOWN = 100
_URL = re.compile(r"https?://[^\s<>\"'\u00a0]+[^\s<>\"'\u00a0.,;:!?)\]}»’]")

_HEADERS: Mapping[str, str] = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # A mail's own styles are inline, and the frame that shows it inherits this policy. Scripts run in neither.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data: https: http:; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
}

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _with_links(text: str) -> Markup:
    """`text` escaped, its web addresses made links."""
    parts: list[str | Markup] = []
    last = 0
    for found in _URL.finditer(text):
        parts += [escape(text[last : found.start()])]
        parts += [Markup('<a href="{0}" target="_blank" rel="noreferrer">{0}</a>').format(found.group())]
        last = found.end()
    return Markup("").join([*parts, escape(text[last:])])


_environment.filters["with_links"] = _with_links

pages = APIRouter(prefix="/test-mailbox", include_in_schema=False, route_class=StrictRoute)


@pages.get("")
async def list_page(
    request: Request, runtime: RuntimeDep, to: Annotated[str | None, Query(max_length=320)] = None
) -> HTMLResponse:
    """The newest mails of the deployment."""
    wanted = (to or "").strip() or None
    async with runtime.db.reading(None) as session:
        mails = await MailRepository(session).latest(wanted, _SHOWN)
        offset = await ClockRepository(session).offset()
    now = system_now() + offset
    return _page("mailbox.html", mails=mails, to=wanted or "", now=now, moved=bool(offset), base=_base(request))


@pages.get("/{mail_id}")
async def mail_page(request: Request, runtime: RuntimeDep, mail_id: UUID) -> HTMLResponse:
    """One mail: its headers, its links, its HTML in a frame that runs nothing, its text."""
    async with runtime.db.reading(None) as session:
        mail = await MailRepository(session).mail(mail_id)
    if mail is None:
        raise NotFound()
    return _page("mail.html", mail=mail, base=_base(request))


def _base(request: Request) -> str:
    """The address of the mailbox as the browser sees it, below the prefix that a proxy may add."""
    return str(request.scope.get("root_path", "")) + "/test-mailbox"


def _page(template: str, **values: object) -> HTMLResponse:
    return HTMLResponse(_environment.get_template(template).render(values), headers=dict(_HEADERS))
