"""Opaque credentials: API keys and refresh tokens. The clear form is shown once; a keyed hash is stored."""

import hashlib
import hmac
import secrets
import zlib

from relance.core.ids import base62_decode, base62_encode
from relance.core.keys import KeyRing

API_KEY_PREFIX = "rl_live_"
REFRESH_PREFIX = "rl_refresh_"
_SECRET_BYTES = 24
_CHECKSUM_BYTES = 4


class OpaqueCredentials:
    """Mints, checks and hashes the credentials of one kind: `<prefix><base62 of secret and checksum>`.

    The checksum refuses typing errors without a query, and lets scanners of leaked secrets know ours for sure.
    """

    def __init__(self, keys: KeyRing, prefix: str) -> None:
        self._keys = keys
        self._prefix = prefix

    def mint(self, secret: bytes | None = None) -> str:
        """A new credential, in clear; of a given 24-byte secret where it must be the same again (the demo's key)."""
        secret = secret or secrets.token_bytes(_SECRET_BYTES)
        return self._prefix + base62_encode(secret + self._checksum(secret))

    def hash(self, clear: str) -> bytes:
        """What is stored of `clear`."""
        return self._mac(self._keys.newest(self._purpose), clear)

    def candidates(self, clear: str) -> list[bytes]:
        """Every hash under which `clear` may be stored, one per secret of the deployment; none if it is malformed."""
        packed = base62_decode(clear.removeprefix(self._prefix), _SECRET_BYTES + _CHECKSUM_BYTES)
        if not clear.startswith(self._prefix) or packed is None:
            return []
        secret, checksum = packed[:_SECRET_BYTES], packed[_SECRET_BYTES:]
        if checksum != self._checksum(secret):
            return []
        return [self._mac(key, clear) for key in self._keys.every(self._purpose)]

    @property
    def _purpose(self) -> str:
        return f"credential/{self._prefix}"

    def _checksum(self, secret: bytes) -> bytes:
        return zlib.crc32(self._prefix.encode() + secret).to_bytes(_CHECKSUM_BYTES)

    @staticmethod
    def _mac(key: bytes, clear: str) -> bytes:
        return hmac.new(key, clear.encode(), hashlib.sha256).digest()


def api_keys(keys: KeyRing) -> OpaqueCredentials:
    """The API keys of the deployment."""
    return OpaqueCredentials(keys, API_KEY_PREFIX)


def refresh_tokens(keys: KeyRing) -> OpaqueCredentials:
    """The refresh tokens of the deployment."""
    return OpaqueCredentials(keys, REFRESH_PREFIX)
