"""Searching names as people type them: without case and without accents, with an index."""

import re
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


def holds(value: SQLColumnExpression[Any], words: str | ColumnElement[str]) -> ColumnElement[bool]:
    """Whether `value`, already folded, holds `words` whatever their case and accents."""
    asked = literal(words, Text()) if isinstance(words, str) else words
    # Escaped after folding: the rules of unaccent turn some characters (％, ＼) into marks of LIKE.
    escaped = func.regexp_replace(folded(asked), r"([\\%_])", r"\\\1", "g")
    return value.like(literal("%", Text()) + escaped + literal("%", Text()))


def pattern(part: str) -> str:
    """The pattern of LIKE that finds `part` as it stands."""
    return "%" + re.sub(r"([\\%_])", r"\\\1", part) + "%"


def trigram_index(name: str, value: ColumnElement[Any]) -> Index:
    """The index that makes `holds(value, …)` fast: three letters find their rows without reading the table."""
    return Index(name, value.label("folded"), postgresql_using="gin", postgresql_ops={"folded": "gin_trgm_ops"})


def follow_name(model: type[Base], column: str, named: str, reference: str) -> None:
    """Have `model.column` hold the folded `name` of the row of the table `named` that `reference` points to.

    PostgreSQL keeps it: at an insert, and at the commit that changes the name, for every row that points there, locked
    in the order of their ids: after all other locks of that transaction. Whoever locks rows of `model` and changes rows
    of `named` takes `named` first.
    Lists sort by it with an index of their own table; the row never differs from the name, however the two are written.
    """
    for statement in followed(str(model.__tablename__), column, named, reference):
        event.listen(model.__table__, "after_create", DDL(statement.replace("%", "%%")))  # type: ignore[no-untyped-call]


def followed(table: str, column: str, named: str, reference: str) -> tuple[str, ...]:
    """What `follow_name` runs; its migration too."""
    # The lock that the foreign key takes anyway, only before the name is read: a change of the name that is under way
    # is waited for. The other way round, that change waits for every insert that has read the old one.
    return (
        f"CREATE OR REPLACE FUNCTION {table}_take_{column}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "  # noqa: S608 - names of our models
        f"SELECT relance_fold(name) INTO STRICT NEW.{column} FROM {named} "
        f"WHERE workspace_id = NEW.workspace_id AND id = NEW.{reference} FOR KEY SHARE; RETURN NEW; END $$",
        f"CREATE OR REPLACE TRIGGER {table}_take_{column} BEFORE INSERT OR UPDATE OF {reference} ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_take_{column}()",
        f"CREATE OR REPLACE FUNCTION {table}_follow_{column}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "  # noqa: S608 - names of our models
        f"PERFORM FROM {named} WHERE workspace_id = NEW.workspace_id AND id = NEW.id FOR UPDATE; "
        f"PERFORM FROM {table} WHERE workspace_id = NEW.workspace_id AND {reference} = NEW.id "
        f"ORDER BY id FOR NO KEY UPDATE; "
        f"UPDATE {table} SET {column} = relance_fold(NEW.name) "
        f"WHERE workspace_id = NEW.workspace_id AND {reference} = NEW.id; RETURN NULL; END $$",
        f"CREATE CONSTRAINT TRIGGER {table}_follow_{column} AFTER UPDATE OF name ON {named} "
        f"DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) "
        f"EXECUTE FUNCTION {table}_follow_{column}()",
    )
