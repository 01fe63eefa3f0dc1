"""The edges of mandates that the rows of their table do not show: teams, picked contacts, lists, schedules."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import event
from tests.journeys.test_mandates import CHOSEN, EMAIL, accept, invited, open_mandate, read, team_of
from tests.plugins.product import Office, Product

from relance.domains.mandates.schedule import Frequency, preview, rule


async def test_a_team_keeps_an_active_owner_and_what_is_in_use_stays(product: Product, office: Office) -> None:
    admin, member, manager = office.admin, office.member, office.manager
    both = [*team_of(office), {"user_id": str(manager.id), "role": "owner"}]
    mandate, link = await invited(product, office, team=both)
    await accept(product, link)
    path = f"/v1/mandates/{mandate['id']}"
    for method, address in (("POST", f"{path}/cancel"), ("DELETE", path)):
        refused = await manager.ask(method, address, **({"json": {"reason": "x"}} if method == "POST" else {}))
        assert (refused.status_code, refused.json()["code"]) == (409, "transition_not_allowed"), method
    mine = (await manager.get("/v1/mandates?mine=true")).json()["items"]
    assert [one["id"] for one in mine] == [mandate["id"]]
    left = await admin.post(f"/v1/users/{member.id}/deactivate")
    assert left.status_code == 200, left.text
    # Who has left counts no more: the last active owner stays.
    for team, role in ((both[:2], "owner"), (both[::2], "agent")):
        refused = await manager.ask("PUT", f"{path}/team", json={"team": team})
        assert (refused.json()["code"], refused.json()["role"]) == ("last_team_member", role)
    kept = await manager.ask("PUT", f"{path}/team", json={"team": both[1:]})
    assert [one["id"] for one in kept.json()["owners"]] == [str(manager.id)]
    # The account of the contact, closed by the firm, accepts nothing more.
    (account,) = await product.rows("SELECT id FROM users WHERE email = :email", email=EMAIL)
    assert (await admin.post(f"/v1/users/{account['id']}/deactivate")).status_code == 200
    _, second = await invited(product, office, company={"name": "Martin Lyon"}, team=both[1:])
    closed = await accept(product, second, 2, password=CHOSEN)
    assert (closed.status_code, closed.json()["code"]) == (409, "account_deactivated")


async def test_a_known_contact_is_picked_by_address(product: Product, office: Office) -> None:
    member = office.member
    await open_mandate(office)
    company = {"id": (await product.rows("SELECT id FROM companies"))[0]["id"].hex}
    picked = await open_mandate(office, member, company=company, contact={"email": EMAIL.upper()}, submit=False)
    found = {name: picked["contact"][name] for name in ("first_name", "last_name", "phone")}
    assert found == {"first_name": "Camille", "last_name": "Martin", "phone": "+33142685300"}
    # What is given stands; at another company the address says nothing.
    own = await open_mandate(
        office, member, company=company, contact={"email": EMAIL, "first_name": "C."}, submit=False
    )
    assert (own["contact"]["first_name"], own["contact"]["last_name"]) == ("C.", "Martin")
    draft = await open_mandate(office, member, company={"name": "Autre"}, contact={"email": EMAIL}, submit=False)
    assert draft["contact"]["last_name"] is None
    path = f"/v1/mandates/{(await open_mandate(office, member, company=company, contact=None, submit=False))['id']}"
    patched = await member.ask("PATCH", path, json={"contact": {"email": EMAIL}})
    assert patched.json()["contact"]["last_name"] == "Martin"
    body = {
        "issuing_organisation_id": str(office.organisation_id),
        "company": company,
        "contact": {"email": EMAIL},
        "team": team_of(office),
    }
    tags = [
        (await office.admin.ask("PUT", "/v1/mandates/by-reference/P-1", json=body)).headers["ETag"] for _ in range(2)
    ]
    assert tags[0] == tags[1], "the same again changes nothing"
    async with product.runtime.db.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE workspaces SET features = '[]'")
    before = await product.rows("SELECT id FROM mandates")
    refused = await office.admin.post("/v1/mandates", {**body, "passthrough": "enabled"})
    assert (refused.status_code, refused.json()["feature"]) == (422, "passthrough")
    assert len(await product.rows("SELECT id FROM mandates")) == len(before)


async def test_reminders_end_at_a_click_and_an_expired_address_is_corrected(product: Product, office: Office) -> None:
    mandate, link = await invited(product, office)
    path = f"/v1/mandates/{mandate['id']}"
    once = await product.client.post(f"{link}/unsubscribe", data={"List-Unsubscribe": "One-Click"})
    assert once.status_code == 200
    assert [one["kind"] for one in (await read(office.member, mandate))["next_messages"]] == ["expiry_notice"]
    await product.advance(office.admin, "P8D")
    assert len(await product.mails(office.admin, EMAIL)) == 1
    assert (await product.client.get(link)).status_code == 200, "it answers still"
    await product.advance(office.admin, "P23D")
    assert (await read(office.member, mandate))["status"] == "invitation_expired"
    refused = await office.member.post(f"{path}/remind")
    assert refused.json()["code"] == "transition_not_allowed"
    corrected = await office.member.ask("PATCH", path, json={"contact": {"email": "c.martin@martin.example"}})
    assert (corrected.json()["status"], corrected.json()["cycle"], corrected.json()["expires_at"]) == (
        "invited",
        2,
        None,
    )
    await product.work()
    (mail,) = await product.mails(office.admin, "c.martin@martin.example")
    assert (await product.client.get(link)).status_code == 404
    assert (await accept(product, mail["links"][0])).status_code == 200


async def test_a_page_of_contacts_takes_few_statements(product: Product, office: Office) -> None:
    mandate, _ = await invited(product, office)
    contacts = f"/v1/mandates/{mandate['id']}/contacts"
    engine, asked = product.runtime.db.engine.sync_engine, []

    def count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    counts = []
    for number in range(4):
        body = {"first_name": "Inès", "last_name": "Roy", "email": f"compta{number}@martin.example"}
        assert (await office.member.post(contacts, body)).status_code == 201
        asked.clear()
        event.listen(engine, "before_cursor_execute", count)
        page = (await office.member.get(contacts)).json()["items"]
        event.remove(engine, "before_cursor_execute", count)
        counts.append(len(asked))
        assert [one["available_actions"] for one in page] == [None] * (number + 1)
    assert len(set(counts)) == 1, counts
    shown = (await office.member.get(f"{contacts}?include=available_actions")).json()["items"]
    assert [one["action"] for one in shown[0]["available_actions"]]
    assert [message["kind"] for message in shown[3]["next_messages"]] == ["invitation"]


@pytest.mark.parametrize(
    ("frequency", "starts_on", "expected", "rrule"),
    [
        (
            Frequency.WEEKLY,
            date(2026, 12, 28),
            ["2026-12-28", "2027-01-04", "2027-01-11", "2027-01-18"],
            "FREQ=WEEKLY;BYDAY=MO",
        ),
        (
            Frequency.MONTHLY,
            date(2027, 10, 31),
            ["2027-10-31", "2027-11-30", "2027-12-31", "2028-01-31"],
            "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
        ),
        (
            Frequency.QUARTERLY,
            date(2027, 8, 30),
            ["2027-08-30", "2027-11-30", "2028-02-29", "2028-05-30"],
            "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=28,29,30;BYSETPOS=-1",
        ),
        (
            Frequency.YEARLY,
            date(2028, 2, 29),
            ["2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28"],
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1",
        ),
    ],
)
def test_the_dates_of_each_frequency(frequency: Frequency, starts_on: date, expected: list[str], rrule: str) -> None:
    assert rule(frequency, starts_on) == rrule
    assert [day.isoformat() for day in preview(frequency, starts_on, 4)] == expected
