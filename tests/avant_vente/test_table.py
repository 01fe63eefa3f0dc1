"""Each row of the lifecycle table, by whom, with its guard, its mail and its trace; and the edges between them."""

from datetime import timedelta
from typing import Any

import icalendar
from tests.avant_vente.desk import BASE, HTML, JSON, OPPORTUNITIES, REQUESTS, Desk, instant, ok, refused
from tests.plugins.product import Person


async def test_what_a_request_is_made_of(desk: Desk) -> None:
    opportunity = await desk.opportunity()
    path = f"{OPPORTUNITIES}/{opportunity['id']}/requests"
    for wrong, pointer in (
        ({}, "/confirmed"),
        ({"confirmed": False}, "/confirmed"),
        ({"confirmed": True, "on_site": True}, "/place"),
        ({"confirmed": True, "wanted_date": "2020-01-01"}, "/wanted_date"),
        ({"confirmed": True, "wanted_speaker_id": str(desk.anne.id)}, "/wanted_speaker_id"),
        ({"confirmed": True, "intervention_type_id": opportunity["id"]}, "/intervention_type_id"),
        ({"confirmed": True, "description": " "}, "/description"),
    ):
        told = refused(await desk.paul.post(path, wrong), 422, "validation_failed")
        assert [one["pointer"] for one in told["errors"]] == [pointer], wrong
    for values, reason in (({"kind": "other"}, "not_primo"), ({"closed_at": "2026-01-01T00:00:00Z"}, "closed")):
        other = await desk.opportunity(**values)
        assert other["requestable"] is False
        told = refused(
            await desk.paul.post(REQUESTS, {"opportunity_id": other["id"], "confirmed": True}),
            409,
            "opportunity_not_eligible",
        )
        assert told["reason"] == reason
    # From the list, piece by piece.
    draft = ok(await desk.paul.post(REQUESTS, {"opportunity_id": opportunity["id"], "confirmed": True}), 201)
    told = refused(await desk.try_to(desk.paul, draft, "submit", {"confirm": True}), 409, "request_incomplete")
    assert told["missing"] == ["description", "intervention_type", "wanted_date"]
    actions = {one["action"]: one for one in draft["available_actions"]}
    assert actions["submit"]["reason"]["code"] == "request_incomplete"
    assert actions["update"]["allowed"]
    speakers = ok(await desk.paul.get(f"{BASE}/speakers"))["items"]
    assert {"Nadia", "Yann"} <= {one["name"] for one in speakers}
    kinds = ok(await desk.paul.get(f"{BASE}/intervention-types", headers={"Accept-Language": "en"}))["items"]
    assert [one["label"] for one in kinds][1] == "Demonstration"
    changes = {
        "description": "Atelier",
        "intervention_type_id": kinds[0]["id"],
        "on_site": True,
        "place": "Lille",
        "wanted_date": (desk.product.runtime.clock.now() + timedelta(days=9)).date().isoformat(),
        "wanted_speaker_id": str(desk.yann.id),
    }
    path = f"{REQUESTS}/{draft['id']}"
    changed = ok(await desk.anne.ask("PATCH", path, json=changes, headers={"If-Match": '"1"'}))
    assert (changed["wanted_speaker"]["name"], changed["last_action"]) == ("Yann", "changed")
    again = ok(await desk.paul.ask("PATCH", path, json=changes))
    assert again["version"] == changed["version"]
    refused(await desk.paul.ask("PATCH", path, json={"place": None}), 422, "validation_failed")
    refused(
        await desk.paul.ask("PATCH", path, json={"description": "x"}, headers={"If-Match": '"1"'}),
        412,
        "precondition_failed",
    )
    await desk.act(desk.anne, draft, "submit", {"confirm": True})
    refused(await desk.paul.ask("PATCH", path, json={"place": "Paris"}), 409, "transition_not_allowed")
    assert await desk.events(draft) == ["created", "changed", "submitted"]
    # Both who made it and who submitted it are answered.
    await desk.act(desk.nadia, draft, "accept")
    for person in (desk.paul, desk.anne):
        assert [mail["subject"][-11:] for mail in await desk.inbox(person)] == ["est en cours"[-11:]]


async def test_a_proposal_is_three_distinct_future_slots_and_a_held_one_is_a_warning(desk: Desk) -> None:
    request = await desk.accepted()
    good = desk.slots(speaker_id=str(desk.yann.id), zone="America/New_York")
    past = desk.slots((-1,))[0]
    backwards = {"starts_at": good[0]["ends_at"], "ends_at": good[0]["starts_at"]}
    for slots in (
        good[:2],
        [*good, desk.slots((20,))[0]],
        [good[0], good[1], good[0]],
        [good[0], good[1], past],
        [good[0], good[1], backwards],
        [good[0], good[1], {**good[2], "zone": "Mars/Base"}],
        [good[0], good[1], {**good[2], "speaker_id": str(desk.paul.id)}],
        [good[0], good[1], {**good[2], "starts_at": "9999-12-31T23:59:59-14:00"}],
        [good[0], good[1], {**good[2], "ends_at": "2031-01-01T00:00:00Z"}],
    ):
        refused(await desk.try_to(desk.nadia, request, "propose", {"slots": slots}), 422, "validation_failed")
    assert (await desk.read(desk.nadia, request))["slots"] == []
    proposed = await desk.act(desk.nadia, request, "propose", {"slots": good})
    assert (proposed["warnings"], proposed["slots"][0]["zone"]) == ([], "America/New_York")
    assert "(America/New_York)" in proposed["slots"][0]["label"]
    other = await desk.accepted()
    clash = [*desk.slots((30, 31)), {**good[1], "zone": "Europe/Paris"}]
    warned = await desk.act(desk.nadia, other, "propose", {"slots": clash})
    (warning,) = warned["warnings"]
    assert (warning["code"], warning["slot_id"]) == ("slot_held", warned["slots"][2]["id"])
    assert proposed["number"] in warning["message"]
    # What another partner's request holds is the team's to know.
    assert (await desk.read(desk.paul, other))["warnings"] == []
    busy = ok(await desk.nadia.get(f"{BASE}/speakers/{desk.yann.id}/busy"))["busy"]
    assert [(one["state"], one["number"]) for one in busy] == [
        ("held", proposed["number"]),
        ("held", proposed["number"]),
        ("held", warned["number"]),
        ("held", proposed["number"]),
    ]
    assert (await desk.paul.get(f"{BASE}/speakers/{desk.yann.id}/busy")).status_code == 403
    await desk.act(desk.paul, request, "accept-proposal", {"slot_id": proposed["slots"][2]["id"]})
    await desk.act(desk.nadia, other, "refuse", {"reason": "Doublon"})
    busy = ok(await desk.nadia.get(f"{BASE}/speakers/{desk.yann.id}/busy"))["busy"]
    assert [one["state_label"] for one in busy] == ["Retenu"]
    since = instant(proposed["slots"][2]["ends_at"]).isoformat()
    later = ok(await desk.nadia.get(f"{BASE}/speakers/{desk.yann.id}/busy", params={"since": since}))
    assert later["busy"] == []


async def test_other_dates_begin_a_new_round_and_old_slots_answer_no_more(desk: Desk) -> None:
    request = await desk.scheduled()
    old, link = request["slots"][0]["id"], await desk.link(desk.paul)
    page = await desk.product.client.get(link, headers=JSON)
    refused(await desk.try_to(desk.paul, request, "ask-other-slots", {"expectations": " "}), 422, "validation_failed")
    refused(await desk.answer(link, "other-slots", expectations=""), 422, "validation_failed")
    for _ in range(2):
        told = await desk.answer(link, "other-slots", page.json()["version"], expectations="Plutôt en janvier")
        assert (told.status_code, told.json()["state"]) == (200, "answered"), told.text
    asked = await desk.read(desk.nadia, request)
    assert (asked["status"], asked["round"], asked["expectations"]) == ("in_progress", 2, "Plutôt en janvier")
    mail = (await desk.inbox(desk.nadia))[0]
    assert mail["subject"].endswith("demande d’autres dates")
    assert "Plutôt en janvier" in mail["text"]
    assert await desk.inbox(desk.yann) != []  # only of the submission: Nadia handles it now
    assert not any("autres dates" in mail["subject"] for mail in await desk.inbox(desk.yann))
    refused(await desk.try_to(desk.paul, request, "accept-proposal", {"slot_id": old}), 409, "transition_not_allowed")
    refused(await desk.answer(link, "accept", slot=old), 409, "request_not_asking")
    second = await desk.act(desk.nadia, request, "propose", {"slots": desk.slots((20, 21, 22))})
    current = [slot["id"] for slot in second["slots"]]
    for answer in (
        await desk.try_to(desk.paul, request, "accept-proposal", {"slot_id": old}),
        await desk.try_to(desk.paul, request, "choose-slot", {"slot_id": old}),
        await desk.answer(link, "accept", page.json()["version"], slot=old),
    ):
        assert [slot["id"] for slot in refused(answer, 409, "slot_not_current")["current_slots"]] == current
    refused(await desk.answer(link, "accept", page.json()["version"], slot=current[0]), 409, "stale_version")
    refused(await desk.try_to(desk.paul, request, "choose-slot", {"slot_id": request["id"]}), 422, "validation_failed")
    # One round only is left by its link: the same one, whose page is of the second round now.
    assert await desk.link(desk.paul) == link
    assert (await desk.answer(link, "accept", slot=current[2])).status_code == 200
    assert (await desk.read(desk.anne, request))["accepted_slot"]["round"] == 2


async def ask_and_answer(desk: Desk, request: dict[str, Any], person: Person, by_link: bool) -> dict[str, Any]:
    """A question of the team, and its answer."""
    asked = await desk.act(desk.nadia, request, "ask-info", {"question": "Combien d’utilisateurs ?"})
    assert (asked["status_label"], asked["status_before_info"]) == ("En attente info", request["status"])
    refused(
        await desk.try_to(desk.nadia, request, "ask-info", {"question": "Et encore ?"}), 409, "transition_not_allowed"
    )
    mail = (await desk.inbox(desk.paul))[0]
    assert "Combien d’utilisateurs ?" in mail["text"]
    for empty in ("", "  "):
        refused(await desk.try_to(person, request, "answer-info", {"answer": empty}), 422, "validation_failed")
    if by_link:
        page = await desk.product.client.get(mail["links"][0], headers=HTML)
        assert "Combien d’utilisateurs ?" in page.text
        form = {"version": str(asked["next_messages"] and 0), "answers.answer": "Une trentaine"}
        form["version"] = str((await desk.product.client.get(mail["links"][0], headers=JSON)).json()["version"])
        for _ in range(2):
            sent = await desk.product.client.post(f"{mail['links'][0]}/answer", data=form, headers=HTML)
            assert sent.status_code == 303, sent.text
    else:
        await desk.act(person, request, "answer-info", {"answer": "Une trentaine"})
    team = (await desk.inbox(desk.nadia))[0]
    assert team["subject"].endswith("Intégrateur du Nord a répondu")
    assert "Une trentaine" in team["text"]
    return await desk.read(person, request)


async def test_a_question_leads_back_to_where_it_was_asked(desk: Desk) -> None:
    request = await desk.submitted()
    assert (await ask_and_answer(desk, request, desk.anne, by_link=False))["status"] == "to_process"
    request = await desk.act(desk.nadia, request, "accept")
    assert (await ask_and_answer(desk, request, desk.paul, by_link=True))["status"] == "in_progress"
    request = await desk.act(desk.nadia, request, "propose", {"slots": desk.slots()})
    await desk.act(desk.paul, request, "choose-slot", {"slot_id": request["slots"][1]["id"]})
    back = await ask_and_answer(desk, request, desk.paul, by_link=True)
    # The slots have kept running, and the one that was chosen still is.
    assert (back["status"], [slot["chosen"] for slot in back["slots"]]) == ("scheduled", [False, True, False])
    assert [one["state"] for one in back["info_requests"]] == ["answered"] * 3
    link = await desk.link(desk.paul)
    assert (await desk.product.client.get(link, headers=HTML)).text.count('type="radio"') == 3
    # While information is awaited, no slot can be accepted.
    await desk.act(desk.nadia, request, "ask-info", {"question": "Quel jour ?"})
    refused(await desk.try_to(desk.paul, request, "accept-proposal"), 409, "transition_not_allowed")
    refused(await desk.answer(link, "accept", slot=request["slots"][1]["id"]), 409, "request_not_asking")
    # All slots pass meanwhile: the answer leads back to work, and says so.
    await desk.product.advance(desk.office.admin, "P13D")
    passed = await desk.act(desk.anne, request, "answer-info", {"answer": "Un mardi"})
    assert (passed["status"], passed["round"], passed["slots"]) == ("in_progress", 2, [])
    assert "proposez-en d’autres" in (await desk.inbox(desk.nadia))[0]["text"]
    states = await desk.product.rows("SELECT DISTINCT state FROM avant_vente_slots")
    assert [row["state"] for row in states] == ["released"]


async def test_a_late_answer_is_refused_and_kept(desk: Desk) -> None:
    for action, by_link in (("cancel", True), ("refuse", False)):
        request = await desk.accepted()
        await desk.act(desk.nadia, request, "ask-info", {"question": "Combien ?"})
        link = await desk.link(desk.paul)
        refused(await desk.try_to(desk.nadia, request, action, {"reason": ""}), 422, "validation_failed")
        closed = await desk.act(desk.nadia, request, action, {"reason": "Projet reporté"})
        assert (closed["status_before_info"], closed["info_requests"][0]["state"]) == (None, "closed")
        mail = (await desk.inbox(desk.paul))[0]
        assert "Projet reporté" in mail["text"]
        for _ in range(2):
            if by_link:
                page = await desk.product.client.post(
                    f"{link}/answer", data={"version": "9", "answers.answer": "Trente"}, headers=HTML
                )
                assert page.status_code == 409
                assert "conservé en commentaire" in page.text
                assert "Projet reporté" in page.text
            else:
                late = await desk.try_to(desk.paul, request, "answer-info", {"answer": "Trente"})
                refused(late, 409, "request_closed")
        (comment,) = ok(await desk.nadia.get(f"{REQUESTS}/{request['id']}/comments"))["items"]
        assert (comment["body"], comment["late_answer"], comment["author"]["name"]) == ("Trente", True, "Paul")
        assert (await desk.read(desk.paul, request))["status_label"] in {"Annulée", "Refusée"}
        refused(await desk.try_to(desk.nadia, request, "refuse", {"reason": "x"}), 409, "transition_not_allowed")
        key = {"Idempotency-Key": f"late-{action}"}
        for _ in range(2):
            late = await desk.try_to(desk.anne, request, "answer-info", {"answer": "Quarante"}, headers=key)
            refused(late, 409, "request_closed")
        assert len(ok(await desk.paul.get(f"{REQUESTS}/{request['id']}/comments"))["items"]) == 2
    # Nobody had asked: there is nothing to keep.
    request = await desk.submitted()
    await desk.act(desk.nadia, request, "refuse", {"reason": "Hors périmètre"})
    refused(await desk.try_to(desk.paul, request, "answer-info", {"answer": "x"}), 409, "transition_not_allowed")


async def test_who_may_cancel_and_when(desk: Desk) -> None:
    request = await desk.submitted()
    actions = {one["action"]: one["allowed"] for one in request["available_actions"]}
    assert (actions["cancel"], actions["accept"]) == (True, False)
    cancelled = await desk.act(desk.anne, request, "cancel", {"reason": "Le client renonce"})
    assert (cancelled["status_label"], cancelled["reason"]) == ("Annulée", "Le client renonce")
    for person in (desk.nadia, desk.yann):
        assert (await desk.inbox(person))[0]["subject"].endswith("demande annulée")
    assert await desk.inbox(desk.anne) == []
    for stage in (desk.accepted, desk.scheduled):
        request = await stage()
        refused(await desk.try_to(desk.paul, request, "cancel", {"reason": "x"}), 409, "transition_not_allowed")
        for action, body in (("accept", None), ("refuse", {"reason": "x"}), ("propose", {"slots": desk.slots()})):
            refused(await desk.try_to(desk.paul, request, action, body), 403, "permission_denied")
        for action, body in (("accept-proposal", None), ("ask-other-slots", {"expectations": "x"})):
            refused(await desk.try_to(desk.nadia, request, action, body), 403, "permission_denied")
        await desk.act(desk.yann, request, "cancel", {"reason": "Équipe indisponible"})
        assert "Équipe indisponible" in (await desk.inbox(desk.paul))[0]["text"]
    draft = await desk.draft()
    refused(await desk.try_to(desk.paul, draft, "cancel", {"reason": "x"}), 409, "transition_not_allowed")
    assert (await desk.try_to(desk.rita, draft, "cancel", {"reason": "x"})).status_code == 404


async def test_an_opportunity_closed_meanwhile_is_a_warning(desk: Desk) -> None:
    opportunity = await desk.opportunity()
    draft, request = await desk.draft(opportunity=opportunity), await desk.submitted(opportunity=opportunity)
    path, closed_at = f"{OPPORTUNITIES}/{opportunity['id']}", desk.product.runtime.clock.now().isoformat()
    closed = ok(await desk.paul.ask("PATCH", path, json={"closed_at": closed_at}))
    assert (closed["open"], closed["requestable"]) == (False, False)
    for one in (
        await desk.act(desk.nadia, request, "accept"),
        await desk.act(desk.paul, draft, "submit", {"confirm": True}),
    ):
        assert [warning["code"] for warning in one["warnings"]] == ["opportunity_closed"]
    await desk.act(desk.nadia, request, "propose", {"slots": desk.slots()})
    assert (await desk.read(desk.paul, request))["status"] == "scheduled"
    assert (await desk.rita.get(path)).status_code == 404


async def test_calendars_of_both_sides_follow_what_is_agreed(desk: Desk) -> None:
    request = await desk.accepted()
    slots = desk.slots(speaker_id=str(desk.yann.id))
    request = await desk.act(desk.nadia, request, "propose", {"slots": slots})
    await desk.act(desk.paul, request, "accept-proposal", {"slot_id": request["slots"][0]["id"]})
    await desk.product.work()

    async def entries(person: Person) -> list[tuple[str, int, str, str]]:
        rows = await desk.product.rows(
            "SELECT b.attachments FROM messages m JOIN message_bodies b USING (workspace_id, id) "
            "WHERE m.recipient = :to AND b.attachments IS NOT NULL AND m.state = 'sent' ORDER BY m.id",
            to=person.email,
        )
        found = []
        for row in rows:
            (attached,) = row["attachments"]
            read: Any = icalendar.Calendar.from_ical(attached["content"])
            event: Any = read.walk("VEVENT")[0]
            assert str(event["UID"]) == f"{request['id']}@relance"
            assert event["DTSTART"].dt == instant(request["slots"][0]["starts_at"])
            assert read.walk("VTIMEZONE")
            found.append((str(read["METHOD"]), int(event["SEQUENCE"]), str(event["LOCATION"]), str(event["STATUS"])))
        return found

    first = ("PUBLISH", 0, "Lille, siège", "CONFIRMED")
    for person in (desk.paul, desk.nadia, desk.yann):
        assert await entries(person) == [first]
    refused(await desk.try_to(desk.nadia, request, "change-intervention", {"place": None}), 422, "validation_failed")
    refused(await desk.try_to(desk.paul, request, "change-intervention", {"place": "x"}), 403, "permission_denied")
    same = await desk.act(desk.nadia, request, "change-intervention", {"place": "Lille, siège"})
    changed = await desk.act(
        desk.nadia, request, "change-intervention", {"place": "Lille, salle Vauban", "speaker_id": str(desk.nadia.id)}
    )
    assert (changed["version"] > same["version"], changed["accepted_slot"]["speaker"]["name"]) == (True, "Nadia")
    await desk.product.work()
    second = ("PUBLISH", 1, "Lille, salle Vauban", "CONFIRMED")
    assert await entries(desk.paul) == [first, second]
    assert await entries(desk.nadia) == [first, second]
    assert await entries(desk.yann) == [first, ("CANCEL", 1, "Lille, salle Vauban", "CANCELLED")]
    assert (await desk.inbox(desk.yann))[0]["subject"].endswith("vous n’êtes plus attendu")
    assert (await desk.read(desk.paul, request))["status_label"] == "Terminé"


async def test_nudges_are_off_until_the_workspace_wants_them_and_nothing_ends_by_itself(desk: Desk) -> None:
    admin, policy = desk.office.admin, "/v1/workspace/follow-up-policies/avant_vente"
    assert ok(await admin.get(policy))["reminders"] == []
    quiet = await desk.scheduled()
    assert quiet["no_message_reason"] is None
    assert (await desk.read(desk.paul, quiet))["no_message_reason"]["code"] == "nothing_planned"
    ok(await admin.ask("PUT", policy, json={"reminders": ["P7D"], "expires_after": "P30D"}))
    request, asked = await desk.scheduled(), await desk.submitted()
    await desk.act(desk.nadia, asked, "ask-info", {"question": "Combien ?"})
    await desk.product.work()
    coming = (await desk.read(desk.nadia, request))["next_messages"]
    assert [(one["kind"], one["to"]) for one in coming] == [("reminder", desk.paul.email)]
    refused(await desk.try_to(desk.nadia, request, "remind"), 409, "too_recent")
    before = len(await desk.inbox(desk.paul))
    await desk.product.advance(admin, "P7DT1H")
    new = (await desk.inbox(desk.paul))[:-before]
    assert sorted(mail["subject"].partition(" : ")[2] for mail in new) == [
        "un créneau est à choisir",
        "une information est attendue",
    ]
    refused(await desk.try_to(desk.paul, request, "remind"), 403, "permission_denied")
    await desk.act(desk.nadia, request, "remind", {"force": True})
    assert len(await desk.inbox(desk.paul)) == before + 3
    await desk.product.advance(admin, "P60D")
    assert len(await desk.inbox(desk.paul)) == before + 3
    found = await desk.read(desk.paul, request)
    assert (found["status"], [one["code"] for one in found["warnings"]]) == ("scheduled", ["no_future_slot"])
    assert (await desk.read(desk.paul, asked))["status"] == "awaiting_info"
    # All slots have passed: the page says so, and other dates can be asked for.
    slot = request["slots"][0]["id"]
    refused(await desk.try_to(desk.paul, request, "accept-proposal", {"slot_id": slot}), 409, "slot_passed")
    refused(await desk.try_to(desk.nadia, request, "remind"), 409, "slot_passed")
    link = next(mail["links"][0] for mail in new if "créneau" in mail["subject"])
    page = (await desk.product.client.get(link, headers=JSON)).json()
    assert [one["name"] for one in page["answers"]] == ["other-slots"]
    refused(await desk.answer(link, "accept", slot=slot), 422, "validation_failed")
    assert (await desk.answer(link, "other-slots", expectations="Vite")).status_code == 200
    assert (await desk.read(desk.nadia, request))["round"] == 2
