"""Responses of files."""

from uuid import UUID

from pydantic import ConfigDict, Field

from relance.capabilities.files.models import StoredFile
from relance.core.schemas import Instant, Output


class FileRead(Output):
    """A file."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10",
                "name": "invitations.csv",
                "media_type": "text/csv",
                "size": 48213,
                "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "created_at": "2026-11-23T09:00:01Z",
                "expires_at": "2026-11-30T09:00:01Z",
            }
        }
    )

    id: UUID
    name: str
    media_type: str
    size: int = Field(description="Bytes.")
    digest: str = Field(description="SHA-256, in hexadecimal.")
    created_at: Instant
    expires_at: Instant | None = Field(description="When it is deleted; null while something holds it.")


class FileFacts(Output):
    """A file that somebody outside sent, as answers name it."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10",
                "name": "attestation.pdf",
                "media_type": "application/pdf",
                "size": 148213,
                "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            }
        }
    )

    id: UUID = Field(description="What an answer gives as the value of the field.")
    name: str
    media_type: str = Field(description="What its content is, whatever the sender said.")
    size: int = Field(description="Bytes.")
    digest: str = Field(description="SHA-256, in hexadecimal.")

    @classmethod
    def of(cls, file: StoredFile) -> "FileFacts":
        """What is told of `file`."""
        return cls(id=file.id, name=file.name, media_type=file.media_type, size=file.size, digest=file.digest)
