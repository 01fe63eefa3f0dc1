"""What every operation of the contract has; each test names all operations that lack it."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs
import pytest
from tests.contract.contract import CALLERS, MACHINES, PUBLIC, Operation, Schema, all_operations, document, resolved

from relance.app import create_app
from relance.core.errors import RelanceError
from relance.core.settings import Settings
from relance.wiring import PERMISSIONS

#: What is accepted without an address to follow it at, and why.
NOWHERE = {
    "auth_request_password_reset": "the answer is the same whether the account exists or not",
    "messages_report_delivery": "a report is about messages that exist; nothing is made",
}
REFERENCE = re.compile(r'"#/components/schemas/([^"]+)"')
OPERATION_ID = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)+")


def offenders(check: Any) -> list[str]:
    """The operations that `check` says something about, with what it says."""
    return [f"{operation.id}: {said}" for operation in all_operations() for said in check(operation)]


def json_media(operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
    """The JSON bodies of an operation: where, and what stands there."""
    for media_type, media in operation.raw.get("requestBody", {}).get("content", {}).items():
        if "json" in media_type:
            yield f"request {media_type}", media
    for status, response in operation.raw["responses"].items():
        for media_type, media in response.get("content", {}).items():
            if "json" in media_type and (
                media_type.startswith("application/problem") or status < "4" or status == "503"
            ):
                yield f"{status} {media_type}", media


def examples_of(media: dict[str, Any]) -> list[Any]:
    found = [example["value"] for example in media.get("examples", {}).values()]
    return [*found, media["example"]] if "example" in media else found


def test_the_committed_contract_is_what_the_code_says() -> None:
    live = create_app(Settings(environment="development", sandbox=True)).openapi()
    assert set(live["paths"]) == set(document()["paths"])
    assert live["components"]["schemas"].keys() == document()["components"]["schemas"].keys()


def test_operation_ids_are_resource_and_verb() -> None:
    assert offenders(lambda one: [] if OPERATION_ID.fullmatch(one.id) else ["not <resource>_<verb>"]) == []
    ids = [operation.id for operation in all_operations()]
    assert len(ids) == len(set(ids))


def test_words() -> None:
    def lacking(one: Operation) -> Iterator[str]:
        yield from (f"no {word}" for word in ("summary", "description") if not one.raw.get(word, "").strip())
        if one.raw.get("summary", "").endswith("."):
            yield "the summary is a title: no full stop"
        for parameter in one.raw.get("parameters", []):
            if not parameter.get("description", "").strip():
                yield f"parameter {parameter['name']} has no description"

    assert offenders(lacking) == []


def test_every_tag_is_described_and_used() -> None:
    described = {tag["name"] for tag in document()["tags"] if tag["description"].strip()}
    used = {tag for operation in all_operations() for tag in operation.raw.get("tags", [])}
    assert used == described
    assert offenders(lambda one: [] if len(one.raw.get("tags", [])) == 1 else ["not exactly one tag"]) == []


def test_errors_are_problem_documents_with_examples_of_known_codes() -> None:
    codes = {error.code: error.status for error in RelanceError.catalogue()}

    def wrong(one: Operation) -> Iterator[str]:
        for status, response in one.raw["responses"].items():
            if status < "4" or (one.id == "operations_ready" and status == "503"):
                continue
            media = response.get("content", {}).get("application/problem+json")
            if media is None or media["schema"] != {"$ref": "#/components/schemas/Problem"}:
                yield f"{status} is no problem document"
            elif status != "default" and not media.get("examples"):
                yield f"{status} has no example"
            for code, example in (media or {}).get("examples", {}).items():
                if codes.get(code) != int(status) or example["value"]["code"] != code:
                    yield f"{status} shows the code {code}, which is another's"

    assert offenders(wrong) == []
    assert not {"HTTPValidationError", "ValidationError"} & set(document()["components"]["schemas"])
    assert "HTTPValidationError" not in str(document())


def test_the_errors_that_follow_from_the_shape_are_announced() -> None:
    def missing(one: Operation) -> Iterator[str]:
        expected: set[str] = set()
        if not one.public and one.id not in MACHINES:
            expected |= {"401", "503"}
        if one.scopes:
            expected.add("403")
        if one.is_single and not (one.by_reference and one.method == "put"):
            expected.add("404")
        if one.json_body is not None:
            expected |= {"400", "413", "415", "422"}
        if "If-Match" in one.parameters("header"):
            expected.add("412")
        yield from sorted(expected - set(one.raw["responses"]))

    assert offenders(missing) == []


def needed(schema: Schema) -> dict[str, Schema]:
    """The named schemas that `schema` is built of: compiling all of them for each body would take most of the time."""
    found: dict[str, Schema] = {}
    waiting = [schema]
    while waiting:
        for name in REFERENCE.findall(json.dumps(waiting.pop())):
            if name not in found:
                found[name] = document()["components"]["schemas"][name]
                waiting.append(found[name])
    return found


def test_bodies_have_examples_that_fit_their_schemas() -> None:
    def wrong(one: Operation) -> Iterator[str]:
        for place, media in json_media(one):
            shown = examples_of(media)
            if not shown and "default" not in place:
                yield f"{place}: no example"
            schema = {**media["schema"], "components": {"schemas": needed(media["schema"])}}
            validator = jsonschema_rs.validator_for(schema, validate_formats=True)
            for example in shown:
                yield from (f"{place}: {fault.message}" for fault in validator.iter_errors(example))
                if "…" in leaf_texts(example):
                    yield f"{place}: a schema in it carries no example (`json_schema_extra` or `Field(examples=…)`)"

    assert offenders(wrong) == []


def leaf_texts(value: object) -> set[str]:
    if isinstance(value, dict):
        return {text for below in value.values() for text in leaf_texts(below)}
    if isinstance(value, list):
        return {text for below in value for text in leaf_texts(below)}
    return {value} if isinstance(value, str) else set()


def test_security_names_declared_scopes_and_real_permissions() -> None:
    schemes = document()["components"]["securitySchemes"]
    declared = set(schemes["user"]["flows"]["password"]["scopes"])
    assert declared == {permission.code for permission in PERMISSIONS}

    def wrong(one: Operation) -> Iterator[str]:
        if one.public != (one.id in PUBLIC):
            yield "takes credentials" if one.id in PUBLIC else "is public, and nobody wrote down why"
        ways = {name for way in one.raw.get("security", []) for name in way}
        expected = {MACHINES[one.id]} if one.id in MACHINES else CALLERS
        if not one.public and ways != expected:
            yield f"authenticates by {ways}, not by {expected}"
        yield from (f"unknown scope {scope}" for scope in one.scopes if scope not in declared)

    assert offenders(wrong) == []
    assert {*PUBLIC, *MACHINES} <= {operation.id for operation in all_operations()}
    assert {*CALLERS, *MACHINES.values()} == set(schemes)


def test_lists_are_read_page_by_page() -> None:
    def wrong(one: Operation) -> Iterator[str]:
        if not one.is_list:
            return
        query = one.parameters("query")
        yield from (f"no {name}" for name in ("limit", "cursor", "sort") if name not in query)
        limit = query.get("limit", {})
        if (limit.get("minimum"), limit.get("maximum"), limit.get("default")) != (1, 200, 50):
            yield "limit is not 1 to 200, default 50"
        sort = resolved(query.get("sort", {}))
        if not sort.get("enum") and "const" not in sort:
            yield "sort is no enum"
        if "Link" not in one.success[1].get("headers", {}):
            yield "no Link header"

    assert offenders(wrong) == []
    assert any(operation.is_list for operation in all_operations())


def test_lists_give_actions_where_that_is_asked_for() -> None:
    """What says in full what may be done with it says so in its list too, with `include` and not without."""
    full = {one.id: one.success[1] for one in all_operations()}

    def properties(response: Mapping[str, Any]) -> dict[str, Any]:
        schema = response.get("content", {}).get("application/json", {}).get("schema", {})
        found: dict[str, Any] = resolved(schema).get("properties", {})
        return found

    def wrong(one: Operation) -> Iterator[str]:
        item = resolved(properties(one.success[1])["items"]["items"]).get("properties", {}) if one.is_list else {}
        detail = properties(full.get(f"{one.id.removesuffix('_list')}_get", {}))
        if not {"available_actions"} & (item.keys() | (detail.keys() if one.is_list else set())):
            return
        if "include" not in one.parameters("query"):
            yield "takes no include=available_actions"
        if "null" not in item.get("available_actions", {}).get("type", ()):
            yield "gives available_actions unasked, or never"

    assert offenders(wrong) == []


def test_a_collection_is_a_page() -> None:
    """An operation that answers an array, or `items` without a cursor, is a list that forgot its pages."""

    def wrong(one: Operation) -> Iterator[str]:
        schema = resolved(one.success[1].get("content", {}).get("application/json", {}).get("schema", {}))
        if one.method != "get" or one.path.startswith("/v1/meta/"):
            return
        if schema.get("type") == "array" or ("items" in schema.get("properties", {}) and not one.is_list):
            yield "a list without pages"

    assert offenders(wrong) == []


def test_single_resources_are_tagged_and_guarded() -> None:
    def wrong(one: Operation) -> Iterator[str]:
        if not one.is_single:
            return
        json_answer = "application/json" in one.success[1].get("content", {})
        if one.method == "get" and one.path.endswith("}") and json_answer:
            yield from [] if "ETag" in one.success[1].get("headers", {}) else ["no ETag"]
        guarded = "If-Match" in one.parameters("header")
        if one.method != "get" and not guarded:
            yield "does not take If-Match"

    assert offenders(wrong) == []


def test_a_key_of_the_partner_reads_and_writes() -> None:
    """What shows an `external_id` has its `PUT` and `GET` by it, and a list that finds it."""
    by_place = {(one.method, one.path): one for one in all_operations()}

    def wrong(one: Operation) -> Iterator[str]:
        shown = resolved(one.success[1].get("content", {}).get("application/json", {}).get("schema", {}))
        if one.method != "post" or one.success[0] != "201" or "external_id" not in shown.get("properties", {}):
            return
        if "external_id" not in by_place["get", one.path].parameters("query"):
            yield "its list cannot be asked for an external_id"
        put = by_place.get(("put", f"{one.path}/by-reference/{{external_id}}"))
        if put is None or ("get", put.path) not in by_place:
            yield "no PUT and GET by-reference"
            return
        yield from (
            f"PUT answers no {status}" for status in ("200", "201", "409") if status not in put.raw["responses"]
        )
        yield from (
            f"PUT takes no {name}" for name in ("If-Match", "If-None-Match") if name not in put.parameters("header")
        )
        body, made = (resolved(of.json_body["schema"])["properties"] for of in (put, one) if of.json_body)
        patch = next(of for of in all_operations() if of.method == "patch" and of.path.startswith(f"{one.path}/"))
        changed = resolved((patch.json_body or {})["schema"])["properties"]
        # What one may say only once of a resource with a lifecycle is no field of it.
        if not set(changed) - {"external_id"} <= set(body) == set(made) - {"external_id", "submit", "readmission"}:
            yield "PUT, POST and PATCH do not write the same fields"

    assert offenders(wrong) == []
    assert {one.path.split("/")[2] for one in all_operations() if one.by_reference} == {
        "avant-vente",
        "companies",
        "contacts",
        "mandates",
        "organisations",
        "sessions",
    }


def test_what_is_made_says_where_it_is() -> None:
    def wrong(one: Operation) -> Iterator[str]:
        told = "Location" in one.success[1].get("headers", {})
        if one.success[0] in {"201", "202"} and told == (one.id in NOWHERE):
            yield "says where after all" if told else "no Location"

    assert offenders(wrong) == []


def schemas_below(value: object, at: str = "") -> Iterator[tuple[str, Schema]]:
    if isinstance(value, dict):
        yield at, value
        for name, below in value.items():
            if name not in {"example", "examples"}:
                yield from schemas_below(below, f"{at}/{name}")
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from schemas_below(below, f"{at}/{index}")


def test_null_is_written_in_one_way() -> None:
    """A type array, or `oneOf` of one reference and null: strict generators drop the other ways."""
    wrong = []
    for at, schema in schemas_below(document()):
        ways = schema.get("anyOf", []) if isinstance(schema.get("anyOf"), list) else []
        if {"type": "null"} in ways:
            wrong.append(f"{at}: anyOf with null")
        either = schema.get("oneOf")
        if isinstance(either, list) and {"type": "null"} in either and (len(either) != 2 or "$ref" not in either[0]):
            wrong.append(f"{at}: oneOf with null that is no reference")
        if "nullable" in schema:
            wrong.append(f"{at}: nullable is OpenAPI 3.0")
    assert wrong == []


def test_what_is_answered_has_no_defaults_and_nothing_optional() -> None:
    def wrong(one: Operation) -> Iterator[str]:
        for status, response in one.raw["responses"].items():
            schema = response.get("content", {}).get("application/json", {}).get("schema")
            for name in sorted(reached(schema or {}, set())):
                known = document()["components"]["schemas"][name]
                properties = known.get("properties", {})
                if any("default" in described for described in properties.values()):
                    yield f"{status}: {name} has defaults"
                if set(properties) - set(known.get("required", [])):
                    yield f"{status}: {name} has optional fields"

    assert offenders(wrong) == []


def reached(value: object, seen: set[str]) -> set[str]:
    """The named schemas that a schema uses."""
    for _at, schema in schemas_below(value):
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        if name and name not in seen:
            seen.add(name)
            reached(document()["components"]["schemas"][name], seen)
    return seen


@pytest.mark.parametrize("name", ["Problem", "CompanyReadPage", "InvitationRead"])
def test_names_that_clients_build_on(name: str) -> None:
    """Generated clients name their types after these; a rename breaks their code."""
    assert name in document()["components"]["schemas"]
