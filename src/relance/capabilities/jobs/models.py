"""Tables of jobs. Times are on the machine's clock: they measure work, not business (see docs/adr/0005)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from relance.capabilities.jobs.lifecycle import JobState
from relance.core.db import Base, WorkspaceOwned, owned_reference

_STATES = ", ".join(f"'{state}'" for state in JobState)


class Job(WorkspaceOwned, Base):
    """One piece of long work, asked for by somebody."""

    __tablename__ = "jobs"
    __table_args__ = (
        owned_reference("created_by", "users"),
        owned_reference("file_id", "files", ondelete="SET NULL (file_id)"),
        CheckConstraint(f"state IN ({_STATES})", name="state"),
        # One running job for one key, held by the database under any concurrency.
        Index(
            "uq_jobs_exclusive",
            "workspace_id",
            "exclusive_key",
            unique=True,
            postgresql_where=text("exclusive_key IS NOT NULL AND state IN ('queued', 'running')"),
        ),
        # The claim: what is to be worked off, oldest first; nothing else is ever read on that path.
        Index("ix_jobs_due", "not_before", "id", postgresql_where=text("state IN ('queued', 'running')")),
        Index("ix_jobs_creator", "workspace_id", "created_by", "id"),
    )

    kind: Mapped[str]
    created_by: Mapped[UUID]
    #: The caller as it was: the work is done with the rights that it had when it asked.
    caller: Mapped[dict[str, Any]]
    #: The language of the messages in the results.
    locale: Mapped[str]
    parameters: Mapped[dict[str, Any]]
    dry_run: Mapped[bool]
    exclusive_key: Mapped[str | None]
    state: Mapped[str] = mapped_column(default=JobState.QUEUED)
    #: Null while nobody has counted.
    total: Mapped[int | None]
    done: Mapped[int] = mapped_column(default=0, server_default="0")
    failed: Mapped[int] = mapped_column(default=0, server_default="0")
    #: How many items came to each outcome.
    counts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    #: Where the next batch begins; the handler's own words. Null at the beginning.
    position: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    #: What it has made: the file of an export.
    file_id: Mapped[UUID | None]
    #: Why it failed: an error code.
    error: Mapped[str | None]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    #: Not sooner than this: the next try after a fault.
    not_before: Mapped[datetime]
    #: Faults since the last batch that was committed.
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    #: Counts the claims: a worker that was given up writes nothing any more.
    lease_epoch: Mapped[int] = mapped_column(default=0, server_default="0")
    lease_until: Mapped[datetime | None]
    #: Counts the changes: the ETag.
    version: Mapped[int] = mapped_column(default=1, server_default="1")


class JobItem(WorkspaceOwned, Base):
    """What became of one item of a job. Rows are written once, in the transaction of their effect."""

    __tablename__ = "job_items"
    __table_args__ = (
        owned_reference("job_id", "jobs", ondelete="CASCADE"),
        UniqueConstraint("workspace_id", "job_id", "number"),
        Index("ix_job_items_outcome", "workspace_id", "job_id", "outcome", "number"),
        Index("ix_job_items_failed", "workspace_id", "job_id", "number", postgresql_where=text("failed")),
    )

    job_id: Mapped[UUID]
    #: 1 for the first item; for an import, the row of the file without its header.
    number: Mapped[int]
    subject_kind: Mapped[str | None]
    subject_id: Mapped[UUID | None]
    #: What a person recognises it by: a name, an address.
    reference: Mapped[str | None]
    outcome: Mapped[str]
    failed: Mapped[bool]
    #: Pointer, code and message of each fault.
    errors: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    #: The cells of a row that failed, to be given back for correction.
    cells: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
