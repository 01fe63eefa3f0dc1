"""Errors of this domain."""

from collections.abc import Sequence

# The pace of a cycle is the product's, not this domain's; its refusals read as errors of the domain all the same.
from relance.capabilities.cycles.lifecycle import AddressUndeliverable as AddressUndeliverable
from relance.capabilities.links.errors import StaleVersion
from relance.capabilities.messaging.gap import TooRecent as TooRecent
from relance.core.errors import RelanceError
from relance.core.i18n import Text


class SessionNotPlanned(RelanceError):
    """There is no slot yet to be confirmed."""

    code = "session_not_planned"
    status = 409
    title = Text("Session non planifiée", "Session not planned")
    detail = Text("Cette session n’a encore aucun créneau.", "This session has no slot yet.")


class SessionCancelled(RelanceError):
    """The session will not take place."""

    code = "session_cancelled"
    status = 409
    title = Text("Session annulée", "Session cancelled")
    detail = Text("Cette session est annulée.", "This session is cancelled.")


class SessionBegun(RelanceError):
    """The first slot has begun; what was answered stays."""

    code = "session_begun"
    status = 409
    title = Text("Session commencée", "Session begun")
    detail = Text("Cette session a commencé : ses dates ne bougent plus.", "This session has begun: its dates stay.")


class ProposalOverdue(RelanceError):
    """The due date has passed; a later one has to be set first."""

    code = "proposal_overdue"
    status = 409
    title = Text("Échéance dépassée", "Due date passed")
    detail = Text(
        "L’échéance est passée : reportez-la, ou proposez les dates de nouveau.",
        "The due date has passed: extend it, or propose the dates anew.",
    )


class DatesValidated(RelanceError):
    """The training organisation has validated the dates itself: nothing is asked of the client any more."""

    code = "dates_validated"
    status = 409
    title = Text("Dates déjà validées", "Dates already validated")
    detail = Text(
        "Ces dates ont déjà été validées avec l’organisme de formation : aucune réponse n’est attendue.",
        "These dates were validated with the training organisation already: no answer is awaited.",
    )


class DatesNotProposed(RelanceError):
    """The new dates were not proposed to this client yet."""

    code = "dates_not_proposed"
    status = 409
    title = Text("Dates pas encore proposées", "Dates not proposed yet")
    detail = Text(
        "Les dates ont changé et vous seront proposées dans un nouveau message : attendez-le pour répondre.",
        "The dates have changed and will be proposed to you in a new message: wait for it to answer.",
    )


class StaleDates(StaleVersion):
    """An answer to dates that are not those of the session any more; the error holds the current ones."""

    detail = Text(
        "Les dates ont changé depuis que vous avez ouvert cette page. Dates actuelles : {dates}.",
        "The dates have changed since you opened this page. Current dates: {dates}.",
    )

    def __init__(self, current_version: int, dates: str, slots: Sequence[dict[str, object]]) -> None:
        RelanceError.__init__(self, current_version=current_version, dates=dates, slots=list(slots))


class FeedExists(RelanceError):
    """The user has a calendar feed; its address can only be made anew."""

    code = "calendar_feed_exists"
    status = 409
    title = Text("Flux d’agenda déjà créé", "Calendar feed exists already")
    detail = Text(
        "Vous avez déjà un flux d’agenda ; son adresse n’est montrée qu’une fois : renouvelez-la au besoin.",
        "You have a calendar feed already; its address is shown once: rotate it to get another one.",
    )
