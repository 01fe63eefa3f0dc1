"""The pages as browsers and programs get them: headers, languages, what changes nothing, what is refused and how."""

import httpx
import pytest
from fastapi import FastAPI
from tests.links.browsing import BROWSER, JSON, check_headers, count
from tests.links.errand import ErrandHandler

from relance.capabilities.links.models import ActionLink
from relance.capabilities.links.rendering import STYLESHEET_NAME
from relance.capabilities.links.service import Links
from relance.capabilities.links.tokens import LinkTokens
from relance.core.clock import SystemClock
from relance.core.ids import new_id
from relance.core.runtime import Runtime


async def test_a_browser_gets_a_page(client: httpx.AsyncClient, token: str) -> None:
    response = await client.get(f"/r/{token}", headers=BROWSER)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["content-language"] == "fr"
    check_headers(response)
    page = response.text
    assert '<html lang="fr">' in page
    assert "Préqualification &lt;b&gt;demandée&lt;/b&gt;" in page
    assert "Société &amp; Cie" in page
    assert "23 décembre 2026 à 23:59 (Europe/Paris)" in page
    assert "achats@partenaire.example" in page
    assert '<input type="hidden" name="version" value="3">' in page
    assert f'action="/suivi/r/{token}/submit"' in page
    assert "<script" not in page
    assert " style=" not in page


async def test_a_program_gets_the_same_facts(client: httpx.AsyncClient, token: str) -> None:
    response = await client.get(f"/r/{token}", headers=JSON)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    check_headers(response)
    body = response.json()
    assert body["state"] == "open"
    assert body["asked_by"]["organisation"] == "Société & Cie"
    assert body["deadline"] == {
        "at": "2026-12-23T22:59:59Z",
        "zone": "Europe/Paris",
        "label": "23 décembre 2026 à 23:59 (Europe/Paris)",
    }
    assert body["answers"] == [
        {"name": "submit", "label": "Envoyer", "method": "POST", "uses_form": True, "takes_reason": False}
    ]
    assert token not in response.text


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        (None, True),
        ("*/*", True),
        ("text/*;q=0.2, application/json;q=0.5", False),
        ("application/json;q=0.4, text/html;q=0.3", False),
        ("application/json;q=0.4, text/html;q=0.5", True),
        ("application/json, */*;q=0.1", False),
        ("text/html;q=0, */*", False),
        ("application/*", False),
        ("image/png", True),
        ("application/json;q=nonsense, text/html;q=0.1", True),
    ],
)
async def test_the_accept_header_decides(client: httpx.AsyncClient, token: str, accept: str | None, html: bool) -> None:
    client.headers.pop("accept")
    response = await client.get(f"/r/{token}", headers={"Accept": accept} if accept else {})
    assert response.headers["content-type"].startswith("text/html" if html else "application/json")


async def test_head_is_get_without_a_body(client: httpx.AsyncClient, token: str) -> None:
    response = await client.head(f"/r/{token}", headers=BROWSER)
    assert response.status_code == 200
    assert response.content == b""
    check_headers(response)
    missing = await client.head("/r/nothing", headers=BROWSER)
    assert missing.status_code == 404


async def test_looking_changes_nothing(
    client: httpx.AsyncClient, runtime: Runtime, errand: ErrandHandler, token: str
) -> None:
    before = await count(runtime)
    for _ in range(3):
        await client.get(f"/r/{token}", headers=BROWSER)
        await client.head(f"/r/{token}", headers=JSON)
    assert await count(runtime) == before
    assert errand.received == []
    # Not by good manners only: a domain that tries to write while it is looked at cannot.
    errand.write_on_view = True
    assert (await client.get(f"/r/{token}", headers=BROWSER)).status_code == 500
    assert await count(runtime) == before


@pytest.mark.parametrize(
    ("preferred", "accept_language", "query", "headers", "expected"),
    [
        (None, None, "", BROWSER, "fr"),
        (None, "en-GB,en;q=0.9", "", BROWSER, "en"),
        ("fr", "en-GB,en;q=0.9", "", BROWSER, "fr"),
        ("fr", "en", "", JSON, "en"),
        ("en", None, "", JSON, "en"),
        ("en", "en", "?lang=fr", BROWSER, "fr"),
        ("fr", None, "?lang=en&utm_source=mail", BROWSER, "en"),
        ("fr", None, "?lang=xx", BROWSER, "fr"),
    ],
)
async def test_the_language(
    client: httpx.AsyncClient,
    errand: ErrandHandler,
    token: str,
    preferred: str | None,
    accept_language: str | None,
    query: str,
    headers: dict[str, str],
    expected: str,
) -> None:
    errand.preferred = preferred  # type: ignore[assignment] # a parameter of the table above
    asked = {**headers, **({"Accept-Language": accept_language} if accept_language else {})}
    response = await client.get(f"/r/{token}{query}", headers=asked)
    assert response.status_code == 200
    assert response.headers["content-language"] == expected
    if headers is BROWSER:
        assert f'<html lang="{expected}">' in response.text
        other = "fr" if expected == "en" else "en"
        assert f'href="/suivi/r/{token}?lang={other}"' in response.text
    else:
        assert response.json()["state_label"] == ("Waiting" if expected == "en" else "En attente")


UNREADABLE = [
    "x",
    "%00",
    "%ff%fe",
    "é" * 45,
    "a" * 10_240,
    "0" * 22 + "." + "0" * 22,
    "..%2f..%2fetc%2fpasswd",
    "%ED%A0%80",
    "static",
]


@pytest.mark.parametrize("unreadable", UNREADABLE)
async def test_an_unreadable_token_is_unknown(client: httpx.AsyncClient, unreadable: str) -> None:
    page = await client.get(f"/r/{unreadable}", headers=BROWSER)
    problem = await client.get(f"/r/{unreadable}", headers=JSON)
    assert page.status_code == problem.status_code == 404
    if "%2f" not in unreadable:
        check_headers(page)
        check_headers(problem)
        assert "Ce lien n’est pas valable" in page.text
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json()["code"] == "not_found"
    posted = await client.post(f"/r/{unreadable}/submit", json={})
    assert posted.status_code == 404
    assert posted.json()["code"] == "not_found"


async def test_unknown_revoked_and_unserved_look_the_same(
    client: httpx.AsyncClient, runtime: Runtime, app: FastAPI, link: ActionLink, token: str
) -> None:
    unknown = LinkTokens(runtime.keys).mint(new_id())
    seen = [await client.get(f"/r/{unknown}", headers=BROWSER)]
    app.state.recipients = {}
    seen.append(await client.get(f"/r/{token}", headers=BROWSER))
    async with runtime.db.transaction(link.workspace_id) as session:
        await Links(session, SystemClock()).revoke(link.subject)
    seen.append(await client.get(f"/r/{token}", headers=BROWSER))
    assert {response.status_code for response in seen} == {404}
    assert len({response.text for response in seen}) == 1
    assert token not in seen[0].text


async def test_the_stylesheet_is_cached_and_found(client: httpx.AsyncClient, token: str) -> None:
    page = await client.get(f"/r/{token}", headers=BROWSER)
    assert f'href="/suivi/r/static/{STYLESHEET_NAME}"' in page.text
    sheet = await client.get(f"/r/static/{STYLESHEET_NAME}")
    assert sheet.headers["content-type"].startswith("text/css")
    assert "immutable" in sheet.headers["cache-control"]
    assert (await client.get("/r/static/other.css")).status_code == 404
    assert (await client.get("/r/static/..%2frelance.css")).status_code == 404
