"""The events of mails that people or reports settle. What leaves in the ordinary way is told by its subject."""

from uuid import UUID

from pydantic import Field

from relance.capabilities.webhooks.catalogue import Codes, EventData, EventType
from relance.core.i18n import Text


class MessageCodes(Codes):
    """What a mail shows of itself."""

    state: str | None = Field(description="See the lifecycle `message`.")
    subject_kind: str | None = Field(description="What the mail is about.")
    subject_id: UUID | None


class MessageEventData(EventData):
    """`data` of the events of a mail."""

    before: MessageCodes | None
    after: MessageCodes | None


EVENTS = (
    EventType(
        "message.resent",
        "message",
        Text("Message renvoyé", "Mail sent again"),
        MessageEventData,
        before={"state": "uncertain"},
        after={"state": "queued", "subject_kind": "invitation", "subject_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"},
    ),
    EventType(
        "message.marked_sent",
        "message",
        Text("Message considéré comme envoyé", "Mail taken as sent"),
        MessageEventData,
        before={"state": "uncertain"},
        after={"state": "sent", "subject_kind": "invitation", "subject_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"},
    ),
    EventType(
        "message.cancelled",
        "message",
        Text("Message annulé", "Mail cancelled"),
        MessageEventData,
        before={"state": "queued"},
        after={
            "state": "cancelled",
            "subject_kind": "invitation",
            "subject_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10",
        },
    ),
    EventType(
        "message.bounced",
        "message",
        Text("Message revenu", "Mail bounced"),
        MessageEventData,
        before={"state": "sent"},
        after={"state": "bounced", "subject_kind": "invitation", "subject_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"},
    ),
    EventType(
        "message.confirmed",
        "message",
        Text("Message confirmé par un rapport", "Mail confirmed by a report"),
        MessageEventData,
        before={"state": "uncertain"},
        after={"state": "sent", "subject_kind": "invitation", "subject_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"},
    ),
)
