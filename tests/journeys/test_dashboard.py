"""One filter everywhere: list, counts, streamed export and export job show the same rows in the same order."""

import csv
import io
from typing import Any

from tests.journeys.test_first_path import invite, submit, wanted
from tests.plugins.product import SIRENS, Office, Person, Product

#: Each filter, and the partners (by their letter) that it leaves for the member, newest first.
CASES: tuple[tuple[dict[str, Any], str], ...] = (
    ({}, "EDCBA"),
    ({"mine": "false"}, "GEDCBA"),
    ({"mine": "false", "archived": "any"}, "GFEDCBA"),
    ({"archived": "true"}, "F"),
    ({"form_status": "completed"}, "D"),
    ({"form_status": ["to_complete", "expired"]}, "ECBA"),
    ({"status": ["expired", "cancelled"]}, "CA"),
    ({"status": "closed", "form_status": "expired"}, "E"),
    ({"mine": "false", "q": "ÉLYSÉE"}, "B"),
    ({"mine": "false", "q": SIRENS[2][:6]}, "C"),
    ({"mine": "false", "q": "Achats-G@"}, "G"),
    ({"mine": "false", "q": "%"}, ""),
)
SORTS = {
    "created_at": "ABCDE",
    "-created_at": "EDCBA",
    "partner_name": "ABCDE",
    "-partner_name": "EDCBA",
    "last_sent_at": "ABCDE",
    "-expires_at": "EDCBA",
}


async def fill(product: Product, office: Office) -> None:
    """A expired, B sent, C cancelled, D answered, E answered as somebody else, F archived, G the manager's."""
    await invite(product, office, "achats-a@p.example", SIRENS[0])
    await product.advance(office.admin, "P31D")
    made = {}
    for at, letter in enumerate("BCDEF", 1):
        made[letter] = await invite(product, office, f"achats-{letter.lower()}@p.example", SIRENS[at])
        if letter == "B":
            named = {"name": "B Chaudronnerie de l’Élysée"}
            await office.admin.ask("PATCH", f"/v1/companies/{made['B']['partner']['id']}", json=named)
    for letter in "DE":
        assert (await submit(product.client, made[letter]["link"])).status_code == 200
    for letter in "CDEF":
        company = f"/v1/companies/{made[letter]['partner']['id']}"
        if letter != "D":
            assert (await office.admin.ask("PATCH", company, json={"name": f"{letter} SA"})).status_code == 200
    assert (await office.member.post(f"/v1/invitations/{made['C']['id']}/cancel")).status_code == 200
    assert (await office.member.post(f"/v1/invitations/{made['F']['id']}/archive")).status_code == 200
    theirs = wanted(office, "achats-g@p.example", SIRENS[6])
    assert (await office.manager.post("/v1/invitations", theirs)).status_code == 201
    await product.work()


async def listed(person: Person, params: dict[str, Any]) -> str:
    found = await person.get("/v1/invitations", params=params)
    assert found.status_code == 200, found.text
    return "".join(row["email"][7].upper() for row in found.json()["items"])


async def exported(person: Person, params: dict[str, Any]) -> str:
    file = await person.get("/v1/invitations/export.csv", params=params)
    assert file.status_code == 200, file.text
    rows = list(csv.reader(io.StringIO(file.content.decode("utf-8-sig")), delimiter=";"))
    return "".join(row[2][7].upper() for row in rows[1:])


async def test_one_filter_everywhere(product: Product, office: Office) -> None:
    await fill(product, office)
    for params, letters in CASES:
        assert await listed(office.member, params) == letters, params
        assert await exported(office.member, params) == letters, params
        counts = (await office.member.get("/v1/invitations/summary", params=params)).json()
        assert counts["total"] == len(letters), params
        for axis in ("form_status", "status", "archived"):
            assert sum(counts[axis].values()) == len(letters), (params, axis)
    whole = (await office.member.get("/v1/invitations/summary?mine=false&archived=any")).json()
    assert whole == {
        "total": 7,
        "form_status": {"to_complete": 5, "completed": 1, "expired": 1},
        "status": {"queued": 0, "sent": 3, "expired": 1, "closed": 2, "cancelled": 1},
        "archived": {"false": 6, "true": 1},
    }

    # D keeps the name that everybody began with.
    await office.admin.ask(
        "PATCH", f"/v1/companies/{(await row_of(office, 'd'))['partner']['id']}", json={"name": "d'Éclair"}
    )
    await office.admin.ask(
        "PATCH", f"/v1/companies/{(await row_of(office, 'a'))['partner']['id']}", json={"name": "Ateliers"}
    )
    for sort, letters in SORTS.items():
        assert await listed(office.member, {"sort": sort}) == letters, sort
        assert await exported(office.member, {"sort": sort}) == letters, sort

    body = {"format": "csv", "filter": {"status": ["expired", "cancelled"]}, "sort": "created_at"}
    asked = await office.member.post("/v1/invitations/exports", body)
    await product.work()
    job = (await office.member.get(asked.headers["Location"])).json()
    content = await office.member.get(f"/v1/files/{job['file']['id']}/content")
    rows = list(csv.DictReader(io.StringIO(content.content.decode("utf-8-sig")), delimiter=";"))
    assert [(row["Raison sociale"], row["Statut de l’invitation"], row["Relances"]) for row in rows] == [
        ("Ateliers", "Expirée", "0"),
        ("C SA", "Annulée", "0"),
    ]
    for wrong in ("form_status=done", "archived=maybe", "sort=colour", "organisation_id=1", "mine=perhaps", "limit=0"):
        refused = await office.member.get(f"/v1/invitations?{wrong}")
        assert (refused.status_code, refused.json()["code"]) == (422, "validation_failed"), wrong


async def row_of(office: Office, letter: str) -> dict[str, Any]:
    found = await office.member.get("/v1/invitations", params={"q": f"achats-{letter}@"})
    (row,) = found.json()["items"]
    assert isinstance(row, dict)
    return row
