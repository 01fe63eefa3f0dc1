"""What a domain does for a kind of job; registered by the composition root."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable
from uuid import UUID

from relance.core.db import DbSession
from relance.core.errors import FieldError
from relance.core.i18n import Locale, Text
from relance.core.security import Caller
from relance.core.subjects import SubjectRef

Position = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class JobFacts:
    """A job as its handler sees it."""

    id: UUID
    workspace_id: UUID
    kind: str
    caller: Caller
    locale: Locale
    parameters: Mapping[str, Any]
    dry_run: bool
    total: int | None
    #: How many items are settled already.
    done: int


@dataclass(frozen=True, slots=True)
class ItemResult:
    """What became of one item."""

    outcome: str
    failed: bool = False
    subject: SubjectRef | None = None
    reference: str | None = None
    errors: Sequence[FieldError] = ()
    cells: Sequence[object] | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """A few items settled, and where the next batch begins; `position` None: there is nothing more."""

    items: Sequence[ItemResult]
    position: Position | None


class Work(Protocol):
    """A job under way in this process. Thrown away after a fault and begun again at the last position written."""

    async def batch(self, session: DbSession) -> Batch:
        """Settle the next few items in the caller's transaction, the session in the job's workspace.

        In a dry run it settles the same way and leaves nothing behind.
        """
        ...

    async def close(self) -> None:
        """Let go of what it holds."""
        ...


class RowJob(Protocol):
    """A kind whose items are settled in small transactions: never one twice, whatever dies."""

    kind: str
    label: Text
    outcomes: Mapping[str, Text]

    async def total(self, session: DbSession, job: JobFacts) -> int | None:
        """How many items there are; None where that is not known before the end."""
        ...

    async def begin(self, job: JobFacts, position: Position | None) -> Work:
        """Begin, or go on at `position`.

        Raises:
            RelanceError: the job can never be done; it fails with that code.
        """
        ...


Progress = Callable[[int], Awaitable[None]]


@runtime_checkable
class FileJob(Protocol):
    """A kind that makes one file in one go. After a fault it begins again: half a file is no file."""

    kind: str
    label: Text
    outcomes: Mapping[str, Text]

    async def total(self, session: DbSession, job: JobFacts) -> int | None:
        """How many rows the file will have, about; None where counting costs too much."""
        ...

    async def produce(self, job: JobFacts, progress: Progress) -> UUID:
        """Make and store the file; calls `progress` with the rows written so far, every second or so.

        Returns:
            The id of the file.
        """
        ...


JobHandler = RowJob | FileJob


@dataclass(frozen=True)
class JobKinds:
    """Every kind of job of the product, by name."""

    handlers: Mapping[str, JobHandler] = field(default_factory=dict)

    @classmethod
    def of(cls, *handlers: JobHandler) -> "JobKinds":
        """From handlers."""
        return cls({handler.kind: handler for handler in handlers})

    def label(self, kind: str) -> str:
        """The words of a kind, in the caller's language."""
        handler = self.handlers.get(kind)
        return kind if handler is None else handler.label.in_locale()

    def outcome_label(self, kind: str, outcome: str) -> str:
        """The words of an outcome, in the caller's language."""
        handler = self.handlers.get(kind)
        words = None if handler is None else handler.outcomes.get(outcome)
        return outcome if words is None else words.in_locale()
