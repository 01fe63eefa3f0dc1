"""Formatted words of a person: cleaned before they are kept, given back as HTML and as text. No I/O."""

from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Annotated, Self

import nh3
from pydantic import AfterValidator, Field, StringConstraints

from relance.capabilities.messaging.catalogue.plaintext import plain_text
from relance.capabilities.messaging.catalogue.richtext import TAGS, Hidden
from relance.core.errors import ValidationFailed
from relance.core.i18n import Text
from relance.core.schemas import clean_text

#: What runs or embeds something: no editor of formatted text writes it, so that it is refused, not quietly taken out.
_ACTIVE = frozenset({"script", "iframe", "object", "embed", "applet", "frame", "meta", "base", "form", "svg", "math"})
_RUNNING = ("javascript:", "vbscript:", "data:")
_ADDRESSES = frozenset({"href", "src", "action", "formaction", "xlink:href"})
#: What a pasted page brings along besides words, removed with all that is in it.
_EMPTIED = frozenset({"style", "title", "head", "template", "noscript"}) | _ACTIVE
_ATTRIBUTES = {"a": {"href", "title"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan", "scope"}}
_SCHEMES = {"http", "https", "mailto", "tel"}
_LONGEST = 50_000

_REFUSED = Text(
    "Ce texte contient un script ou un élément actif (« {what} ») ; seule la mise en forme est acceptée.",
    "This text holds a script or an active element (“{what}”); only formatting is accepted.",
)
_EMPTY = Text("Ce texte est vide.", "This text is empty.")

#: As a caller gives it; `RichText.read` takes it.
GivenHtml = Annotated[
    str,
    StringConstraints(max_length=_LONGEST),
    AfterValidator(clean_text),
    Field(examples=["<p>À rappeler <strong>en janvier</strong>.</p>"]),
]


@dataclass(frozen=True, slots=True)
class RichText:
    """Clean HTML, safe to show as it is, and what it says without formatting."""

    html: str
    text: str

    @classmethod
    def read(cls, given: str, pointer: str) -> Self:
        """What may be kept of `given`: its words and their formatting.

        Raises:
            ValidationFailed: at `pointer`: it holds something that runs, or says nothing.
        """
        found = _Looking()
        found.feed(given)
        found.close()
        if found.active is not None:
            words = _REFUSED.format({"what": found.active[:40]})
            raise ValidationFailed.at(pointer, "active_content", Text(words, words))
        html = nh3.clean(
            given,
            tags=set(TAGS),
            clean_content_tags=set(_EMPTIED),
            attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
            url_schemes=set(_SCHEMES),
            link_rel="noopener noreferrer nofollow",
        ).strip()
        text = plain_text(html, Hidden(html, (), "-"), frozenset())
        if not text:
            raise ValidationFailed.at(pointer, "empty_text", _EMPTY)
        return cls(html, text)

    @classmethod
    def read_optional(cls, given: str | None, pointer: str) -> Self | None:
        """The same; None where nothing is given.

        Raises:
            ValidationFailed: at `pointer`: it holds something that runs.
        """
        return cls.read(given, pointer) if given and given.strip() else None


class _Looking(HTMLParser):
    """Looks for what runs."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.active: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element opens."""
        if tag in _ACTIVE:
            self.active = self.active or tag
        for name, value in attrs:
            address = "".join((value or "").split()).lower()
            if name.startswith("on") or (name in _ADDRESSES and address.startswith(_RUNNING)):
                self.active = self.active or name
