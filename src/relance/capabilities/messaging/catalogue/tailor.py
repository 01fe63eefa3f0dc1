"""From the stored sources of an edited template to what Jinja renders; the layout, head and foot stay shipped."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import css_inline
from jinja2 import Template, nodes
from jinja2.environment import Environment

from relance.capabilities.messaging.catalogue.faults import shown
from relance.capabilities.messaging.catalogue.language import read, scan, stray_nodes
from relance.capabilities.messaging.catalogue.placeholders import slots_of
from relance.capabilities.messaging.catalogue.richtext import Hidden
from relance.capabilities.messaging.catalogue.styles import ACCENT, DEFAULT_COLOUR, Wording
from relance.capabilities.messaging.errors import TemplateFault
from relance.capabilities.messaging.mails import Mail
from relance.core.i18n import Locale

#: Characters of one rendered part.
LONGEST_OUTPUT = 300_000
_BUTTON = re.compile(r"<p\b[^>]*>\s*(<a\b[^>]*\bclass=\"button\"[^>]*>(?:(?!</p>).)*?</a>)\s*</p>", re.DOTALL)
#: Outlook draws no padding around a link: the cell of a table is what it can colour.
_FRAME = (
    '<table role="presentation" class="button-frame" cellpadding="0" cellspacing="0" border="0">'
    f'<tbody><tr><td class="button-cell" bgcolor="{DEFAULT_COLOUR}">\\1</td></tr></tbody></table>'
)
_ELEMENT = re.compile(r"<[a-z][^<>]*>")


@dataclass(frozen=True, slots=True)
class Compiled:
    """The three parts of a mail."""

    subject: Template
    text: Template
    html: Template
    version: str


class OutputTooLong(ValueError):
    """A rendered part is longer than a mail may be."""


def limited(template: Template, values: Mapping[str, Any]) -> str:
    """`template` filled with `values`, stopped where it becomes too long.

    Raises:
        OutputTooLong: it does.
    """
    pieces: list[str] = []
    room = LONGEST_OUTPUT
    for piece in template.root_render_func(template.new_context(dict(values))):
        room -= len(piece)
        if room < 0:
            raise OutputTooLong(f"more than {LONGEST_OUTPUT} characters")
        pieces.append(piece)
    return "".join(pieces)


class Tailor:
    """Compiles wordings in the environments of the shipped templates."""

    def __init__(self, text: Environment, html: Environment, css: str) -> None:
        """
        Args:
            text: renders subjects and plain parts.
            html: renders HTML, escaping what it fills in.
            css: the style sheet, for bare elements too.
        """
        self._text = text
        self._html = html
        self._css = css
        self._inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=False)

    def fit(self, mail: type[Mail], locale: Locale, wording: Wording, shipped: str) -> Compiled:
        """`wording` between the head and the foot of the shipped template.

        Raises:
            TemplateFault: it does not fit the mail as it is now.
        """
        folder = f"{mail.key.replace('.', '/')}/{locale}"
        for source, is_subject in ((wording.subject, True), (wording.html, False), (wording.text, False)):
            reading = read(source, slots_of(mail), subject=is_subject)
            for fault in reading.faults:
                raise TemplateFault(f"{fault.code}: {shown(fault.what)}")
        body = self._styled(wording.html)
        subject = built(self._text, "subject", None, {"": wording.subject})
        text = built(self._text, "text", f"{folder}/body.txt", {"main": f"\n{wording.text}\n\n"})
        html = built(self._html, "html", f"{folder}/body.html", {"title": wording.subject, "main": f"\n{body}\n"})
        own = f"{wording.id}/{wording.number}" if wording.id else "draft"
        return Compiled(subject, text, html, f"{shipped}+{own}")

    def filled(self, wording: Wording, values: Mapping[str, Any]) -> tuple[str, str]:
        """Subject and HTML of `wording` with `values` in them, as an editor's source: neither head, foot nor styles.

        Raises:
            OutputTooLong: it becomes too long.
            TemplateFault: it is not in the language.
        """
        subject = built(self._text, "subject", None, {"": wording.subject})
        html = built(self._html, "html", None, {"": wording.html})
        return limited(subject, values), limited(html, values)

    def _styled(self, html: str) -> str:
        """`html` with the style sheet at its elements, and a mark for the accent."""
        tags, _ = scan(html)
        hidden = Hidden.of(html, tags)
        framed = _BUTTON.sub(_FRAME, hidden.text)
        inlined: str = self._inliner.inline_fragment(framed, self._css)
        coloured = _ELEMENT.sub(lambda one: one.group(0).replace(DEFAULT_COLOUR, ACCENT), inlined)
        if sorted(hidden.marks(coloured)) != list(range(len(tags))):
            raise TemplateFault("a tag was lost while the styles were inlined")
        return hidden.restored(coloured)


def built(environment: Environment, part: str, parent: str | None, blocks: Mapping[str, str]) -> Template:
    """A template that replaces `blocks` of `parent`. Trees are joined, never sources: a block cannot be left."""
    body: list[nodes.Node] = []
    if parent is not None:
        body.append(nodes.Extends(nodes.Const(parent), lineno=1))
    for name, source in blocks.items():
        parsed = environment.parse(source)
        if strays := sorted(set(stray_nodes(parsed))):
            raise TemplateFault(f"not in the language: {', '.join(strays)}")
        _bound(parsed)
        content: Sequence[nodes.Node] = parsed.body
        body.extend([nodes.Block(name, list(content), False, False, lineno=1)] if parent else content)
    tree = nodes.Template(body, lineno=1)
    tree.set_environment(environment)
    code = environment.compile(tree, f"edited {part}")
    return Template.from_code(environment, code, environment.make_globals(None))


def _bound(tree: nodes.Template) -> None:
    """Give every loop its limit."""
    for loop in tree.find_all(nodes.For):
        loop.iter = nodes.Filter(loop.iter, "bounded", [], [], None, None, lineno=loop.lineno)
