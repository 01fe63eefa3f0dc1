"""A small domain for the tests of messaging: things that are asked for by mail, in a table of their own."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar
from uuid import UUID

from sqlalchemy import text

from relance.capabilities.messaging.handlers import MailFact
from relance.capabilities.messaging.mails import Mail, Placeholders
from relance.core.db import DbSession

KIND = "thing"

CREATE = """
CREATE TABLE things (
    workspace_id uuid NOT NULL, id uuid NOT NULL, open boolean NOT NULL DEFAULT true,
    sent int NOT NULL DEFAULT 0, failed int NOT NULL DEFAULT 0, last_reason text, PRIMARY KEY (workspace_id, id)
)
"""


class Partner(Placeholders):
    """Who is asked."""

    name: str
    local_id: str


class Organisation(Placeholders):
    """Who asks."""

    name: str


class Requester(Placeholders):
    """The person who asks."""

    name: str
    email: str


class Invitation(Mail):
    """A mail with a link."""

    key: ClassVar[str] = "invitations.invitation"
    link_bearing: ClassVar[bool] = True

    recipient_email: str
    partner: Partner
    organisation: Organisation
    requester: Requester
    reason: str
    link: str
    expires_on: str


class Completed(Mail):
    """A mail without one."""

    key: ClassVar[str] = "invitations.completed"
    link_bearing: ClassVar[bool] = False

    recipient_email: str
    partner: Partner
    organisation: Organisation
    completed_on: str
    reference: str


MAILS: tuple[type[Mail], ...] = (Invitation, Completed)


def invitation(partner: str = "Fonderie Martin", organisation: str = "Groupe Durand") -> Invitation:
    """An inviting mail."""
    return Invitation(
        recipient_email="achats@partenaire.example",
        partner=Partner(name=partner, local_id="732829320"),
        organisation=Organisation(name=organisation),
        requester=Requester(name="Claire Petit", email="claire@durand.example"),
        reason="Votre organisation n’est pas encore inscrite.",
        link="",
        expires_on="23 décembre 2026 à 14:05 (Europe/Paris)",
    )


def completed(partner: str = "Fonderie Martin") -> Completed:
    """A notice."""
    return Completed(
        recipient_email="claire@durand.example",
        partner=Partner(name=partner, local_id="732829320"),
        organisation=Organisation(name="Groupe Durand"),
        completed_on="24 novembre 2026",
        reference="PQ-1",
    )


@dataclass
class Things:
    """Answers for the kind `thing`, from rows and into rows."""

    kind: str = KIND
    #: Subjects whose handler raises, to see what a fault of a domain does.
    cursed: set[UUID] = field(default_factory=set)

    async def wanted(self, session: DbSession, messages: Sequence[MailFact]) -> set[UUID]:
        """Those whose thing is open."""
        found = await session.scalars(
            text("SELECT id FROM things WHERE workspace_id = :workspace AND id = ANY(CAST(:ids AS uuid[])) AND open"),
            {"workspace": session.workspace_id, "ids": [message.subject.id for message in messages]},
        )
        standing = set(found)
        return {message.id for message in messages if message.subject.id in standing}

    async def sent(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """Count."""
        await self._count(session, messages, "sent")

    async def failed(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """Count."""
        await self._count(session, messages, "failed")

    async def _count(self, session: DbSession, messages: Sequence[MailFact], column: str) -> None:
        for message in sorted(messages, key=lambda one: one.subject.id):
            if message.subject.id in self.cursed:
                raise RuntimeError("this subject cannot be told")
            await session.execute(
                text(
                    f"UPDATE things SET {column} = {column} + 1, last_reason = :reason "
                    "WHERE workspace_id = :workspace AND id = :id"
                ),
                {"workspace": session.workspace_id, "id": message.subject.id, "reason": message.reason},
            )
