"""Errors that a service raises: a stable code, a status and data fields; never an HTTP exception."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import ClassVar

from relance.core.i18n import Text


class RelanceError(Exception):
    """Base of every error a caller can be told about.

    A subclass declares `code` (stable, snake_case), `status` (HTTP), `title` and `detail`; the marks of
    `detail` are filled from the data fields given to the constructor, which also appear in the problem document.
    """

    code: ClassVar[str]
    status: ClassVar[int]
    title: ClassVar[Text]
    detail: ClassVar[Text]
    #: Whether what was written before the refusal stays: it tells that something was kept.
    kept: ClassVar[bool] = False
    #: Data fields of the example in the contract.
    example: ClassVar[Mapping[str, object]] = MappingProxyType({})

    def __init__(self, **data: object) -> None:
        super().__init__(self.code)
        self.data: Mapping[str, object] = data

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers of the answer, such as Retry-After."""
        return {}

    @classmethod
    def catalogue(cls) -> Iterator[type["RelanceError"]]:
        """Every concrete error class of the running program, for the documentation."""
        for subclass in cls.__subclasses__():
            if "code" in subclass.__dict__:
                yield subclass
            yield from subclass.catalogue()


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault of a payload: where (JSON pointer), a stable code, and words."""

    pointer: str
    code: str
    message: str


class ValidationFailed(RelanceError):
    """The payload does not fit; `errors` says where."""

    code = "validation_failed"
    status = 422
    title = Text("Données invalides", "Invalid data")
    detail = Text(
        "La requête contient des valeurs qui ne conviennent pas ; voir « errors ».",
        "The request holds values that do not fit; see “errors”.",
    )
    example = MappingProxyType(
        {"errors": [{"pointer": "/name", "code": "missing", "message": "Ce champ est obligatoire."}]}
    )

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__(errors=[asdict(error) for error in errors])
        self.errors = tuple(errors)

    @classmethod
    def at(cls, pointer: str, code: str, message: Text) -> "ValidationFailed":
        """A refusal of the one value at `pointer`."""
        return cls([FieldError(pointer, code, message.in_locale())])


class MalformedRequest(RelanceError):
    """The bytes cannot be read at all."""

    code = "malformed_request"
    status = 400
    title = Text("Requête illisible", "Unreadable request")
    detail = Text("La requête ne peut pas être lue.", "The request cannot be read.")


class NotFound(RelanceError):
    """Unknown, or not readable by the caller: the two look the same."""

    code = "not_found"
    status = 404
    title = Text("Introuvable", "Not found")
    detail = Text(
        "Cette ressource n’existe pas ou n’est pas lisible par vous.",
        "This resource does not exist or you may not read it.",
    )


class MethodNotAllowed(RelanceError):
    """The address exists, not with this method."""

    code = "method_not_allowed"
    status = 405
    title = Text("Méthode non permise", "Method not allowed")
    detail = Text("Cette adresse n’accepte pas cette méthode.", "This address does not accept this method.")


class NotAcceptable(RelanceError):
    """A framework refusal that has no class of its own."""

    code = "request_refused"
    status = 400
    title = Text("Requête refusée", "Request refused")
    detail = Text("La requête est refusée.", "The request is refused.")


class Unauthenticated(RelanceError):
    """No credentials, or bad ones."""

    code = "unauthenticated"
    status = 401
    title = Text("Authentification requise", "Authentication required")
    detail = Text(
        "Identifiez-vous avec un jeton d’accès ou une clé d’API valide.",
        "Authenticate with a valid access token or API key.",
    )

    @property
    def headers(self) -> Mapping[str, str]:
        """The challenge that RFC 6750 asks for."""
        return {"WWW-Authenticate": 'Bearer realm="relance"'}


class PermissionDenied(RelanceError):
    """Readable, but not allowed; names the permission that is missing."""

    code = "permission_denied"
    status = 403
    title = Text("Droit manquant", "Permission missing")
    detail = Text(
        "Cette opération demande le droit « {permission} ».",
        "This operation needs the permission “{permission}”.",
    )
    example = MappingProxyType({"permission": "users:write"})

    def __init__(self, permission: str) -> None:
        super().__init__(permission=permission)


class BodyTooLarge(RelanceError):
    """The body is larger than the deployment accepts."""

    code = "body_too_large"
    status = 413
    title = Text("Requête trop volumineuse", "Request too large")
    detail = Text("Le corps de la requête est trop volumineux.", "The body of the request is too large.")


class UnsupportedMediaType(RelanceError):
    """The body is of a type this operation does not read."""

    code = "unsupported_media_type"
    status = 415
    title = Text("Type de contenu non pris en charge", "Unsupported media type")
    detail = Text("Cette opération lit : {accepted}.", "This operation reads: {accepted}.")
    example = MappingProxyType({"accepted": "application/json"})


class Conflict(RelanceError):
    """The change contradicts what is stored, and no finer class says how."""

    code = "conflict"
    status = 409
    title = Text("Conflit", "Conflict")
    detail = Text(
        "La modification contredit des données enregistrées entre-temps.",
        "The change contradicts data stored in the meantime.",
    )


class DuplicateResource(RelanceError):
    """Another row already has this key."""

    code = "duplicate"
    status = 409
    title = Text("Existe déjà", "Already exists")
    detail = Text("Une ressource avec cette clé existe déjà.", "A resource with this key already exists.")
    example = MappingProxyType({"existing_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10", "pointer": "/external_id"})


class PreconditionFailed(RelanceError):
    """`If-Match` names a version that the row no longer has."""

    code = "precondition_failed"
    status = 412
    title = Text("Version dépassée", "Stale version")
    detail = Text(
        "La ressource en est à la version {current_version} ; relisez-la avant de la modifier.",
        "The resource is at version {current_version}; read it again before you change it.",
    )
    example = MappingProxyType({"current_version": 4})


class AlreadyThere(PreconditionFailed):
    """`If-None-Match` asks that the resource does not exist, and it does."""

    detail = Text(
        "La ressource existe déjà, à la version {current_version}.",
        "The resource exists already, at version {current_version}.",
    )


class NotYetThere(PreconditionFailed):
    """`If-Match` names a version of a resource that does not exist."""

    detail = Text(
        "Aucune ressource n’a cette référence ; sans « If-Match », elle serait créée.",
        "No resource has this reference; without `If-Match` it would be created.",
    )


class TooManyRequests(RelanceError):
    """The caller, or the network address, has used its limit up."""

    code = "too_many_requests"
    status = 429
    title = Text("Trop de requêtes", "Too many requests")
    detail = Text("Réessayez dans {retry_after} secondes.", "Try again in {retry_after} seconds.")
    example = MappingProxyType({"retry_after": 42})

    def __init__(self, retry_after: int, limit_headers: Mapping[str, str]) -> None:
        super().__init__(retry_after=retry_after)
        self._limit_headers = limit_headers

    @property
    def headers(self) -> Mapping[str, str]:
        """When to try again, in seconds, and the limit that was met."""
        return {"Retry-After": str(self.data["retry_after"]), **self._limit_headers}


class ServiceUnavailable(RelanceError):
    """The database is away for the moment."""

    code = "service_unavailable"
    status = 503
    title = Text("Service momentanément indisponible", "Service temporarily unavailable")
    detail = Text("Réessayez dans quelques secondes.", "Try again in a few seconds.")

    @property
    def headers(self) -> Mapping[str, str]:
        """When to try again, in seconds."""
        return {"Retry-After": "5"}


class InternalError(RelanceError):
    """A fault of ours; the details are in the log under the request id."""

    code = "internal_error"
    status = 500
    title = Text("Erreur interne", "Internal error")
    detail = Text(
        "Une erreur inattendue s’est produite ; citez « request_id » au support.",
        "An unexpected error occurred; quote “request_id” to the support.",
    )
