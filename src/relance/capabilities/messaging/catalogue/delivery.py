"""What the outbox asks and tells about test mails: they are always wanted, and nothing depends on them."""

from collections.abc import Sequence
from uuid import UUID

from relance.capabilities.messaging.delivery.compose import TEST_KIND
from relance.capabilities.messaging.handlers import MailFact
from relance.core.db import DbSession


class TestMails:
    """Registered for the subject kind `email_template` by the composition root."""

    kind = TEST_KIND

    async def wanted(self, session: DbSession, messages: Sequence[MailFact]) -> set[UUID]:
        """All of them."""
        return {message.id for message in messages}

    async def sent(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """The message's own row says so."""

    async def failed(self, session: DbSession, messages: Sequence[MailFact]) -> None:
        """The message's own row says so."""
