"""A real OpenID Connect issuer on this machine: serves its discovery document and its keys, and signs tokens."""

import asyncio
import json
from collections import Counter
from datetime import timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from relance.core.clock import system_now

AUDIENCE = "relance-api"


class Issuer:
    """Started with `start`, stopped with `stop`; `asked` counts the requests by path."""

    def __init__(self) -> None:
        self.rsa = {"r1": rsa.generate_private_key(public_exponent=65537, key_size=2048)}
        self.ec = {"e1": ec.generate_private_key(ec.SECP256R1())}
        self.asked: Counter[str] = Counter()
        self.url = ""
        self.says_issuer: str | None = None
        self.up = True
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        """Stop listening."""
        assert self._server is not None
        self._server.close()
        await self._server.wait_closed()

    def add_rsa(self, kid: str, size: int = 2048) -> None:
        """Publish one more RSA key."""
        self.rsa[kid] = rsa.generate_private_key(public_exponent=65537, key_size=size)

    def token(self, email: str, *, kid: str = "r1", algorithm: str = "RS256", **changes: Any) -> str:
        """A token for `email`; `changes` replace claims, None takes one away."""
        now = system_now()
        claims: dict[str, Any] = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "someone",
            "iat": now,
            "exp": now + timedelta(minutes=5),
            "email": email,
            "email_verified": True,
        }
        claims = {name: value for name, value in (claims | changes).items() if value is not None}
        key = self.rsa[kid] if algorithm == "RS256" else self.ec[kid]
        return jwt.encode(claims, key, algorithm, headers={"kid": kid})

    def public_pem(self) -> bytes:
        """The first RSA key as anybody can have it."""
        return self.rsa["r1"].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def _document(self, path: str) -> dict[str, Any] | None:
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.says_issuer or self.url, "jwks_uri": f"{self.url}/keys"}
        if path != "/keys":
            return None
        found = [{**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid} for kid, key in self.rsa.items()]
        found += [{**ECAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid} for kid, key in self.ec.items()]
        return {"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "shared"}, *({**key, "use": "sig"} for key in found)]}

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1].decode()
        self.asked[path] += 1
        document = self._document(path) if self.up else None
        body = json.dumps(document).encode()
        status = "200 OK" if document is not None else "503 Unavailable"
        head = (
            f"HTTP/1.1 {status}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            "Connection: close",
        )
        writer.write("\r\n".join((*head, "", "")).encode() + body)
        await writer.drain()
        writer.close()
