"""References by which capabilities speak of a domain's rows without knowing the domain."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar
from uuid import UUID

from relance.core.security import Caller


@dataclass(frozen=True, slots=True)
class SubjectRef:
    """A row that is asked, mailed, followed up and recorded: `kind` is the domain's word, `invitation` for one."""

    kind: str
    id: UUID


@dataclass(frozen=True, slots=True)
class ActorRef:
    """Who did it: a user, an API key, a recipient through a link, or the system itself."""

    kind: Literal["user", "api_key", "recipient", "system"]
    id: UUID | None = None

    @classmethod
    def of(cls, caller: Caller) -> "ActorRef":
        """The caller of a request, as the journal names it."""
        return cls(caller.kind, caller.api_key_id if caller.kind == "api_key" else caller.user_id)


SYSTEM = ActorRef("system")


class AboutSubject(Protocol):
    """A row about a subject: a mail, a follow-up."""

    subject_id: Any


AboutT = TypeVar("AboutT", bound=AboutSubject)


def by_subject(ids: Collection[UUID], rows: Iterable[AboutT]) -> Mapping[UUID, Sequence[AboutT]]:
    """`rows` in their order by the subject that they are about; a subject without rows has none."""
    found: dict[UUID, list[AboutT]] = {id_: [] for id_ in ids}
    for row in rows:
        found[row.subject_id].append(row)
    return found
