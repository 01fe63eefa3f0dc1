"""Who sees what: other partners, people without the right, and what the team says among itself."""

import csv
import io

from tests.avant_vente.desk import BASE, JSON, OPPORTUNITIES, REQUESTS, Desk, ok, refused
from tests.plugins.product import Person

SECRET = "Client difficile : ne pas brader"


async def test_partners_see_their_own_and_people_without_the_right_see_nothing(desk: Desk) -> None:
    draft, request = await desk.draft(), await desk.scheduled()
    for person in (desk.office.member, desk.rita):
        for path in (f"{REQUESTS}/{request['id']}", f"{REQUESTS}/{request['id']}/comments"):
            assert (await person.get(path)).status_code == (403 if person is desk.office.member else 404)
    for path in (REQUESTS, OPPORTUNITIES, f"{REQUESTS}/summary", f"{REQUESTS}/export.csv", f"{BASE}/speakers"):
        refused(await desk.office.member.get(path), 403, "permission_denied")
    mine = ok(await desk.office.member.get("/v1/me"))
    assert not [one for one in mine["permissions"] if one["code"].startswith("avant-vente")]
    assert ok(await desk.rita.get(REQUESTS))["items"] == ok(await desk.rita.get(OPPORTUNITIES))["items"] == []
    assert ok(await desk.rita.get(f"{REQUESTS}/summary"))["total"] == 0
    assert len((await desk.rita.get(f"{REQUESTS}/export.csv")).text.splitlines()) == 1
    other = ok(await desk.paul.get(OPPORTUNITIES))["items"][0]
    refused(await desk.rita.post(f"{OPPORTUNITIES}/{other['id']}/requests", {"confirmed": True}), 404, "not_found")
    told = refused(
        await desk.rita.post(REQUESTS, {"opportunity_id": other["id"], "confirmed": True}), 422, "validation_failed"
    )
    assert told["errors"][0]["code"] == "unknown_opportunity"
    for action, body in (
        ("accept-proposal", {"slot_id": request["slots"][0]["id"]}),
        ("choose-slot", {"slot_id": request["slots"][0]["id"]}),
        ("ask-other-slots", {"expectations": "x"}),
        ("cancel", {"reason": "x"}),
        ("comments", {"body": "x"}),
    ):
        refused(await desk.try_to(desk.rita, request, action, body), 404, "not_found")
    # Drafts are their partner's: the team sees what was submitted.
    for person, expected in ((desk.nadia, {request["id"]}), (desk.anne, {request["id"], draft["id"]})):
        assert {one["id"] for one in ok(await person.get(REQUESTS))["items"]} == expected
    refused(await desk.nadia.get(f"{REQUESTS}/{draft['id']}"), 404, "not_found")
    # A reseller cannot open an opportunity in somebody else's name, nor find a customer by its id.
    body = {"partner_organisation_id": str(desk.other_partner_id), "company": {"name": "X"}, "title": "Y"}
    refused(await desk.paul.post(OPPORTUNITIES, body), 422, "validation_failed")
    body = {
        "partner_organisation_id": str(desk.partner_id),
        "company": {"id": request["customer"]["id"]},
        "title": "Y",
    }
    refused(await desk.paul.post(OPPORTUNITIES, body), 422, "validation_failed")
    vendor = {**body, "partner_organisation_id": str(desk.office.organisation_id)}
    refused(await desk.office.admin.post(OPPORTUNITIES, vendor), 422, "validation_failed")


async def test_who_may_not_answer_any_more_has_no_link_either(desk: Desk) -> None:
    request = await desk.scheduled()
    link, slot = await desk.link(desk.paul), request["slots"][0]["id"]
    users = f"/v1/users/{desk.paul.id}"
    ok(await desk.office.admin.ask("PATCH", users, json={"organisation_ids": [str(desk.other_partner_id)]}))
    assert (await desk.product.client.get(link, headers=JSON)).status_code == 404
    assert (await desk.answer(link, "accept", 1, slot=slot)).status_code == 404
    ok(await desk.office.admin.ask("PATCH", users, json={"organisation_ids": [str(desk.partner_id)]}))
    ok(await desk.office.admin.post(f"{users}/deactivate"))
    assert (await desk.product.client.get(link, headers=JSON)).status_code == 404
    # Whoever else is there is written to instead.
    await desk.act(desk.nadia, request, "ask-info", {"question": "Qui reprend ?"})
    assert (await desk.inbox(desk.anne))[0]["subject"].endswith("une information vous est demandée")
    assert (await desk.answer(await desk.link(desk.anne), "answer", answer="Moi")).status_code == 200
    assert (await desk.read(desk.anne, request))["status"] == "scheduled"


async def test_what_the_team_says_among_itself_is_in_nothing_that_a_partner_reads(desk: Desk) -> None:
    request = await desk.accepted()
    comments = f"{REQUESTS}/{request['id']}/comments"
    refused(await desk.paul.post(comments, {"body": "x", "visibility": "internal"}), 403, "permission_denied")
    ok(await desk.paul.post(comments, {"body": "Le client préfère le matin"}), 201)
    seen = (await desk.paul.get(f"{REQUESTS}/{request['id']}")).headers["etag"]
    said = ok(await desk.yann.post(comments, {"body": SECRET, "visibility": "internal"}), 201)
    assert (said["visibility_label"], said["author"]["name"]) == ("Interne", "Yann")
    # Not even that something was said: neither the tag nor the last action moves.
    assert (await desk.paul.get(f"{REQUESTS}/{request['id']}")).headers["etag"] == seen
    ok(await desk.nadia.post(comments, {"body": "Entendu"}), 201)
    bodies = {
        person.email: [one["body"] for one in ok(await person.get(comments, params={"limit": 200}))["items"]]
        for person in (desk.paul, desk.anne, desk.nadia)
    }
    assert bodies[desk.nadia.email] == ["Le client préfère le matin", SECRET, "Entendu"]
    assert bodies[desk.paul.email] == bodies[desk.anne.email] == ["Le client préfère le matin", "Entendu"]
    page = ok(await desk.paul.get(comments, params={"limit": 1}))
    second = ok(await desk.paul.get(comments, params={"limit": 1, "cursor": page["next_cursor"]}))
    assert ([one["body"] for one in second["items"]], second["next_cursor"]) == (["Entendu"], None)
    proposed = await desk.act(desk.nadia, request, "propose", {"slots": desk.slots()})
    link = await desk.link(desk.paul)
    job = await desk.paul.post(f"{REQUESTS}/exports", {"format": "csv", "filter": {"open": "all"}})
    await desk.product.work()
    file = ok(await desk.paul.get(job.headers["Location"]))["file"]
    arrived = [str(mail) for person in (desk.paul, desk.anne) for mail in await desk.inbox(person)]
    partner_reads = [
        (await desk.paul.get(f"{REQUESTS}/{request['id']}")).text,
        (await desk.paul.get(REQUESTS, params={"include": "available_actions"})).text,
        (await desk.paul.get(f"{REQUESTS}/export.csv")).text,
        (await desk.paul.get(f"/v1/files/{file['id']}")).text,
        (await desk.product.client.get(link)).text,
        (await desk.product.client.get(link, headers=JSON)).text,
        *arrived,
    ]
    assert not [text for text in partner_reads if SECRET in text or "internal" in text]
    # Nor do integrations, whose owner may be a partner: it is no event. The journal keeps that it happened, no words.
    await desk.product.work()
    feed = (await desk.office.admin.get("/v1/events", params={"limit": 200})).text
    assert "avant_vente_request.commented" in feed
    assert "internal" not in feed
    kept = await desk.product.rows(
        "SELECT company_id, before, after FROM journal_entries WHERE action LIKE '%commented_internally'"
    )
    assert kept == [{"company_id": None, "before": {"status": "in_progress"}, "after": {"status": "in_progress"}}]
    held = await desk.product.rows("SELECT b::text AS said FROM message_bodies b")
    assert not [row for row in held if SECRET in row["said"]]
    assert proposed["status"] == "scheduled"


async def test_the_list_its_filters_its_counts_and_its_files(desk: Desk) -> None:
    opportunity = await desk.opportunity(title="Caisse de Lyon", company={"name": "Épicerie Noël"})
    draft = await desk.draft(opportunity=opportunity, on_site=False, place=None)
    mine = await desk.accepted(place="Lyon, magasin", wanted_speaker_id=str(desk.yann.id))
    done = await desk.submitted()
    await desk.act(desk.yann, done, "refuse", {"reason": "Hors périmètre"})

    async def ids(person: Person = desk.paul, **params: str) -> set[str]:
        return {one["id"] for one in ok(await person.get(REQUESTS, params=params))["items"]}

    assert await ids() == {draft["id"], mine["id"]}
    assert await ids(open="false") == await ids(status="refused", open="all") == {done["id"]}
    assert await ids(status="refused") == set()
    assert await ids(open="all") == {draft["id"], mine["id"], done["id"]}
    assert await ids(desk.nadia, mine="true") == {mine["id"]}
    assert await ids(desk.anne, mine="true", open="all") == set()
    assert await ids(q="epicerie NOEL") == await ids(opportunity_id=opportunity["id"]) == {draft["id"]}
    assert await ids(q=str(mine["number"])[-5:]) == await ids(q="magasin") == {mine["id"]}
    assert await ids(speaker_id=str(desk.yann.id)) == {mine["id"]}
    assert await ids(organisation_id=str(desk.other_partner_id)) == set()
    assert await ids(intervention_type_id=mine["intervention_type"]["id"], open="all") == await ids(open="all")
    assert await ids(wanted_to="2020-01-01") == set()
    assert (await desk.paul.get(REQUESTS, params={"colour": "red"})).status_code == 422
    for sort in ("-created_at", "number", "wanted_date", "-last_action_at", "customer_name"):
        assert len(ok(await desk.paul.get(REQUESTS, params={"sort": sort, "open": "all"}))["items"]) == 3
    counts = ok(await desk.paul.get(f"{REQUESTS}/summary", params={"open": "all"}))
    assert (counts["total"], counts["status"]["draft"], counts["status"]["refused"]) == (3, 1, 1)
    assert ok(await desk.nadia.get(f"{REQUESTS}/summary"))["total"] == 1
    rows = list(
        csv.DictReader(
            io.StringIO((await desk.nadia.get(f"{REQUESTS}/export.csv")).text.lstrip("\ufeff")), delimiter=";"
        )
    )
    assert [(row["Statut"], row["Lieu"], row["Dernière action"], row["Intervenant"]) for row in rows] == [
        ("En cours", "Lyon, magasin", "Demande avant-vente acceptée", "Yann")
    ]
    listed = ok(await desk.anne.get(REQUESTS, params={"include": "available_actions"}))["items"]
    allowed = {one["id"]: [a["action"] for a in one["available_actions"] if a["allowed"]] for one in listed}
    assert allowed == {draft["id"]: ["update", "submit", "delete"], mine["id"]: []}
    found = ok(await desk.paul.get(OPPORTUNITIES, params={"q": "caisse"}))["items"]
    assert [one["id"] for one in found] == [opportunity["id"]]
