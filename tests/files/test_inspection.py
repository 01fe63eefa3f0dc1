"""A file is what its bytes say, and its name is fit to be shown."""

from pathlib import Path

import pytest
from tests.files.samples import DOCX, DOCX_PARTS, EXE, HTML, JPEG, ODT, PDF, PNG, SVG, zipped

from relance.capabilities.files.errors import FileEmpty, FileRefused, FileTypeMismatch, FileTypeNotAccepted
from relance.capabilities.files.inspection import inspect_file
from relance.capabilities.files.kinds import KINDS, kinds_in_words, size_in_words
from relance.capabilities.files.names import LONGEST, clean_name


def inspected(path: Path, name: str, content: bytes) -> str:
    file = path / "file"
    file.write_bytes(content)
    return inspect_file(file, name).kind.code


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("a.pdf", PDF, "pdf"),
        ("A.PDF", PDF, "pdf"),
        ("a.png", PNG, "png"),
        ("a.jpg", JPEG, "jpeg"),
        ("a.jpeg", JPEG + b"appended by a camera", "jpeg"),
        ("a.docx", DOCX, "docx"),
        ("a.odt", ODT, "odt"),
    ],
)
def test_what_it_says(tmp_path: Path, name: str, content: bytes, kind: str) -> None:
    assert inspected(tmp_path, name, content) == kind


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("a.pdf", b"", FileEmpty),
        ("a.pdf", HTML, FileTypeMismatch),
        ("a.pdf", SVG, FileTypeMismatch),
        ("a.pdf", EXE, FileTypeMismatch),
        ("a.pdf", PNG, FileTypeMismatch),
        ("a.png", PDF, FileTypeMismatch),
        ("a.docx", PDF, FileTypeMismatch),
        ("a.pdf", b"just text", FileTypeMismatch),
        ("a.pdf", b"%PDF-1.4\n" + HTML, FileTypeMismatch),  # begins like one, and is none
        ("a.pdf", PDF[:-30], FileTypeMismatch),  # cut off
        ("a.pdf", HTML + PDF, FileTypeMismatch),  # a page before it: readers look for the mark further on
        ("a.pdf", PDF + DOCX, FileTypeMismatch),  # an archive behind it
        ("a.png", PNG + HTML, FileTypeMismatch),
        ("a.jpg", JPEG + DOCX, FileTypeMismatch),
        ("a.docx", EXE + DOCX, FileTypeMismatch),  # an archive that unpacks itself
        ("a.docx", DOCX + b"x", FileTypeMismatch),
        ("a.docx", DOCX[:-10], FileTypeMismatch),
        ("a.docx", ODT, FileTypeMismatch),
        ("a.xlsx", DOCX, FileTypeMismatch),
        ("a.docx", zipped({"a.txt": "x"}), FileTypeMismatch),
        ("a.docx", zipped({**DOCX_PARTS, "word/vbaProject.bin": "x"}), FileTypeMismatch),
        ("a.svg", SVG, FileTypeNotAccepted),
        ("a.pdf.exe", PDF, FileTypeNotAccepted),
        ("a.exe\u202efdp.", PDF, FileTypeNotAccepted),  # reads “a.exe” once the reading direction is set right
        ("pdf", PDF, FileTypeNotAccepted),
        ("a.zip", DOCX, FileTypeNotAccepted),
    ],
)
def test_what_lies(tmp_path: Path, name: str, content: bytes, error: type[FileRefused]) -> None:
    with pytest.raises(error):
        inspected(tmp_path, name, content)


@pytest.mark.parametrize(
    ("given", "cleaned"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\Users\\x\\Attestation.pdf", "Attestation.pdf"),
        ("a\x00b\r\n.pdf", "ab.pdf"),
        ("\u202egnp.exe", "gnp.exe"),
        ("..", "document"),
        ("", "document"),
        (".pdf", "pdf"),
        ('a"<b>|c?.pdf', "a__b__c_.pdf"),
        ("e\u0301te\u0301  2026.pdf", "été 2026.pdf"),
        ("x" * 400 + ".pdf", "x" * (LONGEST - 4) + ".pdf"),
        ("\ud800.pdf", "_.pdf"),
    ],
)
def test_names(given: str, cleaned: str) -> None:
    assert clean_name(given) == cleaned


def test_words() -> None:
    assert kinds_in_words(["pdf", "png", "jpeg"], "fr") == "PDF, PNG ou JPEG"
    assert kinds_in_words(["pdf"], "en") == "PDF"
    assert [size_in_words(size, "fr") for size in (0, 999, 1_200, 340_000, 10_000_000)] == [
        "0 o",
        "999 o",
        "1,2 ko",
        "340 ko",
        "10 Mo",
    ]
    assert {kind.code for kind in KINDS.values()} == set(KINDS)
