"""Searching names as people type them: without case and without accents, with an index."""

from typing import Any

from sqlalchemy import DDL, ColumnElement, Index, SQLColumnExpression, Text, event, func, literal

from relance.core.db import Base

#: What the first migration runs before any table: `unaccent` is only STABLE (its rules are a file), and an index needs
#: IMMUTABLE. The body is parsed at creation, so that no search path of later can bind it to something else.
SETUP = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE EXTENSION IF NOT EXISTS unaccent",
    "CREATE OR REPLACE FUNCTION relance_fold(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE "
    "RETURN lower(unaccent('unaccent'::regdictionary, $1))",
)
for _statement in SETUP:
    event.listen(Base.metadata, "before_create", DDL(_statement))  # type: ignore[no-untyped-call]


def folded(value: SQLColumnExpression[Any]) -> ColumnElement[str]:
    """`value` without accents, in lower case."""
    return func.relance_fold(value, type_=Text())


def holds(value: SQLColumnExpression[Any], words: str) -> ColumnElement[bool]:
    """Whether `value`, already folded, holds `words` whatever their case and accents."""
    # Escaped after folding: the rules of unaccent turn some characters (％, ＼) into marks of LIKE.
    escaped = func.regexp_replace(folded(literal(words, Text())), r"([\\%_])", r"\\\1", "g")
    return value.like(literal("%", Text()) + escaped + literal("%", Text()))


def trigram_index(name: str, value: ColumnElement[Any]) -> Index:
    """The index that makes `holds(value, …)` fast: three letters find their rows without reading the table."""
    return Index(name, value.label("folded"), postgresql_using="gin", postgresql_ops={"folded": "gin_trgm_ops"})
