"""The one table of core: which keys were used, and what was answered."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import LargeBinary

from relance.core.db import Base, WorkspaceOwned


class IdempotencyRecord(WorkspaceOwned, Base):
    """One key that a caller has used, with the answer it got."""

    __tablename__ = "idempotency_records"
    __table_args__ = (
        UniqueConstraint("workspace_id", "digest"),
        Index("ix_idempotency_records_expires_at", "expires_at"),
    )

    #: SHA-256 of the caller and the key; the key itself is kept nowhere.
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    #: Fingerprint and answer, which open with the deployment's secret and the caller's key together.
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    #: On the machine's clock: moving the sandbox's must not free a key under a client that is retrying.
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
