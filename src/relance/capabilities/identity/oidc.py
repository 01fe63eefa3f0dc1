"""OpenID Connect: bearer tokens of the configured issuers, checked against the keys that they publish."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import jwt
import structlog
from email_validator import EmailNotValidError

from relance.core.addresses import normalise_address
from relance.core.errors import ServiceUnavailable, Unauthenticated
from relance.core.settings import OidcIssuer

_log = structlog.get_logger(__name__)

#: Asymmetric ones only, each with the type of key that it goes with: a key is never read as another algorithm's.
_KEY_TYPES: Mapping[str, tuple[str, str | None]] = {"RS256": ("RSA", None), "ES256": ("EC", "P-256")}
_LEAST_RSA_BITS = 2048
_LEEWAY = 30.0
#: How long keys are kept, and how long an unknown key id waits before it makes us ask again, in seconds.
_KEEP = 3600.0
_PATIENCE = 60.0
#: How long an issuer is left alone after it failed while we have no keys at all.
_REST = 5.0
_MOST_BYTES = 512 * 1024
_TIMEOUT = 5.0


@dataclass(frozen=True, slots=True)
class VerifiedEmail:
    """Who a token of an issuer speaks of."""

    email: str
    workspace: str


class IssuerUnavailableError(Exception):
    """The issuer does not answer, or not as OpenID Connect Discovery says."""


class _Keys:
    """The keys of one issuer, fetched by one request at a time."""

    def __init__(self, issuer: str, client: httpx.AsyncClient) -> None:
        self._issuer = issuer
        self._client = client
        self._keys: Mapping[tuple[str | None, str], jwt.PyJWK] = {}
        self._fetched_at = -_KEEP
        self._tried_at = -_PATIENCE
        self._lock = asyncio.Lock()

    async def find(self, key_id: str | None, algorithm: str) -> jwt.PyJWK | None:
        """The key with that id for that algorithm; None where the issuer does not publish it.

        Raises:
            IssuerUnavailableError: nothing is known of the issuer, and it does not answer.
        """
        if self._wants(key_id, algorithm):
            async with self._lock:
                if self._wants(key_id, algorithm):
                    await self._refresh()
        return self._known(key_id, algorithm)

    def _wants(self, key_id: str | None, algorithm: str) -> bool:
        now = time.monotonic()
        if not self._keys:
            return now - self._tried_at >= _REST
        stale = now - self._fetched_at >= _KEEP or self._known(key_id, algorithm) is None
        return stale and now - self._tried_at >= _PATIENCE

    def _known(self, key_id: str | None, algorithm: str) -> jwt.PyJWK | None:
        if not self._keys:
            raise IssuerUnavailableError(self._issuer)
        if key_id is not None:
            return self._keys.get((key_id, algorithm))
        fitting = [key for (_, known), key in self._keys.items() if known == algorithm]
        return fitting[0] if len(fitting) == 1 else None

    async def _refresh(self) -> None:
        self._tried_at = time.monotonic()
        try:
            about = await self._get(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")
            if about.get("issuer") != self._issuer:
                raise IssuerUnavailableError("the discovery document is another issuer's")
            address = str(about.get("jwks_uri", ""))
            if not address.startswith("https://") and not self._issuer.startswith("http://"):
                raise IssuerUnavailableError("the keys are not served over TLS")
            found = (await self._get(address)).get("keys")
            self._keys = _usable(found if isinstance(found, list) else [])
            self._fetched_at = time.monotonic()
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, IssuerUnavailableError) as error:
            # The keys that we have go on: an issuer that is away for an hour locks nobody out.
            _log.warning("oidc_keys_not_fetched", issuer=self._issuer, error=f"{type(error).__name__}: {error}"[:200])

    async def _get(self, address: str) -> Mapping[str, Any]:
        async with self._client.stream("GET", address, headers={"Accept": "application/json"}) as answer:
            if answer.status_code != 200:
                raise IssuerUnavailableError(f"{address} answers {answer.status_code}")
            body = b""
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > _MOST_BYTES:
                    raise IssuerUnavailableError(f"{address} is too long")
        found = httpx.Response(200, content=body).json()
        if not isinstance(found, dict):
            raise IssuerUnavailableError(f"{address} is no JSON object")
        return found


def _usable(published: Sequence[object]) -> Mapping[tuple[str | None, str], jwt.PyJWK]:
    """The signing keys among `published`, by id and algorithm; what we do not use or trust is passed over."""
    found: dict[tuple[str | None, str], jwt.PyJWK] = {}
    for raw in published:
        if not isinstance(raw, dict) or raw.get("use", "sig") != "sig":
            continue
        for algorithm, (kind, curve) in _KEY_TYPES.items():
            fits = raw.get("kty") == kind and raw.get("crv") == curve and raw.get("alg", algorithm) == algorithm
            if not fits:
                continue
            try:
                key = jwt.PyJWK(raw, algorithm)
            except (jwt.PyJWTError, ValueError, TypeError):
                continue
            if getattr(key.key, "key_size", 0) >= _LEAST_RSA_BITS or kind != "RSA":
                found[raw.get("kid"), algorithm] = key
    return found


class OidcTokens:
    """The issuers of the deployment. Lifetimes are checked on the machine's clock, with half a minute of leeway."""

    def __init__(self, issuers: Sequence[OidcIssuer]) -> None:
        self._issuers: dict[str, list[OidcIssuer]] = {}
        for one in issuers:
            self._issuers.setdefault(one.issuer, []).append(one)
        # A client reads every certificate authority of the machine when it is made: not where there is nobody to ask.
        client = httpx.AsyncClient(timeout=_TIMEOUT, follow_redirects=False) if self._issuers else None
        self._client = client
        self._keys = {issuer: _Keys(issuer, client) for issuer in self._issuers} if client else {}

    def knows(self, token: str) -> bool:
        """Whether `token` says that it is of one of the issuers. Nothing of it is verified yet."""
        return bool(self._issuers) and _claimed_issuer(token) in self._issuers

    async def read(self, token: str) -> VerifiedEmail:
        """Whom `token` speaks of.

        Raises:
            Unauthenticated: it is not the issuer's, not for us, expired, or bears no verified address.
            ServiceUnavailable: the issuer's keys cannot be had.
        """
        issuer = _claimed_issuer(token)
        header = jwt.get_unverified_header(token)
        algorithm, key_id = str(header.get("alg")), header.get("kid")
        if algorithm not in _KEY_TYPES or (key_id is not None and not isinstance(key_id, str)):
            raise Unauthenticated()
        try:
            key = await self._keys[issuer].find(key_id, algorithm)
        except IssuerUnavailableError:
            raise ServiceUnavailable() from None
        if key is None:
            raise Unauthenticated()
        for configured in self._issuers[issuer]:
            claims = _verified(token, key, algorithm, configured)
            if claims is not None:
                return _email_of(claims, configured)
        raise Unauthenticated()

    async def close(self) -> None:
        """Close the connections to the issuers."""
        if self._client is not None:
            await self._client.aclose()


def _claimed_issuer(token: str) -> str:
    try:
        claims = jwt.decode(token, options={"verify_signature": False})
        jwt.get_unverified_header(token)
    except jwt.InvalidTokenError:
        return ""
    return str(claims.get("iss", ""))


def _verified(token: str, key: jwt.PyJWK, algorithm: str, configured: OidcIssuer) -> Mapping[str, Any] | None:
    try:
        claims: Mapping[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=configured.audience,
            issuer=configured.issuer,
            leeway=_LEEWAY,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
    except (jwt.InvalidTokenError, ValueError, TypeError):
        return None
    audiences = claims["aud"]
    # A token made for several parties names the one it was issued to (OpenID Connect Core, 3.1.3.7).
    if isinstance(audiences, list) and len(audiences) > 1 and claims.get("azp") != configured.audience:
        return None
    return claims


def _email_of(claims: Mapping[str, Any], configured: OidcIssuer) -> VerifiedEmail:
    proof = configured.email_verified_claim
    # Whoever can write any address into their own profile would sign in as anybody.
    if proof is not None and claims.get(proof) is not True:
        raise Unauthenticated()
    try:
        return VerifiedEmail(normalise_address(str(claims.get(configured.email_claim, ""))), configured.workspace)
    except EmailNotValidError:
        raise Unauthenticated() from None
