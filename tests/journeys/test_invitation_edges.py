"""The edges of the specification, one journey a paragraph, through HTTP and received mail."""

from typing import Any

from tests.journeys.test_first_path import ANSWERS, EMAIL, JSON, invite, submit, wanted
from tests.plugins.product import SIRENS, Office, Person, Product

#: SIRET of establishments of La Poste: the key of Luhn, and where that does not hold, the sum of digits.
LA_POSTE = ("35600000000048", "35600000009075")


async def shown(person: Person, invitation: str) -> dict[str, Any]:
    found = await person.get(f"/v1/invitations/{invitation}")
    assert found.status_code == 200, found.text
    body: dict[str, Any] = found.json()
    return body


def link_of(mail: dict[str, Any]) -> str:
    return str(mail["links"][0]).removeprefix("http://relance.example")


async def test_another_registered_address_is_the_same_partner_and_another_row(product: Product, office: Office) -> None:
    first = await invite(product, office)
    assert (await submit(product.client, first["link"])).status_code == 200
    await product.advance(office.admin, "P731D")

    # Registered by its first address; invited under another name and number of the same company, at another address.
    body = wanted(office, "direction@autre-domaine.example")
    body["partner"] = {"name": "F. MARTIN", "local_id": {"scheme": "siret", "value": f"{SIRENS[0]} 00074"}}
    second = (await office.member.post("/v1/invitations", body)).json()
    assert second["partner"] == first["partner"] | {"registered": True}, "found by its number, and left as it is known"
    (notice,) = second["notices"]
    assert (notice["code"], "« Fonderie Martin »" in notice["message"]) == ("known_under_another_name", True)
    bulk = {"rows": [body | {"email": "x@partenaire.example"}, wanted(office, "y@partenaire.example")]}
    report = (await office.member.post("/v1/invitations/bulk?dry_run=true", bulk)).json()
    assert [item["outcome"] for item in report["items"]] == ["created_known_otherwise", "created"]
    assert (second["reason"], second["email"]) == ("update_requested", "direction@autre-domaine.example")
    assert (await shown(office.member, first["id"]))["email"] == EMAIL
    rows = (await office.member.get("/v1/invitations")).json()["items"]
    assert [(row["email"], row["status"], row["form_status"]) for row in rows] == [
        ("direction@autre-domaine.example", "queued", "expired"),
        (EMAIL, "closed", "expired"),
    ]
    await product.work()
    (mail,) = await product.mails(office.admin, "direction@autre-domaine.example")
    page = (await product.client.get(link_of(mail), headers=JSON)).json()
    # An update begins with what was answered before, but for what was certified.
    carried = {**ANSWERS, "declarations": {"taxes_paid": True}}
    assert page["form"]["answers"] == carried
    assert "Vos réponses précédentes sont reprises" in page["message"]
    assert (await submit(product.client, link_of(mail))).status_code == 200
    assert {row["form_status"] for row in (await office.member.get("/v1/invitations")).json()["items"]} == {"completed"}


async def test_a_requester_who_leaves_is_followed_by_another(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    other = await invite(product, office, "autre@p1.example", SIRENS[1])
    assert (
        await office.manager.ask("PATCH", f"/v1/users/{office.manager.id}", json={"locale": "en"})
    ).status_code == 200
    gone = await office.admin.post(f"/v1/users/{office.member.id}/deactivate")
    assert gone.status_code == 200, gone.text
    path = f"/v1/invitations/{invitation['id']}"
    assert (await office.manager.get("/v1/invitations")).json()["items"] == [], "mine is not theirs"
    assert len((await office.manager.get("/v1/invitations?mine=false")).json()["items"]) == 2
    refused = await office.manager.post(f"{path}/cancel")
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    nobody = await office.manager.post(f"{path}/reassign", {"user_id": str(office.member.id)})
    assert (nobody.status_code, nobody.json()["errors"][0]["code"]) == (422, "unknown_requester")
    moved = await office.manager.post(f"{path}/reassign", {"user_id": str(office.manager.id)})
    assert moved.json()["requested_by"]["id"] == str(office.manager.id)
    (mine,) = (await office.manager.get("/v1/invitations")).json()["items"]
    assert mine["id"] == invitation["id"]

    page = (await product.client.get(invitation["link"], headers=JSON)).json()
    assert page["asked_by"]["requester_email"] == office.manager.email
    for one in (invitation, other):
        assert (await submit(product.client, one["link"])).status_code == 200
    await product.work()
    (notice,) = await product.mails(office.admin, office.manager.email)
    assert "completed" in notice["subject"].lower(), "in the language of who reads it"
    assert await product.mails(office.admin, office.member.email) == [], "who has left reads nothing any more"


async def test_a_form_that_expires_leaves_the_row_closed(product: Product, office: Office) -> None:
    invitation = await invite(product, office)
    path = f"/v1/invitations/{invitation['id']}"
    assert (await submit(product.client, invitation["link"])).status_code == 200
    assert (await office.member.post(f"{path}/archive")).status_code == 200
    await product.advance(office.admin, "P731D")
    body = await shown(office.member, invitation["id"])
    assert (body["status_label"], body["form_status_label"], body["next_messages"]) == ("Close", "Expirée", [])
    for action in ("remind", "renew"):
        refused = await office.member.post(f"{path}/{action}")
        assert (refused.status_code, refused.json()["code"]) == (409, "transition_not_allowed")
    new = (await office.member.post("/v1/invitations", wanted(office))).json()
    assert (new["id"] != invitation["id"], new["status"], new["reason_label"]) == (
        True,
        "queued",
        "Formulaire expiré, mise à jour demandée",
    )
    ids = [row["id"] for row in (await office.member.get("/v1/invitations?archived=any")).json()["items"]]
    assert ids == [new["id"], invitation["id"]]
    page = await product.client.get(invitation["link"])
    assert page.status_code == 200
    assert "Saint-Étienne" in page.text


async def test_addresses_are_compared_without_case(product: Product, office: Office) -> None:
    body = wanted(office, "Achats@PARTENAIRE.example")
    created = (await office.member.post("/v1/invitations", body)).json()
    assert created["email"] == EMAIL
    await product.work()
    assert len(await product.mails(office.admin, EMAIL)) == 1
    again = await office.member.post("/v1/invitations", wanted(office, EMAIL))
    assert (again.status_code, again.json()["code"], again.json()["invitation_id"]) == (
        409,
        "already_open",
        created["id"],
    )
    (found,) = (await office.member.get("/v1/invitations", params={"q": "ACHATS@partenaire"})).json()["items"]
    assert found["id"] == created["id"]
    for wrong in (
        "achats@",
        "achats@partenaire",
        "a b@p.example",
        "@p.example",
        "é@p.example",
        "a@p..example",
        "a@-p.example",
    ):
        refused = await office.member.post("/v1/invitations", wanted(office, wrong))
        assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/email"), wrong
    accented = await office.member.post("/v1/invitations", wanted(office, "contact@Éclair.example"))
    assert accented.json()["email"] == "contact@xn--clair-9ra.example"
    assert len(await product.rows("SELECT 1 FROM invitations")) == 2


async def test_numbers_are_held_to_their_key(product: Product, office: Office) -> None:
    cases = [
        ("siren", "732829321", "identifier_checksum"),
        ("siret", "73282932000075", "identifier_checksum"),
        ("siret", "35600000000049", "identifier_checksum"),
        ("siret", "73282932", "identifier_length"),
        ("siren", "73282932O", "identifier_format"),
        ("vat", "FR00732829320", "identifier_checksum"),
    ]
    body = wanted(office)
    for scheme, value, code in cases:
        body["partner"] = {"name": "X", "local_id": {"scheme": scheme, "value": value}}
        refused = await office.member.post("/v1/invitations", body)
        (error,) = refused.json()["errors"]
        assert (refused.status_code, error["pointer"], error["code"]) == (422, "/partner/local_id/value", code)
    assert await product.rows("SELECT id FROM companies UNION ALL SELECT id FROM invitations") == []
    for at, (scheme, value) in enumerate((("siret", LA_POSTE[0]), ("siret", LA_POSTE[1]), ("siren", "356 000 000"))):
        body = wanted(office, f"courrier{at}@poste.example")
        body["partner"] = {"name": "La Poste", "local_id": {"scheme": scheme, "value": value}}
        made = await office.member.post("/v1/invitations", body)
        assert made.status_code == 201, made.text
        # One company, under the number by which it was met first.
        assert made.json()["partner"]["local_id"] == {"scheme": "siret", "country": "FR", "value": LA_POSTE[0]}
