"""A mandate from its draft to its acceptance, through HTTP and received mail: each row of the table, each edge."""

import asyncio
from typing import Any

import pytest
from tests.plugins.product import PASSWORD, Office, Person, Product

EMAIL = "camille@martin.example"
JSON = {"Accept": "application/json"}
CHOSEN = "quatre mots sans rapport"


def team_of(office: Office) -> list[dict[str, str]]:
    """The member owns it, the manager is its agent."""
    return [
        {"user_id": str(office.member.id), "role": "owner"},
        {"user_id": str(office.manager.id), "role": "agent"},
    ]


async def open_mandate(office: Office, person: Person | None = None, **values: Any) -> dict[str, Any]:
    """A mandate, submitted unless said otherwise."""
    contact = {"first_name": "Camille", "last_name": "Martin", "email": EMAIL, "phone": "01 42 68 53 00"}
    body = {
        "issuing_organisation_id": str(office.organisation_id),
        "company": {"name": "Boulangerie Martin"},
        "contact": contact,
        "team": team_of(office),
        "submit": True,
        **values,
    }
    answer = await (person or office.admin).post("/v1/mandates", body)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def invited(product: Product, office: Office, **values: Any) -> tuple[dict[str, Any], str]:
    """A mandate whose contact has the mail, and the link in it."""
    mandate = await open_mandate(office, **values)
    await product.work()
    mail = (await product.mails(office.admin, values.get("contact", {}).get("email", EMAIL)))[0]
    return mandate, mail["links"][0]


async def accept(product: Product, link: str, version: int = 1, **answers: Any) -> Any:
    """Post the activation form."""
    given = {"first_name": "Camille", "last_name": "Martin", "password": CHOSEN} if version == 1 else {}
    body = {"version": version, "answers": {**given, **answers}}
    return await product.client.post(f"{link}/accept", json=body, headers=JSON)


async def read(person: Person, mandate: dict[str, Any]) -> dict[str, Any]:
    """The mandate now."""
    answer = await person.get(f"/v1/mandates/{mandate['id']}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_the_wizard_says_what_is_missing_step_by_step(product: Product, office: Office) -> None:
    member = office.member
    draft = await open_mandate(office, member, contact=None, team=[], submit=False)
    path = f"/v1/mandates/{draft['id']}"
    assert (draft["status"], draft["status_label"]) == ("draft", "Brouillon")
    assert draft["no_message_reason"]["code"] == "draft"
    lacking = (await member.get(f"{path}/completeness")).json()
    assert [step["step"] for step in lacking["steps"]] == ["details", "schedule", "team", "passthrough"]
    missing = [one["code"] for step in lacking["steps"] for one in step["missing"]]
    assert missing == ["contact_first_name", "contact_last_name", "contact_email", "owner", "agent"]
    refused = await member.post(f"{path}/submit")
    assert (refused.status_code, refused.json()["code"], refused.json()["missing"]) == (
        409,
        "mandate_incomplete",
        missing,
    )
    filled = await member.ask(
        "PATCH", path, json={"contact": {"first_name": "Camille", "last_name": "Martin", "email": EMAIL}}
    )
    assert filled.json()["contact"]["email"] == EMAIL
    schedule = {"kind": "upload_reminder", "frequency": "monthly", "starts_on": "2027-01-31", "remind_before": ["P3D"]}
    planned = await member.ask("PUT", f"{path}/schedule", json={"schedule": schedule})
    assert planned.json()["schedule"]["next_due_on"][:3] == ["2027-01-31", "2027-02-28", "2027-03-31"]
    assert (await member.ask("PUT", f"{path}/passthrough", json={"passthrough": "enabled"})).status_code == 200
    team = await member.ask("PUT", f"{path}/team", json={"team": team_of(office)})
    assert [one["name"] for one in team.json()["owners"]] == ["Member Vasseur"]
    assert (await member.get(f"{path}/completeness")).json()["complete"]
    rehearsed = await member.post(f"{path}/submit?dry_run=true")
    assert (rehearsed.status_code, rehearsed.json()["status"]) == (200, "invited")
    assert (await read(member, draft))["status"] == "draft"
    submitted = (await member.post(f"{path}/submit")).json()
    assert (submitted["status_label"], submitted["next_messages"][0]["kind"]) == ("Invitation envoyée", "invitation")
    await product.work()
    (mail,) = await product.mails(office.admin, EMAIL)
    assert mail["subject"] == "Vasseur Achats vous invite à rejoindre son portail pour Boulangerie Martin"
    shown = await read(member, draft)
    assert [message["kind"] for message in shown["next_messages"]] == ["reminder", "expiry_notice"]
    assert {action["action"]: action["allowed"] for action in shown["available_actions"]}["remind"] is False


async def test_a_contact_accepts_and_everybody_concerned_hears_of_it(product: Product, office: Office) -> None:
    mandate, link = await invited(product, office)
    page = await product.client.get(link)
    assert "souhaite représenter Boulangerie Martin" in page.text
    assert 'autocomplete="new-password"' in page.text
    for weak in ("motdepasse12", "court"):
        assert (await accept(product, link, password=weak)).status_code == 422
    assert (await accept(product, link, phone="12")).json()["errors"][0]["pointer"] == "/answers/phone"
    both = await asyncio.gather(accept(product, link), accept(product, link))
    assert [one.status_code for one in both] == [200, 200]
    assert both[0].json()["state_label"] == "Mandat accepté"
    await product.work()
    for person in (office.member, office.manager, office.admin):
        (told,) = await product.mails(office.admin, person.email)
        assert told["subject"] == "Boulangerie Martin a accepté votre invitation"
    shown = await read(office.member, mandate)
    assert (shown["status_label"], shown["next_messages"], shown["no_message_reason"]["code"]) == (
        "Actif",
        [],
        "active",
    )
    accounts = await product.rows("SELECT id FROM users WHERE email = :email", email=EMAIL)
    assert len(accounts) == 1
    grant = await product.client.post("/v1/auth/token", data={"username": EMAIL, "password": CHOSEN})
    client = Person(accounts[0]["id"], EMAIL, grant.json()["access_token"], product.client)
    assert [one["id"] for one in (await client.get("/v1/mandates")).json()["items"]] == [mandate["id"]]
    assert (await client.post(f"/v1/mandates/{mandate['id']}/disable")).status_code == 403
    assert (await client.get("/v1/invitations")).status_code == 403
    corrected = {"contact": {"email": "autre@martin.example"}}
    fixed = await office.member.ask("PATCH", f"/v1/mandates/{mandate['id']}", json=corrected)
    assert (fixed.status_code, fixed.json()["code"]) == (409, "contact_fixed")
    await product.advance(office.admin, "P40D")
    assert len(await product.mails(office.admin, EMAIL)) == 1


async def test_one_person_three_mandates_one_account(product: Product, office: Office) -> None:
    mandates = [await invited(product, office, company={"name": name}) for name in ("Martin Paris", "Lyon", "Nice")]
    links = [link for _, link in mandates]
    assert len(set(links)) == 3
    assert (await accept(product, links[0])).status_code == 200
    await product.advance(office.admin, "P7DT1H")
    reminders = (await product.mails(office.admin, EMAIL))[:2]
    assert all("Vous avez un compte sur le portail" in mail["text"] for mail in reminders)
    stale = await accept(product, links[1])
    assert (stale.status_code, stale.json()["code"], stale.json()["current_version"]) == (409, "stale_version", 2)
    wrong = await accept(product, links[1], 2, password="un autre mot de passe")
    assert wrong.json()["errors"][0]["code"] == "wrong_password"
    assert (await accept(product, links[1], 2, password=CHOSEN)).status_code == 200
    assert len(await product.rows("SELECT id FROM users WHERE email = :email", email=EMAIL)) == 1
    # Somebody of the firm may be the contact as well: the same account, the same role.
    contact = {"first_name": "Karim", "last_name": "B", "email": office.manager.email}
    _, link = await invited(product, office, contact=contact)
    assert (await accept(product, link, 2, password=PASSWORD)).status_code == 200


async def test_nobody_answers_for_thirty_days_and_the_firm_asks_again(product: Product, office: Office) -> None:
    mandate, link = await invited(product, office)
    path = f"/v1/mandates/{mandate['id']}"
    recent = await office.member.post(f"{path}/remind")
    assert (recent.status_code, recent.json()["code"]) == (409, "too_recent")
    await product.advance(office.admin, "P7DT1H")
    reminder = (await product.mails(office.admin, EMAIL))[0]
    assert reminder["subject"].startswith("Rappel")
    assert reminder["links"][0] == link
    await product.advance(office.admin, "P23D")
    expired = (await product.mails(office.admin, EMAIL))[0]
    assert expired["subject"] == "L’invitation de Vasseur Achats a expiré"
    (notice,) = await product.mails(office.admin, office.member.email)
    assert notice["subject"] == "L’invitation de Boulangerie Martin a expiré sans réponse"
    shown = await read(office.member, mandate)
    assert (shown["status_label"], shown["reminders_count"]) == ("Invitation expirée", 1)
    assert (await accept(product, link)).status_code == 410
    renewed = await office.member.post(f"{path}/renew")
    assert (renewed.status_code, renewed.json()["status"], renewed.json()["cycle"]) == (200, "invited", 2)
    await product.work()
    assert (await product.mails(office.admin, EMAIL))[0]["links"][0] == link
    await product.advance(office.admin, "P7DT1H")
    assert (await read(office.member, mandate))["reminders_count"] == 3
    forced = await office.member.post(f"{path}/remind", {"force": True})
    assert forced.status_code == 200, forced.text
    assert (await accept(product, link)).status_code == 200


async def test_declining_tells_the_owners_once(product: Product, office: Office) -> None:
    mandate, link = await invited(product, office)
    for _ in range(2):
        declined = await product.client.post(f"{link}/decline", json={"reason": "Déjà un cabinet"}, headers=JSON)
        assert (declined.status_code, declined.json()["state_label"]) == (200, "Mandat refusé")
    await product.work()
    (told,) = await product.mails(office.admin, office.member.email)
    assert "Déjà un cabinet" in told["text"]
    assert not await product.mails(office.admin, office.manager.email)
    assert (await read(office.member, mandate))["status_label"] == "Refusé"
    assert (await accept(product, link)).json()["code"] == "mandate_answered"
    await product.advance(office.admin, "P31D")
    assert len(await product.mails(office.admin, EMAIL)) == 1
    path = f"/v1/mandates/{mandate['id']}"
    assert (await office.member.ask("DELETE", path)).status_code == 403
    assert (await office.manager.ask("DELETE", path)).status_code == 204
    assert (await office.manager.get(path)).status_code == 404
    assert (await product.client.get(link)).status_code == 404


async def test_a_wrong_address_is_corrected_and_the_old_link_ends(product: Product, office: Office) -> None:
    mandate, link = await invited(product, office)
    path = f"/v1/mandates/{mandate['id']}"
    same = await office.member.ask("PATCH", path, json={"contact": {"email": EMAIL.upper()}})
    assert same.json()["cycle"] == 1
    cleared = await office.member.ask("PATCH", path, json={"contact": {"email": None}})
    assert cleared.json()["code"] == "mandate_incomplete"
    corrected = await office.member.ask("PATCH", path, json={"contact": {"email": "c.martin@martin.example"}})
    assert (corrected.status_code, corrected.json()["cycle"]) == (200, 2)
    await product.work()
    (mail,) = await product.mails(office.admin, "c.martin@martin.example")
    assert (await product.client.get(link)).status_code == 404
    assert (await product.client.get(mail["links"][0])).status_code == 200
    await product.advance(office.admin, "P7DT1H")
    assert len(await product.mails(office.admin, EMAIL)) == 1
    assert len(await product.mails(office.admin, "c.martin@martin.example")) == 2


async def test_the_firm_withdraws_rests_and_wakes_mandates(product: Product, office: Office) -> None:
    mandate, link = await invited(product, office)
    path = f"/v1/mandates/{mandate['id']}"
    assert (await office.member.post(f"{path}/disable")).json()["code"] == "transition_not_allowed"
    cancelled = await office.member.post(f"{path}/cancel", {"reason": "Repris par un confrère", "notify": True})
    assert (cancelled.status_code, cancelled.json()["status_label"]) == (200, "Annulé")
    await product.work()
    assert (await product.mails(office.admin, EMAIL))[0]["subject"] == "Vasseur Achats a retiré son invitation"
    assert (await product.client.get(link)).status_code == 404
    internal = await open_mandate(office, kind="internal", contact=None)
    await product.work()
    assert (internal["status"], internal["no_message_reason"]["code"]) == ("active", "internal")
    assert len(await product.mails(office.admin, EMAIL)) == 2
    path = f"/v1/mandates/{internal['id']}"
    assert (await office.member.post(f"{path}/disable")).json()["status_label"] == "Désactivé"
    assert (await office.member.post(f"{path}/enable")).json()["status_label"] == "Actif"
    refused = await office.member.ask("PUT", f"{path}/team", json={"team": team_of(office)[:1]})
    assert (refused.status_code, refused.json()["code"], refused.json()["role"]) == (409, "last_team_member", "agent")
    assert len((await read(office.member, internal))["agents"]) == 1


async def test_options_that_are_not_subscribed_are_refused(product: Product, office: Office) -> None:
    async with product.runtime.db.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE workspaces SET features = '[\"data_refresh\"]'")
    draft = await open_mandate(office, submit=False)
    path = f"/v1/mandates/{draft['id']}"
    schedule = {"kind": "upload_reminder", "frequency": "weekly", "starts_on": "2027-01-04"}
    for address, body in (("schedule", {"schedule": schedule}), ("passthrough", {"passthrough": "enabled"})):
        refused = await office.member.ask("PUT", f"{path}/{address}", json=body)
        assert (refused.status_code, refused.json()["code"]) == (422, "feature_not_subscribed"), address
    steps = (await office.member.get(f"{path}/completeness")).json()["steps"]
    assert [step["step"] for step in steps] == ["details", "schedule", "team"]


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"company": {"id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"}}, "/company/id"),
        ({"company": {"name": "X", "local_id": {"scheme": "siren", "value": "732829321"}}}, "/company/local_id/value"),
        ({"team": [{"user_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10", "role": "owner"}]}, "/team/0/user_id"),
        ({"issuing_organisation_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"}, "/issuing_organisation_id"),
        ({"contact": {"email": "nobody"}}, "/contact/email"),
        ({"contact": {"phone": "12"}}, "/contact/phone"),
    ],
)
async def test_what_does_not_fit_is_named_and_creates_nothing(
    product: Product, office: Office, values: dict[str, Any], pointer: str
) -> None:
    body = {
        "issuing_organisation_id": str(office.organisation_id),
        "company": {"name": "Boulangerie Martin"},
        "team": team_of(office),
        **values,
    }
    refused = await office.admin.post("/v1/mandates", body)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, pointer), refused.text
    assert not await product.rows("SELECT id FROM mandates")
    assert not await product.rows("SELECT id FROM companies")


async def test_the_list_its_filters_counts_and_files(product: Product, office: Office) -> None:
    first, _ = await invited(product, office, external_id="M-1")
    await open_mandate(office, office.manager, submit=False, team=[], company={"name": "Épicerie Noé"})
    admin, member = office.admin, office.member
    known = await admin.post(
        "/v1/mandates",
        {
            "issuing_organisation_id": str(office.organisation_id),
            "company": {"name": "Z"},
            "external_id": "M-1",
        },
    )
    assert (known.status_code, known.json()["existing_id"]) == (409, first["id"])

    async def names(person: Person, query: str) -> list[str]:
        answer = await person.get(f"/v1/mandates?{query}")
        assert answer.status_code == 200, answer.text
        return [item["company"]["name"] for item in answer.json()["items"]]

    assert await names(admin, "sort=company_name") == ["Boulangerie Martin", "Épicerie Noé"]
    assert await names(admin, "q=epicerie") == ["Épicerie Noé"]
    assert await names(admin, f"team_member_id={member.id}") == ["Boulangerie Martin"]
    assert await names(admin, "mine=true") == []
    assert await names(member, "") == ["Boulangerie Martin"]
    assert await names(admin, "status=draft&kind=external&passthrough=disabled") == ["Épicerie Noé"]
    page = (await admin.get("/v1/mandates?limit=1&include=available_actions")).json()
    assert page["items"][0]["available_actions"]
    assert await names(admin, f"limit=1&cursor={page['next_cursor']}") == ["Boulangerie Martin"]
    counts = (await admin.get("/v1/mandates/summary")).json()
    assert (counts["total"], counts["status"]["draft"], counts["status"]["invited"]) == (2, 1, 1)
    csv = (await admin.get("/v1/mandates/export.csv?sort=company_name")).content.decode("utf-8-sig").splitlines()
    assert csv[0].startswith("Société;Référence externe;Contact;E-mail;Statut;Propriétaires;Agents")
    assert csv[1].startswith(f"Boulangerie Martin;M-1;Camille Martin;{EMAIL};Invitation envoyée;Member Vasseur;Manager")
    job = await admin.post("/v1/mandates/exports", {"format": "xlsx", "filter": {}})
    await product.work()
    assert (await admin.get(job.headers["Location"])).json()["state"] == "done"
    dates = await admin.post(
        "/v1/mandates/schedule-preview",
        {"schedule": {"kind": "data_refresh", "frequency": "yearly", "starts_on": "2028-02-29"}, "count": 2},
    )
    assert dates.json()["due_on"] == ["2028-02-29", "2029-02-28"]


async def test_further_contacts_join_by_the_same_mails(product: Product, office: Office) -> None:
    mandate, _ = await invited(product, office)
    contacts = f"/v1/mandates/{mandate['id']}/contacts"
    compta = {"first_name": "Inès", "last_name": "Roy", "email": "compta@martin.example"}
    made = await office.member.post(contacts, compta)
    assert (made.status_code, made.json()["status_label"]) == (201, "Invitation envoyée"), made.text
    for address in ("COMPTA@martin.example", EMAIL):
        again = await office.member.post(contacts, {**compta, "email": address})
        assert (again.status_code, again.json()["code"]) == (409, "duplicate")
    await product.work()
    await product.advance(office.admin, "P7DT1H")
    reminder, invitation = await product.mails(office.admin, compta["email"])
    assert (reminder["subject"][:6], reminder["links"][0]) == ("Rappel", invitation["links"][0])
    link = invitation["links"][0]
    assert (await accept(product, link, first_name="Inès", last_name="Roy")).status_code == 200
    shown = (await office.member.get(made.headers["Location"])).json()
    assert (shown["status_label"], shown["reminders_count"]) == ("Actif", 1)
    # The mandate itself still waits for its main contact.
    assert (await read(office.member, mandate))["status"] == "invited"
    grant = await product.client.post("/v1/auth/token", data={"username": compta["email"], "password": CHOSEN})
    guest = Person(office.member.id, compta["email"], grant.json()["access_token"], product.client)
    assert (await read(guest, mandate))["id"] == mandate["id"]
    removed = await office.member.post(f"{made.headers['Location']}/remove")
    assert (removed.status_code, removed.json()["status"]) == (200, "cancelled"), removed.text
    assert (await guest.get(f"/v1/mandates/{mandate['id']}")).status_code == 404
    assert (await product.client.get(link)).status_code == 404
    second = await office.member.post(contacts, compta)
    await product.work()
    await product.advance(office.admin, "P31D")
    assert (await office.member.get(second.headers["Location"])).json()["status"] == "invitation_expired"
    assert (await office.member.post(f"{second.headers['Location']}/renew")).json()["cycle"] == 2
    listed = (await office.member.get(f"{contacts}?limit=1")).json()
    assert (listed["items"][0]["status"], listed["next_cursor"] is not None) == ("cancelled", True)
    await office.member.post(f"/v1/mandates/{mandate['id']}/cancel", {"reason": "Abandon"})
    await product.work()
    assert (await product.rows("SELECT count(*) AS n FROM messages WHERE state = 'queued'"))[0]["n"] == 0


async def test_the_partners_key_makes_and_changes_a_mandate(product: Product, office: Office) -> None:
    address = "/v1/mandates/by-reference/M-7"
    body = {
        "issuing_organisation_id": str(office.organisation_id),
        "company": {"name": "Boulangerie Martin"},
        "contact": {"first_name": "Camille", "last_name": "Martin", "email": EMAIL},
        "team": team_of(office),
    }
    both = await asyncio.gather(*(office.admin.ask("PUT", address, json=body) for _ in range(2)))
    assert sorted(one.status_code for one in both) == [200, 201], [one.text for one in both]
    again = await office.admin.ask("PUT", address, json=body)
    assert (again.status_code, again.headers["ETag"]) == (200, both[0].headers["ETag"])
    (row,) = await product.rows("SELECT id, version FROM mandates")
    assert (await office.member.post(f"/v1/mandates/{row['id']}/submit")).status_code == 200
    await product.work()
    moved = {**body, "contact": {**body["contact"], "email": "c@martin.example"}}  # type: ignore[dict-item]
    changed = await office.admin.ask("PUT", address, json=moved)
    assert (changed.status_code, changed.json()["cycle"]) == (200, 2), changed.text
    fixed = await office.admin.ask("PUT", address, json={**moved, "company": {"name": "Autre"}})
    assert fixed.json()["errors"][0]["code"] == "not_a_draft"
    assert (await office.admin.get(address)).json()["id"] == str(row["id"])
