"""The template catalogue: `<domain>/<mail>/{fr,en}/{subject.txt, body.txt, body.html}`, checked whole at start.

The style sheet is inlined when a template is loaded, not when a mail is rendered: mail clients need inlined styles,
and rendering stays cheap.
"""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin
from uuid import UUID

import css_inline
import structlog
from jinja2 import StrictUndefined, Template, TemplateError, meta, nodes
from jinja2.environment import Environment
from jinja2.exceptions import TemplateNotFound
from jinja2.loaders import BaseLoader
from jinja2.sandbox import ImmutableSandboxedEnvironment
from pydantic import BaseModel

from relance.capabilities.messaging.catalogue.filters import FILTERS, bounded
from relance.capabilities.messaging.catalogue.styles import ACCENT, DEFAULT_COLOUR, SHIPPED, Brand, Style, Wording
from relance.capabilities.messaging.catalogue.tailor import Compiled, Tailor, limited
from relance.capabilities.messaging.errors import TemplateFault
from relance.capabilities.messaging.flattening import Flat, flattened
from relance.capabilities.messaging.mails import Mail
from relance.capabilities.messaging.mime import header_text
from relance.core.i18n import LOCALES, Locale
from relance.core.paths import templates_dir
from relance.core.settings import Settings

PARTS = ("subject.txt", "body.txt", "body.html")
#: Names every template may use besides the placeholders of its mail.
SHARED = frozenset({"locale", "brand"})
_log = structlog.get_logger(__name__)

_STYLE = "_base/style.css"
#: What bare elements of an edited template look like.
_EDITED_STYLE = "_base/edited.css"
_CODE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
#: A comment inside <title> is text to the parser, and comes back escaped.
_MARK = re.compile(r"(?:<|&lt;)!--jinja(\d+)--(?:>|&gt;)|jinjax(\d+)x")
_LONGEST_SUBJECT = 200
_BLANK_LINES = re.compile(r"\n{4,}")
#: Parses, and drops no line end; it renders nothing.
_AS_WRITTEN = Environment(autoescape=True)
#: Edited templates kept compiled in a process.
_KEPT = 2_000


@dataclass(frozen=True, slots=True)
class Rendering:
    """A mail in words. Links are still markers."""

    subject: str
    text: str
    html: str
    version: str


@dataclass(frozen=True, slots=True)
class _Shipped:
    """The three parts of a mail as it is shipped."""

    subject: Flat | Template
    text: Flat | Template
    html: Flat | Template
    version: str


class _Folder(BaseLoader):
    """Loads templates from the folder, HTML ones with their styles inlined."""

    def __init__(self, root: Path) -> None:
        self.root = root
        #: Sources as they are compiled, by name: a layout is parsed for every mail that is built on it.
        self._sources: dict[str, str] = {}
        self._css = self.read(_STYLE)
        self._inliner = css_inline.CSSInliner(
            keep_style_tags=True, keep_at_rules=True, load_remote_stylesheets=False, extra_css=self._css
        )

    def read(self, name: str) -> str:
        """The source of `name` as it is written.

        Raises:
            TemplateNotFound: there is no such file.
        """
        try:
            return (self.root / name).read_text(encoding="utf-8")
        except OSError:
            raise TemplateNotFound(name) from None

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return (self.root / name).is_file()

    def read_where_there(self, name: str) -> str:
        """The same; nothing where there is no such file."""
        try:
            return self.read(name)
        except TemplateNotFound:
            return ""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """What Jinja compiles for `template`."""
        if template not in self._sources:
            source = self.read(template)
            if template.endswith(".html"):
                source = self._inlined(source).replace(DEFAULT_COLOUR, ACCENT)
            self._sources[template] = source
        return self._sources[template], str(self.root / template), lambda: True

    def _inlined(self, source: str) -> str:
        """`source` with the style sheet's rules at its elements; template code passes through untouched."""
        code: list[str] = []

        def hide(found: re.Match[str]) -> str:
            code.append(found.group(0))
            # An expression may stand in an attribute, a statement only between elements, where a comment is
            # the one thing that the HTML parser leaves in place, inside tables too.
            place = len(code) - 1
            return f"jinjax{place}x" if found.group(0).startswith("{{") else f"<!--jinja{place}-->"

        hidden = _CODE.sub(hide, source)
        is_document = "<html" in source
        styled = self._inliner.inline(hidden) if is_document else self._inliner.inline_fragment(hidden, self._css)
        shown = _MARK.sub(lambda found: code[int(found.group(1) or found.group(2))], styled)
        if len(_MARK.findall(styled)) < len(code):
            raise TemplateFault("template code was lost while the styles were inlined")
        return shown


class Templates:
    """Every mail of the product in every language, each compiled and checked when it is first used."""

    def __init__(self, root: Path, mails: Sequence[type[Mail]]) -> None:
        """See that the catalogue is whole.

        Args:
            root: the folder of the templates.
            mails: every mail class of the product; the composition root lists them.

        Raises:
            TemplateFault: a file is missing.
        """
        self.mails: Mapping[str, type[Mail]] = {mail.key: mail for mail in mails}
        self._loader = _Folder(root)
        self._tailored: OrderedDict[tuple[UUID, int, str, Locale], Compiled | None] = OrderedDict()
        options: dict[str, Any] = {
            "loader": self._loader,
            "undefined": StrictUndefined,
            "trim_blocks": True,
            "lstrip_blocks": True,
            "auto_reload": False,
            "cache_size": -1,
            "finalize": _finalize,
        }
        self._text = ImmutableSandboxedEnvironment(autoescape=False, **options)
        self._html = ImmutableSandboxedEnvironment(autoescape=True, **options)
        #: For what is flattened: it calls nothing, so that there is nothing to watch over.
        self._flat = {escaping: Environment(autoescape=escaping, **options) for escaping in (False, True)}
        for environment in (self._text, self._html, *self._flat.values()):
            environment.filters.update({name: known.apply for name, known in FILTERS.items()}, bounded=bounded)
        css = self._loader.read(_STYLE)
        self._tailor = Tailor(self._text, self._html, self._loader.read_where_there(_EDITED_STYLE) + css)
        self._trees: dict[tuple[bool, str], nodes.Template] = {}
        self._compiled: dict[tuple[str, Locale], _Shipped] = {}
        for key, locale, part in product(self.mails, LOCALES, PARTS):
            name = f"{key.replace('.', '/')}/{locale}/{part}"
            if not self._loader.has(name):
                raise TemplateFault(f"{name} is missing")

    def check(self) -> None:
        """Compile all of it: what our tests do with the shipped ones, and every start with those of somebody else.

        Raises:
            TemplateFault: one does not compile, or uses what its mail does not have.
        """
        for key, locale in product(self.mails, LOCALES):
            self._shipped(key, locale)

    @property
    def keys(self) -> Sequence[str]:
        """The key of every mail."""
        return list(self.mails)

    @property
    def resend_uncertain(self) -> Sequence[str]:
        """The keys of the mails that are sent again when nobody knows whether they arrived."""
        return [key for key, mail in self.mails.items() if mail.resend_uncertain]

    def render(
        self,
        key: str,
        locale: Locale,
        placeholders: Mapping[str, Any],
        style: Style = SHIPPED,
        *,
        strict: bool = False,
    ) -> Rendering:
        """The mail `key` in `locale`: for a preview, a test and the mail that leaves alike.

        Args:
            key: of the mail.
            locale: its language.
            placeholders: the mail's values.
            style: the edited words, where there are some, and the look.
            strict: a wording that cannot be rendered is a fault; else it gives way to the shipped words, since no
                edited template may keep a mail from leaving.

        Raises:
            TemplateFault: unknown mail, or a placeholder it needs is not there.
        """
        compiled = self._shipped(key, locale)
        values = {**placeholders, "locale": locale, "brand": style.brand}
        if style.wording is not None:
            try:
                return self._worded(key, locale, values, style.wording, style.brand)
            except Exception as error:
                if strict:
                    raise TemplateFault(f"{key} in {locale}: {error}") from error
                wording, number = str(style.wording.id), style.wording.number
                _log.warning("template_override_failed", mail=key, wording=wording, number=number, error=str(error))
        try:
            subject, text, html = (one.render(values) for one in (compiled.subject, compiled.text, compiled.html))
        except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
            raise TemplateFault(f"{key} in {locale}: {error}") from error
        return _rendering(subject, text, html, compiled.version, style.brand)

    def _worded(self, key: str, locale: Locale, values: Mapping[str, Any], wording: Wording, brand: Brand) -> Rendering:
        compiled = self._of(key, locale, wording)
        subject, text, html = (limited(one, values) for one in (compiled.subject, compiled.text, compiled.html))
        return _rendering(subject, _BLANK_LINES.sub("\n\n\n", text), html, compiled.version, brand)

    def _of(self, key: str, locale: Locale, wording: Wording) -> Compiled:
        """`wording`, compiled once a process; one that does not compile is not tried again."""
        shipped = self._shipped(key, locale)
        if wording.id is None:
            return self._tailor.fit(self.mails[key], locale, wording, shipped.version)
        place = (wording.id, wording.number, key, locale)
        if place not in self._tailored:
            while len(self._tailored) >= _KEPT:
                self._tailored.popitem(last=False)
            self._tailored[place] = None
            self._tailored[place] = self._tailor.fit(self.mails[key], locale, wording, shipped.version)
        self._tailored.move_to_end(place)
        found = self._tailored[place]
        if found is None:
            raise TemplateFault("it does not compile")
        return found

    def filled(self, locale: Locale, wording: Wording, values: Mapping[str, Any], brand: Brand) -> tuple[str, str]:
        """Subject and HTML of `wording` with `values` in them, for somebody who will write on in them.

        Raises:
            TemplateFault: it cannot be filled.
        """
        try:
            return self._tailor.filled(wording, {**values, "locale": locale, "brand": brand})
        except (TemplateError, TypeError, ValueError, ArithmeticError) as error:
            raise TemplateFault(str(error)) from error

    def source(self, key: str, locale: Locale, part: str) -> nodes.Template:
        """The tree of a shipped template as it is written, for whoever wants to edit it.

        Raises:
            TemplateNotFound: there is no such mail.
        """
        return _AS_WRITTEN.parse(self._loader.read(f"{key.replace('.', '/')}/{locale}/{part}"))

    def _shipped(self, key: str, locale: Locale) -> _Shipped:
        if (key, locale) not in self._compiled:
            if key not in self.mails or locale not in LOCALES:
                raise TemplateFault(f"no mail {key} in {locale}")
            self._compiled[key, locale] = self._compile(self.mails[key], locale)
        return self._compiled[key, locale]

    def _compile(self, mail: type[Mail], locale: Locale) -> _Shipped:
        folder = f"{mail.key.replace('.', '/')}/{locale}"
        digest = hashlib.blake2b(digest_size=6)
        found: list[Flat | Template] = []
        for part in PARTS:
            name = f"{folder}/{part}"
            environment = self._html if part.endswith(".html") else self._text
            try:
                for source in self._family(environment, name):
                    digest.update(self._loader.read(source).encode())
                    self._check_placeholders(environment, source, mail)
                found.append(self._template(environment, name, locale))
            except TemplateError as error:
                raise TemplateFault(f"{name}: {error}") from error
        digest.update(self._loader.read(_STYLE).encode())
        subject, text, html = found
        return _Shipped(subject, text, html, digest.hexdigest())

    def _template(self, environment: Environment, name: str, locale: Locale) -> Flat | Template:
        flat = flattened(environment, self._flat[environment is self._html], name, {"locale": locale})
        return flat or environment.get_template(name)

    def _tree(self, environment: Environment, name: str) -> nodes.Template:
        """`name`, parsed once: the layout is part of every mail. Only looked at, never compiled."""
        key = (environment is self._html, name)
        if key not in self._trees:
            self._trees[key] = environment.parse(self._loader.get_source(environment, name)[0])
        return self._trees[key]

    def _family(self, environment: Environment, name: str) -> Iterator[str]:
        """`name` and the templates it is built on."""
        yield name
        tree = self._tree(environment, name)
        for referenced in meta.find_referenced_templates(tree):
            if referenced is None:
                raise TemplateFault(f"{name} builds on a template that is not named")
            yield from self._family(environment, referenced)

    def _check_placeholders(self, environment: Environment, name: str, mail: type[Mail]) -> None:
        tree = self._tree(environment, name)
        known = mail.model_fields.keys() | SHARED | _imported(tree)
        unknown = meta.find_undeclared_variables(tree) - known
        if unknown:
            raise TemplateFault(f"{name}: {mail.key} has no placeholder {', '.join(sorted(unknown))}")
        declared = {target.name for target in tree.find_all(nodes.Name) if target.ctx != "load"}
        for lookup in tree.find_all(nodes.Getattr):
            path = _path(lookup)
            if path is not None and path[0] in mail.model_fields.keys() - declared and not _exists(mail, path):
                raise TemplateFault(f"{name}: {mail.key} has no placeholder {'.'.join(path)}")


def load_templates(settings: Settings, mails: Sequence[type[Mail]]) -> Templates:
    """The product's templates, or those of the configured folder; one object a process.

    Compiling all of them takes seconds, and nothing uses all of them: ours have been checked before they were shipped,
    those of another folder are checked here, so that a process does not start with what it cannot send.

    Raises:
        TemplateFault: the catalogue does not hold together; see `Templates`.
    """
    return _loaded(settings.templates_dir or templates_dir(), tuple(mails))


@lru_cache(maxsize=4)
def _loaded(root: Path, mails: tuple[type[Mail], ...]) -> Templates:
    templates = Templates(root, mails)
    if root != templates_dir():
        templates.check()
    return templates


def _finalize(value: object) -> object:
    return "" if value is None else value


def _rendering(subject: str, text: str, html: str, version: str, brand: Brand) -> Rendering:
    stamped = f"{version}~{brand.stamp}" if brand.stamp else version
    return Rendering(
        header_text(subject)[:_LONGEST_SUBJECT], text.strip() + "\n", html.replace(ACCENT, brand.colour), stamped
    )


def _imported(tree: nodes.Template) -> set[str]:
    """Macros imported at the top of a template, which its blocks may use."""
    names = [name for found in tree.find_all(nodes.FromImport) for name in found.names]
    return {name if isinstance(name, str) else name[1] for name in names}


def _path(lookup: nodes.Expr) -> list[str] | None:
    """`a.b.c` as its parts; None for anything else."""
    if isinstance(lookup, nodes.Name):
        return [lookup.name]
    if isinstance(lookup, nodes.Getattr):
        above = _path(lookup.node)
        return [*above, lookup.attr] if above is not None else None
    return None


def _exists(model: type[BaseModel], path: Sequence[str]) -> bool:
    field = model.model_fields.get(path[0])
    if field is None:
        return False
    if len(path) == 1:
        return True
    below = _model_in(field.annotation)
    return below is None or _exists(below, path[1:])


def _model_in(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in {Union, UnionType}:
        return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
    return None
