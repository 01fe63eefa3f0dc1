"""A table as CSV that PostgreSQL writes by itself: byte for byte what `csv_files` makes of the same rows."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from zoneinfo import ZoneInfo

from relance.capabilities.transfers.cells import RowT, Sheet
from relance.capabilities.transfers.copying.repository import AnySelect, as_csv
from relance.capabilities.transfers.csv_files import DELIMITERS, CsvWriter
from relance.core.db import DbSession
from relance.core.driver import copied
from relance.core.i18n import Locale


async def copied_csv(
    session: DbSession, statement: AnySelect, sheet: Sheet[RowT], locale: Locale, zone: ZoneInfo
) -> AsyncGenerator[tuple[bytes, int], None]:
    """The whole file, piece by piece, with the rows that each piece ends.

    Args:
        session: a transaction that stays open.
        statement: its columns are named by the sources of the sheet's.
        sheet: all of its columns are `stored`.
        locale: of the headings, the words and the format.
        zone: of the instants.
    """
    yield CsvWriter(locale, zone).heading(sheet.heading(locale)), 0
    ends = _LineEnds()
    async with aclosing(copied(session, as_csv(statement, sheet, locale, zone), DELIMITERS[locale])) as pieces:
        async for piece in pieces:
            yield ends.told(piece)


class _LineEnds:
    """PostgreSQL ends a row with a line feed, RFC 4180 with a carriage return before it; within quotes nothing is."""

    def __init__(self) -> None:
        self._quoted = False

    def told(self, piece: bytes) -> tuple[bytes, int]:
        """`piece` with the ends of its rows as they should be, and how many these are."""
        if not self._quoted and b'"' not in piece:
            return piece.replace(b"\n", b"\r\n"), piece.count(b"\n")
        parts, rows = piece.split(b'"'), 0
        for at, part in enumerate(parts):
            if at:
                self._quoted = not self._quoted
            if not self._quoted:
                rows += part.count(b"\n")
                parts[at] = part.replace(b"\n", b"\r\n")
        return b'"'.join(parts), rows
