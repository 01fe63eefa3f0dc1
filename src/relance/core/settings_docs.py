"""The settings in words: the table of docs/configuration.md, and one line for a setting that is refused."""

from collections.abc import Iterator
from typing import Literal, get_args, get_origin

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from relance.core.settings import DEVELOPMENT_SECRET, Settings

_NAMES = {"str": "text", "int": "integer", "float": "number", "bool": "0 or 1", "Path": "path"}


def explain(fault: ValidationError) -> str:
    """The first fault of the settings in one line, without the refused value: it may be a secret."""
    first = fault.errors(include_input=False, include_url=False)[0]
    words = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:
        return f"settings: {words}"
    name = str(first["loc"][0])
    return f"settings: {name if name.isupper() else _variable(name)}: {words}"


def table() -> str:
    """The Markdown table of every setting, in the order of the class."""
    return "\n".join(["| variable | type | default | meaning |", "|---|---|---|---|", *_rows()]) + "\n"


def _rows() -> Iterator[str]:
    for name, field in Settings.model_fields.items():
        meaning = (field.description or "").replace("|", "\\|")
        yield f"| `{_variable(name)}` | {_type(field)} | {_default(field)} | {meaning} |"


def _variable(name: str) -> str:
    return f"RELANCE_{name.upper()}"


def _type(field: FieldInfo) -> str:
    annotation = field.annotation
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(annotation))
    if get_origin(annotation) is tuple:
        return "list"
    inner = [part for part in get_args(annotation) if part is not type(None)] or [annotation]
    name = getattr(inner[0], "__name__", str(inner[0]))
    return _NAMES.get(name, name)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is None or value == ():
        return "unset"
    if value == (DEVELOPMENT_SECRET,):
        return "a development secret, refused in production"
    if isinstance(value, bool):
        return f"`{int(value)}`"
    return f"`{','.join(map(str, value)) if isinstance(value, tuple) else value}`"
