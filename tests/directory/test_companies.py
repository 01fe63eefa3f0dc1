"""Companies: one row per identity, whoever adds it and however it is written."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from tests.accounts import World

from relance.capabilities.directory.schemas import CompanyCreate
from relance.capabilities.directory.service import Directory
from relance.core.errors import RelanceError

COMPANIES = "/v1/companies"
SIREN = {"scheme": "siren", "value": "732 829 320"}
SIRET = {"scheme": "siret", "value": "73282932000074"}


async def add(world: World, **body: object) -> dict[str, Any]:
    answer = await world.call("member", "POST", COMPANIES, {"name": "Fonderie Martin", **body})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    found.pop("possible_duplicates")
    return found


async def test_a_company_is_stored_clean(world: World) -> None:
    answer = await world.call(
        "member", "POST", COMPANIES, {"name": "  Fonderie \u00a0 Martin ", "local_id": SIREN, "external_id": " F-1 "}
    )
    shown = answer.json()
    assert shown.pop("possible_duplicates") == []
    assert shown["name"] == "Fonderie Martin"
    assert shown["local_id"] == {"scheme": "siren", "country": "FR", "value": "732829320"}
    assert shown["external_id"] == "F-1"
    assert answer.headers["location"] == f"{COMPANIES}/{shown['id']}"
    [row] = await world.rows("SELECT match_key, version FROM companies WHERE id = :id", id=shown["id"])
    assert row == {"match_key": "732829320", "version": 1}
    assert await world.actions(shown["id"]) == ["company.created"]
    again = await world.call("member", "GET", f"{COMPANIES}/{shown['id']}")
    assert (again.json(), again.headers["etag"]) == (shown, '"1"')


async def test_a_duplicate_names_the_one_that_exists(world: World) -> None:
    first = await add(world, local_id=SIREN, external_id="F-1")
    for body, pointer in (
        ({"name": "X", "local_id": SIREN}, "/local_id/value"),
        ({"name": "X", "local_id": SIRET}, "/local_id/value"),
        ({"name": "X", "external_id": "F-1"}, "/external_id"),
        ({"name": "X", "external_id": "F-1", "local_id": SIRET}, "/local_id/value"),
    ):
        answer = await world.call("member", "POST", COMPANIES, body)
        assert (answer.status_code, answer.json()["code"]) == (409, "duplicate")
        assert (answer.json()["existing_id"], answer.json()["pointer"]) == (first["id"], pointer)
    await add(world)
    await add(world)  # without identifier, two companies of one name are two companies


async def test_a_merge_patch(world: World) -> None:
    company = await add(world, local_id=SIREN, external_id="F-1")
    path = f"{COMPANIES}/{company['id']}"
    other = await add(world, local_id={"scheme": "siren", "value": "404833048"}, external_id="F-2")
    for body in ({"external_id": "F-2"}, {"local_id": {"scheme": "siren", "value": "404833048"}}):
        taken = await world.call("member", "PATCH", path, body)
        assert (taken.status_code, taken.json()["existing_id"]) == (409, other["id"])
    same = await world.call("member", "PATCH", path, {"local_id": SIRET})
    assert (same.status_code, same.json()["local_id"]["value"]) == (200, "73282932000074")
    renamed = await world.call("member", "PATCH", path, {"name": "Fonderie Durand"})
    assert renamed.json() == {**same.json(), "name": "Fonderie Durand"}
    cleared = await world.call("member", "PATCH", path, {"local_id": None, "external_id": None})
    assert (cleared.json()["local_id"], cleared.json()["external_id"]) == (None, None)
    assert cleared.json()["name"] == "Fonderie Durand"
    assert (await world.call("member", "PATCH", path, {"name": None})).status_code == 422
    assert (await world.actions(company["id"])).count("company.changed") == 3


async def test_if_match(world: World) -> None:
    company = await add(world)
    path = f"{COMPANIES}/{company['id']}"
    for tag, status in (('"7"', 412), ('"1"', 200), ('"1"', 412), ('W/"2"', 200), ('"9", "3"', 200), ("*", 200)):
        answer = await world.call("member", "PATCH", path, {"name": f"N {tag}"}, headers={"If-Match": tag})
        assert answer.status_code == status, (tag, answer.text)
    stale = await world.call("member", "PATCH", path, {"name": "X"}, headers={"If-Match": '"1"'})
    assert stale.json()["current_version"] == 5


async def test_two_changes_of_one_version_at_once(world: World) -> None:
    company = await add(world)
    path = f"{COMPANIES}/{company['id']}"
    answers = await asyncio.gather(
        *(world.call("member", "PATCH", path, {"name": f"N{n}"}, headers={"If-Match": '"1"'}) for n in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]


async def test_find_or_create_at_once_gives_one_row(world: World) -> None:
    async def one(body: dict[str, object]) -> UUID:
        async with world.runtime.db.transaction(world.workspace_id) as session:
            found = await Directory(session, world.runtime.clock).find_or_create(CompanyCreate.model_validate(body))
            return found.id

    bodies: list[dict[str, object]] = [{"name": f"N{n}", "local_id": SIREN if n % 2 else SIRET} for n in range(8)]
    found = await asyncio.gather(*(one(body) for body in bodies))
    assert len(set(found)) == 1
    rows = await world.rows("SELECT id FROM companies WHERE workspace_id = :ws", ws=world.workspace_id)
    assert [row["id"] for row in rows] == [found[0]]
    assert await world.actions(found[0]) == ["company.created"]


async def test_find_or_create_refuses_a_key_of_another_company(world: World) -> None:
    await add(world, local_id=SIREN, external_id="F-1")
    wanted = CompanyCreate.model_validate(
        {"name": "X", "external_id": "F-1", "local_id": {"scheme": "siren", "value": "404833048"}}
    )
    with pytest.raises(RelanceError) as refused:
        async with world.runtime.db.transaction(world.workspace_id) as session:
            await Directory(session, world.runtime.clock).find_or_create(wanted, "/partner")
    assert (refused.value.code, refused.value.data["pointer"]) == ("duplicate", "/partner/external_id")


async def test_search_ignores_case_and_accents(world: World) -> None:
    await add(world, name="Éditions de l’Œuvre", external_id="Réf-42")
    await add(world, name="Fonderie Martin", local_id=SIREN)
    await add(world, name="100 % Coton_bio")

    async def found(q: str) -> list[str]:
        answer = await world.call("member", "GET", COMPANIES, params={"q": q})
        assert answer.status_code == 200, answer.text
        return [one["name"] for one in answer.json()["items"]]

    assert await found("EDITIONS") == ["Éditions de l’Œuvre"]
    assert await found("oeuvre") == ["Éditions de l’Œuvre"]
    assert await found("ref-42") == ["Éditions de l’Œuvre"]
    assert await found("829 320") == ["Fonderie Martin"]
    for hostile in ("%", "％"):
        assert await found(hostile) == ["100 % Coton_bio"]
    assert await found("n_b") == ["100 % Coton_bio"]
    assert await found("n_m") == []
    assert await found("\\") == []
    assert await found("＼") == []
    assert await found("'; --") == []


async def test_the_search_has_an_index(world: World) -> None:
    """The searched words are kept folded, and three letters of them find their rows without reading the table."""
    async with world.runtime.db.engine.begin() as connection:
        await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        for table in ("companies", "contacts"):
            explained = await connection.exec_driver_sql(
                f"EXPLAIN SELECT id FROM {table} WHERE search_text LIKE '%' || "
                r"regexp_replace(relance_fold('Martin'), '([\\%_])', '\\\1', 'g') || '%'"
            )
            assert f"ix_{table}_search_trigrams" in str(explained.all())


async def test_pages_filters_and_cursors(world: World) -> None:
    for n in range(5):
        await add(world, name=f"Société {n}", external_id=f"S{n}")
    await add(world, name="Fonderie", local_id=SIREN)
    names: list[str] = []
    cursor: str | None = None
    while True:
        params: dict[str, Any] = {"limit": 2, "sort": "-created_at", **({"cursor": cursor} if cursor else {})}
        page = (await world.call("member", "GET", COMPANIES, params=params)).json()
        names += [one["name"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        other = await world.call("member", "GET", COMPANIES, params={"cursor": cursor, "sort": "name"})
        assert other.json()["errors"][0]["code"] == "cursor_of_another_sort"
    assert names == ["Fonderie", *(f"Société {n}" for n in (4, 3, 2, 1, 0))]
    by_key = await world.call("member", "GET", COMPANIES, params={"external_id": "S3"})
    assert [one["name"] for one in by_key.json()["items"]] == ["Société 3"]
    by_scheme = await world.call("member", "GET", f"{COMPANIES}?id_scheme=siren&id_scheme=vat")
    assert [one["name"] for one in by_scheme.json()["items"]] == ["Fonderie"]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "cursor=x", "cursor=é", "sort=colour", "id_scheme=x", "colour=red"]
)
async def test_a_query_that_does_not_fit(world: World, query: str) -> None:
    answer = await world.call("member", "GET", f"{COMPANIES}?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "/name", "missing"),
        ({"name": " "}, "/name", None),
        ({"name": "\u00a0"}, "/name", None),
        ({"name": "a\u0000"}, "/name", "unclean_text"),
        ({"name": "x" * 201}, "/name", "string_too_long"),
        ({"name": 3}, "/name", "string_type"),
        ({"name": "X", "colour": "red"}, "/colour", "extra_forbidden"),
        (
            {"name": "X", "local_id": {"scheme": "siren", "value": "732829321"}},
            "/local_id/value",
            "identifier_checksum",
        ),
        ({"name": "X", "local_id": {"scheme": "x", "value": "1"}}, "/local_id/scheme", "literal_error"),
        ({"name": "X", "local_id": {"scheme": "other", "country": "fr", "value": "1"}}, "/local_id/country", None),
    ],
)
async def test_bodies_that_do_not_fit(world: World, body: object, pointer: str, code: str | None) -> None:
    answer = await world.call("member", "POST", COMPANIES, body)
    assert answer.status_code == 422
    error = answer.json()["errors"][0]
    assert error["pointer"] == pointer
    assert code is None or error["code"] == code
    assert await world.rows("SELECT 1 FROM companies WHERE workspace_id = :ws", ws=world.workspace_id) == []


@pytest.mark.parametrize("raw", [b'{"name": NaN}', b'{"name": "\\ud800"}', b"{", b"[]", b'"x"', b"\xff", b""])
async def test_hostile_json(world: World, raw: bytes) -> None:
    headers = {"Authorization": f"Bearer {await world.token('member')}", "Content-Type": "application/json"}
    answer = await world.client.post(COMPANIES, content=raw, headers=headers)
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_ids_that_are_none(world: World) -> None:
    assert (await world.call("member", "GET", f"{COMPANIES}/x")).status_code == 422
    assert (await world.call("member", "GET", f"{COMPANIES}/{world.workspace_id}")).status_code == 404
