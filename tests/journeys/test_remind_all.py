"""« Tout relancer », through HTTP, received mail and rows."""

from typing import Any

from tests.journeys.test_first_path import submit, wanted
from tests.plugins.product import SIRENS, Office, Person, Product

PATH = "/v1/invitations/remind-all"


async def invite_many(product: Product, office: Office, count: int, person: Person | None = None) -> list[str]:
    """Invitations to as many partners, sent; their ids."""
    rows = [wanted(office, f"achats@p{at}.example", SIRENS[at]) for at in range(count)]
    made = await (person or office.member).post("/v1/invitations/bulk", {"rows": rows})
    assert made.status_code == 200, made.text
    await product.work()
    return [item["subject_id"] for item in made.json()["items"]]


async def finished(product: Product, person: Person, answer: Any) -> dict[str, Any]:
    """The job once the worker is done with it."""
    assert answer.status_code == 202, answer.text
    await product.work()
    job: dict[str, Any] = (await person.get(answer.headers["Location"])).json()
    assert job["state"] == "done", job
    return job


def counts(job: dict[str, Any]) -> dict[str, int]:
    return {row["outcome"]: row["count"] for row in job["counts"]}


async def outcomes(person: Person, job: dict[str, Any]) -> dict[str, str]:
    """Outcome by invitation."""
    found = await person.get(f"/v1/jobs/{job['id']}/results")
    return {item["subject_id"]: item["outcome"] for item in found.json()["items"]}


async def test_each_row_has_its_result_and_a_second_time_sends_nothing(product: Product, office: Office) -> None:
    ids = await invite_many(product, office, 5)
    await product.advance(office.admin, "P2D")
    answered, archived, cancelled, recent, reminded = ids
    (mail,) = await product.mails(office.admin, "achats@p0.example")
    link = mail["links"][0].removeprefix("http://relance.example")
    assert (await submit(product.client, link)).status_code == 200
    assert (await office.member.post(f"/v1/invitations/{archived}/archive")).status_code == 200
    assert (await office.member.post(f"/v1/invitations/{cancelled}/cancel")).status_code == 200
    assert (await office.member.post(f"/v1/invitations/{recent}/remind")).status_code == 200
    await product.work()
    body = {"archived": "any"}

    rehearsed = await finished(product, office.member, await office.member.post(f"{PATH}?dry_run=true", body))
    expected = {"sent": 1, "completed": 1, "archived": 1, "cancelled": 1, "too_recent": 1}
    assert (rehearsed["dry_run"], counts(rehearsed)) == (True, expected)
    assert len(await product.mails(office.admin, "achats@p4.example")) == 1

    job = await finished(product, office.member, await office.member.post(PATH, body))
    assert (job["dry_run"], job["total"], job["done"], counts(job)) == (False, 5, 5, expected)
    assert await outcomes(office.member, job) == {
        answered: "completed",
        archived: "archived",
        cancelled: "cancelled",
        recent: "too_recent",
        reminded: "sent",
    }
    newest, first = await product.mails(office.admin, "achats@p4.example")
    assert newest["links"][0] == first["links"][0]
    shown = (await office.member.get(f"/v1/invitations/{reminded}")).json()
    assert (shown["reminders_count"], shown["status"]) == (1, "sent")
    journal = await product.rows("SELECT action FROM journal_entries WHERE subject_id = :id", id=reminded)
    assert [row["action"] for row in journal].count("invitation.reminded") == 1

    again = await finished(product, office.member, await office.member.post(PATH, body))
    assert counts(again) == {"too_recent": 2, "completed": 1, "archived": 1, "cancelled": 1}
    assert len(await product.mails(office.admin, "achats@p4.example")) == 2


async def test_expired_rows_only_when_asked_for_and_counted_apart(product: Product, office: Office) -> None:
    (invitation,) = await invite_many(product, office, 1)
    await product.advance(office.admin, "P31D")
    assert len(await product.mails(office.admin, "achats@p0.example")) == 2, "the invitation and its expiry"
    without = await finished(product, office.member, await office.member.post(PATH, {}))
    assert counts(without) == {"expired": 1}
    # The expiry notice bears no link: the gap counts from the last mail that does.
    with_them = await finished(product, office.member, await office.member.post(PATH, {"include_expired": True}))
    assert counts(with_them) == {"renewed": 1}
    shown = (await office.member.get(f"/v1/invitations/{invitation}")).json()
    assert (shown["status"], shown["cycle"]) == ("sent", 2)
    assert len(await product.mails(office.admin, "achats@p0.example")) == 3


async def test_scopes_and_rights(product: Product, office: Office) -> None:
    await invite_many(product, office, 1)
    theirs = wanted(office, "achats@autre.example", SIRENS[1])
    assert (await office.manager.post("/v1/invitations", theirs)).status_code == 201
    await product.work()
    await product.advance(office.admin, "P2D")

    mine = await finished(product, office.member, await office.member.post(f"{PATH}?dry_run=true", {}))
    assert counts(mine) == {"sent": 1}
    everything = await finished(product, office.member, await office.member.post(PATH, {"scope": "all"}))
    assert counts(everything) == {"sent": 1, "forbidden": 1}, "a member may see the other row, not remind it"
    assert len(await product.mails(office.admin, "achats@autre.example")) == 1
    filtered = await office.manager.post(PATH, {"scope": "all", "q": "autre.example"})
    assert counts(await finished(product, office.manager, filtered)) == {"sent": 1}


async def test_one_running_job_for_a_user_and_scope(product: Product, office: Office) -> None:
    await invite_many(product, office, 1)
    first = await office.member.post(PATH, {})
    again = await office.member.post(PATH, {})
    assert again.headers["Location"] == first.headers["Location"]
    assert (await office.member.post(PATH, {"scope": "all"})).json()["id"] != first.json()["id"]
    assert (await office.manager.post(PATH, {})).json()["id"] != first.json()["id"]
    await product.work()
    assert (await office.member.post(PATH, {})).json()["id"] != first.json()["id"], "the first one is done"


async def test_counts_of_the_dashboard(product: Product, office: Office) -> None:
    ids = await invite_many(product, office, 3)
    await office.member.post(f"/v1/invitations/{ids[0]}/archive")
    await office.member.post(f"/v1/invitations/{ids[1]}/cancel")
    found = (await office.member.get("/v1/invitations/summary?archived=any")).json()
    assert found == {
        "total": 3,
        "form_status": {"to_complete": 3, "completed": 0, "expired": 0},
        "status": {"queued": 0, "sent": 2, "expired": 0, "closed": 0, "cancelled": 1},
        "archived": {"false": 2, "true": 1},
    }
    assert (await office.member.get("/v1/invitations/summary?status=sent")).json()["total"] == 1
    assert (await office.manager.get("/v1/invitations/summary")).json()["total"] == 0, "mine by default"
    assert (await office.manager.get("/v1/invitations/summary?mine=false")).json()["total"] == 2


async def test_reassigned_rows_follow_their_new_requester(product: Product, office: Office) -> None:
    (invitation,) = await invite_many(product, office, 1)
    path = f"/v1/invitations/{invitation}/reassign"
    moved = await office.member.post(path, {"user_id": str(office.manager.id)})
    assert (moved.status_code, moved.json()["requested_by"]["id"]) == (200, str(office.manager.id))
    assert (await office.member.get("/v1/invitations")).json()["items"] == []
    assert len((await office.manager.get("/v1/invitations")).json()["items"]) == 1
    assert (await office.member.post(path, {"user_id": str(office.member.id)})).status_code == 403
    nobody = await office.manager.post(path, {"user_id": invitation})
    assert (nobody.status_code, nobody.json()["errors"][0]["pointer"]) == (422, "/user_id")
