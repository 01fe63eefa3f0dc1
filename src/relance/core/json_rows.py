"""Rows as JSON text that PostgreSQL writes, in the very form of the response schemas.

What leaves a hot list is not read row by row, validated and written again: the statement says the JSON. Its text is
byte for byte what the schema would print; `tests/core/hot.py` holds a list to that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Union
from typing import cast as typed

import orjson
from sqlalchemy import (
    TIMESTAMP,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Integer,
    SmallInteger,
    SQLColumnExpression,
    String,
    Text,
    Uuid,
    case,
    cast,
    func,
    literal_column,
)
from sqlalchemy.sql import operators

from relance.core.i18n import Locale
from relance.core.i18n import Text as Words

_NULL = literal_column("'null'", Text())
#: What is never null itself.
_TESTS = (operators.is_, operators.is_not)
#: Functions take a hundred arguments at most.
_MOST_ARGUMENTS = 90


@dataclass(frozen=True)
class Labelled:
    """A code and its words: the field `<name>` and, behind it, `<name>_label`."""

    code: SQLColumnExpression[Any]
    labels: Mapping[Any, Words]


@dataclass(frozen=True)
class Unless:
    """An object that is null where `missing` holds."""

    missing: ColumnElement[bool]
    fields: "Fields"


@dataclass(frozen=True)
class Written:
    """JSON text already: what `listing` makes, for one."""

    text: ColumnElement[str]


Value = Union[SQLColumnExpression[Any], Labelled, Unless, Written, "Fields", None]
Fields = Mapping[str, Value]
_Piece = str | ColumnElement[Any]


def written(fields: Fields, locale: Locale) -> ColumnElement[str]:
    """One object as JSON text: `fields` in their order, without blanks.

    Raises:
        TypeError: a field has a type that has no JSON form here.
    """
    return _joined(_object(fields, locale))


def _joined(pieces: Sequence[_Piece]) -> ColumnElement[str]:
    merged: list[ColumnElement[Any]] = []
    text = ""
    for piece in (*pieces, None):
        if isinstance(piece, str):
            text += piece
            continue
        merged += [_constant(text)] if text else []
        merged += [] if piece is None else [piece]
        text = ""
    while len(merged) > 1 or not merged:
        merged = [
            func.concat(*merged[start : start + _MOST_ARGUMENTS], type_=Text())
            for start in range(0, max(1, len(merged)), _MOST_ARGUMENTS)
        ]
    return merged[0]


def _constant(text: str) -> ColumnElement[str]:
    quoted = text.replace("'", "''")
    return literal_column(f"'{quoted}'", Text())


def _object(fields: Fields, locale: Locale) -> list[_Piece]:
    pieces: list[_Piece] = ["{"]
    for place, (name, value) in enumerate(fields.items()):
        pieces.append(f'{"," if place else ""}"{name}":')
        pieces += _value(name, value, locale)
    return [*pieces, "}"]


def _value(name: str, value: Value, locale: Locale) -> list[_Piece]:
    if value is None:
        return ["null"]
    if isinstance(value, Mapping):
        return _object(value, locale)
    if isinstance(value, Labelled):
        return [_labelled(name, value, locale)]
    if isinstance(value, Unless):
        return [case((value.missing, _NULL), else_=_joined(_object(value.fields, locale)))]
    if isinstance(value, Written):
        return [value.text]
    return _scalar(value)


def _labelled(name: str, value: Labelled, locale: Locale) -> ColumnElement[str]:
    # Code and label in one: the code is constant text as well, and needs no escaping.
    whens = {
        str(code): _constant(f'"{code}","{name}_label":{orjson.dumps(words.in_locale(locale)).decode()}')
        for code, words in value.labels.items()
    }
    return case(
        *((value.code == _constant(code), text) for code, text in whens.items()),
        else_=_constant(f'null,"{name}_label":null'),
    )


def _scalar(value: SQLColumnExpression[Any]) -> list[_Piece]:
    column = typed("ColumnElement[Any]", value)
    kind, nullable = column.type, getattr(column, "nullable", getattr(column, "operator", None) not in _TESTS)
    if isinstance(kind, Boolean):
        shown: ColumnElement[Any] = case((column, literal_column("'true'", Text())), else_=_constant("false"))
        return [case((column.is_(None), _NULL), else_=shown)] if nullable else [shown]
    if isinstance(kind, Integer | SmallInteger):
        return [func.coalesce(cast(column, Text()), _NULL)] if nullable else [column]
    if isinstance(kind, Uuid):
        return _quoted(cast(column, Text()) if nullable else column, nullable=nullable)
    if isinstance(kind, TIMESTAMP | DateTime):
        return _quoted(instant(column), nullable=nullable)
    if isinstance(kind, Date):
        return _quoted(func.to_char(column, _constant("YYYY-MM-DD"), type_=Text()), nullable=nullable)
    if isinstance(kind, String):
        escaped = func.to_json(column, type_=Text())
        return [func.coalesce(cast(escaped, Text()), _NULL)] if nullable else [escaped]
    raise TypeError(f"{column} is of type {kind!r}: it has no JSON form here")


def _quoted(text: ColumnElement[Any], *, nullable: bool) -> list[_Piece]:
    if not nullable:
        return ['"', text, '"']
    # A null inside makes the whole of `||` null, where concat would pass over it.
    mark = _constant('"')
    return [func.coalesce(mark.op("||")(text).op("||")(mark), _NULL, type_=Text())]


def instant(column: SQLColumnExpression[Any]) -> ColumnElement[str]:
    """An instant as `schemas.Instant` prints it: in UTC, microseconds where there are any."""
    whole = func.to_char(
        func.timezone(_constant("UTC"), column), _constant('YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), type_=Text()
    )
    return func.replace(whole, _constant(".000000Z"), _constant("Z"), type_=Text())
