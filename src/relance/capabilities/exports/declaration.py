"""What a domain says of a list that can leave as a file."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

from pydantic import BaseModel

from relance.capabilities.transfers.cells import Column, RowT, Sheet
from relance.capabilities.transfers.copying.repository import AnySelect
from relance.core.db import DbSession
from relance.core.i18n import Text
from relance.core.security import Caller

FilterT = TypeVar("FilterT", bound=BaseModel)

#: Session, filter, caller, sort → every row, a few at a time in memory (`core.repository.streamed`).
Rows = Callable[[DbSession, FilterT, Caller, str], AsyncIterator[Sequence[RowT]]]
#: The same, and the instant at which it is asked.
RowsAt = Callable[[DbSession, FilterT, Caller, str, datetime], AsyncIterator[Sequence[RowT]]]

#: Session, filter, caller, sort → a statement whose columns are named by the sources of the sheet's.
Stored = Callable[[DbSession, FilterT, Caller, str], AnySelect]


@dataclass(frozen=True, slots=True)
class ListExport(Generic[RowT, FilterT]):
    """A list that can leave as a file, in the same columns, filters and order as on the screen."""

    #: As in the operation ids: `mandates` gives `mandates_export_csv`, `mandates_export` and the job `mandates.export`.
    resource: str
    #: The job, as a person reads it.
    label: Text
    sheet: Sheet[RowT]
    rows: Rows[FilterT, RowT] | None
    #: The right that the list needs.
    permission: str
    filter: type[FilterT]
    #: The filter and `sort`: the query of `export.csv`.
    query: type[FilterT]
    #: `format`, `filter` and `sort`: the body of `exports`.
    create: type[BaseModel]
    #: What the contract calls the list.
    called: str = "list"
    #: In place of `rows`, of a list that says what is overdue.
    rows_at: RowsAt[FilterT, RowT] | None = None
    #: What `rows` reads, where all columns of the sheet are stored: then the database writes the CSV.
    stored: Stored[FilterT] | None = None
    #: Columns of the session's workspace, after those that every workspace has.
    own_columns: Callable[[DbSession], Awaitable[Sequence[Column[RowT]]]] | None = None

    async def sheet_in(self, session: DbSession) -> Sheet[RowT]:
        """The sheet with the workspace's own columns."""
        if self.own_columns is None:
            return self.sheet
        return replace(self.sheet, columns=(*self.sheet.columns, *await self.own_columns(session)))

    def read(
        self, session: DbSession, wanted: FilterT, caller: Caller, sort: str, now: datetime
    ) -> AsyncIterator[Sequence[RowT]]:
        """Every row, as `rows` or `rows_at` has them."""
        if self.rows_at is not None:
            return self.rows_at(session, wanted, caller, sort, now)
        assert self.rows is not None  # one of both is given
        return self.rows(session, wanted, caller, sort)

    @property
    def kind(self) -> str:
        """The kind of its job."""
        return f"{self.resource}.export"
