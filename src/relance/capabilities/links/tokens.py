"""Tokens of action links: `base62(id) + "." + base62(MAC)`. Nothing about them is stored, and secrets rotate."""

import hmac
from uuid import UUID

from relance.core.ids import base62_decode, base62_encode, base62_length
from relance.core.keys import KeyRing

_PURPOSE = "link"
_ID_BYTES = 16
#: 128 bits: a guess succeeds once in 2^128, and the address still fits one line of a mail.
_MAC_BYTES = 16
_SEPARATOR = "."
TOKEN_LENGTH = base62_length(_ID_BYTES) + len(_SEPARATOR) + base62_length(_MAC_BYTES)


class LinkTokens:
    """Makes and checks tokens with the keys of the deployment."""

    def __init__(self, keys: KeyRing) -> None:
        self._newest = keys.newest(_PURPOSE)
        self._every = keys.every(_PURPOSE)

    def mint(self, link_id: UUID) -> str:
        """The token of a link: the same one every time, until the secret rotates."""
        return base62_encode(link_id.bytes) + _SEPARATOR + base62_encode(_mac(self._newest, link_id.bytes))

    def verify(self, token: str) -> UUID | None:
        """The link that `token` names, or None where it is not a token of ours in its one canonical form."""
        if len(token) != TOKEN_LENGTH:
            return None
        head, separator, tail = token.partition(_SEPARATOR)
        link_id, mac = base62_decode(head, _ID_BYTES), base62_decode(tail, _MAC_BYTES)
        if not separator or link_id is None or mac is None:
            return None
        # Every key is tried to the end: the time taken says nothing about which one signed.
        matches = [hmac.compare_digest(mac, _mac(key, link_id)) for key in self._every]
        return UUID(bytes=link_id) if any(matches) else None


def _mac(key: bytes, link_id: bytes) -> bytes:
    return hmac.digest(key, link_id, "sha256")[:_MAC_BYTES]
