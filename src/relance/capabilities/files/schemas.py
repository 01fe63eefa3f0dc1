"""Responses of files."""

from uuid import UUID

from pydantic import ConfigDict, Field

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
    expires_at: Instant = Field(description="When it is deleted.")
