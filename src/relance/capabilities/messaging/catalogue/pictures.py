"""Pictures told by their bytes: type and size, nothing decoded."""

import struct
from dataclasses import dataclass

from relance.capabilities.messaging.catalogue.errors import LogoRefused

MOST_BYTES = 256 * 1024
LONGEST_SIDE = 2000
#: CSS pixels of the place that the layout gives a logo.
_SHOWN_WIDTH, _SHOWN_HEIGHT = 240, 64


@dataclass(frozen=True, slots=True)
class Picture:
    """What a picture is, and how large a mail shows it."""

    media_type: str
    width: int
    height: int


def picture_of(content: bytes) -> Picture:
    """The picture in `content`, fitted to the place of a logo.

    Raises:
        LogoRefused: it is none that mail clients show, or too large.
    """
    found = _png(content) or _gif(content) or _jpeg(content)
    if found is None or len(content) > MOST_BYTES or not all(0 < side <= LONGEST_SIDE for side in found[1:]):
        raise LogoRefused(max_kilobytes=MOST_BYTES // 1024, max_side=LONGEST_SIDE)
    media_type, width, height = found
    scale = min(1.0, _SHOWN_WIDTH / width, _SHOWN_HEIGHT / height)
    return Picture(media_type, max(1, round(width * scale)), max(1, round(height * scale)))


def _png(content: bytes) -> tuple[str, int, int] | None:
    if len(content) < 24 or not content.startswith(b"\x89PNG\r\n\x1a\n") or content[12:16] != b"IHDR":
        return None
    width, height = struct.unpack(">II", content[16:24])
    return "image/png", width, height


def _gif(content: bytes) -> tuple[str, int, int] | None:
    if len(content) < 10 or content[:6] not in {b"GIF87a", b"GIF89a"}:
        return None
    width, height = struct.unpack("<HH", content[6:10])
    return "image/gif", width, height


def _jpeg(content: bytes) -> tuple[str, int, int] | None:
    """Walks the segments to the frame header, which has the size."""
    if not content.startswith(b"\xff\xd8\xff"):
        return None
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4])
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", content[at + 5 : at + 9])
            return "image/jpeg", width, height
        at += 2 + max(length, 2)
    return None
