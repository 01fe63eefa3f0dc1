"""The two routes by which a list leaves as a file."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response, status
from fastapi.responses import StreamingResponse

from relance.capabilities.exports.declaration import FilterT, ListExport
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.jobs.router import JobKindsDep, accepted
from relance.capabilities.jobs.schemas import JobRead
from relance.capabilities.jobs.service import Jobs
from relance.capabilities.transfers.cells import RowT
from relance.capabilities.transfers.copying import copied_csv
from relance.capabilities.transfers.csv_files import MEDIA_TYPE, csv_pieces
from relance.core.downloads import attachment
from relance.core.errors import PermissionDenied, Unauthenticated, ValidationFailed
from relance.core.http import ReadDep, RuntimeDep, WriteDep
from relance.core.i18n import current_locale
from relance.core.problems import problem_responses
from relance.core.security import Caller, requires

_ERRORS = problem_responses(Unauthenticated, PermissionDenied, ValidationFailed)
_CSV = {
    "description": "UTF-8 with BOM; `;` in French, `,` in English.",
    "content": {"text/csv": {"schema": {"type": "string"}}},
}


def add_export_routes(router: APIRouter, export: ListExport[RowT, FilterT]) -> None:
    """Give `router` `GET /export.csv` and `POST /exports`; before any route of it that takes an id."""
    Reader = Annotated[Caller, Depends(requires(export.permission))]

    @router.get(
        "/export.csv",
        operation_id=f"{export.resource}_export_csv",
        summary=f"The {export.called} as a CSV, streamed",
        response_class=StreamingResponse,
        responses=_ERRORS | {200: _CSV},
    )
    async def export_csv(
        session: ReadDep,
        runtime: RuntimeDep,
        caller: Reader,
        query: Annotated[export.query, Query()],  # type: ignore[name-defined]  # FastAPI reads it when the route is made
    ) -> StreamingResponse:
        """The same columns, filters and order as the screen, whatever the number of rows."""

        locale, zone = current_locale(), await IdentityRepository(session).zone()

        async def pieces() -> AsyncIterator[bytes]:
            async with runtime.db.transaction(caller.workspace_id) as snapshot:
                if export.stored is not None:
                    statement = export.stored(snapshot, query, caller, query.sort)
                    async with aclosing(copied_csv(snapshot, statement, export.sheet, locale, zone)) as copy:
                        async for piece, _ in copy:
                            yield piece
                    return
                rows = export.read(snapshot, query, caller, query.sort, runtime.clock.now())
                async for piece in csv_pieces(await export.sheet_in(snapshot), rows, locale, zone):
                    yield piece

        return StreamingResponse(pieces(), media_type=MEDIA_TYPE, headers=attachment(f"{export.resource}.csv"))

    @router.post(
        "/exports",
        operation_id=f"{export.resource}_export",
        summary=f"Export the {export.called} to a file",
        status_code=status.HTTP_202_ACCEPTED,
        responses=_ERRORS,
    )
    async def export_file(
        payload: export.create,  # type: ignore[name-defined]  # FastAPI reads it when the route is made
        session: WriteDep,
        runtime: RuntimeDep,
        caller: Reader,
        kinds: JobKindsDep,
        response: Response,
    ) -> JobRead:
        """A job that makes a CSV or an XLSX: follow `Location` until `done`, then fetch its `file`."""
        job = await Jobs(session, runtime.clock).start(export.kind, caller, payload.model_dump(mode="json"))
        return await accepted(session, job, kinds, caller, response)
