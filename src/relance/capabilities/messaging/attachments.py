"""What a mail carries beside its words: stored files, and small texts such as the dates of a calendar."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from uuid import UUID

from relance.capabilities.files.models import StoredFile

#: Bytes of one attached file, and of all those of one mail: what most relays take, encoded.
LARGEST_FILE = 10 * 1024 * 1024
LARGEST_SUM = 20 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Attachment:
    """One attachment: a stored file by its id, or a text that is kept with the message.

    Files never change, so that every attempt carries the same bytes. Whoever queues the mail sees to it that the file
    is held for as long as the mail may leave.
    """

    name: str
    media_type: str
    file_id: UUID | None = None
    content: str | None = None

    @classmethod
    def of(cls, file: StoredFile) -> Self:
        """A stored file."""
        return cls(file.name, file.media_type, file_id=file.id)

    @classmethod
    def calendar(cls, content: str, method: str, name: str = "dates.ics") -> Self:
        """An iCalendar object (RFC 5545) with its method, which must be the one that the object names."""
        return cls(name, f"text/calendar; charset=utf-8; method={method}", content=content)

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """From its row."""
        file_id = stored.get("file_id")
        return cls(stored["name"], stored["media_type"], UUID(file_id) if file_id else None, stored.get("content"))

    @property
    def stored(self) -> dict[str, Any]:
        """For its row."""
        return {
            "name": self.name,
            "media_type": self.media_type,
            "file_id": str(self.file_id) if self.file_id else None,
            "content": self.content,
        }


def read_all(stored: Sequence[Mapping[str, Any]] | None) -> tuple[Attachment, ...]:
    """From a row."""
    return tuple(Attachment.read(one) for one in stored or ())
