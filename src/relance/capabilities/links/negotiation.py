"""HTML or JSON, and which language: what the request asks for decides."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import Query, Request

from relance.core.i18n import LOCALES, Locale, as_locale, negotiate

LangQuery = Annotated[
    str | None, Query(description="`fr` or `en`; otherwise the language of the mail, then `Accept-Language`.")
]
ChoiceQuery = Annotated[
    str | None, Query(description="An answer that the page offers first, as a button of the mail; it answers nothing.")
]
_MEDIA = ("text/html", "application/json")
JSON_TYPES = frozenset({"application/json"})
FORM_TYPE = "application/x-www-form-urlencoded"
MULTIPART_TYPE = "multipart/form-data"
FORM_TYPES = frozenset({FORM_TYPE, MULTIPART_TYPE})


def media_type(request: Request) -> str:
    """The media type of the request's body, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def wants_html(request: Request) -> bool:
    """Whether to answer with a page. A JSON body is always answered in JSON; a tie is won by the page."""
    if getattr(request.state, "json_only", False):
        return False
    if request.method == "POST" and media_type(request) not in FORM_TYPES:
        return False
    qualities = _qualities(request.headers.get("accept", ""))
    html, json = (_quality(qualities, media) for media in _MEDIA)
    return html >= json


def _qualities(accept: str) -> Mapping[str, float]:
    """Each media range of an `Accept` header with its quality (RFC 9110, section 12.5.1)."""
    found: dict[str, float] = {}
    for part in accept.split(",")[:50]:
        media, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                quality = _number(value.strip())
        if media:
            found[media] = max(quality, found.get(media, 0.0))
    return found or {"*/*": 1.0}


def _number(value: str) -> float:
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0


def _quality(qualities: Mapping[str, float], media: str) -> float:
    """The most specific range that covers `media` decides."""
    for media_range in (media, media.partition("/")[0] + "/*", "*/*"):
        if media_range in qualities:
            return qualities[media_range]
    return 0.0


def asked_locale(request: Request) -> Locale | None:
    """The language that `?lang=` asks for, if it is one of ours."""
    asked = request.query_params.get("lang")
    return as_locale(asked) if asked in LOCALES else None


def choose_locale(request: Request, preferred: Locale | None) -> Locale:
    """The language of the answer.

    `?lang=` first. A page then speaks as the mail did (`preferred`): what a browser sends as `Accept-Language` is
    seldom a choice. A program that sends the header means it.
    """
    asked = asked_locale(request)
    if asked is not None:
        return asked
    header = request.headers.get("accept-language")
    if preferred is not None and (wants_html(request) or header is None):
        return preferred
    return negotiate(header)
