"""The events of users, their invitations and the organisations that ask. Sign-ins are no events: see the audit."""

from uuid import UUID

from pydantic import Field

from relance.capabilities.webhooks.catalogue import Codes, EventData, EventType
from relance.core.i18n import Text


class UserCodes(Codes):
    """What a user shows of themselves."""

    status: str | None = Field(description="See the lifecycle `user`.")
    role_id: UUID | None
    fields: list[str] | None = Field(description="Names of the fields that changed.")


class UserEventData(EventData):
    """`data` of the events of a user."""

    before: UserCodes | None
    after: UserCodes | None


class UserInvitationCodes(Codes):
    """What the invitation of a user shows of itself."""

    status: str | None = Field(description="See the lifecycle `user_invitation`.")
    user_id: UUID | None


class UserInvitationEventData(EventData):
    """`data` of the events of the invitation of a user."""

    before: UserInvitationCodes | None
    after: UserInvitationCodes | None


class OrganisationEventData(EventData):
    """`data` of the events of an organisation: read it to know what it is now."""


EVENTS = (
    EventType(
        "user.created",
        "user",
        Text("Utilisateur créé", "User created"),
        UserEventData,
        after={"role_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"},
    ),
    EventType(
        "user.changed",
        "user",
        Text("Utilisateur modifié", "User changed"),
        UserEventData,
        after={"role_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10", "fields": ["role_id"]},
    ),
    EventType(
        "user.invited_again",
        "user",
        Text("Invitation renvoyée à l’utilisateur", "User invited again"),
        UserEventData,
        before={"status": "invited"},
        after={"status": "invited"},
    ),
    EventType(
        "user.joined",
        "user",
        Text("Compte pris en main par l’utilisateur", "Account taken up by the user"),
        UserEventData,
        before={"status": "invited"},
        after={"status": "active"},
    ),
    EventType(
        "user.deactivated",
        "user",
        Text("Utilisateur désactivé", "User deactivated"),
        UserEventData,
        before={"status": "active"},
        after={"status": "deactivated"},
    ),
    EventType(
        "user.reactivated",
        "user",
        Text("Utilisateur réactivé", "User reactivated"),
        UserEventData,
        before={"status": "deactivated"},
        after={"status": "active"},
    ),
    EventType(
        "user_invitation.created",
        "user_invitation",
        Text("Invitation d’utilisateur créée", "Invitation of a user created"),
        UserInvitationEventData,
        after={"status": "queued", "user_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"},
    ),
    EventType(
        "user_invitation.sent",
        "user_invitation",
        Text("Invitation d’utilisateur envoyée", "Invitation of a user sent"),
        UserInvitationEventData,
        before={"status": "queued"},
        after={"status": "sent", "user_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"},
    ),
    EventType(
        "user_invitation.reminded",
        "user_invitation",
        Text("Invitation d’utilisateur relancée", "Invitation of a user reminded"),
        UserInvitationEventData,
        before={"status": "sent"},
        after={"status": "sent", "user_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"},
    ),
    EventType(
        "user_invitation.renewed",
        "user_invitation",
        Text("Invitation d’utilisateur renvoyée", "Invitation of a user renewed"),
        UserInvitationEventData,
        before={"status": "expired"},
        after={"status": "queued", "user_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"},
    ),
    EventType(
        "user_invitation.readdressed",
        "user_invitation",
        Text("Invitation d’utilisateur envoyée à une autre adresse", "Invitation of a user sent to another address"),
        UserInvitationEventData,
        before={"status": "sent"},
        after={"status": "queued", "user_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"},
    ),
    EventType(
        "user_invitation.expired",
        "user_invitation",
        Text("Invitation d’utilisateur expirée", "Invitation of a user expired"),
        UserInvitationEventData,
        before={"status": "sent"},
        after={"status": "expired", "user_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"},
    ),
    EventType(
        "user_invitation.accepted",
        "user_invitation",
        Text("Invitation d’utilisateur acceptée", "Invitation of a user accepted"),
        UserInvitationEventData,
        before={"status": "sent"},
        after={"status": "accepted", "user_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"},
    ),
    EventType(
        "user_invitation.cancelled",
        "user_invitation",
        Text("Invitation d’utilisateur annulée", "Invitation of a user cancelled"),
        UserInvitationEventData,
        before={"status": "sent"},
        after={"status": "cancelled", "user_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"},
    ),
    EventType(
        "user_invitation.undeliverable",
        "user_invitation",
        Text("Adresse de l’utilisateur injoignable", "Address of the user unreachable"),
        UserInvitationEventData,
        before={"status": "queued"},
        after={"status": "queued", "user_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"},
    ),
    EventType(
        "organisation.created",
        "organisation",
        Text("Organisation créée", "Organisation created"),
        OrganisationEventData,
    ),
    EventType(
        "organisation.changed",
        "organisation",
        Text("Organisation modifiée", "Organisation changed"),
        OrganisationEventData,
    ),
)
