"""Metrics in Prometheus' text format: requests counted by the processes, everything else asked of the database.

What the workers do is in the rows they write, so that a scrape of any API process tells the whole truth, whichever
processes live or have died. Requests are counted in memory; where several processes share one port, `relance api`
sets PROMETHEUS_MULTIPROC_DIR and each scrape adds them up.
"""

import hmac
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal, Protocol

import structlog
from fastapi import APIRouter, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from relance.core.db import DbSession
from relance.core.errors import Unauthenticated
from relance.core.http import RuntimeDep
from relance.core.problems import problem_responses
from relance.core.runtime import Runtime

_log = structlog.get_logger(__name__)

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

#: Own registry: the library's default one brings figures of the interpreter that nobody asked for.
_registry = CollectorRegistry()
_REQUESTS = Counter("relance_http_requests", "Requests answered.", ("method", "route", "status"), registry=_registry)
_SECONDS = Histogram(
    "relance_http_request_seconds",
    "Time to answer, in seconds.",
    ("method", "route"),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
    registry=_registry,
)


def observe_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request. `route` is the template: an address would make a series of each id."""
    known = method if method in _METHODS else "other"
    _REQUESTS.labels(known, route, str(status)).inc()
    _SECONDS.labels(known, route).observe(seconds)


@dataclass(frozen=True)
class Measured:
    """One metric as a probe found it: a value for each set of labels."""

    name: str
    help: str
    kind: Literal["gauge", "counter"] = "gauge"
    labels: Sequence[str] = ()
    values: Mapping[tuple[str, ...], float] = field(default_factory=dict)

    @property
    def family(self) -> Metric:
        """The same for the library."""
        make = GaugeMetricFamily if self.kind == "gauge" else CounterMetricFamily
        family = make(self.name, self.help, labels=self.labels)
        for labels, value in self.values.items():
            family.add_metric(labels, value)
        return family


def single(name: str, words: str, value: float) -> Measured:
    """A gauge without labels."""
    return Measured(name, words, values={(): value})


class Probe(Protocol):
    """Measures one capability; registered by the composition root."""

    async def measure(self, session: DbSession) -> Sequence[Measured]:
        """Look, in a system read session. Every query is on a scrape's path: only what an index answers."""
        ...


class _Families(Collector):
    def __init__(self, measured: Sequence[Measured]) -> None:
        self._measured = measured

    def collect(self) -> Iterable[Metric]:
        """What was measured."""
        return [one.family for one in self._measured]


router = APIRouter(tags=["operations"])

_token = HTTPBearer(
    scheme_name="metrics_token",
    description="`RELANCE_METRICS_TOKEN` of the deployment.",
    auto_error=False,
)


@router.get(
    "/metrics",
    operation_id="operations_metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={
        200: {
            "description": "Every metric; each is explained in docs/operations.md.",
            "content": {"text/plain": {"example": 'relance_messages{state="uncertain"} 0.0\n'}},
        },
        **problem_responses(Unauthenticated),
    },
)
async def metrics(
    request: Request,
    runtime: RuntimeDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_token)],
) -> Response:
    """Outbox, lanes, leases, follow-ups and requests. `relance_database_up` is 0 when the database does not answer."""
    _authorise(runtime, credentials.credentials if credentials else "")
    scrape = CollectorRegistry()
    scrape.register(_Families(await _measure(runtime, request.app.state.probes)))
    return Response(generate_latest(scrape) + generate_latest(_requests()), media_type=MEDIA_TYPE)


def _authorise(runtime: Runtime, given: str) -> None:
    expected = runtime.settings.metrics_token
    if expected is None:
        # Names of relays and how much goes out are nobody's business: closed unless somebody decided.
        if runtime.settings.environment == "development":
            return
        raise Unauthenticated()
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Unauthenticated()


def _requests() -> CollectorRegistry:
    if not os.environ.get(MULTIPROCESS):
        return _registry
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call] # the library lacks this one annotation
    return shared


async def _measure(runtime: Runtime, probes: Sequence[Probe]) -> list[Measured]:
    found: list[Measured] = []
    up = 1.0
    try:
        async with runtime.db.reading(None) as session:
            for probe in probes:
                found.extend(await probe.measure(session))
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        _log.warning("metrics_without_database", error=type(error).__name__)
        up = 0.0
    return [single("relance_database_up", "Whether the database answered this scrape.", up), *found]
