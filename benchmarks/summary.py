"""The counts of the dashboard per second, out of a million: beside the list, and beside counting by hand.

The limit is the product's own list under the same filters; the usual way is `count(*) … GROUP BY` over asyncpg, which
answers the same bytes.
"""

from benchmarks import harness, report
from benchmarks.dashboards import SUMMARY, Dashboard, dashboards
from benchmarks.hammer import ask_once, serving
from benchmarks.listing import BY_HAND, OURS, ROWS, asked

from relance.core.settings import Settings


def _same_bytes(settings: Settings, dashboard: Dashboard) -> None:
    bodies = []
    for words in (OURS, BY_HAND):
        with serving(words, harness.environment(settings)) as (port, _):
            bodies.append(ask_once(port, "GET", SUMMARY, dashboard.headers))
    if bodies[0] != bodies[1] or bodies[0][0] != 200:
        raise RuntimeError(f"not the same bytes: {bodies}")


def benches(settings: Settings, dashboard: Dashboard) -> list[harness.Bench]:
    """The row of the table."""
    _same_bytes(settings, dashboard)
    return [
        harness.Bench(
            f"counts of the dashboard, {dashboard.count:,}; limit, its list",
            (
                harness.Contender(harness.LIMIT, lambda: asked(settings, dashboard, OURS)),
                harness.Contender(harness.OURS, lambda: asked(settings, dashboard, OURS, SUMMARY)),
                harness.Contender(harness.USUAL, lambda: asked(settings, dashboard, BY_HAND, SUMMARY)),
            ),
            bars=(harness.of_limit(1 / 3, "≤ 3 × the time of the list"),),
        )
    ]


def main() -> None:
    """All contenders in turns."""
    with harness.servers() as settings:
        (dashboard,) = dashboards(settings, ROWS)
        results = [harness.measure(bench, harness.told) for bench in benches(settings, dashboard)]
    harness.told(report.write(results))


if __name__ == "__main__":
    main()
