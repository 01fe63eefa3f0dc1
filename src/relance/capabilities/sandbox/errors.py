"""What the sandbox refuses."""

from types import MappingProxyType

from relance.core.errors import RelanceError
from relance.core.i18n import Text


class ClockTooFar(RelanceError):
    """The test clock would leave the span of dates that everything else can handle."""

    code = "clock_too_far"
    status = 422
    title = Text("Horloge trop avancée", "Clock too far ahead")
    detail = Text(
        "L’horloge de test avance d’au plus {longest_step} à la fois, et de {furthest} en tout.",
        "The test clock moves by at most {longest_step} at a time, and by {furthest} in all.",
    )
    example = MappingProxyType({"longest_step": "P3660D", "furthest": "P36600D"})
