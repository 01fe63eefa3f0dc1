"""`Idempotency-Key`: on every POST, one effect, the first answer again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import Request
from fastapi.responses import JSONResponse
from sqlalchemy import text
from tests.journeys.test_first_path import ANSWERS, EMAIL, JSON, invite, wanted
from tests.plugins.product import PASSWORD, Office, Person, Product

from relance.core.errors import Conflict
from relance.core.idempotency.fingerprint import differences, fingerprint, fingerprint_of
from relance.core.idempotency.http import EXEMPT
from relance.core.idempotency.service import REPLAYED, Claim, ExpiredKeys, Owner
from relance.core.ids import new_id
from relance.core.keys import KeyRing

KEY = {"Idempotency-Key": "5e6b0f4c-7d0b-4d5c-9a1f-2f5b3f0f6f0e"}
KEPT = ("location", "etag", "content-type", "cache-control", "content-language")

_CLAIMED = """
    SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
    WHERE locktype = 'advisory' AND granted AND datname = current_database()
"""


def same(first: httpx.Response, again: httpx.Response) -> None:
    """`again` is `first` once more, and says so."""
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert {name: again.headers.get(name) for name in KEPT} == {name: first.headers.get(name) for name in KEPT}
    assert REPLAYED not in first.headers
    assert again.headers[REPLAYED] == "true"


async def organise(person: Person, name: str, headers: dict[str, str] = KEY) -> httpx.Response:
    return await person.post("/v1/organisations", {"name": name}, headers=headers)


@asynccontextmanager
async def held(product: Product, table: str) -> AsyncIterator[None]:
    """Nobody can write to `table` meanwhile."""
    async with product.runtime.db.engine.connect() as connection:
        await connection.execute(text(f"LOCK TABLE {table} IN EXCLUSIVE MODE"))
        yield
        await connection.rollback()


def test_every_post_takes_a_key_or_says_why_not(product: Product) -> None:
    document = product.app.openapi()
    exempt = []
    for path, operations in document["paths"].items():
        operation: dict[str, Any] | None = operations.get("post")
        if operation is None:
            continue
        if len(operation.get(EXEMPT, "")) > 20:
            exempt.append(operation["operationId"])
            continue
        headers = [one["name"] for one in operation.get("parameters", []) if one["in"] == "header"]
        assert "Idempotency-Key" in headers, path
        answers = operation["responses"]
        for status, code in (("409", "idempotency_in_flight"), ("422", "idempotency_key_reused")):
            assert code in answers[status]["content"]["application/problem+json"]["examples"], path
        assert any(REPLAYED in answer.get("headers", {}) for answer in answers.values()), path
    assert sorted(exempt) == [
        "auth_request_password_reset",
        "auth_token",
        "email_templates_preview",
        "export_templates_preview",
        "messages_report_delivery",
    ]


async def test_the_first_answer_again_and_one_effect(product: Product, office: Office) -> None:
    first = await office.member.post("/v1/invitations", wanted(office), headers=KEY)
    assert first.status_code == 201, first.text
    again = await office.member.post("/v1/invitations", wanted(office), headers=KEY)
    same(first, again)
    assert again.headers["location"] == f"/v1/invitations/{first.json()['id']}"
    await product.work()
    # The answer is the first one, although the invitation has left meanwhile.
    same(first, await office.member.post("/v1/invitations", wanted(office), headers=KEY))
    assert len(await product.rows("SELECT 1 FROM invitations")) == 1
    assert len(await product.mails(office.member, EMAIL)) == 1


async def test_an_action_without_a_body(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    path = f"/v1/invitations/{invitation['id']}"
    first = await office.member.post(f"{path}/archive", headers=KEY)
    assert first.status_code == 200
    same(first, await office.member.post(f"{path}/archive", headers=KEY))
    assert (await office.member.post(f"{path}/archive")).status_code == 409, "without the key it is another request"
    other = await office.member.post(f"{path}/unarchive", headers=KEY)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert [error["pointer"] for error in other.json()["errors"]] == ["/path"]


async def test_an_empty_answer_is_kept_too(product: Product, office: Office) -> None:
    body = {"current_password": PASSWORD, "new_password": "une autre phrase, aussi longue"}
    first = await office.member.post("/v1/me/password", body, headers=KEY)
    assert first.status_code == 204, first.text
    same(first, await office.member.post("/v1/me/password", body, headers=KEY))
    (row,) = await product.rows("SELECT sealed FROM idempotency_records")
    assert PASSWORD.encode() not in row["sealed"]


async def test_another_body_names_what_differs(product: Product, office: Office) -> None:
    assert (await office.member.post("/v1/invitations", wanted(office), headers=KEY)).status_code == 201
    other = wanted(office, email="autre@partenaire.example")
    other["partner"]["name"] = "Fonderies Martin"
    refused = await office.member.post("/v1/invitations", other | {"locale": "en"}, headers=KEY)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/email", "/locale", "/partner/name"]
    assert {error["code"] for error in refused.json()["errors"]} == {"differs"}
    assert len(await product.rows("SELECT 1 FROM invitations")) == 1


async def test_a_key_in_flight(product: Product, office: Office) -> None:
    async with held(product, "organisations"):
        first = asyncio.create_task(organise(office.admin, "Filiale Nord"))
        while not await product.rows(_CLAIMED):  # noqa: ASYNC110 - PostgreSQL tells nobody that it gave a lock
            await asyncio.sleep(0.01)
        async with asyncio.timeout(10):
            second = await organise(office.admin, "Filiale Nord")
        assert (second.status_code, second.json()["code"]) == (409, "idempotency_in_flight")
        assert second.headers["retry-after"] == "1"
        assert not first.done()
    assert (await first).status_code == 201
    same(await first, await organise(office.admin, "Filiale Nord"))


async def test_simultaneous_requests_have_one_effect(product: Product, office: Office) -> None:
    answers = await asyncio.gather(*(organise(office.admin, "Filiale Sud") for _ in range(8)))
    made = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.json()["id"] for answer in made}) == 1
    assert len([answer for answer in made if REPLAYED not in answer.headers]) == 1
    assert {answer.json()["code"] for answer in answers if answer.status_code != 201} <= {"idempotency_in_flight"}
    assert len(await product.rows("SELECT 1 FROM organisations WHERE name = 'Filiale Sud'")) == 1
    assert len(await product.rows("SELECT 1 FROM idempotency_records")) == 1


async def test_what_is_rolled_back_frees_the_key(product: Product, office: Office) -> None:
    assert (await office.admin.post("/v1/organisations", {"nom": "x"}, headers=KEY)).status_code == 422
    taken = await organise(office.admin, "Vasseur Achats")
    assert (taken.status_code, taken.json()["code"]) == (409, "duplicate")
    assert await product.rows("SELECT 1 FROM idempotency_records") == []
    made = await organise(office.admin, "Filiale Est")
    assert made.status_code == 201
    assert REPLAYED not in made.headers


async def test_each_caller_has_its_own_keys(product: Product, office: Office) -> None:
    other = await product.office("globex")
    made = await office.admin.post("/v1/api-keys", {"name": "ERP", "permissions": {}}, headers=KEY)
    assert made.status_code == 201, made.text
    owners_key = {"Authorization": f"Bearer {made.json()['api_key']}"}
    answers = [
        await office.admin.get("/v1/me"),
        await office.manager.post("/v1/api-keys", {"name": "Mine", "permissions": {}}, headers=KEY),
        await other.admin.post("/v1/api-keys", {"name": "Theirs", "permissions": {}}, headers=KEY),
        await product.client.post("/v1/organisations", json={"name": "Filiale"}, headers={**KEY, **owners_key}),
    ]
    assert [answer.status_code for answer in answers] == [200, 201, 201, 403]


async def test_secrets_come_again_and_are_not_readable_at_rest(product: Product, office: Office) -> None:
    body = {"name": "ERP", "permissions": {}}
    first = await office.admin.post("/v1/api-keys", body, headers=KEY)
    assert first.headers["cache-control"] == "no-store"
    same(first, await office.admin.post("/v1/api-keys", body, headers=KEY))
    (row,) = await product.rows("SELECT * FROM idempotency_records")
    stored = b"".join(value for value in row.values() if isinstance(value, bytes))
    for clear in (first.json()["api_key"], KEY["Idempotency-Key"], "ERP", first.json()["id"]):
        assert clear.encode() not in stored


async def test_a_key_is_forgotten_after_a_day(product: Product, office: Office) -> None:
    await organise(office.admin, "Filiale Ouest")
    (row,) = await product.rows("SELECT expires_at - created_at AS kept FROM idempotency_records")
    assert row["kept"].total_seconds() == 24 * 3600
    async with product.runtime.db.engine.begin() as connection:
        await connection.execute(text("UPDATE idempotency_records SET expires_at = now() - interval '1 second'"))
    fresh = await organise(office.admin, "Filiale Centre")
    assert fresh.status_code == 201
    assert REPLAYED not in fresh.headers
    same(fresh, await organise(office.admin, "Filiale Centre"))
    await organise(office.admin, "Filiale Alpes", {"Idempotency-Key": "another"})
    async with product.runtime.db.engine.begin() as connection:
        await connection.execute(text("UPDATE idempotency_records SET expires_at = now() WHERE created_at < now()"))
    await organise(office.admin, "Filiale Rhône", {"Idempotency-Key": "a-third"})
    expired = ExpiredKeys(product.runtime)
    assert await expired.sweep() == 2
    assert await expired.sweep() == 0
    assert len(await product.rows("SELECT 1 FROM idempotency_records")) == 1


async def test_unusable_keys(office: Office) -> None:
    for key in ("", "with space", "x" * 256, "clé"):
        headers = {"Idempotency-Key": key.encode()}
        refused = await office.admin.ask("POST", "/v1/organisations", json={"name": "x"}, headers=headers)
        assert refused.status_code == 422, key
        assert refused.json()["errors"][0]["pointer"] == "/header/Idempotency-Key"


async def test_a_recipient_who_repeats(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    address = f"{invitation['link']}/submit"
    body = {"version": 1, "answers": ANSWERS}
    first = await product.client.post(address, json=body, headers={**JSON, **KEY})
    assert first.status_code == 200, first.text
    again = await product.client.post(address, json=body, headers={**JSON, **KEY})
    same(first, again)
    assert again.headers["referrer-policy"] == "no-referrer"
    assert again.headers["cache-control"] == "no-store"
    refused = await product.client.post(address, json={**body, "version": 2}, headers={**JSON, **KEY})
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert [error["pointer"] for error in refused.json()["errors"]] == ["/version"]
    await product.work()
    assert len(await product.mails(office.member, office.member.email)) == 1
    # Unknown links and revoked ones answer nothing, key or not.
    await product.office("globex")
    assert (await product.client.post(f"/r/{'x' * 40}/submit", json=body, headers={**JSON, **KEY})).status_code == 404


async def test_a_browser_form_that_is_sent_twice(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    fields = {"version": "1"} | {
        f"answers.{section}.{name}": str(value).lower() if isinstance(value, bool) else value
        for section, values in ANSWERS.items()
        for name, value in values.items()
    }
    first = await product.client.post(f"{invitation['link']}/submit", data=fields, headers=KEY)
    assert first.status_code == 303, first.text
    same(first, await product.client.post(f"{invitation['link']}/submit", data=fields, headers=KEY))


async def test_the_token_endpoint_takes_no_key(product: Product, office: Office) -> None:
    form = {"username": office.member.email, "password": PASSWORD}
    first = await product.client.post("/v1/auth/token", data=form, headers=KEY)
    again = await product.client.post("/v1/auth/token", data=form, headers=KEY)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json()["refresh_token"] != again.json()["refresh_token"]
    assert await product.rows("SELECT 1 FROM idempotency_records") == []


async def test_secrets_that_rotate(product: Product, office: Office) -> None:
    old, new = "an-old-secret-that-is-long-enough-here", "a-new-secret-that-is-long-enough-here"
    owner, asked = Owner("user", new_id()), fingerprint("POST /v1/x", [], {"a": 1})

    async def begin(*secrets: str) -> bytes | None:
        async with product.runtime.db.transaction(office.workspace_id) as session:
            claim = Claim(session, KeyRing(secrets), owner, "k")
            known = await claim.begin(asked)
            if known is None:
                await claim.keep(JSONResponse({"done": True}, 201))
            return bytes(known.body) if known else None

    assert await begin(old) is None
    assert await begin(new, old) == b'{"done":true}'
    with pytest.raises(Conflict):
        await begin(new)


def test_fingerprints_of_large_bodies_are_coarse_and_still_differ() -> None:
    rows = [{"email": f"p{number}@x.example", "name": "P"} for number in range(1000)]
    first = fingerprint("POST /v1/x", [("dry_run", "true")], {"rows": rows, "note": "a"})
    assert len(first) <= 502
    changed = [*rows[:-1], {"email": "other@x.example", "name": "P"}]
    second = fingerprint("POST /v1/x", [], {"rows": changed, "note": "a"})
    assert differences(first, second) == ["/query/dry_run", "/rows"]
    assert differences(first, first) == []
    assert differences(fingerprint("p", [], {"a": [1, 2]}), fingerprint("p", [], {"a": [1, 3], "b": None})) == [
        "/a/1",
        "/b",
    ]


async def test_the_fingerprint_of_a_form_leaves_its_files_readable() -> None:
    async def of(content: bytes) -> tuple[Any, bytes]:
        sent = httpx.Request("POST", "http://x/v1/imports", files={"file": ("a.csv", content)}, data={"mode": "add"})
        headers = [(name.lower().encode(), value.encode()) for name, value in sent.headers.items()]
        body = sent.read()
        scope = {"type": "http", "method": "POST", "path": "/v1/imports", "query_string": b"", "headers": headers}

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        request = Request(scope, receive)
        found = await fingerprint_of(request)
        async with request.form() as form:
            file: Any = form["file"]
            return found, await file.read()

    first, read = await of(b"a;b\n1;2\n")
    assert read == b"a;b\n1;2\n"
    second, _ = await of(b"a;b\n1;3\n")
    assert differences(first, second) == ["/file/0"]
