"""A shipped template as one function: what it extends, imports and calls is put in its place when it is loaded.

Jinja renders a layout, its blocks and its macros as calls into one another, looked up by name for every mail. Here
the trees are joined once, before they are compiled. What is left is text, lookups, `if`, `for` and filters, so that no
sandbox has to watch over calls; a template that needs more is not flattened, and is compiled as it stands.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jinja2 import Template, nodes
from jinja2.environment import Environment
from jinja2.runtime import Context

#: Looked up as attributes: these are objects of ours. Placeholders are what JSON has, and are looked up as items.
_OBJECTS = frozenset({"brand", "loop"})
_KNOWN: tuple[type[nodes.Node], ...] = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem),
    *(nodes.Add, nodes.Concat, nodes.List, nodes.Tuple, nodes.Filter, nodes.Keyword, nodes.Operand, nodes.Compare),
    *(nodes.And, nodes.Or, nodes.Not, nodes.CondExpr, nodes.If, nodes.For, nodes.With),
)


class _NotFlat(Exception):
    """A template uses what cannot be joined."""


@dataclass
class _Page:
    """One file: its tree, and what it takes from others."""

    body: list[nodes.Node]
    parent: str | None = None
    blocks: dict[str, list[nodes.Node]] = field(default_factory=dict)
    macros: dict[str, nodes.Macro] = field(default_factory=dict)


class Flat:
    """A template that needs nothing but its values: no globals, no blocks, no macros to be found."""

    def __init__(self, template: Template) -> None:
        self._environment = template.environment
        self._name = template.name
        self._root = template.root_render_func

    def render(self, values: Mapping[str, Any]) -> str:
        """Filled with `values`; what they lack is an error."""
        return "".join(self._root(Context(self._environment, dict(values), self._name, {})))


def flattened(parsing: Environment, compiling: Environment, name: str, constants: Mapping[str, str]) -> Flat | None:
    """`name` and all that it is built on as one template.

    Args:
        parsing: loads the sources.
        compiling: whose filters, escaping and undefined values the template has.
        name: of the template.
        constants: names that always have the same value.

    Returns:
        None where it uses more than can be joined.
    """
    try:
        body = _Joiner(parsing).page(name)
        tree = nodes.Template(body, lineno=1)
        _simplify(tree, constants)
    except _NotFlat:
        return None
    tree.set_environment(compiling)
    code = compiling.compile(tree, name)
    return Flat(Template.from_code(compiling, code, {}))


class _Joiner:
    def __init__(self, environment: Environment) -> None:
        self._environment = environment
        self._pages: dict[str, _Page] = {}

    def page(self, name: str) -> list[nodes.Node]:
        """The statements of `name`, its parents' around them."""
        page = self._read(name)
        blocks: dict[str, list[nodes.Node]] = {}
        while True:
            for block, body in page.blocks.items():
                blocks.setdefault(block, list(self._called(body, page.macros)))
            if page.parent is None:
                return list(self._filled(list(self._called(page.body, page.macros)), blocks))
            page = self._read(page.parent)

    def _read(self, name: str) -> _Page:
        if name not in self._pages:
            self._pages[name] = self._parsed(name)
        return self._pages[name]

    def _parsed(self, name: str) -> _Page:
        loader = self._environment.loader
        assert loader is not None
        page = _Page(list(self._environment.parse(loader.get_source(self._environment, name)[0]).body))
        for statement in page.body:
            if isinstance(statement, nodes.Extends):
                page.parent = _constant(statement.template)
            elif isinstance(statement, nodes.FromImport):
                page.macros.update(self._imported(statement))
        page.blocks.update((block.name, block.body) for block in nodes.Template(page.body).find_all(nodes.Block))
        taken = (nodes.Extends, nodes.FromImport)
        page.body = [one for one in page.body if not isinstance(one, taken)]
        if page.parent is not None and not all(isinstance(one, nodes.Block | nodes.Output) for one in page.body):
            raise _NotFlat
        return page

    def _imported(self, statement: nodes.FromImport) -> Iterator[tuple[str, nodes.Macro]]:
        source = self._environment.loader.get_source(self._environment, _constant(statement.template))[0]  # type: ignore[union-attr]
        macros = {macro.name: macro for macro in self._environment.parse(source).find_all(nodes.Macro)}
        for name in statement.names:
            known, alias = (name, name) if isinstance(name, str) else name
            if known not in macros or macros[known].defaults:
                raise _NotFlat
            yield alias, macros[known]

    def _filled(self, body: Sequence[nodes.Node], blocks: Mapping[str, list[nodes.Node]]) -> Iterator[nodes.Node]:
        """`body`, its blocks replaced by what they hold in the end."""
        for statement in body:
            if isinstance(statement, nodes.Block):
                yield from self._filled(blocks[statement.name], blocks)
                continue
            if next(statement.find_all(nodes.Block), None) is not None:
                raise _NotFlat
            yield statement

    def _called(self, body: Sequence[nodes.Node], macros: Mapping[str, nodes.Macro]) -> Iterator[nodes.Node]:
        """`body`, each `{{ macro(…) }}` replaced by the macro's own statements."""
        for statement in body:
            if isinstance(statement, nodes.If | nodes.For):
                for name, below in statement.iter_fields():
                    if isinstance(below, list):
                        setattr(statement, name, list(self._called(below, macros)))
            if not isinstance(statement, nodes.Output):
                yield statement
                continue
            shown: list[nodes.Expr] = []
            for one in statement.nodes:
                if not isinstance(one, nodes.Call):
                    shown.append(one)
                    continue
                if shown:
                    yield nodes.Output(shown, lineno=statement.lineno)
                    shown = []
                yield _inlined(one, macros)
            if shown:
                yield nodes.Output(shown, lineno=statement.lineno)


def _inlined(call: nodes.Call, macros: Mapping[str, nodes.Macro]) -> nodes.With:
    macro = macros.get(call.node.name) if isinstance(call.node, nodes.Name) else None
    if macro is None or call.kwargs or call.dyn_args or call.dyn_kwargs or len(call.args) != len(macro.args):
        raise _NotFlat
    targets: list[nodes.Expr] = [nodes.Name(one.name, "param", lineno=call.lineno) for one in macro.args]
    return nodes.With(targets, call.args, _copied(macro.body), lineno=call.lineno)


def _copied(value: Any) -> Any:
    """A tree of its own, since a macro may be called twice."""
    if isinstance(value, list):
        return [_copied(one) for one in value]
    if not isinstance(value, nodes.Node):
        return value
    return type(value)(*(_copied(getattr(value, name)) for name in value.fields), lineno=value.lineno)


def _constant(expression: nodes.Expr) -> str:
    if not isinstance(expression, nodes.Const) or not isinstance(expression.value, str):
        raise _NotFlat
    return expression.value


def _simplify(parent: nodes.Node, constants: Mapping[str, str]) -> None:
    """Refuse what is not known, and write lookups and constants in their cheap form."""
    for name, value in parent.iter_fields():
        if isinstance(value, list):
            setattr(parent, name, [_simple(one, constants) if isinstance(one, nodes.Node) else one for one in value])
        elif isinstance(value, nodes.Node):
            setattr(parent, name, _simple(value, constants))


def _simple(node: nodes.Node, constants: Mapping[str, str]) -> nodes.Node:
    if not isinstance(node, _KNOWN):
        raise _NotFlat
    _simplify(node, constants)
    if isinstance(node, nodes.Name) and node.ctx == "load" and node.name in constants:
        return nodes.Const(constants[node.name], lineno=node.lineno)
    if isinstance(node, nodes.Getattr):
        if node.attr.startswith("_"):
            raise _NotFlat
        if not (isinstance(node.node, nodes.Name) and node.node.name in _OBJECTS):
            return nodes.Getitem(node.node, nodes.Const(node.attr), node.ctx, lineno=node.lineno)
    return node
