"""The reduced language: text, documented placeholders with a few filters, `if`, and one `for` over a documented list.

Each tag is parsed by Jinja by itself, so that every fault has its own place, and its tree is held against an
allow-list: what is not named here does not exist. The Jinja sandbox alone has no limits: `{{ 'a'*(10**8) }}` renders
100 MB in it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from jinja2 import Environment, TemplateSyntaxError, nodes

from relance.capabilities.messaging.catalogue.faults import Fault
from relance.capabilities.messaging.catalogue.filters import FILTERS
from relance.capabilities.messaging.catalogue.placeholders import PRINTABLE, Kind, Slot, Slots

MOST_TAGS = 300
LONGEST_TAG = 400
DEEPEST = 6
_MOST_BRACKETS = 8
_MOST_FILTERS = 4
_OPENERS = {"{{": "}}", "{%": "%}", "{#": "#}"}
_OPENING = re.compile(r"\{[{%#]")
_STATEMENT = re.compile(r"\s*(if|elif|else|endif|for|endfor)\b(.*)", re.DOTALL)
_LOOP = re.compile(r"\s*([A-Za-z][A-Za-z0-9_]*)\s+in\s+(.*)", re.DOTALL)
#: Names that mean something to Jinja or to the layout.
_RESERVED = frozenset({"loop", "self", "super", "caller", "locale", "brand", "varargs", "kwargs"})
_PARSER = Environment(autoescape=True)  # only parses: nothing is ever rendered by it


@dataclass(frozen=True, slots=True)
class Tag:
    """One piece of code in a source, its delimiters included."""

    start: int
    code: str

    @property
    def is_output(self) -> bool:
        """Whether it writes a value."""
        return self.code.startswith("{{")

    @property
    def inner(self) -> str:
        """What is between the delimiters."""
        return self.code[2:-2]

    @property
    def keyword(self) -> str:
        """`if`, `endfor` and so on; empty for an output and for what is no known statement."""
        found = None if self.is_output else _STATEMENT.fullmatch(self.inner)
        return found.group(1) if found else ""


@dataclass(slots=True)
class Reading:
    """A source taken apart: its tags, what is wrong with it, and where it writes what."""

    source: str
    tags: list[Tag] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    #: Path of the slot that each output writes, by the index of its tag.
    written: dict[int, str] = field(default_factory=dict)
    #: Paths that are written outside of any block.
    always: set[str] = field(default_factory=set)


def scan(source: str) -> tuple[list[Tag], Fault | None]:
    """The tags of `source`, strings in them respected; and the fault that ended the search, if one did."""
    tags: list[Tag] = []
    at = 0
    while found := _OPENING.search(source, at):
        start = found.start()
        end = _end(source, start)
        if end is None:
            code = "tag_too_long" if len(source) - start > LONGEST_TAG else "template_syntax"
            return tags, Fault(code, start, str(LONGEST_TAG) if code == "tag_too_long" else source[start:])
        if len(tags) >= MOST_TAGS:
            return tags, Fault("too_many_tags", start, str(MOST_TAGS))
        tags.append(Tag(start, source[start:end]))
        at = end
    return tags, None


def _end(source: str, start: int) -> int | None:
    """Where the tag that starts at `start` ends; None where it does not, or is too long."""
    closer, quote, at = _OPENERS[source[start : start + 2]], "", start + 2
    limit = min(len(source), start + LONGEST_TAG)
    while at < limit:
        char = source[at]
        if quote:
            at += 2 if char == "\\" else 1
            quote = "" if char == quote else quote
        elif source.startswith(closer, at):
            return at + 2 if at + 2 <= limit else None
        else:
            quote = char if char in "\"'" else ""
            at += 1
    return None


@dataclass(slots=True)
class _Block:
    """An open `if` or `for`."""

    tag: Tag
    kind: str
    #: What is known to be there inside of it.
    guards: frozenset[str] = frozenset()
    names: Mapping[str, Slot] = field(default_factory=dict)
    had_else: bool = False


def read(source: str, slots: Slots, *, subject: bool = False) -> Reading:
    """Check `source` against the placeholders of a mail.

    Args:
        source: the text as it was given.
        slots: the placeholders that the mail documents.
        subject: it becomes a header, where no link may stand.
    """
    reading = Reading(source)
    reading.tags, fault = scan(source)
    if fault is not None:
        reading.faults.append(fault)
    _Reader(reading, slots, subject).run()
    return reading


class _Reader:
    def __init__(self, reading: Reading, slots: Slots, subject: bool) -> None:
        self._reading = reading
        self._slots = slots
        self._subject = subject
        self._open: list[_Block] = []

    def run(self) -> None:
        """Look at each tag in turn."""
        for index, tag in enumerate(self._reading.tags):
            try:
                if tag.is_output:
                    self._output(index, tag)
                else:
                    self._statement(tag)
            except _Refused as refused:
                self._refuse(tag, refused.code, refused.what)
        if not any(fault.code == "template_syntax" for fault in self._reading.faults):
            for block in self._open:
                self._refuse(block.tag, "block_unclosed", block.tag.code)

    def _refuse(self, tag: Tag, code: str, what: str) -> None:
        self._reading.faults.append(Fault(code, tag.start, what))

    def _output(self, index: int, tag: Tag) -> None:
        body = _parsed(tag.code, tag)
        if len(body) != 1 or not isinstance(body[0], nodes.Output) or len(body[0].nodes) != 1:
            raise _Refused("template_syntax", tag.code)
        slot = self._written_slot(body[0].nodes[0], tag)
        self._reading.written[index] = slot.path
        if not self._open:
            self._reading.always.add(slot.path)

    def _written_slot(self, node: nodes.Expr, tag: Tag) -> Slot:
        applied: list[nodes.Filter] = []
        while isinstance(node, nodes.Filter) and node.node is not None:
            applied.append(node)
            node = node.node
        slot = self._slot(node, tag, self._guards)
        if slot.kind not in PRINTABLE:
            raise _Refused("placeholder_not_printable", slot.path)
        if slot.kind is Kind.URL and self._subject:
            raise _Refused("placeholder_not_here", slot.path)
        if len(applied) > _MOST_FILTERS:
            raise _Refused("code_not_allowed", tag.code)
        for one in applied:
            _check_filter(one, slot)
        return slot

    def _statement(self, tag: Tag) -> None:
        found = None if tag.code.startswith("{#") else _STATEMENT.fullmatch(tag.inner)
        if found is None:
            raise _Refused("code_not_allowed", tag.code)
        keyword, rest = found.groups()
        if keyword in {"if", "for"}:
            # What is wrong inside of it must not make its end a second fault.
            block = _Block(tag, keyword)
            self._open.append(block)
            if len(self._open) > DEEPEST:
                raise _Refused("too_deep", str(DEEPEST))
            if keyword == "if":
                block.guards = self._tested(rest, tag)
            else:
                block.names = self._loop(rest, tag)
            return
        block_kind = "for" if keyword == "endfor" else "if"
        if not self._open or self._open[-1].kind != block_kind or (keyword != "endif" and self._open[-1].had_else):
            raise _Refused("block_unexpected", tag.code)
        if keyword in {"endif", "endfor"}:
            self._open.pop()
        if keyword in {"else", "endif", "endfor"} and rest.strip():
            raise _Refused("template_syntax", tag.code)
        if keyword in {"elif", "else"}:
            self._open[-1].guards = frozenset()
            self._open[-1].had_else = keyword == "else"
        if keyword == "elif":
            self._open[-1].guards = self._tested(rest, tag)

    def _loop(self, rest: str, tag: Tag) -> Mapping[str, Slot]:
        """The name that a loop gives to each item of its list."""
        found = _LOOP.fullmatch(rest)
        body = _parsed(f"{{% for {rest} %}}{{% endfor %}}", tag)
        one = body[0] if len(body) == 1 else None
        if found is None or not isinstance(one, nodes.For) or one.body or one.else_ or one.test or one.recursive:
            raise _Refused("code_not_allowed", tag.code)
        if sum(block.kind == "for" for block in self._open) > 1:
            raise _Refused("too_deep", "1")
        name = found.group(1)
        if name in self._slots or name in _RESERVED:
            raise _Refused("code_not_allowed", tag.code)
        slot = self._slot(one.iter, tag, self._guards)
        if slot.kind is not Kind.LIST or slot.item is None:
            raise _Refused("not_a_list", slot.path)
        return {name: slot.item}

    def _tested(self, rest: str, tag: Tag) -> frozenset[str]:
        body = _parsed(f"{{% if {rest} %}}{{% endif %}}", tag)
        one = body[0] if len(body) == 1 else None
        if not isinstance(one, nodes.If) or one.body or one.elif_ or one.else_:
            raise _Refused("template_syntax", tag.code)
        return self._true_when(one.test, tag, self._guards)

    def _true_when(self, node: nodes.Node, tag: Tag, guards: frozenset[str]) -> frozenset[str]:
        """Check a condition; what is there where it holds."""
        if isinstance(node, nodes.Not):
            self._true_when(node.node, tag, guards)
            return frozenset()
        if isinstance(node, nodes.And):
            left = self._true_when(node.left, tag, guards)
            return left | self._true_when(node.right, tag, guards | left)
        if isinstance(node, nodes.Or):
            left = self._true_when(node.left, tag, guards)
            return left & self._true_when(node.right, tag, guards)
        if isinstance(node, nodes.Compare):
            self._comparison(node, tag, guards)
            return frozenset()
        return frozenset({self._slot(node, tag, guards).path})

    def _comparison(self, node: nodes.Compare, tag: Tag, guards: frozenset[str]) -> None:
        literal = node.ops[0].expr if len(node.ops) == 1 and node.ops[0].op in {"eq", "ne"} else None
        slot = self._slot(node.expr, tag, guards)
        if not isinstance(literal, nodes.Const) or not isinstance(literal.value, str | bool | int):
            raise _Refused("code_not_allowed", tag.code)
        if slot.kind in {Kind.OBJECT, Kind.LIST, Kind.URL}:
            raise _Refused("placeholder_not_here", slot.path)

    @property
    def _guards(self) -> frozenset[str]:
        return frozenset().union(*(block.guards for block in self._open))

    def _slot(self, node: nodes.Node, tag: Tag, guards: frozenset[str]) -> Slot:
        """The slot that a lookup leads to."""
        path = _path(node)
        if path is None:
            raise _Refused("code_not_allowed", tag.code)
        names = {**self._slots, **{name: slot for block in self._open for name, slot in block.names.items()}}
        slot = names.get(path[0])
        for name in path[1:]:
            if slot is None or slot.kind is not Kind.OBJECT:
                raise _Refused("unknown_placeholder", ".".join(path))
            if slot.optional and slot.path not in guards:
                raise _Refused("placeholder_may_be_absent", slot.path)
            slot = slot.below.get(name)
        if slot is None:
            raise _Refused("unknown_placeholder", ".".join(path))
        return slot


class _Refused(Exception):
    def __init__(self, code: str, what: str) -> None:
        super().__init__(code)
        self.code, self.what = code, what


def _parsed(code: str, tag: Tag) -> list[nodes.Node]:
    if sum(code.count(bracket) for bracket in "([{") > _MOST_BRACKETS + 2:
        raise _Refused("too_deep", str(_MOST_BRACKETS))
    try:
        return _PARSER.parse(code).body
    except TemplateSyntaxError:
        raise _Refused("template_syntax", tag.code) from None
    except (RecursionError, ValueError, OverflowError):
        # A literal of a thousand digits, a tree without end.
        raise _Refused("code_not_allowed", tag.code) from None


def _check_filter(node: nodes.Filter, slot: Slot) -> None:
    known = FILTERS.get(node.name)
    if known is None or slot.kind not in known.kinds:
        raise _Refused("filter_not_allowed", node.name)
    literals = [one.value for one in node.args if isinstance(one, nodes.Const)]
    plain = not (node.kwargs or node.dyn_args or node.dyn_kwargs) and len(literals) == len(node.args)
    most = 1 if known.accepts else 0
    if not plain or not (1 if known.required else 0) <= len(literals) <= most:
        raise _Refused("filter_argument", node.name)
    if literals and known.accepts is not None and not known.accepts(literals[0]):
        raise _Refused("filter_argument", node.name)


def _path(node: nodes.Node) -> list[str] | None:
    """`a.b.c` as its parts; None for anything else."""
    if isinstance(node, nodes.Name):
        return [node.name]
    if isinstance(node, nodes.Getattr):
        above = _path(node.node)
        return [*above, node.attr] if above is not None else None
    return None


_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Filter, nodes.Const, nodes.If,
    nodes.For, nodes.Not, nodes.And, nodes.Or, nodes.Compare, nodes.Operand,
)  # fmt: skip


def stray_nodes(tree: nodes.Template) -> Iterator[str]:
    """What the language does not have in the tree that is compiled: a second lock, on what Jinja itself understood."""
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _ALLOWED):
            yield type(node).__name__
        elif isinstance(node, nodes.Filter) and node.name not in FILTERS:
            yield node.name
        elif isinstance(node, nodes.Getattr) and node.attr.startswith("_"):
            yield node.attr
        elif isinstance(node, nodes.Name) and node.name in _RESERVED:
            yield node.name
