"""The events of invitations and of what partners answer: codes and ids only."""

from uuid import UUID

from pydantic import Field

from relance.capabilities.webhooks.catalogue import Codes, EventData, EventType
from relance.core.i18n import Text


class InvitationCodes(Codes):
    """What an invitation shows of itself."""

    status: str | None = Field(description="See the lifecycle `invitation`.")
    forced: bool | None = Field(description="Of a reminder: sent before the gap was over, on request.")
    requester: UUID | None = Field(description="Of a reassignment: the user who asks from now on.")


class InvitationEventData(EventData):
    """`data` of the events of an invitation."""

    before: InvitationCodes | None
    after: InvitationCodes | None


class PrequalificationCodes(Codes):
    """What a prequalification shows of itself."""

    form_status: str | None = Field(description="`to_complete`, `completed`, `expired`.")
    reason: str | None = Field(description="Of an expiry: `validity_over`, `identity_changed`.")


class PrequalificationEventData(EventData):
    """`data` of the events of a prequalification."""

    before: PrequalificationCodes | None
    after: PrequalificationCodes | None


class FormCodes(Codes):
    """What a form shows of itself."""

    form_version: int | None


class FormEventData(EventData):
    """`data` of the events of a prequalification form."""

    before: FormCodes | None
    after: FormCodes | None


EVENTS = (
    EventType(
        "invitation.created",
        "invitation",
        Text("Invitation créée", "Invitation created"),
        InvitationEventData,
        after={"status": "queued"},
    ),
    EventType(
        "invitation.sent",
        "invitation",
        Text("Invitation envoyée", "Invitation sent"),
        InvitationEventData,
        before={"status": "queued"},
        after={"status": "sent"},
    ),
    EventType(
        "invitation.reminded",
        "invitation",
        Text("Invitation relancée", "Invitation reminded"),
        InvitationEventData,
        before={"status": "sent"},
        after={"status": "sent", "forced": False},
    ),
    EventType(
        "invitation.expired",
        "invitation",
        Text("Invitation expirée", "Invitation expired"),
        InvitationEventData,
        before={"status": "sent"},
        after={"status": "expired"},
    ),
    EventType(
        "invitation.renewed",
        "invitation",
        Text("Invitation renvoyée", "Invitation renewed"),
        InvitationEventData,
        before={"status": "expired"},
        after={"status": "sent"},
    ),
    EventType(
        "invitation.declined",
        "invitation",
        Text("Sollicitation déclinée par le partenaire", "Declined by the partner"),
        InvitationEventData,
        after={"status": "sent"},
    ),
    EventType(
        "invitation.closed",
        "invitation",
        Text(
            "Invitation close : le partenaire a répondu par ailleurs",
            "Invitation closed: the partner answered elsewhere",
        ),
        InvitationEventData,
        before={"status": "sent"},
        after={"status": "closed"},
    ),
    EventType(
        "invitation.cancelled",
        "invitation",
        Text("Invitation annulée", "Invitation cancelled"),
        InvitationEventData,
        before={"status": "sent"},
        after={"status": "cancelled"},
    ),
    EventType(
        "invitation.archived",
        "invitation",
        Text("Invitation archivée", "Invitation archived"),
        InvitationEventData,
        before={"status": "closed"},
        after={"status": "closed"},
    ),
    EventType(
        "invitation.unarchived",
        "invitation",
        Text("Invitation désarchivée", "Invitation unarchived"),
        InvitationEventData,
        before={"status": "closed"},
        after={"status": "closed"},
    ),
    EventType(
        "invitation.address_corrected",
        "invitation",
        Text("Adresse de l’invitation corrigée", "Address of the invitation corrected"),
        InvitationEventData,
        before={"status": "sent"},
        after={"status": "queued"},
    ),
    EventType(
        "invitation.reassigned",
        "invitation",
        Text("Invitation réattribuée", "Invitation reassigned"),
        InvitationEventData,
        before={"status": "sent"},
        after={"status": "sent", "requester": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"},
    ),
    EventType(
        "invitation.undeliverable",
        "invitation",
        Text("Adresse du partenaire injoignable", "Address of the partner unreachable"),
        InvitationEventData,
        before={"status": "queued"},
        after={"status": "queued"},
    ),
    EventType(
        "prequalification.completed",
        "invitation",
        Text(
            "Formulaire de préqualification envoyé par le partenaire", "Prequalification form submitted by the partner"
        ),
        InvitationEventData,
        before={"status": "sent"},
        after={"status": "closed"},
    ),
    EventType(
        "prequalification.expired",
        "prequalification",
        Text("Préqualification expirée", "Prequalification expired"),
        PrequalificationEventData,
        before={"form_status": "completed"},
        after={"form_status": "expired", "reason": "validity_over"},
    ),
    EventType(
        "prequalification_form.replaced",
        "prequalification_form",
        Text("Nouvelle version du formulaire", "New version of the form"),
        FormEventData,
        before={"form_version": 1},
        after={"form_version": 2},
    ),
)
