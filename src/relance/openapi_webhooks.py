"""The `webhooks` of the contract: each type of event with its typed payload and an example, from the catalogue."""

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel, create_model
from pydantic.json_schema import models_json_schema

from relance.capabilities.webhooks.catalogue import EventType
from relance.capabilities.webhooks.feed.schemas import EVENT_EXAMPLE, ID, EventRead

Document = dict[str, Any]

_SUBJECT = "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a11"
_HEADERS = (
    (
        "webhook-id",
        "The id of the event, the same at every attempt and every replay: who has it already ignores it.",
        ID,
    ),
    ("webhook-timestamp", "When this attempt was made, in seconds of the epoch.", "1795424403"),
    (
        "webhook-signature",
        "`v1,` and the HMAC-SHA256 of `<id>.<timestamp>.<body>` in base64, one for each live secret, separated by "
        "spaces: see Standard Webhooks.",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ),
)
_RESPONSES = {
    "2XX": {"description": "Taken. The body is not read."},
    "410": {"description": "Nothing more is wanted here: the endpoint is disabled."},
    "default": {
        "description": "Not taken: sent again over three days, not sooner than `Retry-After` says; redirects are not "
        "followed. Later events of the same subject wait."
    },
}


def add_webhooks(document: Document, events: Iterable[EventType]) -> None:
    """Put the webhooks of the events, and the schemas of their payloads, into an OpenAPI document."""
    known = tuple(events)
    models = {one.type: _model(one) for one in known}
    references, definitions = models_json_schema(
        [(model, "serialization") for model in models.values()], ref_template="#/components/schemas/{model}"
    )
    schemas: Document = document.setdefault("components", {}).setdefault("schemas", {})
    for name, schema in definitions.get("$defs", {}).items():
        schemas.setdefault(name, schema)
    for one in known:
        schema = schemas[models[one.type].__name__]
        schema["example"] = example_of_event(one)
        # A field that is added is no new version: a receiver that validates must let it pass.
        schema.pop("additionalProperties", None)
    document["webhooks"] = {
        one.type: {"post": _operation(one, references[models[one.type], "serialization"])} for one in known
    }


def _model(one: EventType) -> type[BaseModel]:
    fields: dict[str, Any] = {
        "type": (Literal[one.type], ...),
        "version": (Literal[one.version], ...),
        "data": (one.data, ...),
    }
    model: type[BaseModel] = create_model(f"{one.name}Event", __base__=EventRead, __doc__=f"{one.title.en}.", **fields)
    return model


def example_of_event(one: EventType) -> Document:
    """An event of that type, as it is sent."""
    return {
        **EVENT_EXAMPLE,
        "type": one.type,
        "version": one.version,
        "subject": {"kind": one.subject_kind, "id": _SUBJECT},
        "data": one.example(),
    }


def _operation(one: EventType, schema: Document) -> Document:
    return {
        "operationId": f"webhook_{one.type.replace('.', '_')}",
        "summary": one.title.en,
        "description": f"{one.title.en}; {one.title.fr} in French. Happens to a subject of kind `{one.subject_kind}`.",
        "security": [],
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": True,
                "description": words,
                "schema": {"type": "string"},
                "example": shown,
            }
            for name, words, shown in _HEADERS
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schema, "example": example_of_event(one)}},
        },
        "responses": _RESPONSES,
    }
