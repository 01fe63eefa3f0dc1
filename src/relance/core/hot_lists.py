"""Lists that PostgreSQL answers in one go: compiled once, run on the driver's connection, the JSON passed through.

A statement is built and compiled for each *shape* (which filters, which order, whether behind a cursor, how many
branches), never for the values. What makes a page cheap at any size and depth is the index, and what lets one index
serve every combination of filters is the merge: for each combination of the values of the *branch* columns, which lead
the index, one branch reads its rows in the order of the list, and PostgreSQL merges the branches as they come. A page
reads the rows that it shows, and one more a branch.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from math import prod
from typing import Any, Generic, TypeVar
from typing import cast as typed
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    SQLColumnExpression,
    Uuid,
    any_,
    bindparam,
    column,
    func,
    literal_column,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import aliased, with_loader_criteria
from sqlalchemy.types import TypeEngine

from relance.core.bulk import among
from relance.core.db import Database, WorkspaceOwned
from relance.core.i18n import Locale
from relance.core.pagination import MAX_LIMIT, AnySelect, Cursor, PageRequest
from relance.core.quick import Quick

EntityT = TypeVar("EntityT", bound=WorkspaceOwned)

#: Names of the parameters that core adds; those of filters do not begin so.
_WORKSPACE, _LIMIT, _AFTER, _AFTER_ID = "hot_workspace", "hot_limit", "hot_after", "hot_after_id"
#: What a branch reads at most is written into its statement, so that PostgreSQL can plan for it: few sizes, few plans.
_SIZES = (25, 50, 100, MAX_LIMIT)
#: Beyond these a page reads the branches one after the other instead of merging them.
_MOST_BRANCHES = 120
_SORT = "hot_sort"
#: Statements kept in a process; they are made again where somebody asks for every shape there is.
_KEPT = 500


#: What a filter asks for the value of one of its parameters: by name and type.
Asked = Callable[[str, TypeEngine[Any] | type[TypeEngine[Any]]], Any]


@dataclass(frozen=True)
class Filter:
    """A condition with parameters; made once, in the module. The values of a request come with a call."""

    name: str
    condition: Callable[[Asked], ColumnElement[bool]]

    @classmethod
    def equal(cls, name: str, held: Any) -> "Filter":
        """The column is the parameter `name`."""
        return cls(name, lambda asked: held == asked(name, held.type))

    @classmethod
    def among(cls, name: str, held: Any) -> "Filter":
        """The column is one of the parameter `name`: one statement for any number of them."""
        return cls(name, lambda asked: held == any_(asked(name, ARRAY(held.type))))

    def __call__(self, **values: Any) -> "Given":
        return Given(self, values)


@dataclass(frozen=True)
class Given:
    """A filter with its values."""

    filter: Filter
    values: Mapping[str, Any]

    @property
    def named(self) -> ColumnElement[bool]:
        """The condition with its parameters by name, for a statement that is kept."""
        return self.filter.condition(lambda name, type_: bindparam(name, type_=type_))

    @property
    def bound(self) -> ColumnElement[bool]:
        """The condition with its values inside, for an ordinary statement."""
        return self.filter.condition(lambda name, type_: bindparam(None, self.values[name], type_, unique=True))


@dataclass(frozen=True)
class Among:
    """A branch: the rows whose `column` has one of `values`, each named once."""

    column: Any
    values: Sequence[Any]


@dataclass(frozen=True)
class Wanted:
    """Which rows. `branches` lead the index, in any order; `filters` hold for all of them."""

    branches: Sequence[Among] = ()
    filters: Sequence[Given] = ()

    @property
    def nothing(self) -> bool:
        """Whether no row can be meant."""
        return any(not branch.values for branch in self.branches)

    def conditions(self) -> list[ColumnElement[bool]]:
        """The same for an ordinary statement."""
        return [among(one.column, list(one.values)) for one in self.branches] + [one.bound for one in self.filters]


@dataclass(frozen=True, slots=True)
class HotPage:
    """The items of a page as JSON text, their ids, and the cursor of the next."""

    items: Sequence[str]
    ids: Sequence[UUID]
    next: Cursor | None

    def body(self, next_cursor: str | None) -> bytes:
        """The whole page."""
        cursor = f'"{next_cursor}"' if next_cursor else "null"
        return f'{{"items":[{",".join(self.items)}],"next_cursor":{cursor}}}'.encode()


@dataclass(frozen=True, slots=True)
class _Shape:
    locale: Locale
    sort: str
    after: bool
    size: int
    #: Column by column, how many branches are merged; 0 where they are too many.
    branches: tuple[tuple[str, int], ...]
    filters: tuple[str, ...]

    @property
    def descending(self) -> bool:
        return self.sort.startswith("-")

    @property
    def merged(self) -> bool:
        return all(count for _, count in self.branches)

    def order(self, by: SQLColumnExpression[Any]) -> Any:
        return by.desc() if self.descending else by.asc()


@dataclass
class HotList(Generic[EntityT]):
    """One list. The scope of the workspace is added here, to every table of the statement.

    Args:
        entity: what is listed; owned by a workspace.
        sorts: by name, what the rows are ordered by: never null, and behind the branch columns in an index that ends
            on the id.
        shown: from the rows of the page (an alias of `entity`) and the language, the select of one column: the JSON of
            a row, see `json_rows.written`; joined with what it names.
    """

    entity: type[EntityT]
    sorts: Mapping[str, SQLColumnExpression[Any]]
    shown: Callable[[Any, Locale], AnySelect]
    _made: dict[_Shape, Quick] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not issubclass(self.entity, WorkspaceOwned):
            raise TypeError(f"{self.entity.__name__} is not owned by a workspace: it cannot be listed here")

    async def page(
        self, db: Database, workspace_id: UUID, wanted: Wanted, request: PageRequest, locale: Locale
    ) -> HotPage:
        """One page of the rows that are wanted."""
        if wanted.nothing:
            return HotPage((), (), None)
        statement, values = self.prepared(workspace_id, wanted, request, locale)
        rows = await db.fetch(statement, values)
        shown = rows[: request.limit]
        items, ids = [row[0] for row in shown], [row[2] for row in shown]
        if len(rows) <= request.limit:
            return HotPage(items, ids, None)
        return HotPage(items, ids, Cursor(request.sort, shown[-1][1], shown[-1][2]))

    def prepared(
        self, workspace_id: UUID, wanted: Wanted, request: PageRequest, locale: Locale
    ) -> tuple[Quick, dict[str, Any]]:
        """The statement of a page and its values."""
        merged = prod(len(branch.values) for branch in wanted.branches) <= _MOST_BRANCHES
        shape = _Shape(
            locale,
            str(request.sort),
            request.after is not None,
            next(size for size in _SIZES if size >= request.limit),
            tuple((branch.column.key, len(branch.values) if merged else 0) for branch in wanted.branches),
            tuple(one.filter.name for one in wanted.filters),
        )
        statement = self._made.get(shape)
        if statement is None:
            if len(self._made) >= _KEPT:
                self._made.clear()
            statement = self._made[shape] = Quick(self._statement(shape, wanted))
        values: dict[str, Any] = {_WORKSPACE: workspace_id, _LIMIT: request.limit + 1}
        if request.after is not None:
            values[_AFTER], values[_AFTER_ID] = request.after.value, request.after.id
        for branch in wanted.branches:
            if merged:
                values.update({_mark(branch, place): value for place, value in enumerate(branch.values)})
            else:
                values[_mark(branch)] = list(branch.values)
        for one in wanted.filters:
            values.update(one.values)
        return statement, values

    def _statement(self, shape: _Shape, wanted: Wanted) -> AnySelect:
        found = (self._merged(shape, wanted) if shape.merged else self._in_turns(shape, wanted)).subquery()
        sort, id_ = found.c[_SORT], found.c.id
        page = (
            select(found)
            .order_by(shape.order(sort), shape.order(id_))
            .limit(bindparam(_LIMIT, type_=Integer()))
            .subquery("page")
        )
        sort, id_ = page.c[_SORT], page.c.id
        statement = self.shown(aliased(self.entity, page), shape.locale).add_columns(sort, id_)
        return _scoped(statement.order_by(shape.order(sort), shape.order(id_)))

    def _merged(self, shape: _Shape, wanted: Wanted) -> Any:
        parts = [
            self._part(shape, wanted, [bindparam(_mark(one, place), type_=one.column.type) for one, place in places])
            for places in product(*([(one, place) for place in range(len(one.values))] for one in wanted.branches))
        ]
        return union_all(*parts) if len(parts) > 1 else parts[0]

    def _in_turns(self, shape: _Shape, wanted: Wanted) -> Any:
        among = [
            func.unnest(bindparam(_mark(one), type_=ARRAY(one.column.type)))
            .table_valued(column("value", one.column.type))
            .render_derived(name=_mark(one))
            for one in wanted.branches
        ]
        part = self._part(shape, wanted, [one.c.value for one in among]).lateral()
        return select(part).select_from(*among, part)

    def _part(self, shape: _Shape, wanted: Wanted, values: Sequence[Any]) -> AnySelect:
        """The rows of one combination of the branches, in the order of the list."""
        sort, id_column = self.sorts[shape.sort.removeprefix("-")], typed("Any", self.entity).id
        conditions = [one.column == value for one, value in zip(wanted.branches, values, strict=True)]
        conditions += [one.named for one in wanted.filters]
        if shape.after:
            pair = tuple_(sort, id_column)
            type_ = typed("ColumnElement[Any]", sort).type
            after = tuple_(bindparam(_AFTER, type_=type_), bindparam(_AFTER_ID, type_=Uuid()))
            conditions.append(pair < after if shape.descending else pair > after)
        return (
            select(self.entity, sort.label(_SORT))
            .where(*conditions)
            .order_by(shape.order(sort), shape.order(id_column))
            .limit(literal_column(str(shape.size + 1), Integer()))
        )


def _scoped(statement: AnySelect) -> AnySelect:
    workspace = bindparam(_WORKSPACE, type_=Uuid())
    return statement.options(
        with_loader_criteria(WorkspaceOwned, lambda cls: cls.workspace_id == workspace, include_aliases=True)
    )


def _mark(branch: Among, place: int | None = None) -> str:
    return f"hot_{branch.column.key}" if place is None else f"hot_{branch.column.key}_{place}"
