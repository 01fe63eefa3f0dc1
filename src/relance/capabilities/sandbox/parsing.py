"""A received mail taken apart, whatever its bytes are: a catcher that refuses what it cannot parse hides the fault."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from html.parser import HTMLParser
from uuid import UUID

_URL = re.compile(r"https?://[^\s<>\"'\u00a0]+")
_TRAILING = ".,;:!?)]}»’"


@dataclass(frozen=True, slots=True)
class ParsedMail:
    """What a mail says."""

    header_from: str
    header_to: str
    subject: str
    headers: list[dict[str, str]]
    text: str
    html: str
    links: list[str]
    message_id: str
    sent_as: UUID | None


def parse_mail(raw: bytes, public_url: str) -> ParsedMail:
    """The parts of `raw`. What is broken is left empty, never raised."""
    parser = BytesParser(policy=policy.default)
    try:
        message = parser.parsebytes(raw)
    except RecursionError:  # parts within parts without end: the headers are all there is to show
        message = parser.parsebytes(raw, headersonly=True)
    assert isinstance(message, EmailMessage)  # the policy makes these
    text, html = _body(message, "plain"), _body(message, "html")
    headers = list(_headers(message))
    message_id = next((item["value"] for item in headers if item["name"].lower() == "message-id"), "").strip()
    return ParsedMail(
        header_from=_first(headers, "from"),
        header_to=_first(headers, "to"),
        subject=_first(headers, "subject"),
        headers=headers,
        text=text,
        html=html,
        links=find_links(text, html, f"{public_url}/r/"),
        message_id=message_id,
        sent_as=_left_id(message_id),
    )


def _headers(message: EmailMessage) -> Iterator[dict[str, str]]:
    # The defaults of the policy decode lazily, and may raise on what hostile bytes decode to.
    for index, (name, raw) in enumerate(message.raw_items()):
        try:
            value = str(message.policy.header_fetch_parse(name, raw))
        except Exception:
            value = str(raw)
        yield {"name": _storable(name), "value": _storable(value)[:10_000]}
        if index >= 200:
            return


def _first(headers: list[dict[str, str]], name: str) -> str:
    return next((item["value"] for item in headers if item["name"].lower() == name), "")


def _body(message: EmailMessage, subtype: str) -> str:
    try:
        part = message.get_body(preferencelist=(subtype,))
        return "" if part is None else _storable(str(part.get_content()))
    except Exception:
        return ""


def _storable(text: str) -> str:
    """What PostgreSQL takes as text: no NUL, no lone surrogate."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "\ufffd")


def _left_id(message_id: str) -> UUID | None:
    try:
        return UUID(message_id.strip("<>").partition("@")[0])
    except ValueError:
        return None


class _Hrefs(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the address of every link."""
        if tag == "a":
            self.found.extend(value for name, value in attrs if name == "href" and value)


def find_links(text: str, html: str, first_prefix: str) -> list[str]:
    """Every web address of a mail once, those that start with `first_prefix` first."""
    parser = _Hrefs()
    parser.feed(html)
    found = [url.rstrip(_TRAILING) for url in _URL.findall(text)]
    found += [href.strip() for href in parser.found if href.strip().startswith(("http://", "https://"))]
    return sorted(dict.fromkeys(found), key=lambda url: not url.startswith(first_prefix))[:200]
