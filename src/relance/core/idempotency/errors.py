"""What a caller who repeats a request may be told."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType

from relance.core.errors import FieldError, RelanceError
from relance.core.i18n import Text

_DIFFERS = Text(
    "Cette valeur n’est pas celle de la première requête.", "This value is not the one of the first request."
)


class IdempotencyKeyReused(RelanceError):
    """The key was used for another request; `errors` names what differs."""

    code = "idempotency_key_reused"
    status = 422
    title = Text("Clé d’idempotence déjà employée", "Idempotency key already used")
    detail = Text(
        "Cette clé a servi à une autre requête ; voir « errors ». Prenez-en une nouvelle pour chaque opération.",
        "This key was used for another request; see “errors”. Take a new one for each operation.",
    )
    example = MappingProxyType(
        {
            "errors": [
                {"pointer": "/email", "code": "differs", "message": "Cette valeur n’est pas celle de la première…"}
            ]
        }
    )

    def __init__(self, pointers: Sequence[str]) -> None:
        found = [FieldError(pointer[:300], "differs", _DIFFERS.in_locale()) for pointer in pointers[:100]]
        super().__init__(errors=[asdict(error) for error in found])


class IdempotencyInFlight(RelanceError):
    """The first request with this key is still being worked on."""

    code = "idempotency_in_flight"
    status = 409
    title = Text("Requête en cours", "Request in flight")
    detail = Text(
        "La première requête avec cette clé n’est pas terminée ; réessayez dans un instant.",
        "The first request with this key is not finished; try again in a moment.",
    )

    @property
    def headers(self) -> Mapping[str, str]:
        """When to try again, in seconds."""
        return {"Retry-After": "1"}
