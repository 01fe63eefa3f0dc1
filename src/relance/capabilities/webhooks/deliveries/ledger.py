"""What the worker reads and writes about deliveries: claims, and what came of the conversations."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import orjson
import structlog

from relance.capabilities.webhooks.catalogue import Catalogue
from relance.capabilities.webhooks.deliveries.conversation import Answer
from relance.capabilities.webhooks.deliveries.repository import DeliveryRepository, Loaded
from relance.capabilities.webhooks.deliveries.schedule import FAILING_FOR, QUIET, next_attempt, pause
from relance.capabilities.webhooks.endpoints.repository import EndpointKey, EndpointRepository
from relance.capabilities.webhooks.endpoints.secrets import unseal
from relance.capabilities.webhooks.endpoints.service import disable
from relance.capabilities.webhooks.feed.views import event_read
from relance.capabilities.webhooks.models import DeliveryState, WebhookLane
from relance.core.clock import system_now
from relance.core.db import DbSession
from relance.core.ids import new_id
from relance.core.runtime import Runtime
from relance.core.subjects import SYSTEM

_log = structlog.get_logger(__name__)

#: Beyond the longest conversation: to write down what came of it.
_SPARE_SECONDS: Final = 5.0
_FORGET_BATCH: Final = 1_000


@dataclass(frozen=True, slots=True)
class Parcel:
    """A claimed delivery, ready to be sent."""

    workspace_id: UUID
    id: UUID
    endpoint_id: UUID
    event_id: UUID
    epoch: int
    attempts: int
    url: str
    secrets: Sequence[str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Told:
    """A parcel, the headers it went with but for the signature, and the answer."""

    parcel: Parcel
    headers: Mapping[str, str]
    answer: Answer


class Ledger:
    """One instance a process; its leases bear its name."""

    def __init__(self, runtime: Runtime, catalogue: Catalogue) -> None:
        self._runtime = runtime
        self._catalogue = catalogue
        self._owner = new_id()

    async def recover(self) -> None:
        """Take back what processes died with."""
        async with self._runtime.db.transaction(None) as session:
            await DeliveryRepository(session).recover(self._runtime.clock.now())

    async def claim(self, most: int) -> list[Parcel]:
        """Lease up to `most` deliveries that are due."""
        settings = self._runtime.settings
        async with self._runtime.db.transaction(None) as session:
            rows = DeliveryRepository(session)
            claimed = await rows.claim(
                self._catalogue.names,
                owner=self._owner,
                bound=settings.webhook_connections_per_endpoint,
                most=most,
                lease_seconds=max(settings.lease_seconds, settings.webhook_timeout_seconds + _SPARE_SECONDS),
                now=self._runtime.clock.now(),
            )
            loaded = await rows.load(claimed, system_now()) if claimed else []
        return [self._parcel(one) for one in loaded]

    def _parcel(self, one: Loaded) -> Parcel:
        opened = (unseal(self._runtime.keys, one.endpoint.id, sealed) for sealed in one.sealed)
        return Parcel(
            workspace_id=one.delivery.workspace_id,
            id=one.delivery.id,
            endpoint_id=one.endpoint.id,
            event_id=one.delivery.event_id,
            epoch=one.delivery.lease_epoch,
            attempts=one.delivery.attempts,
            url=one.endpoint.url,
            secrets=[secret for secret in opened if secret is not None],
            body=event_read(one.entry, self._catalogue).model_dump_json().encode(),
        )

    async def settle(self, told: Sequence[Told]) -> None:
        """Write down answers, and what they mean for their endpoints, in one transaction."""
        now = self._runtime.clock.now()
        async with self._runtime.db.transaction(None) as session:
            await DeliveryRepository(session).settle(_columns([_row(one, now) for one in told]))
            await self._judge_endpoints(session, told, now)

    async def _judge_endpoints(self, session: DbSession, told: Sequence[Told], now: datetime) -> None:
        answers: dict[EndpointKey, list[Answer]] = defaultdict(list)
        for one in told:
            answers[one.parcel.workspace_id, one.parcel.endpoint_id].append(one.answer)
        rows = EndpointRepository(session)
        if good := [key for key, given in answers.items() if any(answer.reason is None for answer in given)]:
            await rows.forgive(good)
        # In one order in every process, since each of them is locked until the end.
        for key in sorted(answers.keys() - set(good)):
            lane = await rows.blame(key, len(answers[key]), now, QUIET)
            if lane is None:
                continue
            await rows.pause(key, now, pause(lane.failures))
            gone = any(answer.reason == "gone" for answer in answers[key])
            if gone or _is_hopeless(lane, now):
                await self._give_up(session, key, "gone" if gone else "failing")

    async def _give_up(self, session: DbSession, key: EndpointKey, reason: str) -> None:
        session.enter_workspace(key[0])
        endpoint = await EndpointRepository(session).find(key[1], lock=True)
        if endpoint is not None and endpoint.enabled:
            _log.warning("webhook_endpoint_disabled", endpoint=str(key[1]), reason=reason)
            await disable(session, self._runtime.clock, endpoint, reason, SYSTEM)
        session.leave_workspace()

    async def forget_old(self) -> int:
        """Delete what finished longer ago than the log is kept: how many deliveries."""
        before = self._runtime.clock.now() - timedelta(days=self._runtime.settings.webhook_log_days)
        total = 0
        while True:
            async with self._runtime.db.transaction(None) as session:
                forgotten = await DeliveryRepository(session).forget(before, _FORGET_BATCH)
            total += forgotten
            if forgotten < _FORGET_BATCH:
                return total


def _is_hopeless(lane: WebhookLane, now: datetime) -> bool:
    return lane.failing_since is not None and now - lane.failing_since >= FAILING_FOR


def _row(told: Told, now: datetime) -> dict[str, Any]:
    parcel, answer = told.parcel, told.answer
    due: datetime | None = None
    state = DeliveryState.DELIVERED
    if answer.reason is not None:
        due = next_attempt(parcel.attempts + 1, now, answer.retry_after)
        state = DeliveryState.PENDING if due is not None else DeliveryState.DEAD
    return {
        "workspaces": parcel.workspace_id,
        "ids": parcel.id,
        "epochs": parcel.epoch,
        "states": state.value,
        "reasons": answer.reason,
        "dues": due,
        "ends": None if due is not None else now,
        "attempt_ids": new_id(),
        "ats": answer.at,
        "urls": parcel.url,
        "asked": orjson.dumps(dict(told.headers)).decode(),
        "statuses": answer.status,
        "told": orjson.dumps(answer.headers).decode(),
        "bodies": answer.body,
        "times": answer.milliseconds,
    }


def _columns(rows: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}
