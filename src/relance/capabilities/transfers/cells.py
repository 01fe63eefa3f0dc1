"""Columns of a table that leaves, and what a cell may hold."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from relance.core.i18n import Locale, Text

RowT = TypeVar("RowT")

#: Instants are aware; they are written in the zone of the sheet.
Cell = str | int | float | date | datetime | None


@dataclass(frozen=True, slots=True)
class Column(Generic[RowT]):
    """One column: its heading, and what it shows of a row in a language."""

    key: str
    label: Text
    value: Callable[[RowT, Locale], Cell]
    #: In a spreadsheet, in characters.
    width: int = 20


def words(labels: Mapping[Any, Text], code: Callable[[RowT], str | None]) -> Callable[[RowT, Locale], Cell]:
    """What a column shows of a code, as of a status: its words in the language of the file."""

    def shown(row: RowT, locale: Locale) -> Cell:
        value = code(row)
        return None if value is None else labels[value].in_locale(locale)

    return shown


@dataclass(frozen=True, slots=True)
class Sheet(Generic[RowT]):
    """A table with a name: the same columns in the same order, whatever the format."""

    name: Text
    columns: Sequence[Column[RowT]]

    def heading(self, locale: Locale) -> list[str]:
        """The words of the first row."""
        return [column.label.in_locale(locale) for column in self.columns]

    def cells(self, row: RowT, locale: Locale) -> list[Cell]:
        """One row."""
        return [column.value(row, locale) for column in self.columns]
