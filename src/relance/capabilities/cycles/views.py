"""What will be sent next about a subject, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from relance.capabilities.cycles.schemas import NextMessage
from relance.capabilities.followups.models import FollowUp, FollowUpKind
from relance.capabilities.messaging.models import Message
from relance.core.i18n import Text

Kind = Literal["invitation", "reminder", "expiry_notice"]

_QUEUED_WHY = Text("En file d’attente, part dès que possible.", "Queued, leaves as soon as possible.")


@dataclass(frozen=True, slots=True)
class CycleMails:
    """The mails of a kind of cycle, and the words for why its planned ones will leave."""

    inviting: str
    reminding: str
    expiring: str
    reminder_why: Text
    expiry_why: Text

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """What each mail key is."""
        return {self.inviting: "invitation", self.reminding: "reminder", self.expiring: "expiry_notice"}


def next_messages(
    mails: CycleMails, to: str, now: datetime, queued: Sequence[Message], planned: Sequence[FollowUp]
) -> list[NextMessage]:
    """What is queued and what is planned, soonest first."""
    found = [_queued(mails, message, now) for message in queued if message.mail_key in mails.kinds]
    return found + [_planned(mails, to, follow_up) for follow_up in planned]


def _queued(mails: CycleMails, message: Message, now: datetime) -> NextMessage:
    return NextMessage(
        kind=mails.kinds[message.mail_key],
        template=message.mail_key,
        at=max(now, message.not_before) if message.not_before else now,
        to=message.recipient,
        why=_QUEUED_WHY.in_locale(),
    )


def _planned(mails: CycleMails, to: str, follow_up: FollowUp) -> NextMessage:
    reminder = follow_up.kind == FollowUpKind.REMINDER
    return NextMessage(
        kind="reminder" if reminder else "expiry_notice",
        template=mails.reminding if reminder else mails.expiring,
        at=follow_up.due_at,
        to=to,
        why=(mails.reminder_why if reminder else mails.expiry_why).in_locale(),
    )
