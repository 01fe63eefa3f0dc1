"""What a domain says of a list that can leave as a file."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import BaseModel

from relance.capabilities.transfers.cells import RowT, Sheet
from relance.core.db import DbSession
from relance.core.i18n import Text
from relance.core.security import Caller

FilterT = TypeVar("FilterT", bound=BaseModel)

#: Session, filter, caller, sort → every row, a few at a time in memory (`core.repository.streamed`).
Rows = Callable[[DbSession, FilterT, Caller, str], AsyncIterator[Sequence[RowT]]]


@dataclass(frozen=True, slots=True)
class ListExport(Generic[RowT, FilterT]):
    """A list that can leave as a file, in the same columns, filters and order as on the screen."""

    #: As in the operation ids: `mandates` gives `mandates_export_csv`, `mandates_export` and the job `mandates.export`.
    resource: str
    #: The job, as a person reads it.
    label: Text
    sheet: Sheet[RowT]
    rows: Rows[FilterT, RowT]
    #: The right that the list needs.
    permission: str
    filter: type[FilterT]
    #: The filter and `sort`: the query of `export.csv`.
    query: type[FilterT]
    #: `format`, `filter` and `sort`: the body of `exports`.
    create: type[BaseModel]
    #: What the contract calls the list.
    called: str = "list"

    @property
    def kind(self) -> str:
        """The kind of its job."""
        return f"{self.resource}.export"
