"""Hooks of Schemathesis: real ids among the generated ones, hands off the caller itself, one check of our own.

The environment names the service: RELANCE_FUZZ_URL, RELANCE_FUZZ_KEY.
"""

import json
import os
from typing import Any
from uuid import UUID

import httpx
import schemathesis

_api = httpx.Client(
    base_url=os.environ["RELANCE_FUZZ_URL"],
    headers={"Authorization": f"Bearer {os.environ['RELANCE_FUZZ_KEY']}"},
    timeout=30,
)
_UNKNOWN = "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"
#: Refusals that a schema can say: meeting one with a request that fits the schema means that the schema lies.
_SAID_BY_SCHEMAS = frozenset(
    {
        "missing",
        "extra_forbidden",
        "unknown_parameter",
        "string_type",
        "string_too_short",
        "string_too_long",
        "int_type",
        "int_parsing",
        "bool_type",
        "bool_parsing",
        "uuid_parsing",
        "uuid_type",
        "enum",
        "literal_error",
        "greater_than_equal",
        "less_than_equal",
        "model_type",
        "model_attributes_type",
        "dict_type",
        "list_type",
        "too_long",
        "json_invalid",
    }
)


def _first(path: str, skip: frozenset[str] = frozenset()) -> str:
    ids = [item["id"] for item in _api.get(path, params={"limit": 200}).json()["items"] if item["id"] not in skip]
    return str(ids[0]) if ids else _UNKNOWN


_me = _api.get("/v1/me").json()
#: The caller's own key, account and role: a fuzzer that revokes or empties them tests nothing any more.
_OWN = frozenset({_me["id"], _me["role"]["id"], *(key["id"] for key in _api.get("/v1/api-keys").json()["items"])})
_REAL = {
    "company_id": _first("/v1/companies"),
    "organisation_id": _first("/v1/organisations"),
    "issuing_organisation_id": _first("/v1/organisations"),
    "user_id": _first("/v1/users", _OWN),
    "manager_id": _first("/v1/users", _OWN),
    "role_id": _first("/v1/roles", _OWN),
    "invitation_id": _first("/v1/invitations?mine=false"),
}


def _is_id(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(UUID(value))
    except ValueError:
        return False


def _with_real_ids(value: Any) -> Any:
    """Every other generated id becomes a real one, so that requests come further than a 404."""
    if isinstance(value, list):
        return [_with_real_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    found = {name: _with_real_ids(below) for name, below in value.items()}
    for name, real in _REAL.items():
        if _is_id(found.get(name)) and str(found[name])[-1] in "02468ace":
            found[name] = real
    if isinstance(found.get("organisation_ids"), list) and all(map(_is_id, found["organisation_ids"])):
        found["organisation_ids"] = [_REAL["organisation_id"] for _ in found["organisation_ids"]]
    return found


@schemathesis.hook
def map_body(context: schemathesis.HookContext, body: Any) -> Any:
    """Real ids in bodies."""
    return _with_real_ids(body)


@schemathesis.hook
def map_path_parameters(context: schemathesis.HookContext, path_parameters: dict[str, Any]) -> dict[str, Any]:
    """Real ids in paths."""
    found: dict[str, Any] = _with_real_ids(path_parameters)
    return found


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: "schemathesis.Case[Any]", kwargs: dict[str, Any]) -> None:
    """Point what would change the caller itself at nobody, whatever phase it comes from."""
    if case.method.upper() != "GET":
        for name, value in (case.path_parameters or {}).items():
            if value in _OWN:
                case.path_parameters[name] = _UNKNOWN


@schemathesis.check
def refusals_are_not_about_the_schema(
    ctx: schemathesis.CheckContext, response: schemathesis.Response, case: "schemathesis.Case[Any]"
) -> bool | None:
    """A request that fits the schema is refused only for what a schema cannot say."""
    fits = case.meta is not None and case.meta.generation.mode.is_positive
    told = (response.headers.get("content-type") or [""])[0]  # a partner's page says its 422 in HTML
    if not fits or response.status_code != 422 or told != "application/problem+json":
        return None
    codes = {error["code"] for error in json.loads(response.content).get("errors", [])}
    assert not codes & _SAID_BY_SCHEMAS, f"the request fits the schema, and is refused as {sorted(codes)}"
    return None


@schemathesis.serializer("message/rfc822")
def mail_bytes(ctx: schemathesis.SerializationContext, value: Any) -> bytes:
    """A mail is any bytes: the delivery reports of relays come as they are."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")
