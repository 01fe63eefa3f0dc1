"""The table of files; their bytes are in the store."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from relance.core.db import Base, WorkspaceOwned, owned_reference


class StoredFile(WorkspaceOwned, Base):
    """A file somebody gave or asked for. Times are on the machine's clock."""

    __tablename__ = "files"
    __table_args__ = (
        owned_reference("created_by", "users"),
        Index("ix_files_creator", "workspace_id", "created_by", "id"),
        Index("ix_files_expiry", "expires_at"),
    )

    created_by: Mapped[UUID]
    #: As it is offered for download.
    name: Mapped[str]
    media_type: Mapped[str]
    #: Bytes.
    size: Mapped[int] = mapped_column(BigInteger)
    #: SHA-256 in hexadecimal.
    digest: Mapped[str]
    created_at: Mapped[datetime]
    #: When it is deleted.
    expires_at: Mapped[datetime]
