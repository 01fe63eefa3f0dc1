"""Access tokens: short-lived JWTs signed with a key derived for them alone."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import jwt

from relance.core.clock import system_now
from relance.core.errors import Unauthenticated
from relance.core.ids import new_id
from relance.core.keys import KeyRing
from relance.core.settings import Settings

_PURPOSE = "access-token"
_ALGORITHM = "HS256"
_AUDIENCE = "relance"
_CLAIMS = ["sub", "ws", "sid", "jti", "iat", "exp", "aud", "iss"]


@dataclass(frozen=True, slots=True)
class AccessClaims:
    """What an access token says: who, where, and by which session (sign-in)."""

    user_id: UUID
    workspace_id: UUID
    session_id: UUID


class AccessTokens:
    """Signs with the newest secret of the deployment, verifies with all of them. On the machine's clock."""

    def __init__(self, settings: Settings, keys: KeyRing) -> None:
        self.lifetime = timedelta(minutes=settings.access_token_minutes)
        self._issuer = settings.public_url
        self._keys = {_key_id(key): key for key in keys.every(_PURPOSE)}
        self._newest = _key_id(keys.newest(_PURPOSE))

    def mint(self, claims: AccessClaims) -> str:
        """A token that holds for the configured number of minutes."""
        now = system_now()
        payload = {
            "sub": str(claims.user_id),
            "ws": str(claims.workspace_id),
            "sid": str(claims.session_id),
            "jti": str(new_id()),
            "iat": now,
            "exp": now + self.lifetime,
            "aud": _AUDIENCE,
            "iss": self._issuer,
        }
        return jwt.encode(payload, self._keys[self._newest], _ALGORITHM, headers={"kid": self._newest})

    def read(self, token: str) -> AccessClaims:
        """What `token` says.

        Raises:
            Unauthenticated: it is not ours, was changed, or has expired.
        """
        try:
            key = self._keys[str(jwt.get_unverified_header(token).get("kid"))]
            payload = jwt.decode(
                token,
                key,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                issuer=self._issuer,
                options={"require": _CLAIMS},
            )
            return AccessClaims(UUID(payload["sub"]), UUID(payload["ws"]), UUID(payload["sid"]))
        except (jwt.InvalidTokenError, KeyError, ValueError, TypeError, AttributeError):
            raise Unauthenticated() from None


def _key_id(key: bytes) -> str:
    return hashlib.sha256(b"kid" + key).hexdigest()[:12]
