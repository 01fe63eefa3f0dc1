"""The text part of a mail, derived from its cleaned HTML; the tags of the language travel along."""

import re
from html.parser import HTMLParser

from relance.capabilities.messaging.catalogue.richtext import Hidden

_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "ul", "ol", "table", "blockquote", "div"})
_AFTER_STATEMENT = re.compile(r"%\}\n(?!\n)")
_SPACES = re.compile(r"[ \t\r\n\f]+")


def plain_text(marked: str, hidden: Hidden, addresses: frozenset[str]) -> str:
    """The text of cleaned HTML, paragraphs apart, lists with dashes, the address of each link beside its words.

    Args:
        marked: the HTML, its tags hidden.
        hidden: what is hidden in it.
        addresses: codes of the tags that write an address, which then stands alone on its line.
    """
    writer = _Writer(hidden, addresses)
    writer.feed(marked)
    writer.close()
    # The line end after a statement is the statement's own: Jinja drops it.
    return _AFTER_STATEMENT.sub("%}\n\n", hidden.restored(writer.text))


class _Writer(HTMLParser):
    def __init__(self, hidden: Hidden, addresses: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self._hidden = hidden
        self._addresses = addresses
        self._out: list[str] = []
        self._href = ""
        self._words = 0

    @property
    def text(self) -> str:
        """What was written, blank lines collapsed."""
        lines = [line.strip() for line in "".join(self._out).split("\n")]
        return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """What an element begins with in text."""
        if tag in _PARAGRAPHS:
            self._out.append("\n\n")
        elif tag == "li":
            self._out.append("\n- ")
        elif tag == "br" or tag == "tr":
            self._out.append("\n")
        elif tag == "hr":
            self._out.append("\n\n---\n\n")
        elif tag == "a":
            self._href = next((value or "" for name, value in attrs if name == "href"), "")
            self._words = len(self._out)

    def handle_endtag(self, tag: str) -> None:
        """What an element ends with in text."""
        if tag in _PARAGRAPHS:
            self._out.append("\n\n")
        elif tag == "th":
            self._out.append(": ")
        elif tag == "td":
            self._out.append(" ")
        elif tag == "a" and self._href:
            words = "".join(self._out[self._words :]).strip()
            if self._hidden.restored(self._href) in self._addresses:
                self._out.append(f"\n{self._href}\n" if words != self._href else "")
            elif words != self._href and self._href != f"mailto:{words}":
                self._out.append(f" ({self._href.removeprefix('mailto:')})")
            self._href = ""

    def handle_data(self, data: str) -> None:
        """Words."""
        self._out.append(_SPACES.sub(" ", data))

    def handle_comment(self, data: str) -> None:
        """A statement of the language."""
        self._out.append(f"<!--{data}-->")
