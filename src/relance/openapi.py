"""The contract: what FastAPI says of the routes, completed from facts that hold for every operation.

Whatever follows from the shape of an operation (who may call it, what it reads, what it changes) is added here once,
so that a new operation cannot forget it; what is particular to one operation stands in its router.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from relance.capabilities.webhooks.catalogue import EventType
from relance.core.by_reference import BY_REFERENCE
from relance.core.errors import (
    BodyTooLarge,
    Conflict,
    MalformedRequest,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
    RelanceError,
    ServiceUnavailable,
    TooManyRequests,
    Unauthenticated,
    UnsupportedMediaType,
    ValidationFailed,
)
from relance.core.problems import MEDIA_TYPE, add_problem_schema, problem_responses
from relance.core.rate_limits import COUNTING
from relance.core.security import Permission
from relance.openapi_schemas import add_examples, simplify
from relance.openapi_webhooks import add_webhooks

DESCRIPTION = """\
Ask somebody outside by e-mail, remind them, record the answer.

Every error is an RFC 9457 problem document with a stable `code`; texts are in French, or in English with
`Accept-Language: en`. Lists are read page by page with `next_cursor`. Instants are in UTC.
"""

TAGS = [
    {"name": "auth", "description": "Signing in: access and refresh tokens."},
    {"name": "invitations", "description": "Prequalification of partners: invite, remind, follow on one dashboard."},
    {"name": "prequalification-forms", "description": "What partners are asked: versions of a JSON Schema."},
    {"name": "prequalifications", "description": "What partners answered, and until when it holds."},
    {
        "name": "avant-vente",
        "description": "A partner asks for a pre-sales intervention; the team proposes slots; the partner takes one.",
    },
    {"name": "mandates", "description": "A small company is asked to accept a mandate and to open its account."},
    {"name": "crm-toolbox", "description": "What is done with companies and contacts, and the record of it."},
    {
        "name": "sessions",
        "description": "Training sessions: clients accept or decline the dates that are proposed to them.",
    },
    {"name": "jobs", "description": "Long work: progress, a result per item, cancelling."},
    {"name": "files", "description": "What exports have made, to be downloaded."},
    {"name": "companies", "description": "The directory: companies with checked identifiers."},
    {"name": "contacts", "description": "The directory: people at companies."},
    {"name": "contact-statuses", "description": "The statuses that contacts may have: the workspace's own list."},
    {"name": "custom-fields", "description": "Fields that the workspace adds to its contacts and companies."},
    {"name": "saved-views", "description": "Filters and orders of lists that each user has kept under a name."},
    {"name": "recipients", "description": "What the link of a mail shows, and how it is answered. No account needed."},
    {"name": "messages", "description": "Mails that were sent or will be: look, settle, send again; delivery reports."},
    {"name": "events", "description": "The feed: what happened, in one order that holds for every reader."},
    {"name": "webhook-endpoints", "description": "Where events are sent, signed as Standard Webhooks says."},
    {"name": "webhook-deliveries", "description": "What was sent to webhooks, what came of it, and sending again."},
    {"name": "email-templates", "description": "The words of every mail: edit, preview, test, restore."},
    {"name": "email-branding", "description": "The look of mails: sender name, answers, colour, logo."},
    {"name": "organisations", "description": "The organisations of the workspace that ask (entités émettrices)."},
    {"name": "users", "description": "People of the workspace."},
    {"name": "roles", "description": "Editable sets of permission and level."},
    {"name": "api-keys", "description": "Keys of partner integrations."},
    {"name": "security-events", "description": "The audit of accounts and rights."},
    {"name": "workspace", "description": "The workspace."},
    {"name": "me", "description": "The caller: who they are, and what they may do."},
    {"name": "meta", "description": "Lifecycles, errors and permissions, as data."},
    {"name": "sandbox", "description": "Test clock and test mailbox; only in a sandbox deployment."},
    {"name": "operations", "description": "Health and metrics of the processes."},
]

METHODS = ("get", "put", "post", "patch", "delete")
_MERGE_PATCH = "application/merge-patch+json"
_FRAMEWORKS_OWN = ("HTTPValidationError", "ValidationError")
_HEADERS: dict[str, tuple[str, str]] = {
    "ETag": ("Version of the resource, for the `If-Match` of a change.", '"2"'),
    "Location": ("Address of what was made.", "/v1/companies/019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"),
    "Link": (
        "Address of the next page, `rel=next`; absent on the last.",
        '<https://relance.example/v1/companies?cursor=kB3x>; rel="next"',
    ),
    "Retry-After": ("After how many seconds to try again.", "5"),
    "RateLimit": ("Where the caller stands: requests that remain, seconds until the next window.", '"caller";r=0;t=42'),
    "RateLimit-Policy": ("The limit that was met: requests in so many seconds.", '"caller";q=1000;w=60'),
    "WWW-Authenticate": ("The challenge of RFC 6750.", 'Bearer realm="relance"'),
}
_ON_STATUS = {
    "401": ["WWW-Authenticate"],
    "429": ["Retry-After", "RateLimit", "RateLimit-Policy"],
    "503": ["Retry-After"],
}

Operation = dict[str, Any]
Document = dict[str, Any]


def describe(app: FastAPI, permissions: Iterable[Permission], events: Iterable[EventType] = ()) -> None:
    """Make `app.openapi` return the completed contract, built at the first call."""
    known, told = tuple(permissions), tuple(events)

    def document() -> Document:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(app, known, told)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign] # FastAPI's documented way to extend the document


def operations(document: Document) -> Iterator[tuple[str, str, Operation]]:
    """Every operation of a contract: method, path, description."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield method, path, item[method]


def is_by_reference(path: str) -> bool:
    """Whether an address names a resource by the partner's own key."""
    return path.endswith(BY_REFERENCE.replace(":path", ""))


def scopes(operation: Operation) -> list[str]:
    """The permissions that an operation asks for."""
    return sorted({scope for way in operation.get("security", []) for found in way.values() for scope in found})


def _completed(app: FastAPI, permissions: Sequence[Permission], events: Sequence[EventType]) -> Document:
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=app.description,
        routes=app.routes,
        tags=app.openapi_tags,
        servers=[{"url": "/", "description": "This deployment"}],
    )
    document["info"]["license"] = {"name": "MIT", "url": "https://spdx.org/licenses/MIT"}
    document["info"]["contact"] = {
        "name": "Relance",
        "url": "https://relance.example/docs",
        "email": "api@relance.example",
    }
    add_problem_schema(document)
    for name in _FRAMEWORKS_OWN:
        document["components"]["schemas"].pop(name, None)
    _declare_scopes(document, permissions)
    counted = _counted(app)
    for method, path, operation in operations(document):
        _drop_framework_errors(operation)
        _add_errors(operation, _implied(method, path, operation))
        _add_errors(operation, (TooManyRequests,) if operation["operationId"] in counted else ())
        _offer_merge_patch(method, operation)
        _describe_parameters(operation)
    add_webhooks(document, events)
    simplify(document)
    guarded = {path for _method, path, operation in operations(document) if _is_guarded(operation)}
    # What one action changes is one resource too: `GET …/consent` beside `POST …/consent/keep`.
    acted_on = {path.rpartition("/")[0] for path in guarded if not path.endswith("}")}
    for method, path, operation in operations(document):
        single = path.endswith("}") or path in guarded or (method == "get" and path in acted_on)
        _add_headers(method, path, operation, single=single or _is_guarded(operation))
    add_examples(document)
    return document


def _counted(app: FastAPI) -> frozenset[str]:
    """The operations whose requests count under a rate limit."""
    routes = [route for router in app.state.routers for route in router.routes if isinstance(route, APIRoute)]
    return frozenset(route.operation_id for route in routes if route.operation_id and _counts(route.dependant))


def _counts(dependant: Dependant) -> bool:
    return any(below.call in COUNTING or _counts(below) for below in dependant.dependencies)


def _declare_scopes(document: Document, permissions: Sequence[Permission]) -> None:
    """Every permission as a scope of the user's scheme, in the words of administrators."""
    for flow in document["components"].get("securitySchemes", {}).get("user", {}).get("flows", {}).values():
        flow["scopes"] = {permission.code: permission.label.en for permission in permissions}


def _drop_framework_errors(operation: Operation) -> None:
    """FastAPI announces a 422 of its own for whatever has a parameter; ours says what is really answered."""
    for status, response in list(operation["responses"].items()):
        schema = response.get("content", {}).get("application/json", {}).get("schema", {})
        if schema.get("$ref", "").rpartition("/")[2] in _FRAMEWORKS_OWN:
            del operation["responses"][status]


def _implied(method: str, path: str, operation: Operation) -> Iterator[type[RelanceError]]:
    """The errors that follow from the shape of an operation."""
    own_errors = "default" in operation["responses"]  # it translates every refusal, as the token endpoint does
    if operation.get("security"):
        yield Unauthenticated
        if scopes(operation):
            yield PermissionDenied
        if method != "get":
            yield Conflict
    if "{" in path and not (method == "put" and is_by_reference(path)):  # what is not there is made
        yield NotFound
    if "requestBody" in operation:
        yield BodyTooLarge
        if not own_errors:
            yield from (MalformedRequest, UnsupportedMediaType)
    if _is_guarded(operation):
        yield PreconditionFailed
    if not own_errors and (path.startswith("/v1/") or "requestBody" in operation):
        yield ValidationFailed
    if path.startswith("/v1/") and not path.startswith("/v1/meta/"):
        yield ServiceUnavailable


def _add_errors(operation: Operation, errors: Iterable[type[RelanceError]]) -> None:
    """Add to the responses of `operation` what `errors` say, beside what its router says."""
    for status, added in problem_responses(*errors).items():
        known = operation["responses"].setdefault(str(status), added)
        if known is added:
            continue
        media = known.setdefault("content", {}).setdefault(MEDIA_TYPE, {})
        media.setdefault("schema", added["content"][MEDIA_TYPE]["schema"])
        examples = media.setdefault("examples", {})
        for code, example in added["content"][MEDIA_TYPE]["examples"].items():
            if code not in examples:
                examples[code] = example
                if example["summary"] not in known["description"]:
                    known["description"] += f"; {example['summary']}"
    operation["responses"] = dict(sorted(operation["responses"].items()))


def _offer_merge_patch(method: str, operation: Operation) -> None:
    """RFC 7396 has a media type of its own; plain JSON is read the same."""
    content = operation.get("requestBody", {}).get("content", {})
    if method == "patch" and "application/json" in content:
        content[_MERGE_PATCH] = content["application/json"]


def _describe_parameters(operation: Operation) -> None:
    """Words for the parameters whose name says it all, where the router gives none."""
    for parameter in operation.get("parameters", []):
        name = parameter["name"]
        if parameter["in"] == "path" and name.endswith("_id"):
            parameter.setdefault("description", f"Id of the {name.removesuffix('_id').replace('_', ' ')}.")
        elif name == "sort":
            parameter.setdefault("description", "The order, from the greatest after `-`; ties end on the id.")


def _is_guarded(operation: Operation) -> bool:
    return any(one["name"] == "If-Match" for one in operation.get("parameters", []))


def _add_headers(method: str, path: str, operation: Operation, *, single: bool) -> None:
    for status, response in operation["responses"].items():
        names: list[str] = []
        content = response.get("content", {}).get("application/json", {})
        if status.startswith("2"):
            if single and content and path.startswith("/v1/"):
                names.append("ETag")
            if status == "201" or (status == "202" and content):
                names.append("Location")
            if method == "get" and content.get("schema", {}).get("$ref", "").endswith("Page"):
                names.append("Link")
        names += _ON_STATUS.get(status, [])
        for name in names:
            words, example = _HEADERS[name]
            response.setdefault("headers", {}).setdefault(
                name, {"description": words, "schema": {"type": "string"}, "example": example}
            )
