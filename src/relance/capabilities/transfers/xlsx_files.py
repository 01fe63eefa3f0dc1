"""XLSX written row by row: each is on disk before the next is made."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from relance.capabilities.transfers.cells import Cell
from relance.capabilities.transfers.errors import TooManyRows

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: The format's own limit, without the heading.
MAX_ROWS = 1_048_575


class XlsxWriter:
    """One workbook with one sheet. Every text is a text: nothing in it becomes a formula, a number or a link."""

    def __init__(self, path: Path, name: str, zone: ZoneInfo) -> None:
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
            "tmpdir": str(path.parent),
        }
        self._book = xlsxwriter.Workbook(str(path), options)
        self._sheet: Worksheet = self._book.add_worksheet(name[:31])
        self._zone = zone
        self._bold = self._book.add_format({"bold": True})
        self._instant = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self._date = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._text = self._book.add_format({"num_format": "@"})
        self._next = 0

    def heading(self, labels: Sequence[str], widths: Sequence[int]) -> None:
        """The first row, which stays in view, and the widths of the columns. Columns are text unless a cell is not."""
        for column, width in enumerate(widths):
            self._sheet.set_column(column, column, width, self._text)
        self._sheet.freeze_panes(1, 0)
        for column, label in enumerate(labels):
            self._sheet.write_string(0, column, label, self._bold)
        self._next = 1

    def rows(self, rows: Iterable[Sequence[Cell]]) -> None:
        """A few rows.

        Raises:
            TooManyRows: the format holds no more.
        """
        for row in rows:
            if self._next > MAX_ROWS:
                raise TooManyRows(MAX_ROWS)
            for column, cell in enumerate(row):
                self._write(column, cell)
            self._next += 1

    def _write(self, column: int, cell: Cell) -> None:
        if cell is None or cell == "":
            return
        if isinstance(cell, str):
            self._sheet.write_string(self._next, column, cell, self._text)
        elif isinstance(cell, datetime):
            local = cell.astimezone(self._zone).replace(tzinfo=None)
            self._sheet.write_datetime(self._next, column, local, self._instant)
        elif isinstance(cell, date):
            self._sheet.write_datetime(self._next, column, cell, self._date)
        else:
            self._sheet.write_number(self._next, column, cell)

    def close(self) -> None:
        """Put the workbook together."""
        self._book.close()
