"""From the opportunity to an agreed slot: by link, by the API, and by two people of the partner at once."""

import asyncio

from tests.avant_vente.desk import HTML, REQUESTS, Desk, ok, open_desk, refused


async def test_a_request_from_its_opportunity_to_a_slot_accepted_by_link(desk: Desk) -> None:
    opportunity = await desk.opportunity(amount=48000.5, stage="Qualification", external_id="OPP-1")
    assert (opportunity["kind_label"], opportunity["requestable"], opportunity["amount"]) == ("Primo", True, 48000.5)
    draft = await desk.draft(opportunity=opportunity)
    assert (draft["status"], draft["status_label"], draft["number"]) == ("draft", "Brouillon", None)
    assert draft["customer"]["name"] == "Fonderie Martin"
    # The team sees it once it is submitted.
    assert (await desk.nadia.get(f"{REQUESTS}/{draft['id']}")).status_code == 404
    for body in (None, {}, {"confirm": False}):
        assert (await desk.try_to(desk.paul, draft, "submit", body)).status_code == 422
    rehearsed = ok(await desk.paul.post(f"{REQUESTS}/{draft['id']}/submit?dry_run=true", {"confirm": True}))
    assert rehearsed["status"] == "to_process"
    request = await desk.act(desk.paul, draft, "submit", {"confirm": True})
    year = desk.product.runtime.clock.now().year
    assert (request["status_label"], request["number"]) == ("A traiter", f"AV-{year}-00001")
    for person in (desk.nadia, desk.yann):
        (mail,) = await desk.inbox(person)
        assert mail["subject"] == f"AV-{year}-00001 : demande d’intervention de Intégrateur du Nord"
        assert "Démonstration de la gestion d’atelier" in mail["text"]
    assert await desk.inbox(desk.office.admin) == []
    assert (await desk.act(desk.nadia, request, "accept"))["status_label"] == "En cours"
    assert (await desk.inbox(desk.paul))[0]["subject"].endswith("votre demande est en cours")
    proposed = await desk.act(desk.nadia, request, "propose", {"slots": desk.slots(speaker_id=str(desk.yann.id))})
    assert (proposed["status_label"], [slot["rank"] for slot in proposed["slots"]]) == ("Planifiée", [1, 2, 3])
    assert [message["to"] for message in proposed["next_messages"]] == [desk.paul.email]
    mail = (await desk.inbox(desk.paul))[0]
    assert mail["subject"].endswith("trois créneaux vous sont proposés")
    assert proposed["slots"][0]["label"] in mail["text"]
    assert "(Europe/Paris), Yann" in proposed["slots"][0]["label"]
    assert await desk.inbox(desk.anne) == []
    page = await desk.product.client.get(mail["links"][0], headers=HTML)
    assert page.text.count('type="radio"') == 3
    assert "Intégrateur" not in page.headers.get("link", "")
    assert all(slot["label"] in page.text for slot in proposed["slots"])
    english = await desk.product.client.get(mail["links"][0] + "?lang=en", headers=HTML)
    assert "Ask for other dates" in english.text
    empty = await desk.product.client.post(f"{mail['links'][0]}/accept", data={"version": "1"}, headers=HTML)
    assert empty.status_code == 422
    second = proposed["slots"][1]
    form = {"version": "1", "answers.slot": second["id"], "answers.expectations": ""}
    for _ in range(2):  # the second tab
        sent = await desk.product.client.post(f"{mail['links'][0]}/accept", data=form, headers=HTML)
        assert sent.status_code == 303, sent.text
    assert second["label"] in (await desk.product.client.get(mail["links"][0], headers=HTML)).text
    done = await desk.read(desk.paul, request)
    assert (done["status"], done["status_label"]) == ("completed", "Terminé")
    assert (done["accepted_slot"]["id"], done["intervention_at"]) == (second["id"], second["starts_at"])
    assert [slot["state"] for slot in done["slots"]] == ["released", "accepted", "released"]
    for person in (desk.paul, desk.nadia, desk.yann):
        told = (await desk.inbox(person))[0]
        assert told["subject"] == f"AV-{year}-00001 : créneau retenu, {second['label']}"
    assert await desk.events(request) == [
        "created",
        "submitted",
        "accepted",
        "proposed",
        "slot_accepted",
    ]
    events = ok(await desk.office.admin.get("/v1/events", params={"limit": 200}))["items"]
    agreed = [event for event in events if event["type"] == "avant_vente_request.slot_accepted"]
    assert [event["data"]["after"]["slot_id"] for event in agreed] == [second["id"]]


async def test_choosing_saves_and_accepting_agrees(desk: Desk) -> None:
    request = await desk.scheduled()
    first, second, third = (slot["id"] for slot in request["slots"])
    bare = refused(await desk.try_to(desk.paul, request, "accept-proposal"), 409, "no_slot_chosen")
    assert [slot["id"] for slot in bare["current_slots"]] == [first, second, third]
    chosen = await desk.act(desk.paul, request, "choose-slot", {"slot_id": first})
    assert (chosen["status"], [slot["chosen"] for slot in chosen["slots"]]) == ("scheduled", [True, False, False])
    chosen = await desk.act(desk.anne, request, "choose-slot", {"slot_id": third})
    before = len(await desk.inbox(desk.nadia))
    assert [slot["chosen"] for slot in chosen["slots"]] == [False, False, True]
    page = await desk.product.client.get(await desk.link(desk.paul), headers=HTML)
    assert f'value="{third}" checked' in page.text
    assert (await desk.act(desk.paul, request, "accept-proposal"))["accepted_slot"]["id"] == third
    assert len(await desk.inbox(desk.nadia)) == before + 1
    # The link knows the outcome, and refuses another one.
    link = await desk.link(desk.paul)
    late = refused(await desk.answer(link, "accept", slot=first), 409, "proposal_settled")
    assert (late["outcome"], late["accepted_slot"]["id"]) == ("completed", third)
    assert (await desk.answer(link, "accept", slot=third)).status_code == 200
    page = await desk.product.client.post(f"{link}/accept", data={"version": "1", "answers.slot": first}, headers=HTML)
    assert page.status_code == 409
    assert "Un créneau a déjà été accepté" in page.text
    refused(await desk.try_to(desk.paul, request, "accept-proposal"), 409, "proposal_settled")
    refused(await desk.try_to(desk.paul, request, "choose-slot", {"slot_id": first}), 409, "transition_not_allowed")


async def test_two_people_accept_two_slots_at_once_fifty_times(desk: Desk) -> None:
    request = await desk.scheduled()
    slots = [slot["id"] for slot in request["slots"]]
    for turn in range(50):
        wanted = [slots[turn % 3], slots[(turn + 1) % 3]]
        answers = await asyncio.gather(
            *(
                desk.try_to(person, request, "accept-proposal", {"slot_id": slot})
                for person, slot in zip((desk.paul, desk.anne), wanted, strict=True)
            )
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409], [answer.text for answer in answers]
        won, lost = sorted(answers, key=lambda answer: answer.status_code)
        told = refused(lost, 409, "proposal_settled")
        assert told["accepted_slot"]["id"] == won.json()["accepted_slot"]["id"] in wanted
        rows = await desk.product.rows("SELECT state, id FROM avant_vente_slots ORDER BY rank")
        assert [str(row["id"]) for row in rows if row["state"] == "accepted"] == [told["accepted_slot"]["id"]]
        # Back to where both may accept, as if nobody had: what is tested is the instant, not the way to it.
        async with desk.product.runtime.db.engine.begin() as connection:
            await connection.exec_driver_sql(
                "UPDATE avant_vente_requests SET status = 'scheduled', accepted_slot_id = NULL, closed_at = NULL, "
                "intervention_at = NULL, chosen_slot_id = NULL"
            )
            await connection.exec_driver_sql("UPDATE avant_vente_slots SET state = 'held'")
    sent = await desk.product.rows(
        "SELECT recipient FROM messages WHERE mail_key = 'avant_vente.slot_accepted' ORDER BY recipient"
    )
    assert [row["recipient"] for row in sent] == [desk.nadia.email, desk.paul.email]


async def test_numbers_have_no_holes(desk: Desk) -> None:
    opportunity, year = await desk.opportunity(), desk.product.runtime.clock.now().year
    drafts = [await desk.draft(opportunity=opportunity) for _ in range(6)]
    assert (await desk.paul.ask("DELETE", f"{REQUESTS}/{drafts[0]['id']}")).status_code == 204
    incomplete = await desk.draft(opportunity=opportunity, description=None)
    answers = await asyncio.gather(
        *(desk.try_to(desk.paul, one, "submit", {"confirm": True}) for one in [*drafts[1:], incomplete, drafts[1]])
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [409] * 2
    numbers = [row["number"] for row in await desk.product.rows("SELECT number FROM avant_vente_requests ORDER BY 1")]
    assert numbers == [*(f"AV-{year}-{turn:05d}" for turn in range(1, 6)), None]
    refused(await desk.paul.ask("DELETE", f"{REQUESTS}/{drafts[1]['id']}"), 409, "transition_not_allowed")
    # Another workspace counts for itself, and another year begins anew.
    elsewhere = await open_desk(desk.product, await desk.product.office("delmas"))
    assert (await elsewhere.submitted())["number"] == f"AV-{year}-00001"
    await desk.product.advance(desk.office.admin, "P1Y")
    assert (await desk.submitted())["number"] == f"AV-{year + 1}-00001"
    assert await desk.events(drafts[0]) == ["created", "deleted"]
