"""The events of sessions and their clients: codes and ids only."""

from datetime import date
from uuid import UUID

from pydantic import Field

from relance.capabilities.webhooks.catalogue import Codes, EventData, EventType
from relance.core.i18n import Text


class SessionCodes(Codes):
    """What a session shows of itself."""

    status: str | None = Field(description="See the lifecycle `session`.")
    dates_version: int | None = Field(description="Counts the changes of slots and places.")
    slots: int | None = Field(description="How many slots there are.")


class SessionEventData(EventData):
    """`data` of the events of a session."""

    before: SessionCodes | None
    after: SessionCodes | None


class SessionClientCodes(Codes):
    """What a client of a session shows of itself."""

    confirmation: str | None = Field(description="See the lifecycle `session_client`.")
    session_id: UUID | None = Field(description="The session.")
    proposal_version: int | None = Field(description="Of the last proposal; 0 before the first one.")
    due_on: date | None = Field(description="Until when an answer is taken, included.")
    forced: bool | None = Field(description="Of a reminder: sent before the gap was over, on request.")


class SessionClientEventData(EventData):
    """`data` of the events of a client of a session."""

    before: SessionClientCodes | None
    after: SessionClientCodes | None


def _session(action: str, title: Text, before: str | None, after: str) -> EventType:
    return EventType(
        f"session.{action}",
        "session",
        title,
        SessionEventData,
        before={"status": before} if before else None,
        after={"status": after, "dates_version": 1},
    )


def _client(action: str, title: Text, before: str | None, after: str) -> EventType:
    return EventType(
        f"session.{action}",
        "session_client",
        title,
        SessionClientEventData,
        before={"confirmation": before} if before else None,
        after={
            "confirmation": after,
            "session_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10",
            "proposal_version": 1,
            "due_on": "2030-03-15",
        },
    )


EVENTS = (
    _session("created", Text("Session créée", "Session created"), None, "unplanned"),
    _session("changed", Text("Session modifiée", "Session changed"), "planned", "planned"),
    _session("planned", Text("Session planifiée", "Session planned"), "unplanned", "planned"),
    _session("unplanned", Text("Créneaux retirés", "Slots taken away"), "planned", "unplanned"),
    _session("cancelled", Text("Session annulée", "Session cancelled"), "planned", "cancelled"),
    _session("deleted", Text("Session supprimée", "Session deleted"), "cancelled", "cancelled"),
    _client("client_added", Text("Client ajouté à la session", "Client added to the session"), None, "not_sent"),
    _client("client_changed", Text("Client de la session modifié", "Client changed"), "not_sent", "not_sent"),
    _client("client_removed", Text("Client retiré de la session", "Client removed"), "awaiting", "awaiting"),
    _client("dates_proposed", Text("Dates proposées", "Dates proposed"), "not_sent", "awaiting"),
    _client("dates_accepted", Text("Dates acceptées", "Dates accepted"), "awaiting", "accepted"),
    _client("dates_declined", Text("Dates déclinées", "Dates declined"), "awaiting", "declined"),
    _client("answer_changed", Text("Réponse changée", "Answer changed"), "accepted", "declined"),
    _client("dates_reminded", Text("Proposition relancée", "Proposal reminded"), "awaiting", "awaiting"),
    _client("due_extended", Text("Échéance reportée", "Due date extended"), "awaiting", "awaiting"),
    _client("validated", Text("Dates validées manuellement", "Dates validated manually"), "awaiting", "manual"),
    _client("validation_undone", Text("Validation manuelle annulée", "Manual validation undone"), "manual", "awaiting"),
    _client("dates_changed", Text("Dates modifiées", "Dates changed"), "accepted", "not_sent"),
    _client(
        "client_undeliverable", Text("Adresse du client injoignable", "Address unreachable"), "awaiting", "awaiting"
    ),
)
