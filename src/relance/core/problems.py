"""Every error as an RFC 9457 problem document, the framework's own errors included, in the caller's language."""

from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException

from relance.core.errors import (
    BodyTooLarge,
    Conflict,
    DuplicateResource,
    FieldError,
    InternalError,
    MalformedRequest,
    MethodNotAllowed,
    NotAcceptable,
    NotFound,
    RelanceError,
    ServiceUnavailable,
    Unauthenticated,
    UnsupportedMediaType,
    ValidationFailed,
)
from relance.core.i18n import Text, current_locale
from relance.core.routes import methods_of, routes_at

_log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """RFC 9457 problem document. Each code adds its own data fields."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "example": {
                "type": "https://relance.example/docs/errors#validation_failed",
                "title": "Données invalides",
                "status": 422,
                "detail": "La requête contient des valeurs qui ne conviennent pas ; voir « errors ».",
                "code": "validation_failed",
                "request_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10",
                "errors": [
                    {
                        "pointer": "/partner/local_id/value",
                        "code": "identifier_checksum",
                        "message": "La clé de contrôle de ce numéro ne convient pas.",
                    }
                ],
            }
        },
    )

    type: str = Field(description="Stable address of this kind of error in the documentation.")
    title: str
    status: int
    detail: str = Field(description="In the caller's language.")
    code: str = Field(description="Stable, for programs.")
    request_id: str


_MESSAGES: Mapping[str, Text] = {
    "missing": Text("Ce champ est obligatoire.", "This field is required."),
    "extra_forbidden": Text("Ce champ n’est pas connu.", "This field is not known."),
    "unknown_parameter": Text("Ce paramètre n’est pas connu.", "This parameter is not known."),
    "string_type": Text("Un texte est attendu.", "A text is expected."),
    "string_too_short": Text("Ce texte est trop court.", "This text is too short."),
    "string_too_long": Text("Ce texte est trop long.", "This text is too long."),
    "string_pattern_mismatch": Text(
        "Ce texte n’a pas la forme attendue.", "This text does not have the expected form."
    ),
    "string_unicode": Text("Ce texte n’est pas de l’Unicode valide.", "This text is not valid Unicode."),
    "subject_kind_missing": Text("« subject_id » demande « subject_kind ».", "`subject_id` needs `subject_kind`."),
    "unclean_text": Text("Les caractères de contrôle ne sont pas acceptés.", "Control characters are not accepted."),
    "single_line": Text("Une seule ligne est attendue.", "One line is expected."),
    "int_type": Text("Un nombre entier est attendu.", "An integer is expected."),
    "int_parsing": Text("Un nombre entier est attendu.", "An integer is expected."),
    "int_parsing_size": Text("Ce nombre est hors limites.", "This number is out of bounds."),
    "int_from_float": Text("Un nombre entier est attendu.", "An integer is expected."),
    "bool_type": Text("Vrai ou faux est attendu.", "True or false is expected."),
    "bool_parsing": Text("Vrai ou faux est attendu.", "True or false is expected."),
    "uuid_parsing": Text("Un identifiant (UUID) est attendu.", "An identifier (UUID) is expected."),
    "uuid_type": Text("Un identifiant (UUID) est attendu.", "An identifier (UUID) is expected."),
    "enum": Text("Cette valeur n’est pas dans la liste.", "This value is not in the list."),
    "literal_error": Text("Cette valeur n’est pas dans la liste.", "This value is not in the list."),
    "greater_than_equal": Text("Cette valeur est trop petite.", "This value is too small."),
    "less_than_equal": Text("Cette valeur est trop grande.", "This value is too large."),
    "json_invalid": Text("Le corps n’est pas du JSON valide.", "The body is not valid JSON."),
    "model_attributes_type": Text("Un objet est attendu.", "An object is expected."),
    "model_type": Text("Un objet est attendu.", "An object is expected."),
    "dict_type": Text("Un objet est attendu.", "An object is expected."),
    "list_type": Text("Une liste est attendue.", "A list is expected."),
    "time_delta_parsing": Text(
        "Une durée ISO 8601 est attendue, par exemple P7D.",
        "An ISO 8601 duration is expected, P7D for example.",
    ),
    "not_positive": Text("Une durée plus longue que zéro est attendue.", "A duration longer than nothing is expected."),
    "phone": Text("Ce numéro de téléphone n’est pas valide.", "This telephone number is not valid."),
    "zone": Text(
        "Un fuseau IANA est attendu, par exemple Europe/Paris.",
        "An IANA zone is expected, Europe/Paris for example.",
    ),
    "datetime_parsing": Text(
        "Une date avec son heure est attendue, par exemple 2026-11-23T09:00:00Z.",
        "A date with its time is expected, 2026-11-23T09:00:00Z for example.",
    ),
    "timezone_aware": Text("Une date avec son fuseau est attendue.", "A date with its zone is expected."),
    "custom_fields": Text(
        "Des textes, des nombres, oui ou non, ou des listes de textes sont attendus, cinquante au plus.",
        "Texts, numbers, true or false, or lists of texts are expected, fifty at most.",
    ),
    "email": Text("Cette adresse e-mail n’est pas valide.", "This e-mail address is not valid."),
}

_BY_STATUS: Mapping[int, type[RelanceError]] = {
    400: MalformedRequest,
    401: Unauthenticated,
    404: NotFound,
    405: MethodNotAllowed,
    413: BodyTooLarge,
}


def problem_response(request: Request, error: RelanceError) -> JSONResponse:
    """The problem document of `error`."""
    public_url: str = request.app.state.runtime.settings.public_url
    values = {**error.data}
    body: dict[str, Any] = {
        "type": f"{public_url}/docs/errors#{error.code}",
        "title": error.title.in_locale(),
        "status": error.status,
        "detail": error.detail.format(values),
        "code": error.code,
        "request_id": structlog.contextvars.get_contextvars().get("request_id", ""),
        **values,
    }
    headers = {"Content-Language": current_locale(), **error.headers}
    return JSONResponse(body, error.status, headers, media_type=MEDIA_TYPE)


def field_error(raw: Mapping[str, Any]) -> FieldError:
    """One pydantic error as pointer, code and words; the refused value itself is never echoed."""
    location = list(raw.get("loc", ()))
    if location and location[0] == "body":
        location = location[1:]
    kind = str(raw.get("type", "invalid"))
    if kind == "json_invalid":
        location = []
    pointer = "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)
    words = _MESSAGES.get(kind)
    # A refused field name may itself be hostile (a lone surrogate): what leaves is always encodable.
    safe = pointer.encode("utf-8", "replace").decode()[:300]
    return FieldError(safe, kind, words.in_locale() if words else str(raw.get("msg", ""))[:300])


def from_database(error: DBAPIError) -> RelanceError:
    """What a database error means to the caller."""
    if isinstance(error, IntegrityError):
        unique = getattr(error.orig, "sqlstate", None) == "23505"
        return DuplicateResource() if unique else Conflict()
    if getattr(error.orig, "sqlstate", "") in {"40001", "40P01", "55P03"}:
        return Conflict()
    if error.connection_invalidated or isinstance(error, OperationalError | InterfaceError):
        return ServiceUnavailable()
    return InternalError()


class _Marks(dict[str, object]):
    def __missing__(self, _key: str) -> str:
        return "…"


def _example(error: type[RelanceError]) -> dict[str, Any]:
    return {
        "type": f"https://relance.example/docs/errors#{error.code}",
        "title": error.title.fr,
        "status": error.status,
        "detail": error.detail.fr.format_map(_Marks(error.example)),
        "code": error.code,
        "request_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10",
        **error.example,
    }


def problem_content() -> dict[str, Any]:
    """The `content` of a response that is a problem document, without examples."""
    return {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def problem_responses(*errors: type[RelanceError]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an operation that may answer with `errors`, with an example for each of them.

    Errors of one status must be given in one call: a later dictionary would replace the earlier one's status.
    The schema is a reference; `add_problem_schema` puts its target into the document.
    """
    found: dict[int | str, dict[str, Any]] = {}
    for error in errors:
        response = found.setdefault(error.status, {"description": error.title.en, "content": {}})
        if error.title.en not in response["description"]:
            response["description"] += f"; {error.title.en}"
        media = response["content"].setdefault(
            MEDIA_TYPE, {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": {}}
        )
        media["examples"][error.code] = {"summary": error.title.en, "value": _example(error)}
    return found


def merge_responses(*several: Mapping[int | str, dict[str, Any]]) -> dict[int | str, dict[str, Any]]:
    """The `responses` of an operation from several sources: one status keeps the descriptions and examples of all."""
    merged: dict[int | str, dict[str, Any]] = {}
    for responses in several:
        for status, response in responses.items():
            merged[status] = _merged(merged[status], response) if status in merged else response
    return merged


def _merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(first)
    for name, value in second.items():
        held = found.get(name)
        if isinstance(held, Mapping) and isinstance(value, Mapping):
            found[name] = _merged(held, value)
        elif name == "description" and held and value not in held:
            found[name] = f"{held}; {value}"
        else:
            found.setdefault(name, value)
    return found


def add_problem_schema(document: dict[str, Any]) -> None:
    """Put the schema that `problem_responses` refers to into an OpenAPI document."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")


def as_relance_error(error: Exception) -> RelanceError:
    """What any exception means to a caller; a fault of ours where nothing else is known."""
    if isinstance(error, RelanceError):
        return error
    if isinstance(error, RequestValidationError):
        return ValidationFailed([field_error(raw) for raw in error.errors()[:100]])
    if isinstance(error, HTTPException):
        unsupported = UnsupportedMediaType(accepted="application/json")
        return unsupported if error.status_code == 415 else _BY_STATUS.get(error.status_code, NotAcceptable)()
    if isinstance(error, StaleDataError):
        return Conflict()
    if isinstance(error, DBAPIError):
        return from_database(error)
    if isinstance(error, PoolTimeout | ConnectionError | TimeoutError):
        return ServiceUnavailable()
    return InternalError()


async def _relance_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RelanceError)
    return problem_response(request, error)


async def _validation_error(request: Request, error: Exception) -> Response:
    return problem_response(request, as_relance_error(error))


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = problem_response(request, as_relance_error(error))
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    if error.status_code == 405:
        response.headers["Allow"] = ", ".join(_allowed(request)) or response.headers.get("Allow", "")
    return response


def _allowed(request: Request) -> list[str]:
    """Every method of the address: Starlette names those of the first route there only."""
    path = str(request.scope["path"]).removeprefix(str(request.scope.get("root_path", "")))
    return sorted(methods_of(routes_at(path, getattr(request.app.state, "routers", ()))))


async def _database_error(request: Request, error: Exception) -> Response:
    known = as_relance_error(error)
    if known.status >= 500:
        _log.error("database_error", error=type(getattr(error, "orig", error)).__name__, exc_info=known.status == 500)
    return problem_response(request, known)


async def _stale(request: Request, _error: Exception) -> Response:
    return problem_response(request, Conflict())


async def _unexpected(request: Request, _error: Exception) -> Response:
    # Starlette raises the error again after this answer; the middleware logs it once, with its trace.
    return problem_response(request, InternalError())


def install_error_handlers(app: FastAPI) -> None:
    """Answer every error of `app` with a problem document."""
    app.add_exception_handler(RelanceError, _relance_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(StaleDataError, _stale)
    for away in (DBAPIError, PoolTimeout, ConnectionError, TimeoutError):
        app.add_exception_handler(away, _database_error)
    app.add_exception_handler(Exception, _unexpected)
