"""HTTP of files."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, File, Request, Response, UploadFile, status
from fastapi.responses import StreamingResponse

from relance.capabilities.files.attachments import Attachments
from relance.capabilities.files.errors import FileEmpty, FileTooLarge, FileTypeMismatch, FileTypeNotAccepted
from relance.capabilities.files.kinds import KINDS
from relance.capabilities.files.models import StoredFile
from relance.capabilities.files.permissions import READ, WRITE
from relance.capabilities.files.repository import FileRepository
from relance.capabilities.files.responses import CONTENT, file_response
from relance.capabilities.files.schemas import FileRead
from relance.capabilities.files.store import FileStore
from relance.capabilities.files.uploads import UploadRoute, on_disk
from relance.core.errors import BodyTooLarge, NotFound, PermissionDenied, Unauthenticated, ValidationFailed
from relance.core.http import ReadDep, RuntimeDep, WriteDep
from relance.core.problems import problem_responses
from relance.core.security import Caller, requires

router = APIRouter(
    prefix="/v1/files",
    tags=["files"],
    route_class=UploadRoute,
    responses=problem_responses(Unauthenticated, PermissionDenied, NotFound, ValidationFailed),
)


async def get_file_store(request: Request) -> FileStore:
    """The store of this process."""
    store: FileStore = request.app.state.file_store
    return store


FileStoreDep = Annotated[FileStore, Depends(get_file_store)]


async def readable(file_id: UUID, session: ReadDep, caller: Annotated[Caller, Depends(requires(READ))]) -> StoredFile:
    """The file of the address, where the caller may read it."""
    found = await FileRepository(session).find(file_id, caller)
    if found is None:
        raise NotFound()
    return found


Readable = Annotated[StoredFile, Depends(readable)]


@router.post(
    "",
    operation_id="files_upload",
    summary="Upload a file",
    status_code=status.HTTP_201_CREATED,
    responses=problem_responses(BodyTooLarge, FileEmpty, FileTooLarge, FileTypeNotAccepted, FileTypeMismatch),
)
async def upload(
    session: WriteDep,
    runtime: RuntimeDep,
    store: FileStoreDep,
    caller: Annotated[Caller, Depends(requires(WRITE))],
    response: Response,
    file: Annotated[UploadFile, File(description="PDF, PNG, JPEG or an office document; what its name says it is.")],
) -> FileRead:
    """Keep a file for what will name it: it is deleted after some days unless something holds it by then."""
    most = runtime.settings.max_upload_bytes
    async with on_disk(file) as path:
        attachments = Attachments(session)
        kept = await attachments.receive_from(store, caller.user_id, path, file.filename or "", most, KINDS)
    response.headers["Location"] = f"/v1/files/{kept.id}"
    response.headers["ETag"] = f'"{kept.digest}"'
    return FileRead.model_validate(kept)


@router.get("/{file_id}", operation_id="files_get", summary="What is known of a file")
async def get(file: Readable, response: Response) -> FileRead:
    """Name, size, digest, and when it is deleted. Files never change: the ETag is the digest."""
    response.headers["ETag"] = f'"{file.digest}"'
    return FileRead.model_validate(file)


@router.get(
    "/{file_id}/content",
    operation_id="files_download",
    summary="Download a file",
    response_class=StreamingResponse,
    responses=CONTENT,
)
async def download(file: Readable, store: FileStoreDep) -> StreamingResponse:
    """The bytes, as an attachment."""
    return await file_response(store, file)
