"""Fields that a workspace adds to a resource: a flat JSON Schema says which, and values are checked against it."""

import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any

import orjson
from jsonschema_rs import Draft202012Validator
from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from relance.core.errors import FieldError, ValidationFailed
from relance.core.i18n import Text
from relance.core.json_schemas import faults, validator
from relance.core.schemas import clean_text

_MOST = 50
_MAX_TEXT = 2_000
_MAX_SCHEMA = 32 * 1024
_MAX_NUMBER = 2**53
_NAME = re.compile(r"[a-z][a-z0-9_]{0,49}\Z")
_TYPES = frozenset({"string", "number", "integer", "boolean"})
_NOT_FLAT = Text(
    "Chaque champ a un nom en minuscules et un type parmi string, number, integer, boolean, ou un array de string.",
    "Each field has a name in lower case and a type among string, number, integer, boolean, or an array of string.",
)


def _clean_value(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and len(value) <= _MAX_TEXT:
        return clean_text(value)
    if isinstance(value, int | float) and math.isfinite(value) and abs(value) <= _MAX_NUMBER:
        return value
    if isinstance(value, list) and len(value) <= _MOST and all(isinstance(one, str) for one in value):
        return [_clean_value(one) for one in value]
    raise PydanticCustomError("custom_fields", "texts, numbers, booleans or lists of texts are expected")


def _clean(fields: dict[str, Any]) -> dict[str, Any]:
    if len(fields) > _MOST or not all(_NAME.match(name) for name in fields):
        raise PydanticCustomError("custom_fields", "at most fifty fields, their names in lower case")
    return {name: _clean_value(value) for name, value in fields.items()}


#: Values by the name of the field; those of the schema, checked by `check_values`.
CustomValues = Annotated[
    dict[str, Any],
    AfterValidator(_clean),
    WithJsonSchema({"type": "object", "additionalProperties": True, "maxProperties": _MOST}),
]


def _clean_deep(value: Any, depth: int = 0) -> Any:
    if depth > 6:
        raise ValidationFailed.at("/json_schema", "not_flat", _NOT_FLAT)
    if isinstance(value, str):
        try:
            return clean_text(value)
        except PydanticCustomError:
            raise ValidationFailed.at("/json_schema", "not_flat", _NOT_FLAT) from None
    if isinstance(value, dict):
        return {_clean_deep(name): _clean_deep(below, depth + 1) for name, below in value.items()}
    if isinstance(value, list):
        return [_clean_deep(below, depth + 1) for below in value]
    return value


def check_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """`schema` in the form in which it is kept: one object of plain fields, nothing beside them.

    Raises:
        ValidationFailed: at `/json_schema`: it is no schema, or not flat, or too large.
    """
    cleaned: dict[str, Any] = _clean_deep(dict(schema))
    properties = cleaned.get("properties")
    if cleaned.get("type") != "object" or not isinstance(properties, dict) or len(properties) > _MOST:
        raise ValidationFailed.at("/json_schema", "not_flat", _NOT_FLAT)
    for name, described in properties.items():
        if not _NAME.match(name) or not _is_plain(described):
            raise ValidationFailed.at(f"/json_schema/properties/{name}"[:200], "not_flat", _NOT_FLAT)
    cleaned["additionalProperties"] = False
    text = orjson.dumps(cleaned)
    if len(text) > _MAX_SCHEMA:
        raise ValidationFailed.at(
            "/json_schema", "too_large", Text("Ce schéma est trop long.", "This schema is too large.")
        )
    try:
        validator(cleaned)
    except ValueError as refused:
        reason = str(refused).partition("\n")[0][:200]
        raise ValidationFailed([FieldError("/json_schema", "no_schema", reason)]) from None
    return cleaned


def _is_plain(described: object) -> bool:
    if not isinstance(described, dict):
        return False
    kind = described.get("type")
    if kind == "array":
        items = described.get("items")
        return isinstance(items, dict) and items.get("type") == "string"
    return isinstance(kind, str) and kind in _TYPES


@lru_cache(maxsize=256)
def _compiled(schema: bytes) -> Draft202012Validator:
    return validator(orjson.loads(schema))


def check_values(schema: Mapping[str, Any], values: Mapping[str, Any], pointer: str) -> None:
    """Make sure that `values` fit `schema`.

    Args:
        schema: as `check_schema` has given it back; empty where the workspace has none, and then nothing fits.
        values: by name.
        pointer: where they stand in the body.

    Raises:
        ValidationFailed: naming each value that does not fit.
    """
    if not schema and not values:
        return
    known = schema or {"type": "object", "properties": {}, "additionalProperties": False}
    compiled = _compiled(orjson.dumps(known, option=orjson.OPT_SORT_KEYS))
    found = list(faults(compiled, dict(values), pointer))
    if found:
        raise ValidationFailed(found[:100])


def merged(known: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """`known` with `changes` (RFC 7396): null takes a field away."""
    found = {**known, **changes}
    return {name: value for name, value in found.items() if value is not None}
