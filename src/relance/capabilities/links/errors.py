"""What a recipient is refused."""

from types import MappingProxyType

from relance.core.errors import RelanceError
from relance.core.i18n import Text


class LinkExpired(RelanceError):
    """The subject expired before the answer came; the page still explains."""

    code = "link_expired"
    status = 410
    title = Text("Demande expirée", "Request expired")
    detail = Text(
        "Cette demande a expiré : votre réponse n’a pas été enregistrée.",
        "This request has expired: your answer was not recorded.",
    )


class LinkNotOpen(RelanceError):
    """The subject waits for no answer any more, or not for a file."""

    code = "link_not_open"
    status = 409
    title = Text("Plus rien n’est attendu", "Nothing is awaited any more")
    detail = Text(
        "Cette demande n’attend plus de fichier : il n’a pas été enregistré.",
        "This request does not wait for a file any more: it was not recorded.",
    )


class StaleVersion(RelanceError):
    """The answer was made on a version of the page that has been replaced since."""

    code = "stale_version"
    status = 409
    title = Text("Page modifiée entre-temps", "Page changed in the meantime")
    detail = Text(
        "La demande a changé depuis que vous avez ouvert cette page. Vérifiez vos réponses, puis renvoyez-les.",
        "The request has changed since you opened this page. Check your answers, then send them again.",
    )

    example = MappingProxyType({"current_version": 4})

    def __init__(self, current_version: int) -> None:
        super().__init__(current_version=current_version)


class FormNotSupported(RelanceError):
    """A form's JSON Schema uses what the recipient pages cannot show."""

    code = "form_schema_not_supported"
    status = 422
    title = Text("Formulaire non pris en charge", "Form not supported")
    detail = Text(
        "Le schéma de ce formulaire ne peut pas être affiché : {reason} (à « {pointer} »).",
        "The schema of this form cannot be shown: {reason} (at “{pointer}”).",
    )

    example = MappingProxyType({"pointer": "/properties/identity", "reason": "no known type"})

    def __init__(self, pointer: str, reason: str) -> None:
        super().__init__(pointer=pointer, reason=reason)
