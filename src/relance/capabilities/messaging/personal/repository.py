"""Every query about people in mails."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Text, and_, case, cast, or_, select, tuple_, update

from relance.capabilities.messaging.models import Message, MessageAttempt, MessageBody, MessageState
from relance.core.bulk import among
from relance.core.personal import Person, naming
from relance.core.repository import AnyRow, Repository, affected

#: Where a body holds words: what it is made from, and what was made of it.
_WORDS = (
    MessageBody.placeholders,
    MessageBody.words,
    MessageBody.headers,
    MessageBody.subject,
    MessageBody.text,
    MessageBody.html,
    MessageBody.attachments,
)
_TO_COME = and_(
    or_(Message.state == MessageState.QUEUED, Message.state == MessageState.SENDING), Message.handoff_at.is_(None)
)


def _to_them(person: Person) -> ColumnElement[bool]:
    """Mails to the person; of what the person is asked by, those that asked an earlier address too."""
    subject = tuple_(Message.subject_kind, Message.subject_id)
    asked = and_(subject.in_([(one.kind, one.id) for one in person.asked]), Message.link_bearing)
    return or_(Message.recipient.in_(person.emails), asked)


def _theirs(person: Person) -> ColumnElement[bool]:
    """Mails to the person, and mails about what concerns them that name them."""
    subjects = [(one.kind, one.id) for one in person.asked | person.near]
    theirs: ColumnElement[bool] = Message.recipient.in_(person.own_emails)
    if subjects:
        named = or_(_to_them(person), naming(person.mentions, *_WORDS))
        about = tuple_(Message.subject_kind, Message.subject_id).in_(subjects)
        # What no body is read for comes first: each side of it has an index.
        return and_(or_(theirs, about), or_(theirs, named))
    return theirs


class PersonalMails(Repository):
    """Mails of the session's workspace that are to a person, or name them."""

    async def find(self, person: Person, *, lock: bool) -> Sequence[UUID]:
        """Their ids, in their order."""
        both = and_(MessageBody.workspace_id == Message.workspace_id, MessageBody.id == Message.id)
        statement = select(Message.id).join(MessageBody, both).where(_theirs(person)).order_by(Message.id)
        if lock:
            statement = statement.with_for_update(of=Message, key_share=True)
        return (await self.session.scalars(statement)).all()

    async def shown(self, ids: Sequence[UUID]) -> Sequence[AnyRow]:
        """What these mails say."""
        both = and_(MessageBody.workspace_id == Message.workspace_id, MessageBody.id == Message.id)
        found = await self.session.execute(
            select(
                Message.id,
                Message.created_at,
                Message.mail_key,
                Message.state,
                Message.recipient,
                MessageBody.subject,
                MessageBody.text,
                MessageBody.placeholders,
            )
            .join(MessageBody, both)
            .where(among(Message.id, list(ids)))
            .order_by(Message.id)
        )
        return found.all()

    async def empty(self, ids: Sequence[UUID], person: Person, reason: str) -> None:
        """Leave nothing of these mails but what was sent when; what has not left will not."""
        # A worker that holds one finds it cancelled when it commits to the hand-off, and stops.
        await affected(
            self.session,
            update(Message)
            .where(among(Message.id, list(ids)), _TO_COME)
            .values(state=MessageState.CANCELLED, reason=reason, lease_owner=None, lease_until=None),
        )
        theirs = _to_them(person)
        await affected(
            self.session,
            update(Message)
            .where(among(Message.id, list(ids)))
            .values(
                # The key holds a digest of the address.
                dedupe_key="erased/" + cast(Message.id, Text()),
                last_error=None,
                domain=case((theirs, ""), else_=Message.domain),
                recipient=case((theirs, ""), else_=Message.recipient),
            ),
        )
        await affected(
            self.session,
            update(MessageAttempt).where(among(MessageAttempt.message_id, list(ids))).values(reply=None),
        )
        nothing: dict[str, Any] = {column.key: None for column in _WORDS}
        await affected(self.session, update(MessageBody).where(among(MessageBody.id, list(ids))).values(**nothing))
