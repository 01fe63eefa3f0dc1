"""Formatted text that people write: cleaned when it comes in, kept so, and given back as HTML and as words."""

from typing import Annotated

import nh3
from pydantic import AfterValidator, StringConstraints

from relance.capabilities.messaging.catalogue.plaintext import plain_text
from relance.capabilities.messaging.catalogue.richtext import EMPTIED, TAGS, Hidden
from relance.core.schemas import clean_text

_ATTRIBUTES = {"a": {"href", "title"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan", "scope"}}
_SCHEMES = {"http", "https", "mailto", "tel"}


def sanitised(html: str) -> str:
    """`html` without what runs, loads or hides anything."""
    return nh3.clean(
        html,
        tags=set(TAGS),
        clean_content_tags=set(EMPTIED),
        attributes=_ATTRIBUTES,
        link_rel="noopener noreferrer nofollow",
        url_schemes=_SCHEMES,
    ).strip()


def words_of(html: str) -> str:
    """The words of sanitised HTML, paragraphs apart."""
    return plain_text(html, Hidden(html, (), "none"), frozenset())


#: Formatted text as it is kept.
RichText = Annotated[str, StringConstraints(max_length=50_000), AfterValidator(clean_text), AfterValidator(sanitised)]
