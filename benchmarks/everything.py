"""All benches in one run: `make bench`. One PostgreSQL, and one data set for all that reads the dashboard."""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks import (
    create,
    export,
    harness,
    imports,
    listing,
    mail,
    pages,
    remind_all,
    report,
    start,
    summary,
    sweep,
)
from benchmarks.dashboards import dashboards

from relance.core.settings import Settings


def _of_dashboards(settings: Settings) -> Iterator[harness.Result]:
    made = dashboards(settings, *pages.SIZES, only=pages.NEEDED)
    middle = made[1]
    for bench in (*listing.benches(settings, middle), *summary.benches(settings, middle)):
        yield harness.measure(bench, harness.told)
    yield pages.measured(settings, made)
    for bench in export.benches(settings, middle):
        yield harness.measure(bench, harness.told)


def _of_the_rest(settings: Settings, folder: Path) -> Iterator[harness.Result]:
    for module in (create, remind_all, sweep):
        for bench in module.benches(settings):
            yield harness.measure(bench, harness.told)
    yield from mail.measured(settings)
    for bench in imports.benches(settings, folder):
        yield harness.measure(bench, harness.told)


def _all() -> Iterator[harness.Result]:
    with harness.servers() as settings:
        yield from _of_dashboards(settings)
    with harness.servers() as settings, tempfile.TemporaryDirectory(prefix="relance-bench-") as folder:
        yield from _of_the_rest(settings, Path(folder))
    yield start.measured()


def main() -> None:
    """Everything, once. Each row is written when it is there: a fault later on takes none of them away."""
    began = time.monotonic()
    results: list[harness.Result] = []
    table = ""
    for result in _all():
        results.append(result)
        table = report.write(results, fresh=True)
    harness.told(table)
    harness.told(f"in {(time.monotonic() - began) / 60:.1f} minutes")


if __name__ == "__main__":
    main()
