"""Bad input on the first path: a problem document with a stable code, nothing written, never 5xx."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.journeys.test_first_path import JSON, invite, wanted
from tests.plugins.product import Office, Product

from relance.core.ids import new_id

PROBLEM = "application/problem+json"


async def refused(product: Product, answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem document, after checking that nothing was written."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == PROBLEM
    body: dict[str, Any] = answer.json()
    assert body["code"] == code, body
    assert body["status"] == status
    assert body["request_id"] == answer.headers["x-request-id"]
    for table in ("invitations", "companies", "messages", "prequalifications"):
        assert await product.rows(f"SELECT 1 FROM {table}") == [], table
    return body


def pointers(body: dict[str, Any]) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in body["errors"]]


async def test_a_wrong_siren(product: Product, office: Office) -> None:
    answer = await office.member.post("/v1/invitations", wanted(office, siren="732829321"))
    body = await refused(product, answer, 422, "validation_failed")
    assert pointers(body) == [("/partner/local_id/value", "identifier_checksum")]


async def test_an_unknown_organisation_and_one_of_another_workspace(product: Product, office: Office) -> None:
    other = await product.office("autre")
    for organisation in (new_id(), other.organisation_id, office.other_organisation_id):
        payload = wanted(office) | {"issuing_organisation_id": str(organisation)}
        body = await refused(product, await office.member.post("/v1/invitations", payload), 422, "validation_failed")
        assert pointers(body) == [("/issuing_organisation_id", "unknown_organisation")]


async def test_ids_of_another_workspace_are_404(product: Product, office: Office) -> None:
    other = await product.office("autre")
    invitation = await invite(product, office)
    before = await product.rows("SELECT * FROM invitations")
    path = f"/v1/invitations/{invitation['id']}"
    assert (await other.admin.get(path)).status_code == 404
    for action in ("remind", "renew", "cancel", "archive", "unarchive"):
        assert (await other.admin.post(f"{path}/{action}")).status_code == 404
    assert (await other.admin.get("/v1/invitations?mine=false")).json()["items"] == []
    assert await product.rows("SELECT * FROM invitations") == before


@pytest.mark.parametrize(
    ("raw", "status", "code"),
    [
        (b'{"a": NaN}', 422, "validation_failed"),
        (b'{"a": Infinity}', 422, "validation_failed"),
        (b'{"email": "\\ud800"}', 422, "validation_failed"),
        (b'{"email": "a\\u0000b@c.example"}', 422, "validation_failed"),
        (b'{"email": "\xff"}', 422, "validation_failed"),
        (b'{"email": 123456789012345678901234567890}', 422, "validation_failed"),
        (b"[" * 100_000, 422, "validation_failed"),
        (b"not json", 422, "validation_failed"),
        (b"", 422, "validation_failed"),
        (b"null", 422, "validation_failed"),
    ],
)
async def test_hostile_json(product: Product, office: Office, raw: bytes, status: int, code: str) -> None:
    answer = await office.member.post("/v1/invitations", content=raw, headers={"Content-Type": "application/json"})
    await refused(product, answer, status, code)


async def test_hostile_text_in_every_field(product: Product, office: Office) -> None:
    for hostile in ("\x00", "a\x00b", "\x1b[31m", "\u0085", "a\nb"):
        payload = wanted(office) | {"email": hostile}
        payload["partner"]["name"] = hostile
        answer = await office.member.post("/v1/invitations", payload)
        body = await refused(product, answer, 422, "validation_failed")
        assert {pointer for pointer, _ in pointers(body)} == {"/email", "/partner/name"}
    lone = json.dumps(wanted(office)).replace("Fonderie", "\\ud83d").encode()
    answer = await office.member.post("/v1/invitations", content=lone, headers={"Content-Type": "application/json"})
    await refused(product, answer, 422, "validation_failed")


async def test_extra_fields_and_unknown_parameters(product: Product, office: Office) -> None:
    body = await refused(
        product, await office.member.post("/v1/invitations", wanted(office) | {"x": 1}), 422, "validation_failed"
    )
    assert pointers(body) == [("/x", "extra_forbidden")]
    body = await refused(product, await office.member.get("/v1/invitations?mien=1"), 422, "validation_failed")
    assert pointers(body) == [("/query/mien", "unknown_parameter")]


async def test_wrong_media_types(product: Product, office: Office) -> None:
    for media in ("text/plain", "application/xml", "multipart/form-data; boundary=x"):
        answer = await office.member.post(
            "/v1/invitations", content=json.dumps(wanted(office)), headers={"Content-Type": media}
        )
        await refused(product, answer, 415, "unsupported_media_type")


async def test_thirty_megabytes(product: Product, office: Office) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b" " * 1024 * 1024

    headers = {"Content-Type": "application/json"}
    announced = await office.member.post("/v1/invitations", content=b" " * 30 * 1024 * 1024, headers=headers)
    await refused(product, announced, 413, "body_too_large")
    streamed = await office.member.post("/v1/invitations", content=chunks(), headers=headers)
    await refused(product, streamed, 413, "body_too_large")


@pytest.mark.parametrize("token", ["x", "%00", "é" * 20, "a" * 10_000, "0" * 22 + "." + "0" * 22, "..", "a.b"])
async def test_unreadable_tokens(product: Product, token: str) -> None:
    for headers in (JSON, {"Accept": "text/html"}):
        answer = await product.client.get(f"/r/{token}", headers=headers)
        assert answer.status_code == 404
    answer = await product.client.post(f"/r/{token}/submit", json={"version": 1, "answers": {}}, headers=JSON)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == PROBLEM


async def test_no_credentials_and_bad_ones(product: Product, office: Office) -> None:
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Bearer {office.admin.token}x"}):
        answer = await product.client.post("/v1/invitations", json=wanted(office), headers=headers)
        await refused(product, answer, 401, "unauthenticated")
