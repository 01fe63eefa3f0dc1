"""What PostgreSQL writes by itself is what we would have written."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Date, Integer, Text, column, func, select, text, true, values
from sqlalchemy.dialects.postgresql import TIMESTAMP
from tests.plugins.product import Office, Product

from relance.capabilities.transfers.cells import Column, Sheet
from relance.capabilities.transfers.copying import copied_csv
from relance.capabilities.transfers.csv_files import csv_pieces
from relance.core import i18n
from relance.core.i18n import Locale


@dataclass(frozen=True, slots=True)
class Row:
    name: str | None
    state: str | None
    count: int
    at: datetime | None
    on: date | None


WORDS = {"open": i18n.Text("Ouverte ; à suivre", "Open, to follow"), "over": i18n.Text("Close", "Over")}
SHEET: Sheet[Row] = Sheet(
    i18n.Text("Essai", "Trial"),
    (
        Column.stored("name", i18n.Text("Raison ; sociale", "Name"), "name"),
        Column.stored("state", i18n.Text("État", "State"), "state", words=WORDS),
        Column.stored("count", i18n.Text("Nombre", "Count"), "count"),
        Column.stored("at", i18n.Text("Le", "At"), "at"),
        Column.stored("on", i18n.Text("Jour", "On"), "on"),
    ),
)
NAMES = (
    *("Fonderie Éclair ; Fils", "Dupont, père", 'dit "le Grand"', '"', '""', "a\nb", "a\r\nb", "fin\n", "\n", '"\n"'),
    *("=1+1", "+33 1", "-1", "@cell", "\tx", "\rx", "'=1", "", " ", "\\.", "\\N", "NULL", "été 🏭", "x" * 5000, None),
)
SUMMER, WINTER = datetime(2026, 7, 1, 22, 30, tzinfo=UTC), datetime(2026, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
ROWS = [
    Row(
        name,
        (None, "open", "over")[at % 3],
        (0, -7, 1_000_000)[at % 3],
        (None, SUMMER, WINTER)[at % 3],
        (None, date(2026, 2, 28))[at % 2],
    )
    for at, name in enumerate(NAMES)
]
GIVEN = values(
    column("name", Text),
    column("state", Text),
    column("count", Integer),
    column("at", TIMESTAMP(timezone=True)),
    column("on", Date),
    name="given",
).data([(row.name, row.state, row.count, row.at, row.on) for row in ROWS])
STATEMENT = select(GIVEN)
RUNNING = text("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'COPY (%'")


async def batches() -> AsyncIterator[Sequence[Row]]:
    yield ROWS


@pytest.mark.parametrize("locale", ["fr", "en"])
async def test_byte_for_byte_the_same(product: Product, office: Office, locale: Locale) -> None:
    zone = ZoneInfo("Europe/Paris")
    ours = b"".join([piece async for piece in csv_pieces(SHEET, batches(), locale, zone)])
    async with product.runtime.db.transaction(office.workspace_id) as session:
        pieces = [piece async for piece in copied_csv(session, STATEMENT, SHEET, locale, zone)]
    assert b"".join(piece for piece, _ in pieces) == ours
    assert sum(rows for _, rows in pieces) == len(ROWS)


async def test_a_reader_that_goes_away_ends_the_query(product: Product, office: Office) -> None:
    numbers = func.generate_series(1, 10_000_000).table_valued("n")
    endless = select(GIVEN).join_from(GIVEN, numbers, true())

    async def read_some() -> None:
        async with product.runtime.db.transaction(office.workspace_id) as session:
            async with aclosing(copied_csv(session, endless, SHEET, "fr", ZoneInfo("UTC"))) as copy:
                for _ in range(3):
                    await anext(copy)
            raise ConnectionResetError  # as the server says it of a client

    with pytest.raises(ConnectionResetError):
        await read_some()
    async with product.runtime.db.transaction(None) as session, asyncio.timeout(10):
        while await session.scalar(RUNNING):
            await session.execute(select(func.pg_stat_clear_snapshot()))
