"""The events of sendings: codes and ids only."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from relance.capabilities.webhooks.catalogue import Codes, EventData, EventType
from relance.core.i18n import Text
from relance.domains.crm_toolbox.sendings.lifecycle import KIND


class ProfileRecipientCodes(Codes):
    """What a recipient shows of itself."""

    status: str | None = Field(description="See the lifecycle `profile_recipient`.")
    sending_id: UUID | None = Field(description="The sending.")
    reason: str | None = Field(description="Of what was cancelled or has failed: a code.")
    send_at: datetime | None = Field(description="Of what was moved: its new instant.")


class ProfileRecipientEventData(EventData):
    """`data` of the events of a recipient."""

    before: ProfileRecipientCodes | None
    after: ProfileRecipientCodes | None


def _event(verb: str, title: Text, before: str, after: str) -> EventType:
    return EventType(
        f"{KIND}.{verb}", KIND, title, ProfileRecipientEventData, before={"status": before}, after={"status": after}
    )


EVENTS = (
    _event("cancelled", Text("Envoi de profil annulé", "Sending of a profile cancelled"), "planned", "cancelled"),
    _event("rescheduled", Text("Envoi de profil reporté", "Sending of a profile moved"), "planned", "planned"),
    _event("queued", Text("Profil en cours d’envoi", "Profile being sent"), "planned", "sending"),
    _event("dropped", Text("Envoi de profil abandonné", "Sending of a profile dropped"), "planned", "cancelled"),
    _event("sent", Text("Profil envoyé", "Profile sent"), "sending", "sent"),
    _event("failed", Text("Profil non remis", "Profile not delivered"), "sending", "failed"),
)
