"""Keys derived from the configured secrets, one per purpose: a key that leaks from one use opens no other."""

import hashlib
import hmac
from collections.abc import Sequence
from functools import lru_cache


class KeyRing:
    """The secrets of the deployment, newest first. The newest signs, all of them verify, so that they can rotate."""

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets:
            raise ValueError("a key ring needs at least one secret")
        self._secrets = tuple(secret.encode() for secret in secrets)

    def newest(self, purpose: str) -> bytes:
        """The 32-byte key that signs for `purpose`."""
        return self._derive(self._secrets[0], purpose)

    def every(self, purpose: str) -> tuple[bytes, ...]:
        """The 32-byte keys that verify for `purpose`, newest first."""
        return tuple(self._derive(secret, purpose) for secret in self._secrets)

    def hashes(self, purpose: str, value: str) -> list[bytes]:
        """`value` under every key for `purpose`, the newest first: whoever reads a list of them learns nothing."""
        return [hmac.digest(key, value.encode(), "sha256")[:16] for key in self.every(purpose)]

    @staticmethod
    @lru_cache(maxsize=64)
    def _derive(secret: bytes, purpose: str) -> bytes:
        # HKDF (RFC 5869) with SHA-256, no salt, one block of output.
        extracted = hmac.new(b"\x00" * 32, secret, hashlib.sha256).digest()
        return hmac.new(extracted, b"relance/" + purpose.encode() + b"\x01", hashlib.sha256).digest()
