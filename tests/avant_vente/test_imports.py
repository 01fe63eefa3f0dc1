"""Opportunities from a file: added, brought up to date, refused with the reason, and never of somebody else."""

from typing import Any

import httpx
from tests.avant_vente.desk import OPPORTUNITIES, Desk, ok, refused
from tests.plugins.product import Person

HEADER = "Référence;Intitulé;Client;Identifiant local;Type;Montant;Étape;Partenaire;Close le"


async def send(
    desk: Desk, person: Person, rows: list[str], **params: str
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Import rows, and what became of the job and of each."""
    content = "\r\n".join([HEADER, *rows]).encode("cp1252")
    answer = await upload(person, content, params)
    ok(answer, 202)
    await desk.product.work()
    job = ok(await person.get(answer.headers["Location"]))
    results: list[dict[str, Any]] = ok(await person.get(f"{answer.headers['Location']}/results"))["items"]
    return job, results


async def upload(person: Person, content: bytes, params: dict[str, str]) -> httpx.Response:
    return await person.ask(
        "POST", f"{OPPORTUNITIES}/imports", files={"file": ("opportunites.csv", content)}, params=params
    )


async def test_opportunities_come_as_a_file(desk: Desk) -> None:
    template = await desk.paul.get(f"{OPPORTUNITIES}/imports/template", params={"format": "csv"})
    assert template.text.startswith("\ufeffRéférence;Intitulé;Client")
    again = await upload(desk.paul, template.content, {})
    assert again.status_code == 202, again.text
    refused(await upload(desk.paul, b"Couleur;Prix", {}), 422, "header_mismatch")
    refused(await desk.nadia.get(f"{OPPORTUNITIES}/imports/template"), 403, "permission_denied")
    rows = [
        "A-1;Caisse de Lyon;Épicerie Noël;443061841;Primo;48 000,50;Qualification;;",
        "A-2;Caisse de Nice;Épicerie Noël;443061841;Autre;;;Intégrateur du Nord;31/12/2027",
        "A-1;Caisse;Doublon;;;;;;",
        "A-3;;Sans titre;;;beaucoup;;;",
        "A-4;ERP;Client;;;;;Réseau Sud;",
        "",
        ";Sans référence;Client Simple;;;;;;",
    ]
    job, results = await send(desk, desk.paul, rows, dry_run="true")
    assert (job["total"], job["failed"]) == (7, 3)
    assert len(ok(await desk.paul.get(OPPORTUNITIES))["items"]) == 1  # of the template
    job, results = await send(desk, desk.paul, rows)
    told = [(one["outcome"], [fault["pointer"] for fault in one["errors"]]) for one in results]
    assert told == [
        ("created", []),
        ("created", []),
        ("duplicate", ["/external_id"]),
        ("validation_failed", ["/amount"]),
        ("validation_failed", ["/partner"]),
        ("blank", []),
        ("created", []),
    ]
    found = {one["title"]: one for one in ok(await desk.paul.get(OPPORTUNITIES))["items"]}
    lyon, nice = found["Caisse de Lyon"], found["Caisse de Nice"]
    assert (lyon["amount"], lyon["stage"], lyon["requestable"]) == (48000.5, "Qualification", True)
    assert (nice["kind"], nice["open"], nice["customer"]) == ("other", False, lyon["customer"])
    assert nice["closed_at"] == "2027-12-30T23:00:00Z"
    failed = await desk.paul.get(f"{OPPORTUNITIES}/imports/{job['id']}/failed-rows.csv")
    assert len(failed.text.splitlines()) == 4
    rows = ["A-1;Caisse de Lyon;Épicerie Noël;443061841;;49000;;;", "A-2;Caisse de Nice;Épicerie Noël;443061841;;;;;"]
    _, results = await send(desk, desk.anne, rows)
    assert [one["outcome"] for one in results] == ["updated", "unchanged"]
    lyon = ok(await desk.paul.get(f"{OPPORTUNITIES}/{lyon['id']}"))
    assert (lyon["amount"], lyon["stage"]) == (49000, "Qualification")
    # Another reseller has that reference already, as far as Rita hears of it; whose it is, she does not.
    _, results = await send(desk, desk.rita, ["A-1;Caisse;Client;;;;;;"])
    assert [one["outcome"] for one in results] == ["duplicate"]
    _, results = await send(desk, desk.office.admin, ["B-1;Caisse;Client;;;;;réseau SUD;", "B-2;Caisse;Client;;;;;;"])
    assert [one["outcome"] for one in results] == ["created", "validation_failed"]
    assert [one["external_id"] for one in ok(await desk.rita.get(OPPORTUNITIES))["items"]] == ["B-1"]


async def test_opportunities_by_reference(desk: Desk) -> None:
    path = f"{OPPORTUNITIES}/by-reference/CRM%2F7"
    body = {"partner_organisation_id": str(desk.partner_id), "company": {"name": "Client"}, "title": "ERP"}
    made = ok(await desk.paul.ask("PUT", path, json=body), 201)
    assert ok(await desk.paul.ask("PUT", path, json={**body, "company": {"id": made["customer"]["id"]}}), 422)
    assert (await desk.rita.get(path)).status_code == 404
    refused(await desk.nadia.ask("PUT", path, json=body), 403, "permission_denied")
    other = {**body, "partner_organisation_id": str(desk.other_partner_id)}
    refused(await desk.rita.ask("PUT", path, json=other), 409, "duplicate")
    moved = {**other, "company": {"id": made["customer"]["id"]}}
    refused(await desk.office.admin.ask("PUT", path, json=moved), 422, "validation_failed")
    same = {**body, "company": {"id": made["customer"]["id"]}, "title": "ERP 2"}
    changed = ok(await desk.office.admin.ask("PUT", path, json=same))
    assert (changed["id"], changed["title"], changed["version"]) == (made["id"], "ERP 2", 2)
    assert ok(await desk.office.admin.ask("PUT", path, json=same))["version"] == 2
    found = ok(await desk.paul.get(OPPORTUNITIES, params={"external_id": "CRM/7"}))["items"]
    assert [one["id"] for one in found] == [made["id"]]
