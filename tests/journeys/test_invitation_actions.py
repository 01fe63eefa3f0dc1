"""The action table of invitations: what each row asks for, refuses, sends and records, beyond the first path."""

from typing import Any

import httpx
from tests.journeys.test_first_path import ANSWERS, EMAIL, JSON, invite, submit, wanted
from tests.plugins.product import SIRENS, Office, Product

RELANCE = "http://relance.example"


async def act(office: Office, id_: str, action: str, body: object = None) -> httpx.Response:
    return await office.member.post(f"/v1/invitations/{id_}/{action}", body)


async def refused(office: Office, id_: str, action: str, code: str, body: object = None) -> dict[str, Any]:
    answer = await act(office, id_, action, body)
    assert (answer.status_code, answer.json()["code"]) == (409, code), answer.text
    problem: dict[str, Any] = answer.json()
    return problem


async def state(product: Product) -> list[list[dict[str, Any]]]:
    """All that an action can change."""
    tables = ("invitations", "messages", "follow_ups", "journal_entries", "prequalifications", "action_links")
    return [await product.rows(f"SELECT * FROM {table} ORDER BY id") for table in tables]


async def test_a_row_that_is_done_with_is_not_asked_again(product: Product, office: Office) -> None:
    answered = await invite(product, office)
    archived, cancelled = [await invite(product, office, f"a@p{at}.example", SIRENS[at]) for at in (1, 2)]
    waiting = (await office.member.post("/v1/invitations", wanted(office, "b@p3.example", SIRENS[3]))).json()
    assert (await submit(product.client, answered["link"])).status_code == 200
    assert (await act(office, archived["id"], "archive")).status_code == 200
    assert (await act(office, cancelled["id"], "cancel")).status_code == 200
    before = await state(product)
    for force in (False, True):
        body = {"force": force}
        problem = await refused(office, answered["id"], "remind", "transition_not_allowed", body)
        assert problem["allowed_actions"] == ["archive", "unarchive", "reassign"]
        await refused(office, archived["id"], "remind", "archived", body)
        await refused(office, cancelled["id"], "remind", "transition_not_allowed", body)
        await refused(office, waiting["id"], "remind", "transition_not_allowed", body)
    for id_ in (answered["id"], archived["id"], cancelled["id"], waiting["id"]):
        await refused(office, id_, "renew", "transition_not_allowed")
    await refused(office, answered["id"], "cancel", "transition_not_allowed")
    await refused(office, answered["id"], "unarchive", "not_archived")
    await refused(office, archived["id"], "archive", "already_archived")
    assert await state(product) == before, "a refusal changes nothing"

    # The worker asks the same table: nothing leaves for any of them.
    await product.advance(office.admin, "P8D")
    assert [len(await product.mails(office.admin, f"a@p{at}.example")) for at in (1, 2)] == [1, 1]
    shown = (await office.member.get(f"/v1/invitations/{archived['id']}")).json()
    reasons = {one["action"]: (one["reason"] or {}).get("code") for one in shown["available_actions"]}
    assert (reasons["remind"], reasons["unarchive"], reasons["archive"]) == ("archived", None, "already_archived")


async def test_renewing_beside_an_open_row_is_refused(product: Product, office: Office) -> None:
    old = await invite(product, office)
    await product.advance(office.admin, "P31D")
    new = (await office.member.post("/v1/invitations", wanted(office, EMAIL.upper()))).json()
    problem = await refused(office, old["id"], "renew", "already_open")
    assert problem["invitation_id"] == new["id"]
    job = await office.member.post("/v1/invitations/remind-all", {"include_expired": True})
    await product.work()
    results = (await office.member.get(f"{job.headers['Location']}/results")).json()["items"]
    found = {item["subject_id"]: (item["outcome"], [fault["code"] for fault in item["errors"]]) for item in results}
    assert found[old["id"]] == ("already_open", ["already_open"])
    assert (await act(office, new["id"], "cancel")).status_code == 200
    assert (await act(office, old["id"], "renew")).json()["status"] == "sent"
    await product.work()
    assert len(await product.mails(office.admin, EMAIL)) == 4, "two invitations, an expiry notice, the renewal"


async def test_an_answer_closes_the_rows_of_everybody_who_asked(product: Product, office: Office) -> None:
    """Expired ones, those not yet sent, and those of another organisation, at other addresses."""
    expired = await invite(product, office, "ancienne@partenaire.example")
    await product.advance(office.admin, "P31D")
    elsewhere = wanted(office, "siege@partenaire.example") | {
        "issuing_organisation_id": str(office.other_organisation_id)
    }
    other = (await office.manager.post("/v1/invitations", elsewhere)).json()
    cancelled = (await office.member.post("/v1/invitations", wanted(office, "x@partenaire.example"))).json()
    assert (await act(office, cancelled["id"], "cancel")).status_code == 200
    archived = await invite(product, office, "y@partenaire.example")
    assert (await act(office, archived["id"], "archive")).status_code == 200
    answered = await invite(product, office)
    queued = (await office.member.post("/v1/invitations", wanted(office, "tard@partenaire.example"))).json()
    late = await submit(product.client, expired["link"])
    assert (late.status_code, late.json()["code"]) == (410, "link_expired"), "an expired link does not answer"
    assert (await submit(product.client, answered["link"])).status_code == 200
    await product.work()

    rows = (await office.admin.get("/v1/invitations?mine=false&archived=any")).json()["items"]
    closed = {expired["id"], other["id"], archived["id"], answered["id"], queued["id"]}
    assert {row["id"] for row in rows if row["status"] == "closed"} == closed
    assert {row["id"] for row in rows if row["status"] == "cancelled"} == {cancelled["id"]}
    assert {row["form_status"] for row in rows} == {"completed"}
    entries = await product.rows("SELECT action, subject_id FROM journal_entries WHERE after ->> 'status' = 'closed'")
    assert {str(row["subject_id"]) for row in entries if row["action"] == "invitation.closed"} == closed - {
        answered["id"]
    }
    assert [str(row["subject_id"]) for row in entries if row["action"] == "prequalification.completed"] == [
        answered["id"]
    ]
    assert await product.mails(office.admin, "tard@partenaire.example") == [], "what was queued does not leave any more"
    # Each requester hears of it once, however many rows were theirs.
    for person in (office.member, office.manager):
        (notice,) = await product.mails(office.admin, person.email)
        assert "Fonderie Martin" in notice["subject"]
    page = (await product.client.get(expired["link"], headers=JSON)).json()
    assert (page["state"], page["form"]["answers"]) == ("answered", ANSWERS)
    assert {
        row["state"] for row in await product.rows("SELECT state FROM follow_ups WHERE subject_kind = 'invitation'")
    } <= {"cancelled", "done", "collapsed", "suspended"}


async def test_a_registered_partner_whose_form_is_not_validated(product: Product, office: Office) -> None:
    """Registered elsewhere in the product: it has never submitted this form."""
    company = (
        await office.admin.post(
            "/v1/companies", {"name": "Fonderie Martin", "local_id": {"scheme": "siren", "value": SIRENS[0]}}
        )
    ).json()
    body = wanted(office) | {"partner": {"id": company["id"]}}
    created = (await office.member.post("/v1/invitations", body)).json()
    assert (created["reason"], created["partner"]["registered"]) == ("not_registered", False)
    async with product.runtime.db.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE companies SET registered_at = now()")
    await product.work()
    sent = (await office.member.get(f"/v1/invitations/{created['id']}")).json()
    assert (sent["status"], sent["reason"]) == ("sent", "form_not_validated"), "computed when it is sent"
    assert sent["reason_label"] == "Organisation inscrite, formulaire non validé"
    second = (await office.member.post("/v1/invitations", body | {"email": "b@partenaire.example"})).json()
    assert (second["reason"], second["partner"]["registered"]) == ("form_not_validated", True)
    await product.work()
    (mail,) = await product.mails(office.admin, "b@partenaire.example")
    assert "Votre organisation est inscrite, mais son formulaire" in mail["text"]
    page = (await product.client.get(mail["links"][0], headers=JSON)).json()
    assert page["reason"] == (
        "Votre organisation est inscrite, mais son formulaire de préqualification n’est pas encore validé."
    )


async def test_remind_all_leaves_those_who_cannot_or_will_not_hear(product: Product, office: Office) -> None:
    made = [await invite(product, office, f"a@p{at}.example", SIRENS[at]) for at in range(3)]
    unreachable, unwilling, reachable = (one["id"] for one in made)
    await product.advance(office.admin, "P2D")
    async with product.runtime.db.engine.begin() as connection:
        statement = f"UPDATE invitations SET delivery = 'undeliverable' WHERE id = '{unreachable}'"
        await connection.exec_driver_sql(statement)
    assert (await product.client.post(f"{made[1]['link']}/decline", json={}, headers=JSON)).status_code == 200
    waiting = (await office.member.post("/v1/invitations", wanted(office, "b@p3.example", SIRENS[3]))).json()["id"]
    expected = {unreachable: "undeliverable", unwilling: "declined", reachable: "sent", waiting: "waiting"}
    for query in ("?dry_run=true", ""):
        job = await office.member.post(f"/v1/invitations/remind-all{query}", {"include_expired": True})
        await product.runner.sweep()
        results = (await office.member.get(f"{job.headers['Location']}/results")).json()["items"]
        assert {item["subject_id"]: item["outcome"] for item in results} == expected
        assert all(item["outcome_label"] for item in results)
    await product.work()
    assert [len(await product.mails(office.admin, f"a@p{at}.example")) for at in range(3)] == [1, 1, 2]


async def test_who_may_cancel(product: Product, office: Office) -> None:
    """The requester and the administrators, from every state that is not an end."""
    invitation = await invite(product, office)
    await product.advance(office.admin, "P31D")
    path = f"/v1/invitations/{invitation['id']}/cancel"
    denied = await office.manager.post(path)
    assert (denied.status_code, denied.json()["permission"]) == (403, "invitations:cancel")
    mails = len(await product.mails(office.admin, EMAIL))
    cancelled = await office.admin.post(path)
    assert (cancelled.status_code, cancelled.json()["status_label"], cancelled.json()["no_message_reason"]["code"]) == (
        200,
        "Annulée",
        "cancelled",
    )
    queued = (await office.member.post("/v1/invitations", wanted(office, "b@partenaire.example"))).json()
    assert (await act(office, queued["id"], "cancel")).status_code == 200
    await product.work()
    assert await product.mails(office.admin, "b@partenaire.example") == [], "cancelled before it left"
    assert len(await product.mails(office.admin, EMAIL)) == mails, "nobody is told"
    assert (await product.client.get(invitation["link"])).status_code == 404
    entries = await product.rows(
        "SELECT actor_id, before, after FROM journal_entries WHERE action = 'invitation.cancelled' ORDER BY at"
    )
    assert [(row["before"]["status"], row["after"]["status"]) for row in entries] == [
        ("expired", "cancelled"),
        ("queued", "cancelled"),
    ]
    assert [row["actor_id"] for row in entries] == [office.admin.id, office.member.id]
