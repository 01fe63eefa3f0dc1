"""HTTP of deliveries."""

import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, File, Form, Query, Request, Response, UploadFile
from fastapi.responses import StreamingResponse

from relance.capabilities.files.errors import FileEmpty, FileTooLarge, FileTypeMismatch, FileTypeNotAccepted
from relance.capabilities.files.responses import CONTENT, file_response
from relance.capabilities.files.router import FileStoreDep
from relance.capabilities.files.uploads import UploadRoute, save_upload
from relance.core.errors import (
    BodyTooLarge,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
    Unauthenticated,
    ValidationFailed,
)
from relance.core.etag import IfMatch, set_etag
from relance.core.http import ReadDep, RuntimeDep, WriteDep, link_next, page_request
from relance.core.lifecycle import TransitionNotAllowed
from relance.core.problems import problem_responses
from relance.core.schemas import Page
from relance.core.security import Caller, requires
from relance.domains.mandates.deliveries.errors import MandateNotActive
from relance.domains.mandates.deliveries.lifecycle import DELIVER
from relance.domains.mandates.deliveries.recipient import MOST_FILES
from relance.domains.mandates.deliveries.repository import DeliveryRow
from relance.domains.mandates.deliveries.schemas import (
    Comment,
    MandateDeliveryListed,
    MandateDeliveryQuery,
    MandateDeliveryRead,
    ReceiveDeliveryRequest,
    RemindDeliveryRequest,
)
from relance.domains.mandates.deliveries.service import MandateDeliveries
from relance.domains.mandates.errors import TooRecent
from relance.domains.mandates.lifecycle import REMIND, WRITE
from relance.domains.mandates.permissions import READ
from relance.domains.mandates.router import Readable, Writing

router = APIRouter(prefix="/v1/mandates/{mandate_id}/deliveries", tags=["mandates"], route_class=UploadRoute)

_ONE = (Unauthenticated, PermissionDenied, NotFound, ValidationFailed)
_ACTION = (*_ONE, PreconditionFailed, TransitionNotAllowed, MandateNotActive)

Reader = Annotated[Caller, Depends(requires(READ))]


async def reading(session: ReadDep, runtime: RuntimeDep, caller: Reader) -> MandateDeliveries:
    """The service on a read session."""
    return MandateDeliveries(session, runtime, caller)


async def writing(session: WriteDep, runtime: RuntimeDep, caller: Reader) -> MandateDeliveries:
    """The service in the transaction of this request."""
    return MandateDeliveries(session, runtime, caller)


Reads = Annotated[MandateDeliveries, Depends(reading)]
Writes = Annotated[MandateDeliveries, Depends(writing)]


async def of_mandate(mandate: Readable, mandate_delivery_id: UUID, service: Reads) -> DeliveryRow:
    """The delivery of the address, where the caller may read its mandate."""
    return await service.get(mandate, mandate_delivery_id)


def actionable(permission: str) -> Callable[..., Awaitable[DeliveryRow]]:
    """A dependency: the delivery of the address, its mandate locked, where `permission` reaches it."""

    async def locked(
        mandate_id: UUID,
        mandate_delivery_id: UUID,
        mandates: Writing,
        service: Writes,
        precondition: IfMatch,
        _caller: Annotated[Caller, Depends(requires(permission))],
    ) -> DeliveryRow:
        row = await service.get(await mandates.actionable(mandate_id, permission), mandate_delivery_id)
        precondition.check(row.delivery.version)
        return row

    return locked


One = Annotated[DeliveryRow, Depends(of_mandate)]
ToRemind = Annotated[DeliveryRow, Depends(actionable(REMIND))]
ToReceive = Annotated[DeliveryRow, Depends(actionable(WRITE))]
ToDeliver = Annotated[DeliveryRow, Depends(actionable(DELIVER))]


@router.get(
    "",
    operation_id="mandate_deliveries_list",
    summary="Deliveries (dépôts) of a mandate",
    responses=problem_responses(*_ONE),
)
async def list_deliveries(
    mandate: Readable,
    request: Request,
    response: Response,
    service: Reads,
    runtime: RuntimeDep,
    query: Annotated[MandateDeliveryQuery, Query()],
) -> Page[MandateDeliveryListed]:
    """One row a due date: what was received, what is late, and the next one."""
    asked = page_request(runtime, query.limit, query.sort, query.cursor)
    items, next_cursor = await service.page(mandate, query.status, asked, with_actions=bool(query.include))
    link_next(request, runtime, response, next_cursor)
    return Page(items=items, next_cursor=next_cursor)


@router.get(
    "/{mandate_delivery_id}",
    operation_id="mandate_deliveries_get",
    summary="One delivery in full",
    responses=problem_responses(*_ONE),
)
async def get(row: One, service: Reads, response: Response) -> MandateDeliveryRead:
    """State, files, what the caller may do now, and what will be sent next."""
    return await _shown(service, row, response)


@router.get(
    "/{mandate_delivery_id}/files/{file_id}",
    operation_id="mandate_deliveries_download",
    summary="Download a file that was handed in",
    response_class=StreamingResponse,
    responses={**problem_responses(*_ONE), **CONTENT},
)
async def download(row: One, file_id: UUID, service: Reads, store: FileStoreDep) -> StreamingResponse:
    """The bytes, as an attachment, never to be shown in place."""
    return await file_response(store, await service.file(row, file_id))


@router.post(
    "/{mandate_delivery_id}/upload",
    operation_id="mandate_deliveries_upload",
    summary="Hand in (déposer) documents by account",
    responses=problem_responses(*_ACTION, BodyTooLarge, FileEmpty, FileTooLarge, FileTypeNotAccepted, FileTypeMismatch),
)
async def upload(
    row: ToDeliver,
    service: Writes,
    store: FileStoreDep,
    response: Response,
    files: Annotated[list[UploadFile], File(min_length=1, max_length=MOST_FILES, description="One or several.")],
    comment: Annotated[Comment | None, Form(description="For the firm to read.")] = None,
) -> MandateDeliveryRead:
    """All of the files or none: each must be what its name says. Owners and agents of the mandate are told."""
    with tempfile.TemporaryDirectory(prefix="relance-upload-") as folder:
        saved = []
        for position, file in enumerate(files):
            path = Path(folder) / str(position)
            await save_upload(file, path)
            saved.append((path, file.filename or ""))
        await service.upload(row, store, saved, comment or None)
    return await _shown(service, row, response)


@router.post(
    "/{mandate_delivery_id}/remind",
    operation_id="mandate_deliveries_remind",
    summary="Remind (relancer) of a delivery",
    responses=problem_responses(*_ACTION, TooRecent),
)
async def remind(
    row: ToRemind,
    service: Writes,
    response: Response,
    payload: Annotated[RemindDeliveryRequest | None, Body()] = None,
) -> MandateDeliveryRead:
    """Ask those of the company for the documents. At most once in 24 h, unless `force` is given."""
    await service.remind(row, force=payload.force if payload else False)
    return await _shown(service, row, response)


@router.post(
    "/{mandate_delivery_id}/receive",
    operation_id="mandate_deliveries_receive",
    summary="Note a delivery as received elsewhere",
    responses=problem_responses(*_ACTION),
)
async def receive(
    row: ToReceive,
    service: Writes,
    response: Response,
    payload: Annotated[ReceiveDeliveryRequest | None, Body()] = None,
) -> MandateDeliveryRead:
    """Reçu par ailleurs: the documents came some other way; nobody is reminded any more."""
    await service.receive(row, payload.comment if payload else None)
    return await _shown(service, row, response)


async def _shown(service: MandateDeliveries, row: DeliveryRow, response: Response) -> MandateDeliveryRead:
    found = await service.detail(row)
    set_etag(response, found.version)
    return found
