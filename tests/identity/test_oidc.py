"""Signing in with tokens of an OpenID Connect issuer: a real one, that publishes keys and signs."""

import hashlib
import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.accounts import World, build_app, build_client
from tests.identity.issuer import AUDIENCE, Issuer

from relance.capabilities.identity import oidc
from relance.capabilities.identity.authentication import IdentityAuthenticator
from relance.capabilities.identity.throttle import SignInThrottle
from relance.core.clock import system_now
from relance.core.runtime import Runtime
from relance.core.settings import OidcIssuer, Settings


@dataclass
class Federation:
    """A workspace that trusts an issuer."""

    world: World
    issuer: Issuer
    client: httpx.AsyncClient

    async def me(self, token: str) -> httpx.Response:
        return await self.client.get("/v1/me", headers={"Authorization": f"Bearer {token}"})

    async def status(self, **changes: Any) -> int:
        """What the member gets with a token of those changes."""
        email = changes.pop("email", self.world.email("member"))
        return (await self.me(self.issuer.token(email, **changes))).status_code


@pytest.fixture
async def federation(world: World) -> AsyncIterator[Federation]:
    issuer = Issuer()
    await issuer.start()
    trusted = OidcIssuer(issuer=issuer.url, audience=AUDIENCE, workspace=world.slug)
    settings = world.runtime.settings.model_copy(update={"oidc_issuers": (trusted,)})
    runtime = Runtime(settings, world.runtime.db, world.runtime.keys)
    throttle = SignInThrottle(settings)
    app = build_app(runtime, throttle)
    authenticator: IdentityAuthenticator = app.state.authenticator
    async with build_client(app) as client:
        yield Federation(world, issuer, client)
    await authenticator.close()
    await throttle.close()
    await issuer.stop()


async def test_the_known_user_is_signed_in(federation: Federation) -> None:
    world, issuer = federation.world, federation.issuer
    for token in (
        issuer.token(world.email("member")),
        issuer.token(world.email("member").upper(), kid="e1", algorithm="ES256"),
    ):
        me = await federation.me(token)
        assert me.status_code == 200, me.text
        assert (me.json()["email"], me.json()["kind"]) == (world.email("member"), "user")
    # The documents are fetched once for all of them.
    assert issuer.asked == {"/.well-known/openid-configuration": 1, "/keys": 1}
    # Our own tokens go on.
    assert (await federation.me(await world.token("admin"))).status_code == 200


async def test_tokens_that_do_not_hold(federation: Federation) -> None:
    now = system_now()
    refused: list[dict[str, Any]] = [
        {"aud": "somebody-else"},
        {"aud": None},
        {"aud": [AUDIENCE, "somebody-else"]},
        {"exp": now - timedelta(minutes=1)},
        {"exp": None},
        {"nbf": now + timedelta(minutes=1)},
        {"email": "nobody@elsewhere.example"},
        {"email": "not an address"},
        {"email_verified": False},
        {"email_verified": None},
        {"email_verified": "true"},
        {"iss": "http://127.0.0.1:1"},
    ]
    for changes in refused:
        assert await federation.status(**changes) == 401, changes
    # Half a minute of difference between clocks is no fault, and a token for several names its party.
    assert await federation.status(exp=now - timedelta(seconds=10)) == 200
    assert await federation.status(aud=[AUDIENCE, "x"], azp=AUDIENCE) == 200


def _part(value: object) -> bytes:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")


async def test_the_algorithm_is_not_the_token_s_to_choose(federation: Federation) -> None:
    issuer, email = federation.issuer, federation.world.email("admin")
    claims = {"iss": issuer.url, "aud": AUDIENCE, "sub": "x", "email": email, "email_verified": True}
    claims |= {"iat": int(time.time()), "exp": int(time.time()) + 300}
    body = _part({"alg": "none", "kid": "r1"}) + b"." + _part(claims)
    forged = [body + b"."]
    for alg, kid, secret in (("HS256", "r1", issuer.public_pem()), ("HS256", "shared", b"secret")):
        body = _part({"alg": alg, "kid": kid, "typ": "JWT"}) + b"." + _part(claims)
        signature = hmac.new(secret, body, hashlib.sha256).digest()
        forged.append(body + b"." + urlsafe_b64encode(signature).rstrip(b"="))
    # A key of one kind is not read as another's, and a signature of other claims does not count.
    head, _, signature_part = issuer.token(email).encode().split(b".")
    forged.append(head + b"." + _part(claims | {"email": email}) + b"." + signature_part)
    forged.append(_part({"alg": "ES256", "kid": "r1"}) + b"." + _part(claims) + b"." + signature_part)
    for token in forged:
        assert (await federation.me(token.decode())).status_code == 401, token


async def test_a_new_key_is_found_and_a_flood_of_unknown_ones_is_not(
    federation: Federation, monkeypatch: pytest.MonkeyPatch
) -> None:
    issuer, email = federation.issuer, federation.world.email("member")
    assert await federation.status() == 200
    issuer.add_rsa("r2")
    # Within a minute of the last fetch an unknown key id asks nobody.
    for _ in range(5):
        assert await federation.status(kid="r2") == 401
    assert issuer.asked["/keys"] == 1
    monkeypatch.setattr(oidc, "_PATIENCE", 0.0)
    assert await federation.status(kid="r2") == 200
    assert issuer.asked["/keys"] == 2
    monkeypatch.setattr(oidc, "_PATIENCE", 60.0)
    del issuer.rsa["r2"]
    issuer.up = False
    # The keys that are known go on while the issuer is away.
    monkeypatch.setattr(oidc, "_KEEP", 0.0)
    assert (await federation.me(issuer.token(email))).status_code == 200


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")  # of the issuer that signs with it
async def test_a_short_key_is_not_trusted(federation: Federation) -> None:
    federation.issuer.add_rsa("weak", 1024)
    assert await federation.status(kid="weak") == 401
    assert await federation.status() == 200


@pytest.mark.parametrize("fault", ["away", "liar"])
async def test_an_issuer_that_cannot_be_asked_is_no_refusal(federation: Federation, fault: str) -> None:
    federation.issuer.up = fault != "away"
    federation.issuer.says_issuer = "https://other.example" if fault == "liar" else None
    answer = await federation.me(federation.issuer.token(federation.world.email("member")))
    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
    # It is left alone for a moment: the next request does not wait for it.
    before = federation.issuer.asked.total()
    assert await federation.status() == 503
    assert federation.issuer.asked.total() == before


async def test_an_invited_user_joins_and_a_deactivated_one_stays_out(federation: Federation) -> None:
    world = federation.world
    made = await world.call("admin", "POST", "/v1/users", {"email": f"new@{world.slug}.example", "name": "Neuve"})
    user = made.json()
    assert await federation.status(email=user["email"]) == 200
    shown = (await world.call("admin", "GET", f"/v1/users/{user['id']}")).json()
    assert (shown["status"], shown["invitation"]["status"]) == ("active", "accepted")
    assert await world.actions(user["id"]) == ["user.created", "user.joined"]
    await world.call("admin", "POST", f"/v1/users/{user['id']}/deactivate")
    assert await federation.status(email=user["email"]) == 401


async def test_sessions_of_the_issuer_are_not_ours_to_end(federation: Federation) -> None:
    token = federation.issuer.token(federation.world.email("member"))
    answer = await federation.client.post("/v1/auth/logout", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()["code"]) == (403, "user_session_required")


async def test_another_workspace_s_user_is_not_meant(federation: Federation, elsewhere: World) -> None:
    assert await federation.status(email=elsewhere.email("admin")) == 401


def test_settings_refuse_an_issuer_without_tls_in_production() -> None:
    trusted = OidcIssuer(issuer="http://issuer.example", audience="a", workspace="w")
    with pytest.raises(ValueError, match="without https"):
        Settings(secret_keys=("x" * 32,), oidc_issuers=(trusted,))
