"""Jobs under crashes, cancelling and two workers: no item twice, none forgotten."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import text
from tests.plugins.product import Office, Product

from relance.capabilities.jobs.handlers import Batch, ItemResult, JobFacts, JobKinds, Position, Work
from relance.capabilities.jobs.repository import JobRepository
from relance.capabilities.jobs.runner import MOST_ATTEMPTS, JobRunner
from relance.capabilities.jobs.service import Jobs
from relance.core.clock import system_now
from relance.core.db import DbSession
from relance.core.errors import FieldError
from relance.core.i18n import Text
from relance.core.security import Caller, Level

Hook = Callable[[int], Awaitable[None]]


async def _nothing(_at: int) -> None:
    """No fault."""


class Counting:
    """Settles the numbers up to `total`, three at a time; the effect of each is a row of the journal."""

    kind = "tests.counting"
    label = Text("Compter", "Count")
    outcomes: Mapping[str, Text] = {"even": Text("Pair", "Even"), "odd": Text("Impair", "Odd")}

    def __init__(self) -> None:
        self.before: Hook = _nothing
        self.after: Hook = _nothing

    async def total(self, _session: DbSession, job: JobFacts) -> int | None:
        return int(job.parameters["total"])

    async def begin(self, job: JobFacts, position: Position | None) -> Work:
        return _Counted(self, job, int(position["next"]) if position else 1)


class _Counted:
    def __init__(self, owner: Counting, job: JobFacts, first: int) -> None:
        self._owner, self._job, self._next = owner, job, first

    async def batch(self, session: DbSession) -> Batch:
        numbers = range(self._next, min(self._next + 3, int(self._job.parameters["total"]) + 1))
        await self._owner.before(self._next)
        for number in numbers:
            await session.execute(
                text("INSERT INTO suppressions (workspace_id, id, address_hash, reason, created_at) "
                     "VALUES (:ws, gen_random_uuid(), :hash, 'test', now())"),
                {"ws": self._job.workspace_id, "hash": number.to_bytes(4)},
            )  # fmt: skip
        await self._owner.after(self._next)
        self._next += len(numbers)
        items = [
            ItemResult("odd", failed=True, errors=[FieldError("/n", "odd", "impair")], cells=[str(number)])
            if number % 2
            else ItemResult("even", reference=f"n° {number}")
            for number in numbers
        ]
        ended = self._next > int(self._job.parameters["total"])
        return Batch(items, None if ended else {"next": self._next})

    async def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def counting(product: Product) -> Iterator[Counting]:
    handler, state = Counting(), product.app.state
    before: JobKinds = state.job_kinds
    state.job_kinds = JobKinds({**before.handlers, handler.kind: handler})
    yield handler
    state.job_kinds = before


async def ask(product: Product, office: Office, total: int, **options: Any) -> UUID:
    caller = Caller(
        "user", office.workspace_id, office.member.id, None, "Member", office.member.email,
        {"jobs:read": Level.OWN}, frozenset({office.organisation_id}), frozenset({office.member.id}),
    )  # fmt: skip
    async with product.runtime.db.transaction(office.workspace_id) as session:
        job = await Jobs(session, product.runtime.clock).start(Counting.kind, caller, {"total": total}, **options)
        return job.id


def runner(product: Product) -> JobRunner:
    return JobRunner(product.runtime, product.app.state.job_kinds)


async def effects(product: Product) -> list[int]:
    rows = await product.rows("SELECT address_hash FROM suppressions ORDER BY address_hash")
    return [int.from_bytes(row["address_hash"]) for row in rows]


async def numbers(product: Product) -> list[int]:
    return [row["number"] for row in await product.rows("SELECT number FROM job_items ORDER BY number")]


async def free_now(product: Product) -> None:
    """As if the lease had run out, or the pause after a fault were over."""
    async with product.runtime.db.engine.begin() as connection:
        await connection.exec_driver_sql(
            "UPDATE jobs SET lease_until = now() - interval '1 second', not_before = now() - interval '1 second'"
        )


async def test_progress_results_and_files(product: Product, office: Office, counting: Counting) -> None:
    job_id = await ask(product, office, 8)
    path = f"/v1/jobs/{job_id}"
    assert (await office.member.get(path)).json()["state_label"] == "En attente"
    assert await runner(product).sweep() == 1
    job = await office.member.get(path)
    body = job.json()
    assert (body["state"], body["total"], body["done"], body["failed"]) == ("done", 8, 8, 4)
    assert body["counts"][0] == {"outcome": "even", "outcome_label": "Pair", "count": 4}
    assert job.headers["ETag"] == f'"{body["version"]}"'
    assert body["eta"] is None
    first = (await office.member.get(f"{path}/results?outcome=odd&limit=3")).json()
    assert [item["number"] for item in first["items"]] == [1, 3, 5]
    rest = (await office.member.get(f"{path}/results?outcome=odd&limit=3&cursor={first['next_cursor']}")).json()
    assert ([item["number"] for item in rest["items"]], rest["next_cursor"]) == ([7], None)
    file = await office.member.get(f"{path}/results.csv?failed=false", headers={"Accept-Language": "en"})
    assert file.content.decode("utf-8-sig").splitlines()[1] == "2,n° 2,even,Even,,"
    journal = await product.rows("SELECT action FROM journal_entries WHERE subject_kind = 'job' ORDER BY id")
    assert [row["action"] for row in journal] == ["job.created", "job.started", "job.done"]
    listed = (await office.member.get("/v1/jobs?state=done")).json()["items"]
    assert [row["id"] for row in listed] == [str(job_id)]
    assert (await office.admin.get(path)).status_code == 200
    stranger = (await product.office("ailleurs")).admin
    for address in (path, f"{path}/results", f"{path}/results.csv", f"{path}/events"):
        assert (await stranger.get(address)).status_code == 404
    assert (await stranger.post(f"{path}/cancel")).status_code == 404


async def test_a_dry_run_reports_the_same_and_leaves_nothing(
    product: Product, office: Office, counting: Counting
) -> None:
    job_id = await ask(product, office, 7, dry_run=True)
    await runner(product).sweep()
    body = (await office.member.get(f"/v1/jobs/{job_id}")).json()
    assert (body["state"], body["dry_run"], body["done"], body["failed"]) == ("done", True, 7, 4)
    assert await effects(product) == []
    assert await numbers(product) == list(range(1, 8))


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_a_worker_that_dies_is_followed_by_another(
    product: Product, office: Office, counting: Counting, moment: str
) -> None:
    died = asyncio.Event()

    async def die(at: int) -> None:
        if at == 4 and not died.is_set():
            died.set()
            await asyncio.Event().wait()  # the process is gone; its lease runs out

    setattr(counting, moment, die)
    await ask(product, office, 8)
    first = asyncio.create_task(runner(product)._work())
    await died.wait()
    assert await numbers(product) == [1, 2, 3]
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    assert await runner(product).sweep() == 0, "its lease still holds"
    await free_now(product)
    assert await runner(product).sweep() == 1
    assert await effects(product) == await numbers(product) == list(range(1, 9))


async def test_a_worker_that_was_given_up_writes_nothing(product: Product, office: Office, counting: Counting) -> None:
    stalled, go_on = asyncio.Event(), asyncio.Event()

    async def stall(at: int) -> None:
        if at == 4 and not stalled.is_set():
            stalled.set()
            await go_on.wait()

    counting.before = stall  # before its first lock: a process that was stopped for longer than its lease
    await ask(product, office, 8)
    slow = asyncio.create_task(runner(product).sweep())
    await stalled.wait()
    await free_now(product)
    assert await runner(product).sweep() == 1
    async with product.runtime.db.engine.begin() as connection:
        await connection.exec_driver_sql("DELETE FROM suppressions")  # so that its batch would not collide
    go_on.set()
    assert await slow == 1
    assert await effects(product) == []
    assert await numbers(product) == list(range(1, 9))


async def test_cancelling_undoes_the_batch_under_way(product: Product, office: Office, counting: Counting) -> None:
    path = ""

    async def cancel(at: int) -> None:
        if at == 4:
            assert (await office.member.post(f"{path}/cancel")).status_code == 200

    counting.after = cancel
    path = f"/v1/jobs/{await ask(product, office, 8)}"
    await runner(product).sweep()
    body = (await office.member.get(path)).json()
    assert (body["state"], body["state_label"], body["done"]) == ("cancelled", "Annulé", 3)
    assert await effects(product) == await numbers(product) == [1, 2, 3]
    again = await office.member.post(f"{path}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "transition_not_allowed")
    stale = await office.member.post(f"{path}/cancel", headers={"If-Match": '"1"'})
    assert stale.status_code == 412


async def test_a_fault_is_tried_again_from_the_last_batch_and_given_up_at_last(
    product: Product, office: Office, counting: Counting
) -> None:
    faults = 0

    async def fail(at: int) -> None:
        nonlocal faults
        if at == 4:
            faults += 1
            raise RuntimeError("a fault of the test")

    counting.after = fail
    job_id = await ask(product, office, 8)
    for attempt in range(MOST_ATTEMPTS):
        assert await runner(product).sweep() == 1
        assert faults == attempt + 1
        assert await runner(product).sweep() == 0, "not at once"
        await free_now(product)
    body = (await office.member.get(f"/v1/jobs/{job_id}")).json()
    assert (body["state"], body["error"], body["done"]) == ("failed", "internal_error", 3)
    assert await effects(product) == [1, 2, 3]


async def test_closing_hands_the_job_over(product: Product, office: Office, counting: Counting) -> None:
    leaving = runner(product)

    async def close(at: int) -> None:
        if at == 4:
            leaving._closing = True

    counting.after = close
    job_id = await ask(product, office, 8)
    await leaving.sweep()
    assert (await office.member.get(f"/v1/jobs/{job_id}")).json()["done"] == 6
    counting.after = _nothing
    assert await runner(product).sweep() == 1, "at once, without waiting for a lease"
    assert await effects(product) == list(range(1, 9))


async def test_a_long_job_keeps_no_short_one_waiting(product: Product, office: Office, counting: Counting) -> None:
    stalled, go_on = asyncio.Event(), asyncio.Event()

    async def stall(at: int) -> None:
        if at == 1 and not stalled.is_set():
            stalled.set()
            await go_on.wait()

    counting.before = stall
    shared = runner(product)
    await ask(product, office, 3)
    long = asyncio.create_task(shared.sweep())
    await stalled.wait()
    short = await ask(product, office, 0)
    assert await shared.sweep() == 1
    assert (await office.member.get(f"/v1/jobs/{short}")).json()["state"] == "done"
    go_on.set()
    await long


async def test_two_runners_claim_a_job_once(product: Product, office: Office, counting: Counting) -> None:
    await ask(product, office, 5)
    claims = await asyncio.gather(*(runner(product).sweep() for _ in range(4)))
    assert sorted(claims) == [0, 0, 0, 1]
    async with product.runtime.db.transaction(None) as session:
        lease = product.runtime.settings.lease_seconds
        assert lease > 0
        assert await JobRepository(session).claim([Counting.kind], system_now(), timedelta(1)) is None


async def test_events_tell_the_progress_until_the_end(product: Product, office: Office, counting: Counting) -> None:
    job_id = await ask(product, office, 4)
    told: list[tuple[str, int]] = []

    async def listen() -> None:
        headers = {"Authorization": f"Bearer {office.member.token}"}
        answer = await product.client.get(f"/v1/jobs/{job_id}/events", headers=headers)
        assert answer.headers["content-type"].startswith("text/event-stream")
        for event in answer.text.strip().split("\n\n"):
            name, _, data = event.split("\n")
            told.append((name, orjson.loads(data.removeprefix("data: "))["done"]))

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0.2)
    await runner(product).sweep()
    await listening
    assert told == [("event: progress", 0), ("event: end", 4)]
