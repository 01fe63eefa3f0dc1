"""Tables that somebody sends: CSV or XLSX, told apart by their content, read row by row within bounds.

Blocking and pure: callers run it in a thread. A hostile file costs bounded memory and time, and gets a named error.
"""

import codecs
import csv
import re
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import openpyxl
from openpyxl.xml import DEFUSEDXML

from relance.capabilities.transfers.csv_files import DANGEROUS
from relance.capabilities.transfers.errors import FormulaCells, HeaderMismatch, TableUnreadable, TooManyRows
from relance.core.i18n import Text

if not DEFUSEDXML:  # pragma: no cover - the dependency is in pyproject.toml
    raise ImportError("openpyxl must read with defusedxml")

MAX_COLUMNS = 50
#: Bytes of an XLSX once unpacked, all parts together, and of the one part that openpyxl keeps in memory.
_MAX_UNPACKED = 300 * 1024 * 1024
_MAX_SHARED_STRINGS = 60 * 1024 * 1024
_MAX_PARTS = 500
_MAX_CELL = 10_000

#: A cell with a formula, as a worksheet writes it: its place, then nothing but what stands before the formula.
_FORMULA = re.compile(rb"<(?:\w+:)?c\b([^<>]*)>\s*<(?:\w+:)?f[\s/>]")
_PLACE = re.compile(rb"\br\s*=\s*[\"']([A-Z]{1,3}\d{1,7})[\"']")
_MOST_FORMULAS = 20
_PIECE = 1024 * 1024

Cells = list[str]


@dataclass(frozen=True, slots=True)
class ImportColumn:
    """A column that an import knows, by its key or by its heading in either language."""

    key: str
    label: Text
    required: bool = False
    example: str = ""


def folded_heading(value: str) -> str:
    """A heading as it is compared: without case, accents, marks of obligation and doubled spaces."""
    plain = unicodedata.normalize("NFKD", value.strip().strip("*").casefold())
    return " ".join("".join(char for char in plain if not unicodedata.combining(char)).replace("_", " ").split())


def match_header(header: Sequence[str], columns: Sequence[ImportColumn]) -> list[str | None]:
    """Which known column each column of the file is; None for a heading left empty.

    Raises:
        HeaderMismatch: naming what is missing, unknown or there twice.
    """
    names: dict[str, str] = {}
    for column in columns:
        for name in (column.key, column.label.fr, column.label.en):
            names[folded_heading(name)] = column.key
    found = [names.get(folded_heading(cell)) for cell in header]
    unknown = [cell for cell, key in zip(header, found, strict=True) if key is None and cell.strip()]
    repeated = sorted({key for key in found if key is not None and found.count(key) > 1})
    missing = [column.key for column in columns if column.required and column.key not in found]
    if missing or unknown or repeated:
        raise HeaderMismatch(missing, [cell[:100] for cell in unknown[:20]], repeated)
    return found


def read_table(path: Path, max_rows: int) -> Iterator[Cells]:
    """The rows of the table at `path`, its header first; rows left empty at the end are not told.

    Raises:
        TableUnreadable: neither CSV nor XLSX, damaged, or built to do harm.
        TooManyRows: more than `max_rows` besides the header.
    """
    rows = _xlsx(path, max_rows) if _is_zip(path) else _csv(path)
    blank = 0
    number = -1  # the header is not counted
    for cells in rows:
        if not any(cell.strip() for cell in cells):
            blank += 1
            continue
        number += blank + 1
        if number > max_rows:
            raise TooManyRows(max_rows)
        for _ in range(blank):
            yield []
        blank = 0
        yield cells


def _is_zip(path: Path) -> bool:
    with path.open("rb") as raw:
        return raw.read(4) == b"PK\x03\x04"


# --- CSV ------------------------------------------------------------------------------------------------------------


def _csv(path: Path) -> Iterator[Cells]:
    encoding = _encoding(path)
    try:
        with path.open(encoding=encoding, newline="") as lines:
            delimiter = _delimiter(lines.readline(100_000))
            lines.seek(0)
            for row in csv.reader(lines, delimiter=delimiter, strict=True):
                if len(row) > MAX_COLUMNS or any(len(cell) > _MAX_CELL for cell in row):
                    raise TableUnreadable()
                yield [_without_apostrophe(cell) for cell in row]
    except (csv.Error, UnicodeError):
        raise TableUnreadable() from None


def _encoding(path: Path) -> str:
    with path.open("rb") as raw:
        start = raw.read(4)
        if start.startswith(codecs.BOM_UTF8):
            return "utf-8-sig"
        if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if b"\0" in start:
            raise TableUnreadable()
        raw.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")()
        try:
            while piece := raw.read(1024 * 1024):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"  # what French spreadsheets save
    return "utf-8"


def _delimiter(header: str) -> str:
    """The mark that stands most often in the header, outside of quotes."""
    outside = "".join(header.split('"')[::2])
    return max((";", ",", "\t"), key=outside.count)


def _without_apostrophe(cell: str) -> str:
    """What our own exports put before a formula, taken away again."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(DANGEROUS) else cell


# --- XLSX -----------------------------------------------------------------------------------------------------------


def _xlsx(path: Path, max_rows: int) -> Iterator[Cells]:
    _refuse_bombs(path)
    try:
        with (
            path.open("rb") as raw,
            closing(openpyxl.load_workbook(raw, read_only=True, data_only=True, keep_links=False)) as book,
        ):
            sheet = book.worksheets[0]
            _refuse_formulas(path, str(sheet._worksheet_path))
            sheet.reset_dimensions()  # what the file says of its size is not to be believed
            for row in sheet.iter_rows(max_col=MAX_COLUMNS, max_row=max_rows + 1000, values_only=True):
                cells = [_as_text(value) for value in row]
                while cells and not cells[-1]:
                    cells.pop()
                yield cells
    except (GeneratorExit, FormulaCells):
        raise
    except Exception:  # openpyxl answers damaged files with whatever exception its parsing ran into
        raise TableUnreadable() from None


def _refuse_bombs(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise TableUnreadable() from None
    shared = sum(part.file_size for part in parts if part.filename.casefold().endswith("sharedstrings.xml"))
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > _MAX_PARTS or unpacked > _MAX_UNPACKED or shared > _MAX_SHARED_STRINGS:
        raise TableUnreadable()


def _refuse_formulas(path: Path, sheet: str) -> None:
    """Look for formulas in the bytes of the sheet: the reader gives what they came to when somebody last saved."""
    found: list[str] = []
    with zipfile.ZipFile(path) as archive, archive.open(sheet) as part:
        tail = b""
        while piece := part.read(_PIECE):
            # A cell may stand across two pieces; what is complete in the tail was found with the one before.
            held, start = tail + piece, len(tail)
            for match in _FORMULA.finditer(held):
                if match.end() > start:
                    place = _PLACE.search(match.group(1))
                    found.append(place.group(1).decode() if place else "?")
            if len(found) >= _MOST_FORMULAS:
                break
            tail = held[-500:]
    if found:
        raise FormulaCells(found[:_MOST_FORMULAS])


def _as_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))  # a number of a company, kept as a number
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)[:_MAX_CELL]
