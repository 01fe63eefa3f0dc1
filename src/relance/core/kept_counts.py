"""Counts that are kept while rows change, so that a summary reads a few numbers and not a million rows.

Beside a counted table stands one of numbers. Triggers of PostgreSQL write there what a statement has changed, one row a
combination of what is counted by: two transactions never wait for each other, as they would on one shared counter, and
a count is always that of the reader's own snapshot. The worker folds such rows into one a combination now and then; a
count is the sum of both kinds.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import DDL, BigInteger, Index, event, text
from sqlalchemy.orm import Mapped, mapped_column

from relance.core.db import Base, Database, WorkspaceOwned
from relance.core.driver import Statement
from relance.core.hot_lists import Wanted
from relance.core.quick import Quick
from relance.core.runtime import Runtime

#: Seconds between two foldings, and how many rows one takes.
_EVERY = 20.0
_BATCH = 20_000


class Counting(WorkspaceOwned):
    """Mixin of a table of numbers; what is counted by are the columns that the model adds."""

    number: Mapped[int] = mapped_column(BigInteger, sort_order=80)
    #: The folded number of its combination; otherwise what one statement has added or taken away.
    folded: Mapped[bool] = mapped_column(sort_order=81)


class KeptCounts:
    """The counts of one table.

    Args:
        counted: the table whose rows are counted.
        numbers: the table of numbers, a `Counting`.
        by: the columns of both that are counted by, in the order of the index.
    """

    def __init__(self, counted: type[Base], numbers: type[Base], by: Sequence[str]) -> None:
        self._table, self._by = str(numbers.__tablename__), tuple(by)
        self._made: dict[tuple[str, ...], Quick] = {}
        key = [numbers.__table__.c[name] for name in ("workspace_id", *by)]
        folded = text("folded")
        Index(f"uq_{self._table}_folded", *key, unique=True, postgresql_where=folded, postgresql_include=["number"])
        Index(f"ix_{self._table}_fresh", *key, postgresql_where=text("NOT folded"), postgresql_include=["number"])
        for statement in counting(str(counted.__tablename__), self._table, self._by):
            event.listen(counted.__table__, "after_create", DDL(statement.replace("%", "%%")))  # type: ignore[no-untyped-call]
        self._fold = Statement(self._folding())

    async def of(self, db: Database, workspace_id: UUID, wanted: Wanted, what: str) -> Mapping[Any, int]:
        """How many rows there are of each value of the column `what`, among those of `wanted`.

        `wanted` names them by branches alone, on columns that are counted by.
        """
        if wanted.filters:
            raise ValueError("kept counts know nothing but the columns that they are counted by")
        if wanted.nothing:
            return {}
        statement, values = self.prepared(wanted, what)
        return {row[0]: row[1] for row in await db.fetch(statement, {**values, "workspace": workspace_id})}

    def prepared(self, wanted: Wanted, what: str) -> tuple[Quick, dict[str, Any]]:
        """The statement of `of`, and its values but for `workspace`."""
        names = tuple(one.column.key for one in wanted.branches)
        if (what, *names) not in self._made:
            conditions = "".join(f" AND {name} = ANY(:{name})" for name in names)
            halves = (
                f"SELECT {what} AS what, number FROM {self._table} "  # noqa: S608 - names of our models
                f"WHERE workspace_id = :workspace{conditions} AND {half}"
                for half in ("folded", "NOT folded")
            )
            sql = f"SELECT what, sum(number)::bigint FROM ({' UNION ALL '.join(halves)}) AS every GROUP BY what"  # noqa: S608
            self._made[what, *names] = Quick(text(sql))
        return self._made[what, *names], {one.column.key: list(one.values) for one in wanted.branches}

    async def fold(self, runtime: Runtime) -> int:
        """Fold fresh rows into the number of their combination.

        Returns:
            How many there were, `_BATCH` at most.
        """
        async with runtime.db.transaction(None) as session:
            return int(await self._fold.value(session, batch=_BATCH))

    def _folding(self) -> str:
        # One statement: whoever reads sees all of it or nothing. Two workers take different rows, and meet on a number
        # in the order of the combinations.
        key = ", ".join(("workspace_id", *self._by))
        return (
            f"WITH taken AS (DELETE FROM {self._table} WHERE (workspace_id, id) IN ("  # noqa: S608 - names of our models
            f"SELECT workspace_id, id FROM {self._table} WHERE NOT folded LIMIT :batch FOR UPDATE SKIP LOCKED) "
            f"RETURNING {key}, number), "
            f"summed AS (INSERT INTO {self._table} ({key}, id, number, folded) "
            f"SELECT {key}, gen_random_uuid(), sum(number), true FROM taken GROUP BY {key} ORDER BY {key} "
            f"ON CONFLICT ({key}) WHERE folded DO UPDATE SET number = {self._table}.number + excluded.number) "
            "SELECT count(*) FROM taken"
        )


class Folding:
    """What the worker does with every table of numbers."""

    def __init__(self, runtime: Runtime, counts: Sequence[KeptCounts]) -> None:
        self._runtime, self._counts = runtime, counts
        self._next = 0.0

    async def sweep(self) -> int:
        """Fold; called as often as one likes, it looks three times a minute.

        Returns:
            How many rows were folded.
        """
        if time.monotonic() < self._next:
            return 0
        self._next = time.monotonic() + _EVERY
        total = 0
        for counts in self._counts:
            taken = _BATCH
            while taken == _BATCH:
                taken = await counts.fold(self._runtime)
                total += taken
        return total


def counting(counted: str, numbers: str, by: Sequence[str]) -> tuple[str, ...]:
    """What makes PostgreSQL count: a function, and a trigger for each kind of statement; the migration's too."""
    key = ", ".join(("workspace_id", *by))

    def insert(number: str, source: str) -> str:
        return (
            f"INSERT INTO {numbers} ({key}, id, number, folded) "  # noqa: S608 - names of our models
            f"SELECT {key}, gen_random_uuid(), {number}, false FROM {source} GROUP BY {key}"
        )

    moved = (
        f"(SELECT {key}, count(*) AS number FROM fresh GROUP BY {key} "  # noqa: S608 - names of our models
        f"UNION ALL SELECT {key}, -count(*) FROM gone GROUP BY {key}) AS every"
    )
    function = (
        f"CREATE OR REPLACE FUNCTION {counted}_count() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF TG_OP = 'INSERT' THEN {insert('count(*)', 'fresh')}; "
        f"ELSIF TG_OP = 'DELETE' THEN {insert('-count(*)', 'gone')}; "
        f"ELSE {insert('sum(number)', moved)} HAVING sum(number) <> 0; END IF; RETURN NULL; END $$"
    )
    tables = {
        "insert": "NEW TABLE AS fresh",
        "update": "OLD TABLE AS gone NEW TABLE AS fresh",
        "delete": "OLD TABLE AS gone",
    }
    triggers = (
        f"CREATE OR REPLACE TRIGGER {counted}_count_{kind} AFTER {kind.upper()} ON {counted} REFERENCING {rows} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {counted}_count()"
        for kind, rows in tables.items()
    )
    return (function, *triggers)
