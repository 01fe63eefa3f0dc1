"""The policies of a workspace over HTTP, and what they do to real invitations."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from tests.journeys.test_first_path import EMAIL, invite
from tests.plugins.product import Office, Person, Product

PATH = "/v1/workspace/follow-up-policies"
POLICY: dict[str, Any] = {"reminders": ["P7D", "P14D", "P21D"], "expires_after": "P45D"}
PARIS = ZoneInfo("Europe/Paris")


async def put(person: Person, body: dict[str, Any], domain: str = "invitations", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await person.ask("PUT", f"{PATH}/{domain}", json=body, headers=named)


def by_domain(listed: httpx.Response) -> dict[str, Any]:
    """The policies of a workspace, by their domain."""
    return {policy["domain"]: policy for policy in listed.json()["items"]}


async def test_the_products_own_policy_until_there_is_one(product: Product, office: Office) -> None:
    listed = await office.member.get(PATH)
    own = {
        "domain": "invitations",
        "domain_label": "Invitations",
        "reminders": ["P7D"],
        "expires_after": "P30D",
        "quiet_hours": None,
        "working_days_only": False,
        "holidays": None,
        "zone": "Europe/Paris",
        "version": 0,
    }
    assert (listed.status_code, by_domain(listed)["invitations"]) == (200, own)
    one = await office.member.get(f"{PATH}/invitations")
    assert (one.json(), one.headers["etag"]) == (own, '"0"')
    assert await product.rows("SELECT 1 FROM follow_up_policies") == []


async def test_setting_and_changing_it(product: Product, office: Office) -> None:
    other = await product.office("globex")
    wanted = {
        **POLICY,
        "quiet_hours": {"from": "20:00", "to": "08:00"},
        "working_days_only": True,
        "holidays": "FR",
    }
    made = await put(office.admin, wanted)
    assert made.status_code == 200, made.text
    assert {name: made.json()[name] for name in wanted} == wanted
    assert (made.json()["version"], made.headers["etag"]) == (1, '"1"')
    assert by_domain(await office.member.get(PATH))["invitations"] == made.json()
    assert (await other.member.get(f"{PATH}/invitations")).json()["version"] == 0

    stale = await put(office.admin, POLICY, If_Match='"0"')
    assert (stale.status_code, stale.json()["current_version"]) == (412, 1)
    changed = await put(office.admin, POLICY, If_Match='"1"')
    assert (changed.json()["version"], changed.json()["quiet_hours"]) == (2, None)
    assert (await put(office.admin, POLICY)).json()["version"] == 2, "nothing changed"
    entries = await product.rows(
        "SELECT action, actor_id, after FROM journal_entries WHERE subject_kind = 'follow_up_policy' ORDER BY at"
    )
    assert [(row["action"], row["actor_id"]) for row in entries] == [("follow_up_policy.changed", office.admin.id)] * 2
    assert entries[0]["after"]["reminders"] == POLICY["reminders"]


async def test_choosing_the_products_own_policy_is_a_choice(office: Office) -> None:
    assert (await put(office.admin, {"reminders": ["P7D"], "expires_after": "P30D"})).json()["version"] == 1


async def test_who_may(office: Office) -> None:
    refused = await put(office.member, POLICY)
    assert (refused.status_code, refused.json()["permission"]) == (403, "workspace:write")
    assert (await office.member.client.get(PATH)).status_code == 401
    unknown = await put(office.admin, POLICY, domain="nothing")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_follow_up_domain")
    assert (await office.admin.get(f"{PATH}/nothing")).status_code == 404


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"reminders": ["P14D", "P7D"]}, "/reminders/1", "not_ascending"),
    ({"reminders": ["P7D", "P1W"]}, "/reminders/1", "not_ascending"),
    ({"reminders": ["P7D", "P45D"]}, "/reminders/1", "past_expiry"),
    ({"reminders": ["P1M"], "expires_after": "P30D"}, "/reminders/0", "past_expiry"),
    ({"reminders": ["PT0S"]}, "/reminders/0", "not_positive"),
    ({"reminders": ["7 days"]}, "/reminders/0", "time_delta_parsing"),
    ({"reminders": ["P1D"] * 11}, "/reminders", "too_long"),
    ({"expires_after": "PT0S", "reminders": []}, "/expires_after", "not_positive"),
    ({"expires_after": "P11Y"}, "/expires_after", "too_long"),
    ({"quiet_hours": {"from": "08:00", "to": "08:00"}}, "/quiet_hours/to", "empty_span"),
    ({"quiet_hours": {"from": "24:00", "to": "08:00"}}, "/quiet_hours/from", "string_pattern_mismatch"),
    ({"quiet_hours": {"start": "20:00", "to": "08:00"}}, "/quiet_hours/from", "missing"),
    ({"holidays": "ZZ"}, "/holidays", "unknown_country"),
    ({"holidays": "fr"}, "/holidays", "string_pattern_mismatch"),
    ({"every": "P1D"}, "/every", "extra_forbidden"),
]


async def test_policies_that_do_not_hold(office: Office) -> None:
    for change, pointer, code in REFUSED:
        refused = await put(office.admin, {**POLICY, **change})
        assert refused.status_code == 422, refused.text
        assert (pointer, code) in [(error["pointer"], error["code"]) for error in refused.json()["errors"]], change


async def test_several_reminders_then_the_expiry(product: Product, office: Office) -> None:
    assert (await put(office.admin, POLICY)).status_code == 200
    invitation = await invite(product, office)
    path = f"/v1/invitations/{invitation['id']}"
    assert [message["kind"] for message in invitation["next_messages"]] == ["reminder"] * 3 + ["expiry_notice"]
    for number in (1, 2, 3):
        await product.advance(office.admin, "P7DT1M" if number == 1 else "P7D")
        shown = (await office.member.get(path)).json()
        assert shown["reminders_count"] == number
        assert len(shown["next_messages"]) == 4 - number
        assert len(await product.mails(office.admin, EMAIL)) == 1 + number
    await product.advance(office.admin, "P23D")
    assert (await office.member.get(path)).json()["status"] == "sent"
    await product.advance(office.admin, "P1D")
    assert (await office.member.get(path)).json()["status"] == "expired"
    newest, *others = await product.mails(office.admin, EMAIL)
    assert len(others) == 4
    assert newest["subject"] not in {mail["subject"] for mail in others}
    assert await product.rows("SELECT kind, ordinal, state FROM follow_ups WHERE state <> 'done'") == [], (
        "each of them acted"
    )


async def test_an_outage_over_several_reminders_is_one_mail(product: Product, office: Office) -> None:
    assert (await put(office.admin, POLICY)).status_code == 200
    invitation = await invite(product, office)
    await product.advance(office.admin, "P22D")
    assert len(await product.mails(office.admin, EMAIL)) == 2
    assert (await office.member.get(f"/v1/invitations/{invitation['id']}")).json()["reminders_count"] == 1


async def test_a_policy_holds_for_what_begins_after_it(product: Product, office: Office) -> None:
    first = await invite(product, office)
    assert (await put(office.admin, {"reminders": [], "expires_after": "P2D"})).status_code == 200
    second = await invite(product, office, "autre@partenaire.example", "552100554")
    assert [message["kind"] for message in second["next_messages"]] == ["expiry_notice"]
    await product.advance(office.admin, "P3D")
    assert (await office.member.get(f"/v1/invitations/{second['id']}")).json()["status"] == "expired"
    assert (await office.member.get(f"/v1/invitations/{first['id']}")).json()["status"] == "sent"


async def test_quiet_hours_from_the_policy_to_the_mail(product: Product, office: Office) -> None:
    now = product.runtime.clock.now().astimezone(PARIS)
    # Whatever time the test runs at, the reminder falls due in the middle of the quiet hours.
    hours = {"from": f"{(now.hour - 2) % 24:02}:00", "to": f"{(now.hour + 3) % 24:02}:00"}
    body = {**POLICY, "reminders": ["P7D"], "quiet_hours": hours}
    assert (await put(office.admin, body)).status_code == 200
    invitation = await invite(product, office)
    reminder = datetime.fromisoformat(invitation["next_messages"][0]["at"]).astimezone(PARIS)
    assert f"{reminder:%H:%M}" == hours["to"]
    await product.advance(office.admin, "P7DT1M")
    assert len(await product.mails(office.admin, EMAIL)) == 1
    await product.advance(office.admin, "PT5H")
    assert len(await product.mails(office.admin, EMAIL)) == 2
