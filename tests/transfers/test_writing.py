"""Tables that leave."""

import csv
import io
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from relance.capabilities.transfers import xlsx_files
from relance.capabilities.transfers.csv_files import CsvWriter
from relance.capabilities.transfers.errors import TooManyRows
from relance.capabilities.transfers.xlsx_files import XlsxWriter

PARIS = ZoneInfo("Europe/Paris")
AT = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)


def test_csv_of_each_language() -> None:
    french = CsvWriter("fr", PARIS)
    assert french.heading(["Été", "b"]) == "\ufeffÉté;b\r\n".encode()
    assert french.rows([["a;b", AT], [None, 3]]) == b'"a;b";02/07/2026 00:30\r\n;3\r\n'
    english = CsvWriter("en", PARIS)
    assert english.rows([["a;b", AT, date(2026, 7, 1)]]) == b"a;b,2026-07-02 00:30,2026-07-01\r\n"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_formulas_are_neutralised(start: str) -> None:
    (row,) = csv.reader(io.StringIO(CsvWriter("en", PARIS).rows([[start + "1", -1]]).decode(), newline=""))
    assert row == ["'" + start + "1", "-1"], "a number stays a number"


def test_a_workbook_of_texts_numbers_and_instants(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    writer = XlsxWriter(path, "Été", PARIS)
    writer.heading(["a", "b"], [10, 20])
    writer.rows([["=1+1", AT], ["https://x.example", 3], ["007", None]])
    writer.close()
    sheet = openpyxl.load_workbook(path).worksheets[0]
    assert sheet.title == "Été"
    assert [[cell.value for cell in row] for row in sheet.iter_rows()] == [
        ["a", "b"],
        ["=1+1", datetime(2026, 7, 2, 0, 30)],  # noqa: DTZ001 - a spreadsheet knows no zones
        ["https://x.example", 3],
        ["007", None],
    ]
    assert sheet["A2"].data_type == "s"
    assert sheet["A3"].hyperlink is None


def test_more_rows_than_the_format_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx_files, "MAX_ROWS", 2)
    writer = XlsxWriter(tmp_path / "a.xlsx", "a", PARIS)
    writer.heading(["a"], [10])
    with pytest.raises(TooManyRows):
        writer.rows([["1"], ["2"], ["3"]])
    writer.close()
