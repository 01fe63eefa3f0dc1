"""What the operation of every action does around it: its errors, its dry run, where its entry is."""

from collections.abc import Awaitable, Callable

from fastapi import Response

from relance.core.db import DbSession
from relance.core.errors import PermissionDenied, Unauthenticated, ValidationFailed
from relance.core.problems import problem_responses
from relance.domains.crm_toolbox.actions.schemas import ActionReport
from relance.domains.crm_toolbox.errors import TargetsNotAllowed

ACTION_ERRORS = problem_responses(Unauthenticated, PermissionDenied, TargetsNotAllowed, ValidationFailed)


async def run(
    session: DbSession, response: Response, act: Callable[[], Awaitable[ActionReport]], *, dry_run: bool
) -> ActionReport:
    """Act, or show what acting would do."""
    if dry_run:
        async with session.rehearsal():
            report = await act()
        return report.model_copy(update={"entry_id": None, "dry_run": True})
    report = await act()
    if report.entry_id is not None:
        response.headers["Location"] = f"/v1/crm-toolbox/infobox/{report.entry_id}"
    return report
