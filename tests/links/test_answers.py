"""Answers through a link: taken once, refused by name, and nothing of a refused one is kept."""

import re
from collections.abc import AsyncIterator

import httpx
import pytest
from tests.links.browsing import BROWSER, FORM, check_headers, count
from tests.links.errand import GOOD, GOOD_FORM, ErrandHandler

from relance.capabilities.links.errors import StaleVersion
from relance.core.runtime import Runtime


async def test_json_answer(client: httpx.AsyncClient, runtime: Runtime, errand: ErrandHandler, token: str) -> None:
    before = await count(runtime)
    response = await client.post(f"/r/{token}/submit", json={"version": 3, "answers": GOOD})
    assert response.status_code == 200
    check_headers(response)
    assert response.json()["state"] == "answered"
    assert response.json()["form"]["answers"] == GOOD
    assert errand.received == [("submit", {"version": 3, "answers": GOOD})]
    assert await count(runtime) == before + 1, "what the handler wrote is committed"
    again = await client.post(f"/r/{token}/submit", json={"version": 3, "answers": GOOD})
    assert again.json() == response.json()


async def test_form_answer(client: httpx.AsyncClient, errand: ErrandHandler, token: str) -> None:
    response = await client.post(f"/r/{token}/submit?lang=en", data=GOOD_FORM, headers=BROWSER)
    assert response.status_code == 303
    assert response.headers["location"] == f"/suivi/r/{token}?lang=en"
    check_headers(response)
    assert errand.received == [("submit", {"version": 3, "answers": GOOD})]
    page = await client.get(f"/r/{token}", headers=BROWSER)
    assert "Vos réponses" in page.text
    assert "Fonderie Martin" in page.text
    assert "<form" not in page.text


async def test_a_form_with_faults_comes_back(
    client: httpx.AsyncClient, runtime: Runtime, errand: ErrandHandler, token: str
) -> None:
    before = await count(runtime)
    posted = {
        **GOOD_FORM,
        "answers.identity.legal_name": "",
        "answers.identity.email": 'nobody"><script>alert(1)</script>',
        "answers.identity.employees": "douze",
        "answers.identity.founded": "31/02/2020",
        "answers.identity.notes": "Une ligne\r\nune autre",
        "answers.certificates.held": ["iso_9001"],
        "answers.declarations.accurate": "",
    }
    response = await client.post(f"/r/{token}/submit", data=posted, headers=BROWSER)
    assert response.status_code == 422
    check_headers(response)
    assert await count(runtime) == before, "what the handler wrote is rolled back"
    page = response.text
    assert "<title>Erreur : " in page
    assert "<script" not in page
    for target, message in {
        "answers.identity.legal_name": "Dénomination sociale – Ce champ est obligatoire.",
        "answers.identity.email": "E-mail – Saisissez une adresse e-mail valide, par exemple nom@exemple.fr.",
        "answers.identity.employees": "Effectif – Saisissez un nombre entier.",
        "answers.identity.founded": "Création – Saisissez une date qui existe, par exemple 31/12/2026.",
        "answers.certificates.issuer.0": "Issuer – Choisissez une réponse.",
        "answers.declarations.accurate": "Je certifie. – Cochez cette case pour continuer.",
    }.items():
        assert f'<a href="#{target}">{message}</a>' in page
        assert f'id="{target}"' in page
    name = re.search(r'<input [^>]*id="answers.identity.legal_name"[^>]*>', page)
    assert name is not None
    assert 'aria-invalid="true"' in name.group()
    described = 'aria-describedby="answers.identity.legal_name.hint answers.identity.legal_name.error"'
    assert described in name.group()
    assert 'id="answers.identity.legal_name.error"' in page
    assert 'value="douze"' in page
    assert re.search(r'<input type="text" id="answers.identity.founded"[^>]* value="31/02/2020"', page)
    assert "\nUne ligne\nune autre</textarea>" in page.replace("\r\n", "\n")
    assert re.search(r'value="iso_9001" checked', page)
    assert re.search(r'value="sas" checked', page)
    assert errand.state == "open"


async def test_faults_in_json(client: httpx.AsyncClient, token: str) -> None:
    identity = GOOD["identity"]
    assert isinstance(identity, dict)
    broken = {"identity": {**identity, "email": "x", "nope": 1}, "declarations": {"taxes": "oui"}}
    response = await client.post(
        f"/r/{token}/submit", json={"version": 3, "answers": broken}, headers={"Accept-Language": "en"}
    )
    assert response.status_code == 422
    body = response.json()
    assert body["code"] == "validation_failed"
    assert {(error["pointer"], error["code"]) for error in body["errors"]} == {
        ("/answers/identity/email", "format"),
        ("/answers/identity/nope", "unknown_field"),
        ("/answers/declarations/taxes", "type"),
        ("/answers/declarations/accurate", "required"),
    }
    messages = {error["pointer"]: error["message"] for error in body["errors"]}
    assert messages["/answers/declarations/accurate"] == "Tick this box to continue."


async def test_a_stale_version(client: httpx.AsyncClient, errand: ErrandHandler, token: str) -> None:
    errand.version = 4
    problem = await client.post(f"/r/{token}/submit", json={"version": 3, "answers": GOOD})
    assert problem.status_code == 409
    assert problem.json()["code"] == StaleVersion.code
    assert problem.json()["current_version"] == 4
    page = await client.post(f"/r/{token}/submit", data=GOOD_FORM, headers=BROWSER)
    assert page.status_code == 409
    assert "La demande a changé" in page.text
    assert 'value="4"' in page.text
    assert 'value=" Fonderie Martin "' in page.text, "what was typed is kept"


async def test_an_expired_link(client: httpx.AsyncClient, errand: ErrandHandler, token: str) -> None:
    errand.state = "expired"
    shown = await client.get(f"/r/{token}", headers=BROWSER)
    assert shown.status_code == 200
    assert "<form" not in shown.text
    page = await client.post(f"/r/{token}/submit", data=GOOD_FORM, headers=BROWSER)
    assert page.status_code == 410
    assert "Cette demande a expiré : votre réponse n’a pas été enregistrée." in page.text
    problem = await client.post(f"/r/{token}/submit", json={"version": 3, "answers": GOOD})
    assert problem.status_code == 410
    assert problem.json()["code"] == "link_expired"
    check_headers(problem)


async def test_a_link_revoked_while_it_answers_does_not(
    client: httpx.AsyncClient, runtime: Runtime, errand: ErrandHandler, token: str
) -> None:
    errand.revoke_meanwhile = runtime
    before = await count(runtime)
    response = await client.post(f"/r/{token}/submit", json={"version": 3, "answers": GOOD})
    assert response.status_code == 404
    assert await count(runtime) == before


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b'{"version": NaN}', "application/json", 422, "validation_failed"),
        (b'{"version": "\\ud800"}', "application/json", 422, "validation_failed"),
        (b'{"answers": {"x": "a\\u0000b"}}', "application/json", 422, "validation_failed"),
        (b'{"answers": {"\\u0000": 1}}', "application/json", 422, "validation_failed"),
        (b'{"version": 36893488147419103232}', "application/json", 422, "validation_failed"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "application/json", 422, "validation_failed"),
        (b"[1]", "application/json", 422, "validation_failed"),
        (b"{", "application/json", 422, "validation_failed"),
        (b"\xff\xfe", "application/json", 422, "validation_failed"),
        (b"", "application/json", 422, "validation_failed"),
        (b"<x/>", "application/xml", 415, "unsupported_media_type"),
        (b"x", "", 415, "unsupported_media_type"),
        (b"x" * 200_001, "application/json", 413, "body_too_large"),
    ],
)
async def test_hostile_bodies(
    client: httpx.AsyncClient,
    runtime: Runtime,
    token: str,
    body: bytes,
    content_type: str,
    status: int,
    code: str,
) -> None:
    before = await count(runtime)
    headers = {"Content-Type": content_type} if content_type else {}
    response = await client.post(f"/r/{token}/submit", content=body, headers=headers)
    assert (response.status_code, response.json()["code"]) == (status, code)
    check_headers(response)
    assert await count(runtime) == before


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"answers.identity.legal_name=%00&version=3", 422),
        (b"answers.identity.legal_name=%ff&version=3", 400),
        (b"\xff=1", 400),
        (b"&".join(b"a%d=1" % index for index in range(2_001)), 400),
        (b"version=" + b"9" * 400, 422),
        (b"x=" + b"y" * 200_001, 413),
        (b"", 422),
    ],
)
async def test_hostile_forms(client: httpx.AsyncClient, token: str, body: bytes, status: int) -> None:
    response = await client.post(f"/r/{token}/submit", content=body, headers=FORM)
    assert response.status_code == status
    assert response.headers["content-type"].startswith("text/html")
    check_headers(response)


async def test_a_body_larger_than_it_announces(client: httpx.AsyncClient, token: str) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(30):
            yield b"x" * 10_000

    response = await client.post(f"/r/{token}/submit", content=chunks(), headers=FORM)
    assert response.status_code == 413


@pytest.mark.parametrize("answer", ["nope", "Submit", "a" * 60, "%00", "é"])
async def test_an_unknown_answer(client: httpx.AsyncClient, token: str, answer: str) -> None:
    response = await client.post(f"/r/{token}/{answer}", json={"version": 3})
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


async def test_a_fault_of_ours_is_a_page_without_a_trace(
    client: httpx.AsyncClient, runtime: Runtime, errand: ErrandHandler, token: str
) -> None:
    errand.fault = RuntimeError("the secret detail")
    before = await count(runtime)
    page = await client.post(f"/r/{token}/submit", data=GOOD_FORM, headers={**BROWSER, "X-Request-Id": "request-0001"})
    assert page.status_code == 500
    assert "secret detail" not in page.text
    assert "request-0001" in page.text
    assert token not in page.text
    check_headers(page)
    problem = await client.post(f"/r/{token}/submit", json={"version": 3})
    assert problem.json()["code"] == "internal_error"
    assert await count(runtime) == before


async def test_reloading_the_page_of_an_answer_leads_back(client: httpx.AsyncClient, token: str) -> None:
    for method in ("GET", "HEAD"):
        response = await client.request(method, f"/r/{token}/submit?lang=en", headers=BROWSER)
        assert response.status_code == 303
        assert response.headers["location"] == f"/suivi/r/{token}?lang=en"
        check_headers(response)
