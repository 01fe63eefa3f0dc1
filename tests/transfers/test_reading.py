"""Tables that somebody sends: every way to write a CSV, and files built to do harm."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest

from relance.capabilities.transfers.errors import HeaderMismatch, TableUnreadable, TooManyRows
from relance.capabilities.transfers.reading import ImportColumn, match_header, read_table
from relance.core.i18n import Text

COLUMNS = (
    ImportColumn("name", Text("Raison sociale", "Name"), required=True),
    ImportColumn("email", Text("E-mail sollicité", "E-mail asked"), required=True),
    ImportColumn("locale", Text("Langue", "Language")),
)


def read(tmp_path: Path, content: bytes, max_rows: int = 10) -> list[list[str]]:
    path = tmp_path / "table"
    path.write_bytes(content)
    return list(read_table(path, max_rows))


def workbook(*rows: Sequence[object]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("mark", [";", ",", "\t"])
def test_encodings_and_separators(tmp_path: Path, encoding: str, mark: str) -> None:
    text = f'Société{mark}"Nom ; ou, titre"\r\nÉtoile{mark}"deux\r\nlignes"\r\n'
    assert read(tmp_path, text.encode(encoding)) == [
        ["Société", "Nom ; ou, titre"],
        ["Étoile", "deux\r\nlignes"],
    ]


def test_what_our_exports_neutralised_comes_back(tmp_path: Path) -> None:
    assert read(tmp_path, b"a;b\n'=1+1;'quoted'\n'-5;'@x\n") == [["a", "b"], ["=1+1", "'quoted'"], ["-5", "@x"]]


def test_empty_rows_count_within_and_not_at_the_end(tmp_path: Path) -> None:
    assert read(tmp_path, b"a;b\n1;2\n;\n\n3;4\n;;\n\n\n") == [["a", "b"], ["1", "2"], [], [], ["3", "4"]]
    assert read(tmp_path, b"") == []


def test_bounds(tmp_path: Path) -> None:
    assert len(read(tmp_path, b"a\n" + b"1\n" * 10)) == 11
    with pytest.raises(TooManyRows):
        read(tmp_path, b"a\n" + b"1\n" * 11)
    with pytest.raises(TooManyRows):
        read(tmp_path, workbook(["a"], *[[at] for at in range(11)]))
    for hostile in (b"a;" * 60, b'a\n"never closed', b"a;" + b"x" * 200_000, b"\0a;b", b"a;b\n\x81\x8d;2"):
        with pytest.raises(TableUnreadable):
            read(tmp_path, hostile)


def test_cells_of_a_workbook(tmp_path: Path) -> None:
    content = workbook(["Nom", "Numéro"], ["Étoile", 732829320.0], [None, None], [True, 1.5], [None, None])
    assert read(tmp_path, content) == [["Nom", "Numéro"], ["Étoile", "732829320"], [], ["true", "1.5"]]


def bomb(part: str, body: bytes) -> bytes:
    """A workbook with one part replaced, or added."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook(["a"], ["text"]))) as original,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as changed,
    ):
        for info in original.infolist():
            if info.filename != part:
                changed.writestr(info.filename, original.read(info))
        changed.writestr(part, body)
    return buffer.getvalue()


ENTITIES = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>
<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">
<c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row></sheetData></worksheet>"""
FAR = b"""<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>
<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>
</sheetData></worksheet>"""


@pytest.mark.parametrize(
    "content",
    [
        bomb("xl/worksheets/sheet1.xml", ENTITIES),
        bomb("xl/sharedStrings.xml", b" " * (61 * 1024 * 1024)),
        bomb("xl/worksheets/sheet1.xml", b"<worksheet><sheetData><row><c"),
        bomb("[Content_Types].xml", b"<Types/>"),
        bomb("xl/workbook.xml", b"\xff\xfe not xml"),
    ],
    ids=["entities", "zip bomb", "cut off", "no types", "no xml"],
)
def test_workbooks_built_to_do_harm(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(TableUnreadable):
        read(tmp_path, content)


def test_a_cell_at_the_end_of_the_sheet_costs_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, bomb("xl/worksheets/sheet1.xml", FAR)) == [["a"]]


def test_headers() -> None:
    assert match_header(["e-mail SOLLICITE *", "", "Name"], COLUMNS) == ["email", None, "name"]
    with pytest.raises(HeaderMismatch) as refused:
        match_header(["name", "Raison sociale", "couleur"], COLUMNS)
    assert refused.value.data == {"missing": ["email"], "unknown": ["couleur"], "repeated": ["name"]}
