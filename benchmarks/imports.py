"""Rows per second of an import of contacts, CSV and XLSX, from the file to rows, journal and report.

`python -m benchmarks.imports` runs all of them in turns; with a word it is one contender (see `harness`). The limit is
the same rows copied by PostgreSQL's own COPY into the same table, its indexes included; the usual way is pandas-less:
one ORM object a row, one commit.
"""

import asyncio
import csv
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
import uvloop
from benchmarks import harness, report

from relance.capabilities.directory.models import Contact
from relance.capabilities.directory.schemas import ContactCreate
from relance.capabilities.transfers.xlsx_files import XlsxWriter
from relance.core.ids import new_id
from relance.core.logging import configure_logging
from relance.core.settings import Settings
from relance.demo import seed_demo
from relance.importing import WantedImport, run_import
from relance.wiring import build_runtime, close_runtime

ROWS = harness.sized("ROWS", 100_000)
_COMPANIES = 2_000
_HEAD = ("external_id", "last_name", "first_name", "company", "email", "phone", "tags", "active")


def rows(count: int) -> Iterator[tuple[str, ...]]:
    """Contacts of two thousand companies, half of them with accents, each with an address and a number."""
    for n in range(count):
        name = f"Dupré{n}" if n % 2 else f"Martin{n}"
        email = f"{'dupre' if n % 2 else 'martin'}{n}@societe{n % _COMPANIES}.example"
        phone = f"01 42 {n // 10_000 % 100:02d} {n // 100 % 100:02d} {n % 100:02d}"
        yield f"B-{n}", name, "Camille", f"Société {n % _COMPANIES}", email, phone, "client", "oui"


def write_csv(path: Path, count: int) -> None:
    """As a French spreadsheet saves it."""
    with path.open("w", encoding="cp1252", newline="") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(_HEAD)
        writer.writerows(rows(count))


def write_xlsx(path: Path, count: int) -> None:
    """With inline strings, row by row."""
    writer = XlsxWriter(path, "Contacts", ZoneInfo("UTC"))
    writer.heading(_HEAD, [20] * len(_HEAD))
    writer.rows(rows(count))
    writer.close()


async def ours(path: Path) -> float:
    """The command line's own import."""
    wanted = WantedImport("contacts", path, "demo", "claire.vasseur@demo.example", "both", dry_run=False, force=True)
    started = time.perf_counter()
    report = await run_import(Settings(), wanted, path.with_suffix(".errors"), lambda _done: None)
    taken = time.perf_counter() - started
    assert report.counts == {"created": sum(report.counts.values())}, report
    return taken


async def limit(path: Path) -> float:
    """COPY of ready rows into the table: no checks, no journal, no report."""
    connection = await asyncpg.connect(Settings().database_url)
    workspace, company = await _somewhere(connection)
    now = await connection.fetchval("SELECT now()")
    with path.open(encoding="cp1252", newline="") as file:
        read = csv.reader(file, delimiter=";")
        next(read)
        started = time.perf_counter()
        records = ((workspace, new_id(), company, row[2], row[1], row[4], row[0], True, "fr", now, 1) for row in read)
        columns = "workspace_id id company_id first_name last_name email external_id active locale created_at version"
        await connection.copy_records_to_table("contacts", records=records, columns=columns.split())
    taken = time.perf_counter() - started
    await connection.close()
    return taken


async def usual(path: Path) -> float:
    """A model and an ORM object a row, added and committed a thousand at a time."""
    settings = Settings()
    configure_logging(settings)
    runtime = build_runtime(settings)
    connection = await asyncpg.connect(settings.database_url)
    workspace, company = await _somewhere(connection)
    await connection.close()
    started = time.perf_counter()
    with path.open(encoding="cp1252", newline="") as file:
        batch: list[Contact] = []
        for row in csv.DictReader(file, delimiter=";"):
            given = {name: row[name] for name in ("external_id", "last_name", "first_name", "email", "phone")}
            wanted = ContactCreate.model_validate({**given, "company_id": company})
            batch.append(Contact(**wanted.model_dump(exclude={"readmission"}), created_at=runtime.clock.now()))
            if len(batch) == 1000:
                await _add(runtime, workspace, batch)
                batch = []
        await _add(runtime, workspace, batch)
    taken = time.perf_counter() - started
    await close_runtime(runtime)
    return taken


async def _add(runtime: object, workspace: UUID, batch: list[Contact]) -> None:
    async with runtime.db.transaction(workspace) as session:  # type: ignore[attr-defined] # a Runtime
        session.add_all(batch)


async def _somewhere(connection: asyncpg.Connection) -> tuple[UUID, UUID]:
    found = await connection.fetchrow("SELECT workspace_id, id FROM companies ORDER BY id LIMIT 1")
    return found["workspace_id"], found["id"]


_CONTENDERS = {"ours": ours, "limit": limit, "usual": usual}


def contend(name: str, path: str, count: int) -> None:
    """Be one contender, and say what it did."""
    seconds = uvloop.run(_CONTENDERS[name](Path(path)))
    harness.say_facts(count, seconds)


async def _clean(settings: Settings) -> None:
    connection = await asyncpg.connect(settings.database_url)
    await connection.execute("TRUNCATE workspaces CASCADE")
    await connection.close()
    await seed_demo(settings)


def _run(settings: Settings, folder: Path, name: str, path: Path, count: int) -> harness.Sample:
    asyncio.run(_clean(settings))
    env = harness.environment(settings, RELANCE_FILES_URL=(folder / "store").as_uri())
    return harness.command("benchmarks.imports", name, str(path), str(count), env=env)


def benches(settings: Settings, folder: Path) -> list[harness.Bench]:
    """The rows of the table about imports."""
    table, workbook = folder / "contacts.csv", folder / "contacts.xlsx"
    write_csv(table, ROWS)
    write_xlsx(workbook, ROWS)

    def contender(role: str, name: str, path: Path) -> harness.Contender:
        return harness.Contender(role, lambda: _run(settings, folder, name, path, ROWS))

    return [
        harness.Bench(
            f"rows of a CSV imported, {ROWS:,}",
            (
                contender("limit", "limit", table),
                contender("ours", "ours", table),
                contender("usual way", "usual", table),
            ),
            rounds=2,
            bars=(harness.a_second(5000), harness.memory_below(300)),
        ),
        harness.Bench(
            f"rows of an XLSX imported, {ROWS:,}",
            (contender("ours", "ours", workbook),),
            rounds=1,
            bars=(harness.a_second(1500), harness.memory_below(300)),
        ),
    ]


def main() -> None:
    """Measure and print the table."""
    with harness.servers() as settings, tempfile.TemporaryDirectory(prefix="relance-bench-") as folder:
        results = [harness.measure(bench, harness.told) for bench in benches(settings, Path(folder))]
    harness.told(report.write(results))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        contend(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    else:
        main()
