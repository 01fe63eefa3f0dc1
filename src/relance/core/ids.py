"""Identifiers: UUIDv7 made by the application, and the base62 form in which links carry them."""

from functools import cache
from uuid import UUID

import uuid_utils.compat as uuid_utils

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUES = {char: value for value, char in enumerate(_ALPHABET)}
#: Two digits at a time halve the divisions of a large number.
_PAIRS = [high + low for high in _ALPHABET for low in _ALPHABET]


def new_id() -> UUID:
    """A new UUIDv7: ordered by creation time, so that indexes grow at their end."""
    return uuid_utils.uuid7()


def base62_encode(data: bytes) -> str:
    """`data` as base62 digits, of a fixed length for a given number of bytes."""
    number, length = int.from_bytes(data), base62_length(len(data))
    pairs: list[str] = []
    while number:
        number, rest = divmod(number, 62 * 62)
        pairs.append(_PAIRS[rest])
    pairs.reverse()
    # A leading pair may begin with a zero that does not count.
    return "".join(pairs).rjust(length, "0")[-length:]


@cache
def base62_length(size: int) -> int:
    """How many base62 digits `size` bytes take."""
    length, capacity = 0, 1
    while capacity < 256**size:
        capacity *= 62
        length += 1
    return length


def base62_decode(text: str, size: int) -> bytes | None:
    """The `size` bytes that `text` stands for, or None where it is not their canonical base62 form."""
    if len(text) != base62_length(size):
        return None
    number = 0
    for char in text:
        value = _VALUES.get(char)
        if value is None:
            return None
        number = number * 62 + value
    if number >= 256**size:
        return None
    return number.to_bytes(size)
