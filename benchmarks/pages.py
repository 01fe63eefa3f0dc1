"""The first and the thousandth page of the list, out of ten thousand, a million and ten million invitations.

A page must cost the same wherever it stands. Where there are fewer than a thousand pages, the last one is asked for.
"""

import asyncio
from collections.abc import Sequence
from urllib.parse import quote

import asyncpg
from benchmarks import harness, report
from benchmarks.dashboards import LIST, Dashboard, dashboards
from benchmarks.hammer import Plan, pressed, serving

from relance.core.keys import KeyRing
from relance.core.pagination import Cursor, CursorCodec
from relance.core.settings import Settings
from relance.domains.invitations.models import FACETS

MOST = harness.sized("ROWS", 10_000_000)
SIZES = (MOST // 1000, MOST // 10, MOST)
#: Indexes of other orders take minutes to build at the largest size, and no page that is asked here touches them.
NEEDED = r"invitations_organisation_created_at"
_PAGE, _LIMIT = 1000, 50
_LAST_SEEN = """
SELECT created_at, id FROM invitations WHERE workspace_id = $1 AND facet = ANY($2::smallint[])
ORDER BY created_at DESC, id DESC OFFSET greatest(0, least($3::bigint, (
    SELECT count(*) FROM invitations WHERE workspace_id = $1 AND facet = ANY($2::smallint[])) - $4) - 1) LIMIT 1
"""


async def _cursor(settings: Settings, dashboard: Dashboard) -> str:
    """What the page before the thousandth ended with."""
    facets = FACETS.among({"archived": ["false"], "form_status": ["to_complete"]})
    connection = await asyncpg.connect(settings.database_url, server_settings={"timezone": "UTC"})
    try:
        row = await connection.fetchrow(
            _LAST_SEEN, dashboard.workspace_id, facets, _LIMIT * (_PAGE - 1), _LIMIT + 1, timeout=600
        )
    finally:
        await connection.close()
    codec = CursorCodec(KeyRing(settings.secret_keys).newest("cursor"))
    return quote(codec.encode(Cursor("-created_at", row["created_at"], row["id"])))


def measured(settings: Settings, made: Sequence[Dashboard]) -> harness.Result:
    """The slowest of the pages beside the fastest."""
    paths = {}
    for dashboard in made:
        cursor = asyncio.run(_cursor(settings, dashboard))
        paths[f"{dashboard.count:,} page 1"] = (dashboard, LIST)
        paths[f"{dashboard.count:,} page {_PAGE}"] = (dashboard, f"{LIST}&cursor={cursor}")

    with serving(("relance", "api"), harness.environment(settings)) as (port, pid):

        def contender(place: str) -> harness.Contender:
            dashboard, path = paths[place]
            plan = Plan(port, "GET", path, dashboard.headers, seconds=3)
            return harness.Contender(place, lambda: pressed(plan, pid, warm_up=0.5))

        bench = harness.Bench("pages", [contender(place) for place in paths])
        all_of = harness.measure(bench, harness.told)
    rates = {place: all_of.rate(place) or 0 for place in paths}
    slowest, fastest = min(rates, key=rates.__getitem__), max(rates, key=rates.__getitem__)
    samples = {harness.OURS: all_of.samples[slowest], harness.LIMIT: all_of.samples[fastest]}
    told = ", ".join(f"{place} {rate:,.0f}/s" for place, rate in rates.items())
    title = f"list, first and thousandth page of {' · '.join(f'{one.count:,}' for one in made)}, slowest beside fastest"
    return harness.Result(title, (harness.of_limit(1 / 1.3, "fastest / 1.3"),), samples, told)


def main() -> None:
    """Measure and print."""
    with harness.servers() as settings:
        result = measured(settings, dashboards(settings, *SIZES, only=NEEDED))
    harness.told(report.write([result]))


if __name__ == "__main__":
    main()
