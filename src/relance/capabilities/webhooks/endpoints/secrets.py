"""The secrets of endpoints: made here, shown once, kept sealed, two of them live at most."""

import base64
import os
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from relance.core.keys import KeyRing

_PURPOSE = "webhook-secret"
_NONCE = 12
_PREFIX = "whsec_"


def new_secret() -> str:
    """A secret in the form of Standard Webhooks: `whsec_` and 32 random bytes."""
    return _PREFIX + base64.b64encode(os.urandom(32)).decode()


def seal(keys: KeyRing, endpoint_id: UUID, secret: str) -> bytes:
    """`secret` as it is stored: only this deployment opens it, and only for this endpoint."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(keys.newest(_PURPOSE)).encrypt(nonce, secret.encode(), endpoint_id.bytes)


def unseal(keys: KeyRing, endpoint_id: UUID, sealed: bytes) -> str | None:
    """The secret, or None where the deployment's own secret that sealed it has left the ring."""
    for key in keys.every(_PURPOSE):
        try:
            return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], endpoint_id.bytes).decode()
        except InvalidTag:
            continue
    return None
