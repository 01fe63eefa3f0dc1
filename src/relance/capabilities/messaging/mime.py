"""A mail as bytes: headers by hand, two base64 parts joined, then re-parsed to prove that nothing slipped in.

Python's own generators take three milliseconds a mail and, up to 3.11.7, let an encoded word smuggle in a `Bcc:`;
see docs/adr and `benchmarks`. Here a header value is either printable ASCII or encoded words made by us.
"""

import base64
import binascii
import hashlib
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from urllib.parse import quote

import idna

from relance.capabilities.messaging.errors import AddressRefused, HeaderRefused

Header = tuple[str, str]

#: One field as every parser reads it: printable ASCII, folds that say something, CR LF at the end of each line.
_FIELD = re.compile(rb"([A-Za-z][A-Za-z0-9-]*): ([ -~]*(?:\r\n [!-~][ -~]*)*)\r\n")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_ADDRESS = re.compile(r"[!-;=?A-~]+@[A-Za-z0-9.\-\[\]:]+")
#: A line with an encoded word may have 76 characters, the field name included: 39 bytes make a word of 64.
_WORD_BYTES = 39
_LINE = 76
#: Bytes of content that are encoded at a time: whole lines.
_PIECE = 57 * 1024
_PLAIN_NAME = re.compile(r"[A-Za-z0-9 ._()+-]{1,50}")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A display name, possibly empty, and an address in ASCII."""

    name: str
    address: str

    @classmethod
    def parse(cls, value: str) -> "Mailbox":
        """`Name <address>` or a bare address.

        Raises:
            AddressRefused: there is no address in it, or one that SMTP cannot write.
        """
        name, address = parseaddr(value)
        return cls(name, ascii_address(address))

    @property
    def domain(self) -> str:
        """The part of the address after the @."""
        return self.address.rpartition("@")[2]


def ascii_address(address: str) -> str:
    """`address` as SMTP writes it without extensions: an international domain in its ASCII form.

    Raises:
        AddressRefused: its local part has characters beyond ASCII, or it is no address.
    """
    local, at, domain = address.rpartition("@")
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode()
        except idna.IDNAError as error:
            raise AddressRefused(f"domain: {error}") from None
    written = f"{local}{at}{domain}"
    if not at or not _ADDRESS.fullmatch(written):
        raise AddressRefused("not an ASCII address")
    return written


def header_text(value: str) -> str:
    """User text for a header: one line, and nothing that reads as an encoded word."""
    return " ".join(value.split()).replace("=?", "= ?")


def _checked(value: str) -> str:
    if _UNPRINTABLE.search(value):
        raise HeaderRefused("control character")
    if "=?" in value:
        raise HeaderRefused("encoded word")
    return value


@lru_cache(maxsize=2048)
def unstructured(value: str) -> str:
    """`value` as a Subject: as it is where it is short ASCII, else as encoded words of RFC 2047.

    Raises:
        HeaderRefused: it holds a control character or `=?`.
    """
    _checked(value)
    return value if value.isascii() and len(value) <= _LINE - len("Subject: ") else _encoded_words(value)


@lru_cache(maxsize=2048)
def mailbox(box: Mailbox) -> str:
    """`box` as a From, To or Reply-To.

    Raises:
        HeaderRefused: the name holds a control character or `=?`.
    """
    name = _checked(box.name)
    if not name:
        return box.address
    if not name.isascii() or len(name) > _LINE:
        return f"{_encoded_words(name)} <{box.address}>"
    if _ATOMS.fullmatch(name):
        return f"{name} <{box.address}>"
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{box.address}>'


def _encoded_words(value: str) -> str:
    words: list[str] = []
    piece = b""
    for char in value:
        encoded = char.encode()
        if len(piece) + len(encoded) > _WORD_BYTES:
            words.append(_word(piece))
            piece = b""
        piece += encoded
    words.append(_word(piece))
    return "\r\n ".join(words)


def _word(piece: bytes) -> str:
    return f"=?utf-8?b?{base64.b64encode(piece).decode()}?="


def date_header(at: datetime) -> str:
    """`at` as a Date header."""
    return _date_header(at.astimezone(UTC).replace(microsecond=0))


@lru_cache(maxsize=8)
def _date_header(second: datetime) -> str:
    return format_datetime(second)


@dataclass(frozen=True, slots=True)
class Enclosure:
    """An attachment with its bytes."""

    name: str
    media_type: str
    content: bytes


def serialise(headers: Sequence[Header], text: str, html: str, enclosures: Sequence[Enclosure] = ()) -> bytes:
    """The whole mail: the same headers and parts always give the same bytes.

    Args:
        headers: names and encoded values, in order; the MIME fields are added here.
        text: the plain part.
        html: the HTML part, preferred by whoever can show it.
        enclosures: what is attached, in order.

    Raises:
        HeaderRefused: the bytes, parsed again, do not have exactly these headers.
    """
    boundary = "=_" + hashlib.blake2b(repr(headers).encode(), digest_size=15).hexdigest()
    words = [("Content-Type", f'multipart/alternative; boundary="{boundary}"')]
    alternative = _multipart(boundary, [_part("plain", text), _part("html", html)])
    if not enclosures:
        return b"".join((_head([*headers, ("MIME-Version", "1.0"), *words]), *alternative))
    outer = f"{boundary}=mixed"
    whole = [*headers, ("MIME-Version", "1.0"), ("Content-Type", f'multipart/mixed; boundary="{outer}"')]
    first = b"".join((_head(words), *alternative))
    return b"".join((_head(whole), *_multipart(outer, [first, *(_enclosed(one) for one in enclosures)])))


def _head(fields: Sequence[Header]) -> bytes:
    """The fields of a mail or of a part, and the empty line after them."""
    try:
        top = "".join([*(f"{name}: {value}\r\n" for name, value in fields), "\r\n"]).encode("ascii")
    except UnicodeEncodeError:
        raise HeaderRefused("a header is not ASCII") from None
    _assert_headers(top, fields)
    return top


def _multipart(boundary: str, parts: Sequence[bytes]) -> list[bytes]:
    line = b"--" + boundary.encode()
    return [piece for part in parts for piece in (line, b"\r\n", part)] + [line, b"--\r\n"]


def _part(subtype: str, content: str) -> bytes:
    text = content.encode().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    head = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head.encode() + _base64(text)


def _base64(content: bytes) -> bytes:
    """`content` in lines of 76. Cut by `struct`: twice as fast as slices, and all of every mail comes through here."""
    pieces: list[bytes] = []
    for start in range(0, len(content), _PIECE):
        encoded = binascii.b2a_base64(content[start : start + _PIECE], newline=False)
        whole, rest = divmod(len(encoded), _LINE)
        pieces += struct.unpack(f"{_LINE}s" * whole + f"{rest}s" * bool(rest), encoded)
    return b"\r\n".join([*pieces, b""]) or b"\r\n"


def _enclosed(one: Enclosure) -> bytes:
    fields = [
        ("Content-Type", _checked(one.media_type)),
        ("Content-Disposition", f"attachment; {_file_name(one.name)}"),
        ("Content-Transfer-Encoding", "base64"),
    ]
    return _head(fields) + _base64(one.content)


def _file_name(name: str) -> str:
    """`name` as a parameter: quoted where that is enough, else by RFC 2231, a long one on several lines."""
    if _PLAIN_NAME.fullmatch(name):
        return f'filename="{name}"'
    pieces = [""]
    for char in name:
        encoded = quote(char, safe="")
        if len(pieces[-1]) + len(encoded) > _LINE - 25:
            pieces.append("")
        pieces[-1] += encoded
    if len(pieces) == 1:
        return f"filename*=utf-8''{pieces[0]}"
    first, *others = pieces
    lines = [f"filename*0*=utf-8''{first}", *(f"filename*{n}*={piece}" for n, piece in enumerate(others, 1))]
    return ";\r\n ".join(lines)


def _assert_headers(top: bytes, expected: Sequence[Header]) -> None:
    """What a receiver parses is what was meant: the bytes, read again, have these names and values and nothing more.

    The grammar is the narrowest that mails need: what it reads, every parser reads alike (`tests` ask Python's).
    """
    found: list[Header] = []
    at = 0
    while field := _FIELD.match(top, at):
        found.append((field[1].decode(), field[2].decode()))
        at = field.end()
    if top[at:] != b"\r\n":
        raise HeaderRefused("headers do not survive parsing")
    if found != list(expected):
        raise HeaderRefused("headers are read as others")
