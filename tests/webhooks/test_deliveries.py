"""Deliveries: signed, in order, tried again, given up, replayed."""

from datetime import UTC, datetime, timedelta

from tests.webhooks.conftest import Line
from tests.webhooks.receiver import Received, answering, fine


async def test_an_event_arrives_signed_and_is_the_one_of_the_feed(line: Line) -> None:
    invitation = await line.invite()
    await line.deliver()
    received = line.receiver.taken
    feed = {one["id"]: one for one in await line.events()}
    assert line.receiver.unverified == 0
    assert {one.id for one in received} >= {one for one, event in feed.items() if event["subject"]["id"] == invitation}
    assert all(one.event == feed[one.id] for one in received)
    (logged,) = await line.deliveries(subject_id=invitation)
    assert (logged["state"], logged["attempts_count"], logged["last_status"]) == ("delivered", 1, 204)
    answer = await line.office.admin.get(f"/v1/webhook-deliveries/{logged['id']}")
    assert answer.json()["event"] == feed[logged["event_id"]]
    assert answer.json()["attempts"][0]["request"]["headers"]["webhook-id"] == logged["event_id"]
    assert "webhook-signature" not in answer.text
    await line.deliver()
    assert len(line.receiver.taken) == len({one.id for one in line.receiver.taken}), "nothing twice"
    assert line.receiver.connections < len(line.receiver.taken) + 1, "connections are kept"


async def test_two_secrets_sign_until_the_older_one_ends(line: Line) -> None:
    (old,) = line.receiver.secrets
    rotated = (await line.office.admin.post(f"{line.path}/rotate-secret", {"overlap": "P1D"})).json()
    new = rotated["secret"]
    assert new.startswith("whsec_")
    assert new != old
    assert len(rotated["secrets"]) == 2
    await line.invite(1)
    for held in (old, new):
        line.receiver.secrets, before = [held], len(line.receiver.taken)
        tested = await line.office.admin.post(f"{line.path}/test")
        assert tested.status_code == 202
        await line.deliver()
        ids = [one.id for one in line.receiver.taken[before:]]
        assert tested.json()["event_id"] in ids, "a test is an event like every other"
    last = (await line.office.admin.post(f"{line.path}/rotate-secret", {"overlap": "PT0S"})).json()
    assert len(last["secrets"]) == 1
    await line.invite(2)
    await line.deliver()
    assert line.receiver.unverified > 0, "the replaced secrets sign no more"
    stored = await line.product.rows("SELECT sealed FROM webhook_secrets")
    assert all(new.encode() not in row["sealed"] and last["secret"].encode() not in row["sealed"] for row in stored)
    shown = (await line.office.admin.get(line.path)).text
    assert "whsec_" not in shown


async def test_filters_and_tests_reach_whom_they_concern(line: Line) -> None:
    admin = line.office.admin
    other = await admin.post(
        "/v1/webhook-endpoints", {"url": f"{line.receiver.url}/other", "types": ["invitation.cancelled"]}
    )
    line.receiver.secrets.append(other.json()["secret"])
    invitation = await line.invite()
    assert (await admin.post(f"/v1/invitations/{invitation}/cancel")).status_code == 200
    assert (await admin.post(f"{line.path}/test")).status_code == 202
    await line.deliver()
    assert line.receiver.unverified == 0
    told = [one["type"] for one in await line.deliveries(endpoint_id=other.json()["id"])]
    assert told == ["invitation.cancelled"]
    own = [one["type"] for one in await line.deliveries(endpoint_id=line.endpoint["id"])]
    assert {"invitation.created", "invitation.cancelled", "webhook_endpoint.tested"} <= set(own)


async def test_a_later_event_of_a_subject_waits_for_the_earlier_one(line: Line) -> None:
    """What fails is tried again later; its subject waits, the others do not; and then the order is kept."""
    stubborn, other = await line.invite(1), await line.invite(2)

    def refuse_creation(received: Received) -> tuple[int, dict[str, str], bytes]:
        refused = received.event["subject"]["id"] == stubborn and received.event["type"] == "invitation.created"
        return (503, {"retry-after": "600"}, b"later") if refused else (204, {}, b"")

    line.receiver.rule = refuse_creation
    for one in (stubborn, other):
        assert (await line.office.admin.post(f"/v1/invitations/{one}/cancel")).status_code == 200
    await line.deliver()
    assert types_of(line, stubborn) == []
    assert types_of(line, other) == ["invitation.created", "invitation.cancelled"]
    logged = {one["type"]: one for one in await line.deliveries(subject_id=stubborn)}
    first, second = logged["invitation.created"], logged["invitation.cancelled"]
    assert (first["state"], first["reason"], first["last_status"]) == ("pending", "status", 503)
    assert (second["state"], second["attempts_count"]) == ("pending", 0)
    waits = datetime.fromisoformat(first["not_before"]) - datetime.fromisoformat(first["created_at"])
    assert waits >= timedelta(seconds=600), "Retry-After is honoured"
    line.receiver.rule = fine
    await line.deliver()
    assert types_of(line, stubborn) == [], "not before its time"
    await line.product.advance(line.office.admin, "PT11M")
    assert types_of(line, stubborn) == ["invitation.created", "invitation.cancelled"]


def types_of(line: Line, subject: str) -> list[str]:
    return [one.event["type"] for one in line.receiver.taken if one.event["subject"]["id"] == subject]


async def test_after_the_last_attempt_it_is_dead_and_its_subject_goes_on(line: Line) -> None:
    admin = line.office.admin
    types = {"types": ["invitation.created", "invitation.cancelled"]}
    assert (await admin.ask("PATCH", line.path, json=types)).status_code == 200
    invitation = await line.invite()
    line.receiver.rule = answering(500, b"\x00no" + b"!" * 50_000)
    await line.deliver()
    for _ in range(9):
        await line.product.advance(admin, "PT29H")
        # Five days of nothing but failures would disable the endpoint: here it is the delivery that is given up.
        async with line.product.runtime.db.engine.begin() as connection:
            await connection.exec_driver_sql("UPDATE webhook_lanes SET failing_since = NULL, paused_until = NULL")
    (dead,) = await line.deliveries(subject_id=invitation, type="invitation.created")
    assert (dead["state"], dead["attempts_count"]) == ("dead", 10)
    shown = (await admin.get(f"/v1/webhook-deliveries/{dead['id']}")).json()
    assert len(shown["attempts"]) == 10
    assert shown["attempts"][0]["response"]["body"].startswith("\ufffdno!")
    assert len(shown["attempts"][0]["response"]["body"]) == 2048
    line.receiver.rule = fine
    assert (await admin.post(f"/v1/invitations/{invitation}/cancel")).status_code == 200
    await line.deliver()
    assert types_of(line, invitation)[-1] == "invitation.cancelled"
    again = await admin.post(f"/v1/webhook-deliveries/{dead['id']}/replay")
    assert again.status_code == 201, again.text
    await line.deliver()
    assert line.receiver.taken[-1].id == dead["event_id"], "a replay keeps the id"
    assert line.receiver.unverified == 0


async def test_gone_disables_and_five_days_of_failures_do_too(line: Line) -> None:
    admin = line.office.admin
    await line.invite()
    line.receiver.rule = answering(410)
    await line.deliver()
    shown = (await admin.get(line.path)).json()
    assert (shown["enabled"], shown["disabled_reason"]) == (False, "gone")
    assert shown["disabled_reason_label"] == "Le destinataire a répondu 410"
    refused = await admin.post(f"{line.path}/test")
    assert (refused.status_code, refused.json()["code"]) == (409, "webhook_endpoint_disabled")
    assert (await admin.post(f"{line.path}/enable")).json()["enabled"] is True
    line.receiver.rule = answering(500)
    await line.deliver()
    await line.product.advance(admin, "P20D")
    assert (await admin.get(line.path)).json()["enabled"] is True, "two failures, and nothing tried in between"
    for _ in range(5):
        await line.product.advance(admin, "P1DT5H")
    shown = (await admin.get(line.path)).json()
    assert (shown["enabled"], shown["disabled_reason"]) == (False, "failing")
    await line.deliver()
    told = await line.events(type="webhook_endpoint.disabled")
    assert [one["data"]["after"]["reason"] for one in told] == ["gone", "failing"]
    line.receiver.rule = fine
    metrics = (await line.product.client.get("/metrics")).text
    assert "relance_webhooks_pending 0.0" in metrics, "a disabled endpoint is no backlog"
    assert (await admin.post(f"{line.path}/enable")).json()["failures_in_a_row"] == 0
    await line.product.advance(admin, "P1D")
    assert {one["state"] for one in await line.deliveries()} == {"delivered"}, "what was queued is not lost"


async def test_a_period_is_replayed_with_the_same_ids(line: Line) -> None:
    since = datetime.now(UTC) - timedelta(minutes=1)
    subjects = [await line.invite(number) for number in range(3)]
    await line.deliver()
    first = [one.id for one in line.receiver.taken]
    period = {"since": since.isoformat(), "until": (since + timedelta(hours=1)).isoformat()}
    rehearsed = await line.office.admin.post(f"{line.path}/replay?dry_run=true", period)
    await line.deliver()
    assert len(line.receiver.taken) == len(first), "a rehearsal sends nothing"
    replayed = await line.office.admin.post(f"{line.path}/replay", period)
    assert replayed.json() == rehearsed.json()
    assert replayed.json()["queued"] >= len(subjects)
    await line.deliver()
    again = [one.id for one in line.receiver.taken[len(first) :]]
    assert set(first) <= set(again)
    assert len(again) == replayed.json()["queued"]
    empty = await line.office.admin.post(f"{line.path}/replay", {"since": period["until"], "until": period["since"]})
    assert (empty.status_code, empty.json()["errors"][0]["code"]) == (422, "period_empty")


async def test_conversations_with_one_endpoint_are_bounded(line: Line) -> None:
    line.receiver.delay = 0.02
    for number in range(14):
        await line.invite(number)
    await line.deliver()
    assert line.receiver.most_at_once == line.product.runtime.settings.webhook_connections_per_endpoint
    assert {one["state"] for one in await line.deliveries()} == {"delivered"}
