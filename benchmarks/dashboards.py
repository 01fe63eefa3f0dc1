"""Workspaces full of invitations, each with a key to ask for them: what several benches share."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from benchmarks.dashboard_data import fill_dashboards

from relance.capabilities.identity.service import create_api_key, create_organisation, create_user
from relance.core.settings import Settings
from relance.wiring import PERMISSIONS, build_runtime, close_runtime, provision_workspace

#: The whole dashboard of a caller who sees everything, one form status of three, newest first.
FILTERS = "mine=false&form_status=to_complete"
LIST = f"/v1/invitations?{FILTERS}&limit=50"
SUMMARY = f"/v1/invitations/summary?{FILTERS}"


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One workspace."""

    workspace_id: UUID
    count: int
    key: str

    @property
    def headers(self) -> Mapping[str, str]:
        """As whom to ask."""
        return {"Authorization": f"Bearer {self.key}"}


def dashboards(settings: Settings, *counts: int, only: str = "") -> list[Dashboard]:
    """Workspaces with so many invitations each, in one database.

    Args:
        settings: where.
        counts: how many, workspace by workspace.
        only: see `fill_dashboards`.
    """
    return asyncio.run(_made(settings, counts, only))


async def _made(settings: Settings, counts: tuple[int, ...], only: str) -> list[Dashboard]:
    made = [await _workspace(settings, place, count) for place, count in enumerate(counts)]
    await fill_dashboards(settings.database_url, {one.workspace_id: one.count for one in made}, only=only)
    return made


async def _workspace(settings: Settings, place: int, count: int) -> Dashboard:
    """Two organisations, three people, and a key of the one who may do everything."""
    runtime = build_runtime(settings)
    try:
        async with runtime.db.transaction(None) as session:
            workspace = await provision_workspace(session, runtime, f"bench-{place}", f"Bench {place}")
            organisations = [(await create_organisation(session, f"Entité {letter}")).id for letter in "AB"]
            people = [
                await create_user(session, f"user{number}@bench{place}.example", f"Personne {number}", role="admin",
                                  organisation_ids=organisations)
                for number in range(3)
            ]  # fmt: skip
            rights = {permission.code: "all" for permission in PERMISSIONS}
            _, key = await create_api_key(session, runtime.keys, people[0].id, "bench", rights)
        return Dashboard(workspace.id, count, key)
    finally:
        await close_runtime(runtime)
