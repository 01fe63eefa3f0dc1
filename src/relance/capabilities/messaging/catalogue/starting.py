"""The shipped words in the reduced language: what an editor starts from. Macros are written out as plain HTML."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from html import escape

from jinja2 import nodes

from relance.capabilities.messaging.catalogue.checking import Draft, checked
from relance.capabilities.messaging.catalogue.styles import Wording
from relance.capabilities.messaging.errors import TemplateFault
from relance.capabilities.messaging.mails import Mail
from relance.capabilities.messaging.templates import Templates
from relance.core.i18n import Locale


@lru_cache(maxsize=500)
def starting_wording(templates: Templates, mail: type[Mail], locale: Locale) -> Wording:
    """The subject and the body of a shipped mail, as they could have been written by its editor.

    Raises:
        TemplateFault: the shipped template says something that the reduced language cannot.
    """
    subject = _written(templates.source(mail.key, locale, "subject.txt").body, markup=False).strip()
    html = _written(_main(templates.source(mail.key, locale, "body.html")), markup=True).strip()
    text = _written(_main(templates.source(mail.key, locale, "body.txt")), markup=False).strip()
    return checked(templates, mail, locale, Draft(subject, html, text))


def _main(tree: nodes.Template) -> Sequence[nodes.Node]:
    return next((block.body for block in tree.find_all(nodes.Block) if block.name == "main"), [])


def _written(body: Sequence[nodes.Node], *, markup: bool) -> str:
    return "".join(_one(node, markup) for node in body)


def _one(node: nodes.Node, markup: bool) -> str:
    if isinstance(node, nodes.Output):
        return "".join(_one(part, markup) for part in node.nodes)
    if isinstance(node, nodes.TemplateData):
        return node.data
    if isinstance(node, nodes.Const):
        return escape(str(node.value)) if markup else str(node.value)
    if isinstance(node, nodes.Concat):
        return "".join(_one(part, markup) for part in node.nodes)
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name):
        return _macro(node.node.name, node.args)
    if isinstance(node, nodes.If):
        return _condition(node, markup)
    if isinstance(node, nodes.For):
        return (
            f"{{% for {_code(node.target)} in {_code(node.iter)} %}}{_written(node.body, markup=markup)}{{% endfor %}}"
        )
    return f"{{{{ {_code(node)} }}}}"


def _condition(node: nodes.If, markup: bool) -> str:
    pieces = [f"{{% if {_code(node.test)} %}}{_written(node.body, markup=markup)}"]
    pieces += [f"{{% elif {_code(one.test)} %}}{_written(one.body, markup=markup)}" for one in node.elif_]
    pieces += [f"{{% else %}}{_written(node.else_, markup=markup)}"] if node.else_ else []
    return "".join([*pieces, "{% endif %}"])


def _macro(name: str, args: Sequence[nodes.Expr]) -> str:
    """The macros of `_base/parts.html`, as an editor's HTML."""
    if name == "button":
        link, label, spelled = (_one(one, True) for one in args)
        return (
            f'<p><a class="button" href="{link}">{label}</a></p>\n'
            f'<p class="small">{spelled}<br><a href="{link}">{link}</a></p>'
        )
    if name == "facts":
        return "\n".join(['<table class="facts"><tbody>', *_rows(args[0]), "</tbody></table>"])
    raise TemplateFault(f"the macro {name} has no form in the reduced language")


def _rows(node: nodes.Expr) -> Iterator[str]:
    """The rows of a table of facts: a list, lists added up, or a list where a condition holds."""
    if isinstance(node, nodes.Add):
        yield from _rows(node.left)
        yield from _rows(node.right)
    elif isinstance(node, nodes.CondExpr) and isinstance(node.expr2, nodes.List) and not node.expr2.items:
        yield "\n".join([f"{{% if {_code(node.test)} %}}", *_rows(node.expr1), "{% endif %}"])
    elif isinstance(node, nodes.List) and all(isinstance(row, nodes.Tuple) for row in node.items):
        for row in node.items:
            label, value = (_one(cell, True) for cell in row.iter_child_nodes())
            yield f'<tr><th scope="row">{label}</th><td>{value}</td></tr>'
    else:
        raise TemplateFault("these facts have no form in the reduced language")


_OPERATORS = {"eq": "==", "ne": "!="}


def _code(node: nodes.Node) -> str:
    """An expression of the reduced language as its source."""
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        return f"{_code(node.node)}.{node.attr}"
    if isinstance(node, nodes.Const):
        return repr(node.value) if not isinstance(node.value, str) else '"' + node.value.replace('"', "'") + '"'
    if isinstance(node, nodes.Not):
        return f"not ({_code(node.node)})"
    if isinstance(node, nodes.And | nodes.Or):
        word = "and" if isinstance(node, nodes.And) else "or"
        return f"({_code(node.left)} {word} {_code(node.right)})"
    if isinstance(node, nodes.Compare) and len(node.ops) == 1 and node.ops[0].op in _OPERATORS:
        return f"{_code(node.expr)} {_OPERATORS[node.ops[0].op]} {_code(node.ops[0].expr)}"
    if isinstance(node, nodes.Filter) and node.node is not None:
        given = ", ".join(_code(one) for one in node.args)
        return f"{_code(node.node)}|{node.name}" + (f"({given})" if given else "")
    raise TemplateFault(f"{type(node).__name__} has no form in the reduced language")
