"""Invitations created per second over HTTP by one process: the product, the same rows by hand, the usual way.

All three authenticate the same API key with the product's own query, and write the same six rows in one transaction:
invitation, link, message, its body, journal entry, idempotency key. By hand nothing else is done: no check of the
body, of rights or of the lifecycle, no contract, no log. The usual way is FastAPI with pydantic models and the ORM.
`python -m benchmarks.create` runs them in turns; `… by_hand|usual --port n` is one of the servers.
"""

import asyncio
import sys
from itertools import count

import asyncpg
from benchmarks import copies, create_servers, harness, report
from benchmarks.hammer import Plan, hammer, pressed, serving

from relance.core.settings import Settings
from relance.demo import DemoCredentials, seed_demo

PARTNERS = 5_000
_ENDPOINT = "/v1/invitations"


async def _prepare(settings: Settings) -> tuple[DemoCredentials, str]:
    """The demonstration with partners to invite; the id of an organisation that may."""
    await copies.start_again(settings.database_url)
    credentials = await seed_demo(settings)
    async with copies.loading(settings.database_url) as connection:
        await copies.invite(connection, PARTNERS)
        await copies.analyse(connection)
        organisation = await connection.fetchval(
            "SELECT issuing_organisation_id FROM invitations ORDER BY created_at, id LIMIT 1"
        )
    return credentials, str(organisation)


async def _rows(database_url: str) -> dict[str, int]:
    connection = await asyncpg.connect(database_url)
    try:
        return {
            table: await connection.fetchval(f"SELECT count(*) FROM {table}")
            for table in ("invitations", "action_links", "messages", "message_bodies", "journal_entries")
        } | {"idempotency_records": await connection.fetchval("SELECT count(*) FROM idempotency_records")}
    finally:
        await connection.close()


class Creating:
    """Runs one server after the other on the same database."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        credentials, self._organisation = asyncio.run(_prepare(settings))
        self._key = credentials.api_key
        self._numbers = count(1, 1_000_000)

    def run(self, words: tuple[str, ...]) -> harness.Sample:
        """One server's turn."""
        with serving(words, harness.environment(self._settings)) as (port, pid):
            hammer(self._plan(port, 1.0))
            before = asyncio.run(_rows(self._settings.database_url))
            sample = pressed(self._plan(port, 5.0), pid, warm_up=0)
            after = asyncio.run(_rows(self._settings.database_url))
        added = {table: after[table] - before[table] for table in after}
        if len(set(added.values())) != 1:
            raise RuntimeError(f"not the same rows: {added}")
        return sample

    def _plan(self, port: int, seconds: float) -> Plan:
        headers = {
            "Authorization": f"Bearer {self._key}",
            "Content-Type": "application/json",
            "Idempotency-Key": "key-{n}",
        }
        body = (
            f'{{"issuing_organisation_id": "{self._organisation}", "partner": {{"id": "{{copy}}"}}, '
            '"email": "achats{n}@partenaire.example"}'
        )
        first = next(self._numbers)
        return Plan(port, "POST", _ENDPOINT, headers, body, first, seconds, expected=201, partners=PARTNERS)


def benches(settings: Settings) -> list[harness.Bench]:
    """The row of the table."""
    creating = Creating(settings)
    return [
        harness.Bench(
            "invitations created over HTTP, six rows each",
            (
                harness.Contender(harness.LIMIT, lambda: creating.run(("benchmarks.create", "by_hand"))),
                harness.Contender(harness.OURS, lambda: creating.run(("relance", "api"))),
                harness.Contender(harness.USUAL, lambda: creating.run(("benchmarks.create", "usual"))),
            ),
            bars=(harness.of_limit(0.4),),
        )
    ]


def main() -> None:
    """All contenders in turns."""
    with harness.servers() as settings:
        results = [harness.measure(bench, harness.told) for bench in benches(settings)]
    harness.told(report.write(results))


if __name__ == "__main__":
    if len(sys.argv) == 4:
        create_servers.serve(sys.argv[1], int(sys.argv[3]))
    else:
        main()
