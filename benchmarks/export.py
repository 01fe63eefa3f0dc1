"""Rows per second of the dashboard as CSV, over HTTP: beside PostgreSQL's own COPY of the same rows in the same order.

The limit writes neither headings nor labels nor the clocks of the workspace, and nobody asks who reads it.
`python -m benchmarks.export` runs both in turns; with the word `copy` it is the limit.
"""

import http.client
import sys
import time
from uuid import UUID

import asyncpg
import uvloop
from benchmarks import harness, report
from benchmarks.dashboards import Dashboard, dashboards
from benchmarks.hammer import ask_once, serving
from benchmarks.listing import ROWS

from relance.core.settings import Settings

_EXPORT = "/v1/invitations/export.csv?mine=false&archived=any&sort=created_at"
_COPIED = """
SELECT c.id_value, c.name, i.email, o.name, i.last_sent_at, i.reminders_count, i.form_status, i.status, i.delivery,
    i.expires_at
FROM invitations i
JOIN companies c ON c.workspace_id = i.workspace_id AND c.id = i.company_id
JOIN organisations o ON o.workspace_id = i.workspace_id AND o.id = i.issuing_organisation_id
WHERE i.workspace_id = $1 ORDER BY i.created_at, i.id
"""


async def copy(workspace_id: str) -> None:
    """Be the limit."""
    lines = 0

    async def count(piece: bytes) -> None:
        nonlocal lines
        lines += piece.count(b"\n")

    connection = await asyncpg.connect(Settings().database_url)
    started = time.perf_counter()
    await connection.copy_from_query(_COPIED, UUID(workspace_id), output=count, format="csv", delimiter=";")
    taken = time.perf_counter() - started
    await connection.close()
    harness.say_facts(lines, taken)


def _ours(settings: Settings, dashboard: Dashboard) -> harness.Sample:
    with serving(("relance", "api"), harness.environment(settings)) as (port, pid):
        ask_once(port, "GET", "/v1/invitations?limit=1", dashboard.headers)
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        started = time.perf_counter()
        link.request("GET", _EXPORT, headers=dict(dashboard.headers))
        answer = link.getresponse()
        lines = -1  # the heading
        while piece := answer.read(2**18):
            lines += piece.count(b"\n")
        taken = time.perf_counter() - started
        link.close()
        if answer.status != 200 or lines != dashboard.count:
            raise RuntimeError(f"{answer.status}, {lines} rows of {dashboard.count}: the measure is void")
        return harness.Sample(lines / taken, harness.peak_of(pid))


def _limit(settings: Settings, dashboard: Dashboard) -> harness.Sample:
    env = harness.environment(settings)
    return harness.command("benchmarks.export", "copy", str(dashboard.workspace_id), env=env)


def benches(settings: Settings, dashboard: Dashboard) -> list[harness.Bench]:
    """The row of the table."""
    return [
        harness.Bench(
            f"rows of the CSV export, {dashboard.count:,}; limit, COPY",
            (
                harness.Contender(harness.LIMIT, lambda: _limit(settings, dashboard)),
                harness.Contender(harness.OURS, lambda: _ours(settings, dashboard)),
            ),
            bars=(harness.of_limit(0.3), harness.memory_below(250)),
        )
    ]


def main() -> None:
    """Both in turns."""
    with harness.servers() as settings:
        (dashboard,) = dashboards(settings, ROWS)
        results = [harness.measure(bench, harness.told) for bench in benches(settings, dashboard)]
    harness.told(report.write(results))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        uvloop.run(copy(sys.argv[2]))
    else:
        main()
