"""The states of a contact's consent: their codes and words. What may be done with them is the lifecycle's to say."""

from collections.abc import Mapping
from enum import StrEnum

from relance.core.i18n import Text


class ConsentStatus(StrEnum):
    """Where a contact stands."""

    NONE = "none"
    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    EMPTIED = "emptied"


STATUS_LABELS: Mapping[ConsentStatus, Text] = {
    ConsentStatus.NONE: Text("Aucun", "None"),
    ConsentStatus.PENDING: Text("En attente", "Pending"),
    ConsentStatus.ACCEPTED: Text("Accepté", "Accepted"),
    ConsentStatus.REFUSED: Text("Refusé", "Refused"),
    ConsentStatus.EMPTIED: Text("Vidé", "Emptied"),
}
