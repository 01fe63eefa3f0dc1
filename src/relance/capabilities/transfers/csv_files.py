"""CSV as spreadsheets of each language open it by a double click: UTF-8 with BOM and `;` in French, `,` in English."""

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from relance.capabilities.transfers.cells import Cell, RowT, Sheet
from relance.core.i18n import Locale

MEDIA_TYPE = "text/csv; charset=utf-8"
#: A spreadsheet takes a cell that begins with one of these for a formula.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_BOM = "\ufeff"
DELIMITERS: dict[Locale, str] = {"fr": ";", "en": ","}
_INSTANTS: dict[Locale, str] = {"fr": "%d/%m/%Y %H:%M", "en": "%Y-%m-%d %H:%M"}
_DATES: dict[Locale, str] = {"fr": "%d/%m/%Y", "en": "%Y-%m-%d"}


def neutral(text: str) -> str:
    """`text` as a spreadsheet shows it and never runs it: an apostrophe before what would be a formula."""
    return f"'{text}" if text.startswith(DANGEROUS) else text


class CsvWriter:
    """Rows to bytes, a few at a time."""

    def __init__(self, locale: Locale, zone: ZoneInfo) -> None:
        self._locale = locale
        self._zone = zone
        self._buffer = io.StringIO(newline="")
        self._writer = csv.writer(self._buffer, delimiter=DELIMITERS[locale], lineterminator="\r\n")

    def heading(self, labels: Sequence[str]) -> bytes:
        """The byte order mark and the first row."""
        self._buffer.write(_BOM)
        return self.rows([labels])

    def rows(self, rows: Iterable[Sequence[Cell]]) -> bytes:
        """A few rows."""
        self._writer.writerows([self._text(cell) for cell in row] for row in rows)
        written = self._buffer.getvalue().encode()
        self._buffer.seek(0)
        self._buffer.truncate()
        return written

    def _text(self, cell: Cell) -> str | int | float:
        if cell is None:
            return ""
        if isinstance(cell, str):
            return neutral(cell)
        if isinstance(cell, datetime):
            return cell.astimezone(self._zone).strftime(_INSTANTS[self._locale])
        if isinstance(cell, date):
            return cell.strftime(_DATES[self._locale])
        return cell


async def csv_pieces(
    sheet: Sheet[RowT], batches: AsyncIterator[Sequence[RowT]], locale: Locale, zone: ZoneInfo
) -> AsyncIterator[bytes]:
    """The whole file, piece by piece."""
    writer = CsvWriter(locale, zone)
    yield writer.heading(sheet.heading(locale))
    async for batch in batches:
        yield writer.rows(sheet.cells(row, locale) for row in batch)
