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
    #: Where the value is one column of the query, as it is there: its name, and the words for its codes.
    source: str | None = None
    words: Mapping[str, Text] | None = None

    @classmethod
    def stored(
        cls, key: str, label: Text, source: str, width: int = 20, words: Mapping[str, Text] | None = None
    ) -> "Column[RowT]":
        """A column that shows what is stored, so that the database can write it as well as we can.

        Args:
            key: of the column.
            label: its heading.
            source: the attribute of the row, and the name of the query's column.
            width: in a spreadsheet, in characters.
            words: for its codes.
        """

        def value(row: RowT, locale: Locale) -> Cell:
            found: Cell = getattr(row, source)
            if words is None or found is None:
                return found
            return words[str(found)].in_locale(locale)

        return cls(key, label, value, width, source, words)


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
