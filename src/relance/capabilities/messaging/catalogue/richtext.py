"""Rich text: HTML cleaned by nh3 while the tags of the language are hidden, each checked to be where it may be."""

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

import nh3

from relance.capabilities.messaging.catalogue.faults import Fault
from relance.capabilities.messaging.catalogue.language import Reading, Tag, scan

TAGS = frozenset({
    "p", "br", "h1", "h2", "h3", "strong", "b", "em", "i", "u", "s", "a", "ul", "ol", "li", "blockquote",
    "table", "thead", "tbody", "tr", "th", "td", "hr", "span", "div",
})  # fmt: skip
#: What a pasted document brings along besides words, removed with all that is in it.
_EMPTIED = frozenset({"script", "style", "title", "head", "template", "noscript", "iframe", "object", "svg", "math"})
_ATTRIBUTES = {
    "a": {"href", "title"},
    "td": {"colspan", "rowspan", "style"},
    "th": {"colspan", "rowspan", "scope", "style"},
    **{tag: {"style"} for tag in ("p", "h1", "h2", "h3", "div", "li", "blockquote")},
}
_CLASSES = {"a": {"button"}, "p": {"small"}, "table": {"facts"}}
_SCHEMES = {"http", "https", "mailto"}
_ADDRESS = re.compile(r"(?:https?://[^\s/?#@{}]+|mailto:)", re.IGNORECASE)
_BEGUN = re.compile(r"(?:https?://[^\s/?#@{}]+[/?#]|mailto:)", re.IGNORECASE)
_ALIGNED = re.compile(r"\s*text-align:\s*(?:left|right|center|justify)\s*;?\s*")
_COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)
_CODE = re.compile(r"\{[{%#]")
_ELEMENT = re.compile(r"<[a-z][^<>]*>")
VOID = frozenset({"br", "hr", "img", "col"})


@dataclass(frozen=True, slots=True)
class Rules:
    """What the HTML of one purpose may hold."""

    tags: frozenset[str]
    attributes: Mapping[str, frozenset[str]]
    #: By element, where `class` is no attribute as others are.
    classes: Mapping[str, frozenset[str]]
    style: re.Pattern[str]
    #: What an `src` may be; nothing at all where None.
    picture: re.Pattern[str] | None = None
    #: Schemes of pictures.
    schemes: frozenset[str] = frozenset()
    #: Paths of placeholders that are formatted text: between elements only.
    formatted: frozenset[str] = frozenset()


#: No images: they would track.
MAILS = Rules(
    TAGS,
    {tag: frozenset(names) for tag, names in _ATTRIBUTES.items()},
    {tag: frozenset(names) for tag, names in _CLASSES.items()},
    _ALIGNED,
)


@dataclass(frozen=True, slots=True)
class Hidden:
    """A source whose tags are replaced by marks that an HTML parser leaves where they are.

    An output may stand in an attribute, so it becomes a word; a statement only between elements, where a comment is
    the one thing that stays in place, inside of tables too. The marks cannot be guessed by who wrote the text.
    """

    text: str
    tags: Sequence[Tag]
    nonce: str

    @classmethod
    def of(cls, source: str, tags: Sequence[Tag]) -> "Hidden":
        """`source` with its tags replaced."""
        nonce, pieces, at = "m" + secrets.token_hex(8), [], 0
        for number, tag in enumerate(tags):
            mark = f"{nonce}o{number}z" if tag.is_output else f"<!--{nonce}s{number}z-->"
            pieces += [source[at : tag.start], mark]
            at = tag.start + len(tag.code)
        return cls("".join([*pieces, source[at:]]), tags, nonce)

    @property
    def mark(self) -> re.Pattern[str]:
        """Finds a mark, bare or as the comment it stands in; group 1 is the number of its tag."""
        return re.compile(rf"<!--{self.nonce}s(\d+)z-->|{self.nonce}o(\d+)z")

    def marks(self, text: str) -> list[int]:
        """The numbers of the tags whose marks are in `text`, in order."""
        return [int(number) for number in re.findall(rf"{self.nonce}[os](\d+)z", text)]

    def restored(self, text: str) -> str:
        """`text` with the tags back in their places."""
        return self.mark.sub(lambda found: self.tags[int(found.group(1) or found.group(2))].code, text)


@dataclass(slots=True)
class Cleaned:
    """HTML that may go into a mail, and what was wrong with it."""

    html: str
    hidden: Hidden
    #: The same with the tags still hidden.
    marked: str
    faults: list[Fault] = field(default_factory=list)


def clean(reading: Reading, addresses: frozenset[str], rules: Rules = MAILS) -> Cleaned:
    """The HTML of `reading` as far as `rules` admit it.

    Args:
        reading: the source, its tags known.
        addresses: paths of the placeholders that are addresses.
        rules: of mails, or of something else that is made of templates.
    """
    hidden = Hidden.of(reading.source, reading.tags)
    cleaner = _Cleaner(reading, hidden, addresses, rules)
    marked = cleaner.run()
    html = hidden.restored(marked)
    again, _ = scan(html)
    if not cleaner.faults and [tag.code for tag in again] != [tag.code for tag in hidden.tags]:
        # Braces of the text have joined those of a tag, or were entities before.
        cleaner.faults.append(Fault("markup_not_allowed", 0, "{{"))
    return Cleaned(html, hidden, marked, cleaner.faults)


class _Cleaner:
    def __init__(self, reading: Reading, hidden: Hidden, addresses: frozenset[str], rules: Rules) -> None:
        self.faults: list[Fault] = []
        self._rules = rules
        self._reading = reading
        self._hidden = hidden
        self._addresses = addresses

    def run(self) -> str:
        """The cleaned HTML, its tags hidden."""
        found = self._pass(self._hidden.text)
        for _ in range(3):
            bare = _COMMENT.sub(lambda one: one.group(0) if self._hidden.mark.fullmatch(one.group(0)) else "", found)
            if bare == found:
                break
            # What surrounded a comment may read differently without it.
            found = self._pass(bare)
        found = _ELEMENT.sub(lambda one: one.group(0).replace(' class=""', ""), found)
        self._check_left(found)
        return found.strip()

    def _pass(self, html: str) -> str:
        return nh3.clean(
            html,
            tags=set(self._rules.tags),
            clean_content_tags=set(_EMPTIED),
            attributes={tag: set(names) for tag, names in self._rules.attributes.items()},
            attribute_filter=self._attribute,
            allowed_classes={tag: set(names) for tag, names in self._rules.classes.items()},
            strip_comments=False,
            link_rel=None,
            url_schemes=_SCHEMES | self._rules.schemes,
        )

    def _check_left(self, found: str) -> None:
        if "<!--" in self._hidden.mark.sub("", found):
            self.faults.append(Fault("markup_not_allowed", 0, "<!--"))
        if code := _CODE.search(found):
            self.faults.append(Fault("markup_not_allowed", 0, code.group(0)))
        left = self._hidden.marks(found)
        for number, tag in enumerate(self._hidden.tags):
            if left.count(number) != 1 and not any(fault.offset == tag.start for fault in self.faults):
                self.faults.append(Fault("code_misplaced", tag.start))
        if not self.faults:
            self.faults.extend(_across(found, self._hidden))

    def _attribute(self, element: str, name: str, value: str) -> str | None:
        """What nh3 keeps of one attribute."""
        marks = self._hidden.marks(value)
        statements = [number for number in marks if not self._hidden.tags[number].is_output]
        if statements or (marks and name not in {"href", "title"}):
            self._refuse("code_misplaced", (statements or marks)[0])
            return None
        if name == "style":
            return value if self._rules.style.fullmatch(value) else None
        if name == "src":
            return self._picture(value)
        nowhere = self._rules.formatted | (self._addresses if name == "title" else frozenset())
        if any(self._reading.written.get(number) in nowhere for number in marks):
            self._refuse("code_misplaced", marks[0])
            return None
        return self._address(value, marks) if name == "href" else value

    def _picture(self, value: str) -> str | None:
        if self._rules.picture is None:
            return None  # of an element that is not kept
        if not self._rules.picture.fullmatch(value):
            self._refuse_at("picture_not_allowed", max(self._reading.source.find(value), 0) if value else 0)
            return None
        return value

    def _address(self, value: str, marks: Sequence[int]) -> str | None:
        if not marks:
            if not _ADDRESS.match(value):
                at = max(self._reading.source.find(value), 0) if value else 0
                self._refuse_at("address_not_allowed", at)
                return None
            return value
        whole = self._hidden.mark.fullmatch(value)
        written = [self._reading.written.get(number, "") for number in marks]
        if whole and written[0] in self._addresses:
            return value
        if not _BEGUN.match(value[: value.index(self._hidden.nonce)]) or set(written) & self._addresses:
            self._refuse("address_not_allowed", marks[0])
            return None
        return value

    def _refuse(self, code: str, number: int) -> None:
        self._refuse_at(code, self._hidden.tags[number].start)

    def _refuse_at(self, code: str, offset: int) -> None:
        if not any((fault.code, fault.offset) == (code, offset) for fault in self.faults):
            self.faults.append(Fault(code, offset))


class _Placing(HTMLParser):
    """Where each statement stands: in which element, by number."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.places: list[tuple[str, int]] = []
        self._stack = [0]
        self._count = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element opens."""
        self._count += 1
        if tag not in VOID:
            self._stack.append(self._count)

    def handle_endtag(self, tag: str) -> None:
        """An element closes: nh3 writes well-formed HTML."""
        if tag not in VOID and len(self._stack) > 1:
            self._stack.pop()

    def handle_comment(self, data: str) -> None:
        """A statement."""
        self.places.append((data, self._stack[-1]))


def _across(marked: str, hidden: Hidden) -> Iterator[Fault]:
    """Blocks that begin in one element and end in another: with their condition false they would tear the HTML."""
    parser = _Placing()
    parser.feed(marked)
    parser.close()
    open_blocks: list[tuple[Tag, int]] = []
    for data, place in parser.places:
        tag = hidden.tags[hidden.marks(data)[0]]
        if tag.keyword in {"if", "for"}:
            open_blocks.append((tag, place))
            continue
        if not open_blocks:
            return
        opened, at = open_blocks[-1]
        if at != place:
            yield Fault("block_across_elements", tag.start, opened.code)
            return
        if tag.keyword.startswith("end"):
            open_blocks.pop()
