"""What is in a PDF, as far as it can be seen without a reader."""

import re
import zlib
from dataclasses import dataclass

_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_TEXT = re.compile(rb"/(Title|Author) ?(?:\(((?:[^()\\]|\\.)*)\)|<([0-9a-fA-F]*)>)", re.DOTALL)


@dataclass
class Seen:
    """A document from outside."""

    pages: int
    pictures: int
    links: list[str]
    title: str
    author: str


def seen(content: bytes) -> Seen:
    """What `content`, a PDF, shows of itself."""
    assert content.startswith(b"%PDF-")
    whole = content
    for stream in _STREAM.findall(content):
        try:
            whole += b"\n" + zlib.decompress(stream)
        except zlib.error:
            continue
    facts = {name.decode(): _string(plain, coded) for name, plain, coded in _TEXT.findall(whole)}
    links = [found.decode() for found in re.findall(rb"/URI ?\(([^()]*)\)", whole)]
    return Seen(
        len(re.findall(rb"/Type ?/Page\b(?!s)", whole)),
        len(re.findall(rb"/Subtype ?/Image", whole)),
        links,
        facts.get("Title", ""),
        facts.get("Author", ""),
    )


def _string(plain: bytes, coded: bytes) -> str:
    raw = bytes.fromhex(coded.decode()) if coded else re.sub(rb"\\(.)", rb"\1", plain)
    return raw.decode("utf-16") if raw.startswith((b"\xfe\xff", b"\xff\xfe")) else raw.decode("latin-1")
