"""Contacts: people at companies."""

from typing import Any

import pytest
from tests.accounts import World

from relance.core.addresses import normalise_address

CONTACTS = "/v1/contacts"


async def company(world: World, name: str = "Fonderie") -> str:
    answer = await world.call("member", "POST", "/v1/companies", {"name": name})
    return str(answer.json()["id"])


async def add(world: World, company_id: str, **body: object) -> dict[str, Any]:
    sent = {"company_id": company_id, "first_name": "Zoé", "last_name": "Martin", **body}
    answer = await world.call("member", "POST", CONTACTS, sent)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    found.pop("possible_duplicates")
    return found


async def test_a_contact_is_stored_in_normal_form(world: World) -> None:
    made = await add(world, await company(world), email=" Zoe.Martin@Fonderie.EXAMPLE", phone="01 42 68 53 00")
    assert made["email"] == "zoe.martin@fonderie.example"
    assert made["phone"] == "+33142685300"
    assert (made["active"], made["locale"]) == (True, "fr")
    [entry] = await world.rows("SELECT * FROM journal_entries WHERE subject_id = :id", id=made["id"])
    assert (str(entry["company_id"]), str(entry["contact_id"])) == (made["company_id"], made["id"])
    assert "zoe" not in str(entry["after"]).lower()


async def test_an_address_is_known_once_per_company(world: World) -> None:
    one, other = await company(world), await company(world, "Autre")
    first = await add(world, one, email="a@b.example")
    body = {"company_id": one, "first_name": "X", "last_name": "Y", "email": "A@B.example"}
    again = await world.call("member", "POST", CONTACTS, body)
    assert (again.status_code, again.json()["existing_id"]) == (409, first["id"])
    second = await add(world, other, email="a@b.example")
    moved = await world.call("member", "PATCH", f"{CONTACTS}/{second['id']}", {"company_id": one})
    assert (moved.status_code, moved.json()["existing_id"]) == (409, first["id"])
    await add(world, one)
    await add(world, one)


async def test_a_merge_patch(world: World) -> None:
    made = await add(world, await company(world), email="a@b.example", phone="+33142685300")
    path = f"{CONTACTS}/{made['id']}"
    changed = await world.call("member", "PATCH", path, {"active": False, "phone": None}, headers={"If-Match": '"1"'})
    assert changed.json() == {**made, "active": False, "active_label": "Inactif", "phone": None}
    assert changed.headers["etag"] == '"2"'
    stale = await world.call("member", "PATCH", path, {"active": True}, headers={"If-Match": '"1"'})
    assert stale.status_code == 412
    for body in ({"active": None}, {"first_name": ""}, {"company_id": None}, {"phone": "12"}, {"email": "x"}):
        assert (await world.call("member", "PATCH", path, body)).status_code == 422, body
    assert (await world.call("member", "GET", path)).json() == changed.json()


async def test_lists(world: World) -> None:
    one, other = await company(world), await company(world, "Autre")
    await add(world, one, first_name="Éléonore", last_name="Zidane", email="z@b.example")
    await add(world, one, first_name="Paul", last_name="écuyer")
    await add(world, other, first_name="Ana", last_name="Dupont")

    async def found(**params: object) -> list[str]:
        answer = await world.call("member", "GET", CONTACTS, params=params)
        assert answer.status_code == 200, answer.text
        return [one["last_name"] for one in answer.json()["items"]]

    assert await found() == ["Dupont", "écuyer", "Zidane"]
    assert await found(q="ELEO") == ["Zidane"]
    assert await found(q="ecuyer") == ["écuyer"]
    assert await found(q="z@b") == ["Zidane"]
    assert await found(company_id=other) == ["Dupont"]
    assert await found(email="Z@B.example") == ["Zidane"]
    assert await found(active="false") == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Achats@Partenaire.example", "achats@partenaire.example"),
        ("a@café.example", "a@xn--caf-dma.example"),
        ("a@suite.test", "a@suite.test"),
    ],
)
def test_addresses(given: str, kept: str) -> None:
    assert normalise_address(given) == kept


@pytest.mark.parametrize(
    "bad",
    [
        "a",
        "a@b",
        "é@b.example",
        "a@b.example\nBcc: c@d.example",
        "a@[127.0.0.1]",
        "a b@c.example",
        "a@b.example,c@d.example",
        "",
        "@b.example",
        "x" * 65 + "@b.example",
        '"a"@b.example',
    ],
)
async def test_addresses_that_cannot_be_written_to(world: World, bad: str) -> None:
    body = {"company_id": str(world.workspace_id), "first_name": "X", "last_name": "Y", "email": bad}
    answer = await world.call("member", "POST", CONTACTS, body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0] == {
        "pointer": "/email",
        "code": "email",
        "message": "Cette adresse e-mail n’est pas valide.",
    }


async def test_a_company_that_is_not_known(world: World) -> None:
    body = {"company_id": str(world.workspace_id), "first_name": "X", "last_name": "Y"}
    answer = await world.call("member", "POST", CONTACTS, body)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (422, "unknown_company")
