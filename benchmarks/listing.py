"""Pages of the invitations list per second, 50 rows out of a million: the product, by hand, the usual way.

All three authenticate the same API key by the product's own query, and answer the same bytes from the same rows, which
is asserted before anything is measured. `python -m benchmarks.listing` runs them in turns; `… by_hand --port n` is one
of the servers.
"""

import sys
from collections.abc import Sequence

from benchmarks import harness, list_servers, report
from benchmarks.dashboards import LIST, Dashboard, dashboards
from benchmarks.hammer import Plan, ask_once, pressed, serving

from relance.core.settings import Settings

ROWS = harness.sized("ROWS", 1_000_000)
OURS, BY_HAND, USUAL = ("relance", "api"), ("benchmarks.listing", "by_hand"), ("benchmarks.listing", "usual")


def asked(settings: Settings, dashboard: Dashboard, words: Sequence[str], path: str = LIST) -> harness.Sample:
    """One server's turn at one page."""
    with serving(words, harness.environment(settings)) as (port, pid):
        return pressed(Plan(port, "GET", path, dashboard.headers), pid)


def same_bytes(settings: Settings, dashboard: Dashboard) -> None:
    """All answer the same.

    Raises:
        RuntimeError: they do not.
    """
    bodies = []
    for words in (OURS, BY_HAND, USUAL):
        with serving(words, harness.environment(settings)) as (port, _):
            status, body = ask_once(port, "GET", LIST, dashboard.headers)
            if status != 200:
                raise RuntimeError(f"{words}: {status} {body[:500]!r}")
            bodies.append(body)
    for body in bodies[1:]:
        if body != bodies[0]:
            place = next(n for n, (one, other) in enumerate(zip(body, bodies[0], strict=False)) if one != other)
            raise RuntimeError(f"not the same bytes: {body[place - 99 :][:200]!r}, {bodies[0][place - 99 :][:200]!r}")


def benches(settings: Settings, dashboard: Dashboard) -> list[harness.Bench]:
    """The row of the table."""
    same_bytes(settings, dashboard)
    return [
        harness.Bench(
            f"list of invitations, 50 of {dashboard.count:,}",
            (
                harness.Contender(harness.LIMIT, lambda: asked(settings, dashboard, BY_HAND)),
                harness.Contender(harness.OURS, lambda: asked(settings, dashboard, OURS)),
                harness.Contender(harness.USUAL, lambda: asked(settings, dashboard, USUAL)),
            ),
            bars=(harness.of_limit(0.8), harness.of_usual(3)),
        )
    ]


def main() -> None:
    """All contenders in turns."""
    with harness.servers() as settings:
        (dashboard,) = dashboards(settings, ROWS)
        results = [harness.measure(bench, harness.told) for bench in benches(settings, dashboard)]
    harness.told(report.write(results))


if __name__ == "__main__":
    if len(sys.argv) == 4:
        list_servers.serve(sys.argv[1], int(sys.argv[3]))
    else:
        main()
