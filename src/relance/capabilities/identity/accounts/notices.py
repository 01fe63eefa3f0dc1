"""What people are told about their own accounts, so that whoever did not do it hears of it."""

from enum import Enum
from zoneinfo import ZoneInfo

from relance.capabilities.identity.accounts.emails import PasswordChangedMail, WorkspaceFacts
from relance.capabilities.identity.models import User
from relance.capabilities.identity.repository import IdentityRepository
from relance.capabilities.messaging.outbox import Envelope, Outbox
from relance.core.clock import Clock, system_now
from relance.core.db import DbSession
from relance.core.i18n import Text, as_locale, long_datetime
from relance.core.subjects import SubjectRef

KIND = "user"


class Way(Enum):
    """How a password was changed."""

    ACCOUNT = Text("depuis votre compte", "from your account")
    LINK = Text("par le lien d’un message envoyé à cette adresse", "through the link of a mail to this address")
    ADMINISTRATOR = Text("par une personne qui administre les utilisateurs", "by somebody who manages users")


async def tell_password_changed(session: DbSession, clock: Clock, user: User, way: Way, to: str) -> None:
    """Queue the notice to `to`, the address of the user before the change; the user's row is locked and flushed."""
    workspace, locale = await IdentityRepository(session).workspace(), as_locale(user.locale)
    await Outbox(session, clock).enqueue(
        Envelope(
            subject=SubjectRef(KIND, user.id),
            mail=PasswordChangedMail(
                recipient_email=to,
                recipient_name=user.name,
                workspace=WorkspaceFacts(name=workspace.name),
                changed_on=long_datetime(system_now(), ZoneInfo(workspace.zone), locale),
                how=way.value.in_locale(locale),
            ),
            recipient=to,
            locale=locale,
            ordinal=user.version,  # every change is another version, and another mail
            sender_name=workspace.name,
            priority=20,
        )
    )
