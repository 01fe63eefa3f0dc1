"""The events of mandates and of their further contacts: codes and ids only."""

from uuid import UUID

from pydantic import Field

from relance.capabilities.webhooks.catalogue import Codes, EventData, EventType
from relance.core.i18n import Text


class MandateCodes(Codes):
    """What a mandate, or a further contact of it, shows of itself."""

    status: str | None = Field(description="See the lifecycles `mandate` and `mandate_contact`.")
    forced: bool | None = Field(description="Of a reminder: sent before the gap was over, on request.")
    user_id: UUID | None = Field(description="Of an acceptance: the account with which it was given.")


class MandateEventData(EventData):
    """`data` of the events of a mandate."""

    before: MandateCodes | None
    after: MandateCodes | None


def _event(action: str, title: Text, before: str | None, after: str) -> EventType:
    return EventType(
        action,
        action.partition(".")[0],
        title,
        MandateEventData,
        before={"status": before} if before else None,
        after={"status": after},
    )


EVENTS = (
    _event("mandate.created", Text("Mandat ouvert", "Mandate opened"), None, "draft"),
    _event(
        "mandate.submitted",
        Text("Mandat soumis : la PME est invitée", "Mandate submitted: the company is invited"),
        "draft",
        "invited",
    ),
    _event("mandate.activated", Text("Mandat interne activé", "Internal mandate activated"), "draft", "active"),
    _event("mandate.reminded", Text("Mandat relancé", "Mandate reminded"), "invited", "invited"),
    _event(
        "mandate.expired",
        Text("Invitation du mandat expirée", "Invitation of the mandate expired"),
        "invited",
        "invitation_expired",
    ),
    _event("mandate.renewed", Text("Mandat renvoyé", "Mandate renewed"), "invitation_expired", "invited"),
    _event(
        "mandate.readdressed",
        Text("Adresse du contact corrigée", "Address of the contact corrected"),
        "invited",
        "invited",
    ),
    _event("mandate.accepted", Text("Mandat accepté", "Mandate accepted"), "invited", "active"),
    _event("mandate.declined", Text("Mandat refusé", "Mandate declined"), "invited", "declined"),
    _event(
        "mandate.undeliverable",
        Text("Adresse du contact injoignable", "Address of the contact unreachable"),
        "invited",
        "invited",
    ),
    _event("mandate.disabled", Text("Mandat désactivé", "Mandate disabled"), "active", "disabled"),
    _event("mandate.enabled", Text("Mandat réactivé", "Mandate enabled"), "disabled", "active"),
    _event("mandate.cancelled", Text("Mandat annulé", "Mandate cancelled"), "invited", "cancelled"),
    _event("mandate.deleted", Text("Mandat supprimé", "Mandate deleted"), "cancelled", "cancelled"),
    _event("mandate.changed", Text("Mandat modifié", "Mandate changed"), "draft", "draft"),
    _event("mandate.team_changed", Text("Équipe du mandat modifiée", "Team of the mandate changed"), "draft", "draft"),
    _event(
        "mandate.schedule_changed",
        Text("Planification du mandat modifiée", "Schedule of the mandate changed"),
        "draft",
        "draft",
    ),
    _event(
        "mandate.passthrough_changed",
        Text("Option passthrough modifiée", "Passthrough option changed"),
        "draft",
        "draft",
    ),
    _event(
        "mandate_contact.created", Text("Contact supplémentaire invité", "Further contact invited"), None, "invited"
    ),
    _event(
        "mandate_contact.reminded",
        Text("Contact supplémentaire relancé", "Further contact reminded"),
        "invited",
        "invited",
    ),
    _event(
        "mandate_contact.expired",
        Text("Invitation du contact expirée", "Invitation of the contact expired"),
        "invited",
        "invitation_expired",
    ),
    _event(
        "mandate_contact.renewed",
        Text("Contact supplémentaire réinvité", "Further contact invited again"),
        "invitation_expired",
        "invited",
    ),
    _event(
        "mandate_contact.accepted",
        Text("Contact supplémentaire inscrit", "Further contact joined"),
        "invited",
        "active",
    ),
    _event(
        "mandate_contact.declined",
        Text("Contact supplémentaire : refus", "Further contact declined"),
        "invited",
        "declined",
    ),
    _event(
        "mandate_contact.undeliverable",
        Text("Adresse du contact injoignable", "Address of the contact unreachable"),
        "invited",
        "invited",
    ),
    _event(
        "mandate_contact.removed",
        Text("Contact supplémentaire retiré", "Further contact removed"),
        "active",
        "cancelled",
    ),
)
