"""Every query of the action links."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update

from relance.capabilities.links.models import ActionLink
from relance.core.bulk import insert_all
from relance.core.db import DbSession
from relance.core.driver import Statement
from relance.core.ids import new_id
from relance.core.subjects import SubjectRef

#: What there is at most one live link for: a subject and an address.
LinkKey = tuple[SubjectRef, str]

_LIVE = Statement("""
SELECT k.number - 1, a.id
FROM unnest(CAST(:kinds AS text[]), CAST(:subjects AS uuid[]), CAST(:recipients AS text[]))
     WITH ORDINALITY AS k(kind, subject, recipient, number)
JOIN action_links a ON a.workspace_id = :workspace AND a.subject_kind = k.kind AND a.subject_id = k.subject
     AND a.recipient = k.recipient AND a.revoked_at IS NULL
""")


@dataclass(frozen=True, slots=True)
class LiveLink:
    """A link that answers, as whoever mails it needs it."""

    workspace_id: UUID
    id: UUID
    subject: SubjectRef
    recipient: str


class LinkRepository:
    """Reads and writes action links. It takes a session and never commits."""

    def __init__(self, session: DbSession) -> None:
        self._session = session

    async def live(self, keys: Sequence[LinkKey]) -> dict[int, UUID]:
        """The links of these addresses for these subjects that are not revoked: their ids by the place of the key."""
        found = await _LIVE.rows(
            self._session,
            workspace=self._session.workspace_id,
            kinds=[subject.kind for subject, _ in keys],
            subjects=[subject.id for subject, _ in keys],
            recipients=[recipient for _, recipient in keys],
        )
        return {row[0]: row[1] for row in found}

    async def add_unless_live(self, keys: Sequence[LinkKey], now: datetime) -> dict[int, UUID]:
        """New links, without those that there are already: the ids of the new ones by the place of the key."""
        ids = [new_id() for _ in keys]
        rows = [
            {
                "workspace_id": self._session.workspace_id,
                "id": id_,
                "subject_kind": subject.kind,
                "subject_id": subject.id,
                "recipient": recipient,
                "created_at": now,
            }
            for id_, (subject, recipient) in zip(ids, keys, strict=True)
        ]
        made = await insert_all(self._session, ActionLink, rows, unless="")
        return {at: id_ for at, id_ in enumerate(ids) if id_ in made}

    async def revoke(self, subject: SubjectRef, recipient: str | None, now: datetime) -> int:
        """Revoke the live links of a subject, those of one address where given. How many were."""
        statement = (
            update(ActionLink)
            .where(
                ActionLink.subject_kind == subject.kind,
                ActionLink.subject_id == subject.id,
                ActionLink.revoked_at.is_(None),
            )
            .values(revoked_at=now)
            .returning(ActionLink.id)
        )
        if recipient is not None:
            statement = statement.where(ActionLink.recipient == recipient)
        return len((await self._session.scalars(statement)).all())

    async def lock(self, link_id: UUID) -> None:
        """Wait until nobody else holds the link's row, and hold it."""
        await self._session.execute(select(ActionLink.id).where(ActionLink.id == link_id).with_for_update())

    async def live_by_id(self, link_id: UUID) -> ActionLink | None:
        """The link with that id, in any workspace, unless it is revoked. Read afresh, whatever the session holds."""
        found = await self._session.scalars(
            select(ActionLink)
            .where(ActionLink.id == link_id, ActionLink.revoked_at.is_(None))
            .execution_options(populate_existing=True)
        )
        return found.first()
