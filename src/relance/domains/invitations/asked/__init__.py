"""An invitation as asking, chasing and expiring see it: plain values, for one as for a hundred thousand."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from relance.core.subjects import SubjectRef
from relance.domains.invitations.lifecycle import Delivery, Facts, FormStatus

KIND = "invitation"


@dataclass(slots=True)
class Asked:
    """An invitation with the names around it, without entities: what changes it says so in a statement."""

    id: UUID
    company_id: UUID
    issuing_organisation_id: UUID
    requested_by: UUID
    email: str
    email_key: str
    locale: str
    status: str
    reason: str
    cycle: int
    expires_at: datetime | None
    last_sent_at: datetime | None
    last_asked_at: datetime | None
    reminders_asked: int
    delivery: str | None
    declined_at: datetime | None
    archived_at: datetime | None
    company_name: str
    company_id_value: str | None
    company_registered_at: datetime | None
    organisation_name: str
    requester_name: str
    requester_email: str
    zone: str
    form_status: str
    #: How the capabilities name it.
    subject: SubjectRef = field(init=False)

    def __post_init__(self) -> None:
        self.subject = SubjectRef(KIND, self.id)

    def facts(self, now: datetime, *, forced: bool = False) -> Facts:
        """What the lifecycle's guards ask."""
        return Facts(
            now=now,
            form_status=FormStatus(self.form_status),
            archived=self.archived_at is not None,
            declined=self.declined_at is not None,
            undeliverable=self.delivery == Delivery.UNDELIVERABLE,
            last_asked_at=max(filter(None, (self.last_asked_at, self.last_sent_at)), default=None),
            forced=forced,
        )
