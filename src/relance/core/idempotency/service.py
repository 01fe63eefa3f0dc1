"""Claiming a key, keeping the answer, giving it again: all of it in the transaction of the effect."""

import hashlib
import hmac
import os
import time
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal
from uuid import UUID

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import Response

from relance.core.clock import system_now
from relance.core.db import DbSession
from relance.core.errors import Conflict
from relance.core.idempotency.errors import IdempotencyInFlight, IdempotencyKeyReused
from relance.core.idempotency.fingerprint import Fingerprint, differences
from relance.core.idempotency.repository import IdempotencyRepository
from relance.core.keys import KeyRing
from relance.core.runtime import Runtime
from relance.core.security import Caller

#: How long a key is remembered.
KEPT_FOR = timedelta(hours=24)
REPLAYED = "Idempotent-Replayed"
_PURPOSE = "idempotency"
_NONCE = 12
_SWEEP_EVERY = 60.0
_SWEEP_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose key it is: the same key of two callers is two keys."""

    kind: Literal["user", "api_key", "link"]
    id: UUID

    @classmethod
    def of(cls, caller: Caller) -> "Owner":
        """The caller of a request."""
        return cls(caller.kind, caller.api_key_id or caller.user_id)


class Claim:
    """One key of one owner, held by the session's transaction from `begin` to its end."""

    def __init__(self, session: DbSession, keys: KeyRing, owner: Owner, key: str) -> None:
        self._session = session
        self._rows = IdempotencyRepository(session)
        self._keys = keys
        self._key = key.encode()
        text = f"{session.workspace_id}:{owner.kind}:{owner.id}:{key}"
        self._digest = hashlib.sha256(text.encode()).digest()
        self._asked: Fingerprint = {}

    async def begin(self, asked: Fingerprint) -> Response | None:
        """Take the key for the request `asked`.

        Returns:
            The answer that was given to it before; None where it is new and is to be worked on.

        Raises:
            IdempotencyInFlight: another transaction works on it.
            IdempotencyKeyReused: it was another request.
        """
        # Held until the transaction ends, however it ends; nobody waits for it.
        if not await self._rows.try_lock(int.from_bytes(self._digest[:8], signed=True)):
            raise IdempotencyInFlight()
        self._asked = asked
        # A statement of its own: its snapshot is younger than the lock, so it sees what the last holder committed.
        sealed = await self._rows.sealed(self._digest, system_now())
        if sealed is None:
            return None
        kept = self._open(sealed)
        if differing := differences(kept["asked"], asked):
            raise IdempotencyKeyReused(differing)
        return _response(kept)

    async def keep(self, response: Response) -> None:
        """Keep the answer, in the transaction of what it tells."""
        body = getattr(response, "body", None)
        if not isinstance(body, bytes):
            raise RuntimeError("an answer that is streamed cannot be kept for its Idempotency-Key")
        kept = {
            "asked": dict(self._asked),
            "status": response.status_code,
            "headers": [
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in response.raw_headers
                if name != b"content-length"
            ],
            "body": b64encode(body).decode(),
        }
        now = system_now()
        await self._rows.put(self._digest, self._seal(orjson.dumps(kept)), now, now + KEPT_FOR)

    def _seal(self, plain: bytes) -> bytes:
        nonce = os.urandom(_NONCE)
        return nonce + AESGCM(self._cipher_key(self._keys.newest(_PURPOSE))).encrypt(nonce, plain, self._digest)

    def _open(self, sealed: bytes) -> Mapping[str, Any]:
        for secret in self._keys.every(_PURPOSE):
            try:
                plain = AESGCM(self._cipher_key(secret)).decrypt(sealed[:_NONCE], sealed[_NONCE:], self._digest)
            except InvalidTag:
                continue
            found: Mapping[str, Any] = orjson.loads(plain)
            return found
        # The secret it was sealed with has left the ring: the effect took place, what was answered is lost.
        raise Conflict()

    def _cipher_key(self, secret: bytes) -> bytes:
        return hmac.new(secret, self._key, hashlib.sha256).digest()


def _response(kept: Mapping[str, Any]) -> Response:
    response = Response(b64decode(kept["body"]), kept["status"])
    for name, value in kept["headers"]:
        response.headers.append(name, value)
    response.headers[REPLAYED] = "true"
    return response


class ExpiredKeys:
    """Forgets the keys that are older than 24 h."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._next = 0.0

    async def sweep(self) -> int:
        """Delete expired keys; called as often as one likes, it looks once a minute.

        Returns:
            How many were deleted.
        """
        if time.monotonic() < self._next:
            return 0
        self._next = time.monotonic() + _SWEEP_EVERY
        total = 0
        while True:
            async with self._runtime.db.transaction(None) as session:
                deleted = await IdempotencyRepository(session).delete_expired(system_now(), _SWEEP_BATCH)
            total += deleted
            if deleted < _SWEEP_BATCH:
                return total
