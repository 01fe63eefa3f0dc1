"""`/metrics`: what a scrape tells about the outbox, the lanes, the follow-ups and the requests."""

import asyncio
import re

import httpx
from prometheus_client.parser import text_string_to_metric_families
from tests.messages.conftest import ADDRESS, TOKEN, Mailroom, with_settings
from tests.messaging.relay import ACCEPT_AND_DROP, always, once

from relance.core.paths import project_root

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


async def scrape(mailroom: Mailroom, token: str = TOKEN) -> httpx.Response:
    return await mailroom.product.client.get("/metrics", headers={"Authorization": f"Bearer {token}"})


async def samples(mailroom: Mailroom) -> Samples:
    answer = await scrape(mailroom)
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def of(found: Samples, name: str, **labels: str) -> float:
    return found[name, tuple(sorted(labels.items()))]


async def test_what_waits_and_what_came_of_it(mailroom: Mailroom) -> None:
    await mailroom.invite()
    await asyncio.sleep(0.05)
    found = await samples(mailroom)
    assert of(found, "relance_messages", state="queued") == 1
    assert of(found, "relance_outbox_due") == 1
    assert 0 < of(found, "relance_outbox_oldest_seconds") < 600
    assert of(found, "relance_database_up") == 1

    mailroom.relay.rule = once("rcpt", "451 4.3.0 busy")
    await mailroom.deliver()
    found = await samples(mailroom)
    assert of(found, "relance_messages_outcomes_total", outcome="deferred") == 1
    async with mailroom.product.runtime.db.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE messages SET not_before = created_at")
    await mailroom.deliver()
    found = await samples(mailroom)
    assert of(found, "relance_messages_outcomes_total", outcome="sent") == 1
    assert of(found, "relance_messages", state="queued") == 0
    assert of(found, "relance_outbox_oldest_seconds") == 0


async def test_uncertain_mails_and_paused_lanes_show(mailroom: Mailroom) -> None:
    mailroom.relay.rule = always("dot", ACCEPT_AND_DROP)
    await mailroom.invite()
    await mailroom.deliver()
    found = await samples(mailroom)
    assert of(found, "relance_messages", state="uncertain") == 1
    assert of(found, "relance_messages_outcomes_total", outcome="uncertain") == 1
    (lane,) = [key[1] for key in found if key[0] == "relance_lane_paused_seconds"]
    assert found["relance_lane_paused_seconds", lane] > 0
    assert found["relance_lane_faults", lane] == 1

    assert (await mailroom.act(await mailroom.message(recipient=ADDRESS), "mark-sent")).status_code == 200
    found = await samples(mailroom)
    assert of(found, "relance_messages_outcomes_total", outcome="sent") == 1


async def test_lost_leases_are_counted(mailroom: Mailroom) -> None:
    await mailroom.invite()
    async with mailroom.product.runtime.db.engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE messages SET state = 'sending', lease_epoch = 1, lease_until = now() - interval '1 s'"
        )
    assert of(await samples(mailroom), "relance_leases_overdue") == 1
    await mailroom.deliver()
    found = await samples(mailroom)
    assert of(found, "relance_leases_overdue") == 0
    assert of(found, "relance_leases_lost_total", state="queued") == 1


async def test_follow_ups_that_are_behind(mailroom: Mailroom) -> None:
    await mailroom.invite()
    await mailroom.deliver()
    async with mailroom.product.runtime.db.engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE follow_ups SET due_at = now() - interval '1 h' WHERE kind = 'reminder'"
        )
    found = await samples(mailroom)
    assert of(found, "relance_follow_ups_due") == 1
    assert 3590 < of(found, "relance_follow_up_lag_seconds") < 4200


async def test_requests_by_template_of_their_route(mailroom: Mailroom) -> None:
    labels = {"method": "GET", "route": "/v1/messages/{message_id}", "status": "200"}
    await mailroom.invite()
    await mailroom.message()
    before = of(await samples(mailroom), "relance_http_requests_total", **labels)
    await mailroom.message()
    found = await samples(mailroom)
    assert of(found, "relance_http_requests_total", **labels) == before + 1
    assert of(found, "relance_http_request_seconds_count", method="GET", route="/v1/messages/{message_id}") >= 2
    await mailroom.product.client.request("BREW", "/coffee")
    found = await samples(mailroom)
    assert of(found, "relance_http_requests_total", method="other", route="unmatched", status="404") >= 1


async def test_who_may_scrape(mailroom: Mailroom) -> None:
    assert (await scrape(mailroom, "wrong")).status_code == 401
    assert (await mailroom.product.client.get("/metrics")).status_code == 401
    runtime = mailroom.product.runtime
    runtime.settings = with_settings(runtime.settings, metrics_token=None)
    assert (await mailroom.product.client.get("/metrics")).status_code == 200
    runtime.settings = with_settings(runtime.settings, environment="production")
    assert (await mailroom.product.client.get("/metrics")).status_code == 401


async def test_the_dashboard_and_the_page_speak_of_metrics_that_exist(mailroom: Mailroom) -> None:
    mailroom.relay.rule = always("dot", ACCEPT_AND_DROP)
    await mailroom.invite()
    await mailroom.deliver()
    known = {name for name, _ in await samples(mailroom)}
    docs = project_root() / "docs"
    drawn = set(re.findall(r"\brelance_[a-z_]+", (docs / "grafana" / "relance.json").read_text(encoding="utf-8")))
    explained = set(re.findall(r"`(relance_[a-z_]+)", (docs / "operations.md").read_text(encoding="utf-8")))
    series = {re.sub(r"_(bucket|sum|count)$", "", name) for name in known if not name.endswith("_created")}
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in drawn} <= series
    assert explained == series
