"""Is a file what its name says? Asked of its bytes, twice: a library's magic numbers, then the structure of its kind.

What opens as two things at once (a PDF with an archive behind it, a page before a document) is refused, because another
program would see the other one.
"""

import re
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import puremagic

from relance.capabilities.files.errors import FileEmpty, FileTypeMismatch, FileTypeNotAccepted
from relance.capabilities.files.kinds import KINDS, FileKind, kind_of, kinds_in_words
from relance.capabilities.files.names import clean_name

_HEAD = 8 * 1024
_PDF_TAIL = 4 * 1024
#: An archive's directory ends with at most this: 22 bytes and a comment of 65,535.
_ZIP_TAIL = 22 + 65_535
_ZIP_END = b"PK\x05\x06"
_ZIP64 = b"PK\x06\x07"
#: Bytes of an archive's directory: some ten thousand parts. More is no document, and would be read whole.
_MOST_DIRECTORY = 1024 * 1024
_MOST_CONTENT_TYPES = 1024 * 1024
#: What makes an office document run programs of its own.
_ACTIVE = re.compile(r"vba|macro|activex", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Inspected:
    """A file that is what it says."""

    name: str
    kind: FileKind


def inspect_file(path: Path, given_name: str) -> Inspected:
    """The file at `path`, which somebody named `given_name`. Reads little of it, whatever its size.

    Raises:
        FileEmpty: it holds no bytes.
        FileTypeNotAccepted: its extension is none of the known ones.
        FileTypeMismatch: its content is of another kind, or of two, or damaged.
    """
    name = clean_name(given_name)
    if path.stat().st_size == 0:
        raise FileEmpty(name=name)
    kind = kind_of(name)
    if kind is None:
        raise FileTypeNotAccepted(name=name, accepted=kinds_in_words(KINDS))
    with path.open("rb") as file:
        if not (_magic(file, kind) and _CHECKS[kind.code](file, kind)):
            raise FileTypeMismatch(name=name, expected=kind.label.in_locale())
    return Inspected(name, kind)


def _magic(file: BinaryIO, kind: FileKind) -> bool:
    try:
        found = puremagic.magic_string(file.read(_HEAD))
    except puremagic.PureError:
        return False
    named = {match.extension for match in found}
    # Archives look alike from their first bytes; which of them it is, their parts say.
    return bool(named & ({".docx", ".zip", ".odt"} if kind.packed else {*kind.extensions}))


def _tail(file: BinaryIO, size: int) -> bytes:
    end = file.seek(0, 2)
    file.seek(max(0, end - size))
    return file.read(size)


def _starts(file: BinaryIO, signature: bytes) -> bool:
    file.seek(0)
    return file.read(len(signature)) == signature


def _directory_size(file: BinaryIO) -> int | None:
    """Bytes of an archive's directory; None where an unpacker finds none, whose end is exactly the end of the file."""
    tail = _tail(file, _ZIP_TAIL + len(_ZIP64) + 16)
    at = tail.rfind(_ZIP_END)
    while at >= 0:
        if len(tail) >= at + 22 and at + 22 + int.from_bytes(tail[at + 20 : at + 22], "little") == len(tail):
            huge = tail[max(0, at - 20) : at].startswith(_ZIP64)
            return _MOST_DIRECTORY + 1 if huge else int.from_bytes(tail[at + 12 : at + 16], "little")
        at = tail.rfind(_ZIP_END, 0, at)
    return None


def _pdf(file: BinaryIO, _kind: FileKind) -> bool:
    end = _tail(file, _PDF_TAIL)
    return _starts(file, b"%PDF-") and b"%%EOF" in end and b"startxref" in end and _directory_size(file) is None


def _png(file: BinaryIO, _kind: FileKind) -> bool:
    if not _starts(file, b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"):
        return False
    return _tail(file, 12) == b"\x00\x00\x00\x00IEND\xaeB\x60\x82"


def _jpeg(file: BinaryIO, _kind: FileKind) -> bool:
    # Cameras append pictures of their own: the last end marker need not be the last bytes.
    return _starts(file, b"\xff\xd8\xff") and b"\xff\xd9" in _tail(file, _ZIP_TAIL) and _directory_size(file) is None


def _office(file: BinaryIO, kind: FileKind) -> bool:
    size = _directory_size(file)
    if not _starts(file, b"PK\x03\x04") or size is None or size > _MOST_DIRECTORY:
        return False
    try:
        with zipfile.ZipFile(file) as archive:
            parts = archive.infolist()
            # A first part that does not begin the file leaves room for another kind of file before it.
            if not parts or min(part.header_offset for part in parts) != 0:
                return False
            return _is_open_xml(archive, kind) if kind.main_part else _is_open_document(archive, kind)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, OSError, ValueError, EOFError):
        return False


def _is_open_xml(archive: zipfile.ZipFile, kind: FileKind) -> bool:
    names = set(archive.namelist())
    if kind.main_part not in names or "[Content_Types].xml" not in names:
        return False
    if any(_ACTIVE.search(name) for name in names):
        return False
    with archive.open("[Content_Types].xml") as part:
        types = part.read(_MOST_CONTENT_TYPES + 1)
    main = kind.media_type.removeprefix("application/").encode() + b".main+xml"
    return len(types) <= _MOST_CONTENT_TYPES and main in types and b"macroEnabled" not in types


def _is_open_document(archive: zipfile.ZipFile, kind: FileKind) -> bool:
    names = archive.namelist()
    if names[0] != "mimetype" or "META-INF/manifest.xml" not in names or "content.xml" not in names:
        return False
    # Basic/ and Scripts/ are where OpenDocument keeps macros.
    if any(name.startswith(("Basic/", "Scripts/")) for name in names):
        return False
    with archive.open("mimetype") as part:
        return part.read(200).strip() == kind.media_type.encode()


_CHECKS: Mapping[str, Callable[[BinaryIO, FileKind], bool]] = {
    "pdf": _pdf,
    "png": _png,
    "jpeg": _jpeg,
    **dict.fromkeys(("docx", "xlsx", "pptx", "odt", "ods"), _office),
}
