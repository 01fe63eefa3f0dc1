"""A mail as bytes: headers by hand, two base64 parts joined, then re-parsed to prove that nothing slipped in.

Python's own generators take three milliseconds a mail and, up to 3.11.7, let an encoded word smuggle in a `Bcc:`;
see docs/adr and `benchmarks`. Here a header value is either printable ASCII or encoded words made by us.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import format_datetime, parseaddr
from urllib.parse import quote

import idna

from relance.capabilities.messaging.errors import AddressRefused, HeaderRefused

Header = tuple[str, str]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_ADDRESS = re.compile(r"[!-;=?A-~]+@[A-Za-z0-9.\-\[\]:]+")
#: A line with an encoded word may have 76 characters, the field name included: 39 bytes make a word of 64.
_WORD_BYTES = 39
_LINE = 76
_PLAIN_NAME = re.compile(r"[A-Za-z0-9 ._()+-]{1,50}")
_PARSER = BytesHeaderParser(policy=compat32)


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


def unstructured(value: str) -> str:
    """`value` as a Subject: as it is where it is short ASCII, else as encoded words of RFC 2047.

    Raises:
        HeaderRefused: it holds a control character or `=?`.
    """
    _checked(value)
    return value if value.isascii() and len(value) <= _LINE - len("Subject: ") else _encoded_words(value)


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
    return format_datetime(at.astimezone(UTC))


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
    head = "".join(f"{name}: {value}\r\n" for name, value in fields)
    try:
        top = head.encode("ascii") + b"\r\n"
    except UnicodeEncodeError:
        raise HeaderRefused("a header is not ASCII") from None
    _assert_headers(top, fields)
    return top


def _multipart(boundary: str, parts: Sequence[bytes]) -> list[bytes]:
    line = b"--" + boundary.encode()
    return [piece for part in parts for piece in (line, b"\r\n", part)] + [line, b"--\r\n"]


def _part(subtype: str, content: str) -> bytes:
    encoded = base64.b64encode(content.replace("\r\n", "\n").replace("\n", "\r\n").encode())
    lines = b"\r\n".join([encoded[start : start + _LINE] for start in range(0, len(encoded), _LINE)])
    head = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return head.encode() + lines + b"\r\n"


def _enclosed(one: Enclosure) -> bytes:
    fields = [
        ("Content-Type", _checked(one.media_type)),
        ("Content-Disposition", f"attachment; {_file_name(one.name)}"),
        ("Content-Transfer-Encoding", "base64"),
    ]
    return _head(fields) + base64.encodebytes(one.content).replace(b"\n", b"\r\n")


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
    """What a receiver parses is what was meant: names, order and values, nothing more."""
    if not all(_NAME.fullmatch(name) for name, _ in expected):
        raise HeaderRefused("field name")
    parsed = _PARSER.parsebytes(top)
    found = [(name, str(value)) for name, value in parsed.items()]
    # compat32 keeps folds as they are written, with bare line feeds.
    wanted = [(name, value) for name, value in expected]
    if [(name, value.replace("\r\n", "\n")) for name, value in found] != [
        (name, value.replace("\r\n", "\n")) for name, value in wanted
    ]:
        raise HeaderRefused("headers do not survive parsing")
    if parsed.defects or parsed.get_payload():
        raise HeaderRefused("headers end early")
