"""Whether the bytes of a file name somebody: plain text, and what a workbook packs. Runs in a thread."""

import zipfile
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import IO

_CHUNK = 1024 * 1024
#: Unpacked bytes that are looked at: a workbook that was taken has fewer, see `transfers.reading`.
_MOST = 1024 * 1024 * 1024
_ENCODINGS = ("utf-8", "cp1252")


def names_somebody(path: Path, words: Sequence[str], together: Sequence[str]) -> bool:
    """Whether one of `words` stands in the file at `path`, or all of `together` do; in lower or upper case."""
    one, every = _encoded(words), [_encoded([part]) for part in together if part]
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as packed:
            return any(_says(packed.open(member), one, every) for member in packed.infolist() if not member.is_dir())
    with path.open("rb") as file:
        return _says(file, one, every)


def _encoded(words: Sequence[str]) -> list[bytes]:
    """`words` as files write them: in each encoding, with and without the escapes of XML."""
    found: set[bytes] = set()
    for word in words:
        for form in {word.lower(), word.upper(), word, word.title()}:
            for text in (form, escape(form)):
                for encoding in _ENCODINGS:
                    found.add(text.encode(encoding, "ignore"))
    return [one for one in found if len(one) > 2]


def _says(file: IO[bytes], one: Sequence[bytes], every: Sequence[Sequence[bytes]]) -> bool:
    longest = max((len(form) for forms in (one, *every) for form in forms), default=1)
    missing = list(every)
    before = b""
    for piece in _pieces(file):
        seen = before + piece
        missing = [forms for forms in missing if not any(form in seen for form in forms)]
        if any(form in seen for form in one) or (every and not missing):
            return True
        before = seen[-longest:]
    return False


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    read = 0
    while read < _MOST and (piece := file.read(_CHUNK)):
        read += len(piece)
        yield piece
