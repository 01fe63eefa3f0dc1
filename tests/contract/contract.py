"""The committed contract as the tests walk it: every operation, what it takes, how a valid request to it looks."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from relance.core.paths import project_root
from relance.openapi import is_by_reference, operations, scopes

Schema = dict[str, Any]
ValueT = TypeVar("ValueT")

#: Who may call without credentials, and why. A new operation is not among them unless somebody writes it down here.
PUBLIC = {
    "auth_token": "it is where credentials come from",
    "auth_request_password_reset": "who asks has forgotten the credentials; the answer tells nothing",
    "recipients_get": "the token of the link is the credential",
    "recipients_return": "the token of the link is the credential",
    "recipients_save": "the token of the link is the credential",
    "recipients_upload": "the token of the link is the credential",
    "recipients_answer": "the token of the link is the credential",
    "email_branding_logo": "mail clients show it, and they have no credentials",
    "meta_errors": "documentation",
    "meta_event_types": "documentation",
    "meta_lifecycles": "documentation",
    "meta_permissions": "documentation",
    "sessions_calendar": "calendar programs have no credentials; the token in the address of the feed is one",
    "operations_health": "orchestrators ask it",
    "operations_ready": "orchestrators ask it",
}


#: Programs that are neither users nor partners, with a secret of their own.
MACHINES = {
    "operations_metrics": "metrics_token",
    "messages_report_delivery": "reports_secret",
}
#: The ways in which everybody else authenticates.
CALLERS = {"user", "api_key"}


@dataclass(frozen=True)
class Operation:
    """One operation of the contract."""

    id: str
    method: str
    path: str
    raw: Mapping[str, Any]

    @property
    def scopes(self) -> list[str]:
        """The permissions that it asks for."""
        return scopes(dict(self.raw))

    @property
    def public(self) -> bool:
        """Whether it takes no credentials, as the contract says."""
        return not self.raw.get("security")

    def parameters(self, where: str) -> dict[str, Schema]:
        """Its parameters in the path, the query or the headers, by name."""
        return {one["name"]: one["schema"] for one in self.raw.get("parameters", []) if one["in"] == where}

    @property
    def json_body(self) -> Mapping[str, Any] | None:
        """What its JSON body is, None where it reads none."""
        content = self.raw.get("requestBody", {}).get("content", {})
        found: Mapping[str, Any] | None = content.get("application/json")
        return found

    @property
    def success(self) -> tuple[str, Mapping[str, Any]]:
        """Status and description of its first success."""
        return next((status, response) for status, response in self.raw["responses"].items() if status < "4")

    @property
    def is_list(self) -> bool:
        """Whether it answers a page of a list."""
        schema = self.success[1].get("content", {}).get("application/json", {}).get("schema", {})
        return self.method == "get" and {"items", "next_cursor"} <= set(resolved(schema).get("properties", {}))

    @property
    def is_single(self) -> bool:
        """Whether it acts on one resource that its path names."""
        return self.path.startswith("/v1/") and "_id}" in self.path

    @property
    def by_reference(self) -> bool:
        """Whether its path names a resource by the partner's own key."""
        return is_by_reference(self.path)

    def __str__(self) -> str:
        return self.id


@cache
def document() -> dict[str, Any]:
    """The committed contract; `relance openapi --check` refuses one that is not what the code says."""
    found: dict[str, Any] = json.loads((project_root() / "openapi" / "openapi.json").read_text(encoding="utf-8"))
    return found


@cache
def all_operations() -> tuple[Operation, ...]:
    """Every operation of the contract."""
    return tuple(
        Operation(raw.get("operationId", f"{method} {path}"), method, path, raw)
        for method, path, raw in operations(document())
    )


def resolved(schema: Schema) -> Schema:
    """`schema` behind its references, and behind “or null”."""
    while "$ref" in schema or "oneOf" in schema:
        if "oneOf" in schema:
            schema = schema["oneOf"][0]
        else:
            schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def leaves(
    schema: Schema, value: object, at: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], Schema]]:
    """The places in `value` that hold a plain value, with their schemas, fields that are not sent included."""
    schema = resolved(schema)
    kinds = schema.get("type", [])
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if "properties" in schema:
        for name, part in schema["properties"].items():
            yield from leaves(part, value.get(name) if isinstance(value, dict) else None, (*at, name))
    elif "array" in kinds and "items" in schema:
        yield from leaves(schema["items"], value[0] if isinstance(value, list) and value else None, (*at, 0))
    elif "object" not in kinds:
        yield at, schema


def with_value(body: Any, at: tuple[str | int, ...], value: object) -> Any:
    """A copy of `body` that holds `value` at a place, what leads there made where it is absent."""
    if not at:
        return value
    first, rest = at[0], at[1:]
    if first == 0:
        return [with_value(body[0] if isinstance(body, list) and body else None, rest, value)]
    known = body if isinstance(body, dict) else {}
    return {**known, first: with_value(known.get(first), rest, value)}


def some(values: Sequence[ValueT], turn: int, count: int) -> list[ValueT]:
    """`count` of `values`, others at each turn: each operation meets a few, together they meet all."""
    return [values[(turn * count + index) % len(values)] for index in range(min(count, len(values)))]
