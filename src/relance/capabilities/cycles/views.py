"""What will be sent next about a subject, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from relance.capabilities.cycles.schemas import NextMessage
from relance.capabilities.followups.models import FollowUp, FollowUpKind
from relance.capabilities.followups.service import Policy
from relance.capabilities.messaging.models import Message
from relance.core.i18n import Text

Kind = Literal["invitation", "reminder", "expiry_notice"]

_NO_END = datetime.max.replace(tzinfo=UTC)
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


@dataclass(frozen=True, slots=True)
class Outlook:
    """What the sweep will ask when a planned reminder is due: the gap after the last mail, the policy's calendar."""

    policy: Policy
    gap_ends_at: datetime | None
    expires_at: datetime | None

    def acts_at(self, follow_up: FollowUp) -> datetime | None:
        """When it will act, as far as can be told now; None where it will be dropped."""
        if follow_up.kind != FollowUpKind.REMINDER:
            return follow_up.due_at
        wanted = max(filter(None, (follow_up.due_at, self.gap_ends_at)))
        end = self.expires_at or _NO_END
        return self.policy.allowed_from(wanted, end) if wanted < end else None


def next_messages(
    mails: CycleMails,
    to: str,
    now: datetime,
    queued: Sequence[Message],
    planned: Sequence[FollowUp],
    outlook: Outlook | None = None,
) -> list[NextMessage]:
    """What is queued and what is planned, soonest first."""
    found = [_queued(mails, message, now) for message in queued if message.mail_key in mails.kinds]
    for follow_up in planned:
        at = follow_up.due_at if outlook is None else outlook.acts_at(follow_up)
        if at is not None:
            found.append(_planned(mails, to, follow_up, at))
    return sorted(found, key=lambda message: message.at)


def _queued(mails: CycleMails, message: Message, now: datetime) -> NextMessage:
    return NextMessage(
        kind=mails.kinds[message.mail_key],
        template=message.mail_key,
        at=max(now, message.not_before) if message.not_before else now,
        to=message.recipient,
        why=_QUEUED_WHY.in_locale(),
    )


def _planned(mails: CycleMails, to: str, follow_up: FollowUp, at: datetime) -> NextMessage:
    reminder = follow_up.kind == FollowUpKind.REMINDER
    return NextMessage(
        kind="reminder" if reminder else "expiry_notice",
        template=mails.reminding if reminder else mails.expiring,
        at=at,
        to=to,
        why=(mails.reminder_why if reminder else mails.expiry_why).in_locale(),
    )
