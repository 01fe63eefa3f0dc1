"""Schemas of the contract made plain for strict generators, and examples composed from what the schemas carry."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

Schema = dict[str, Any]
Document = dict[str, Any]

_PREFIX = "#/components/schemas/"
_NULL: Schema = {"type": "null"}
#: No example can be composed: the schema must carry one. The contract's tests refuse an operation that shows this.
MISSING: Final = "…"


def simplify(document: Document) -> None:
    """Write “this or null” in one way: a type array, or `oneOf` of a reference and null; parameters are never null."""
    _name_pages(document)
    for node in _nodes(document):
        _plain_nullable(node)
        _plain_map(node)
        properties = node.get("properties")
        if isinstance(properties, dict):
            for described in properties.values():
                described.pop("title", None)  # pydantic's guess at the field's own name
    for item in document["paths"].values():
        for operation in item.values():
            for parameter in operation.get("parameters", []) if isinstance(operation, dict) else []:
                _never_null(parameter)
    _drop_unused(document)


def _drop_unused(document: Document) -> None:
    """Leave out what nothing refers to, parts of a type that has a schema of its own for one: lints refuse them."""
    schemas: dict[str, Schema] = document["components"]["schemas"]
    while unused := schemas.keys() - {str(node.get("$ref")).removeprefix(_PREFIX) for node in _nodes(document)}:
        for name in unused:
            del schemas[name]


def _name_pages(document: Document) -> None:
    """Names that generators can make a type of: `CompanyReadPage`, where pydantic says `Page_CompanyRead_`."""
    schemas: dict[str, Schema] = document["components"]["schemas"]
    renamed = {name: f"{name[5:-1]}Page" for name in schemas if name.startswith("Page_") and name.endswith("_")}
    for old, new in renamed.items():
        schemas[new] = schemas.pop(old) | {"title": new}
    for node in _nodes(document):
        reference = node.get("$ref")
        if isinstance(reference, str) and (new_name := renamed.get(reference.removeprefix(_PREFIX))):
            node["$ref"] = _PREFIX + new_name


def _nodes(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for name, below in value.items():
            if name not in {"example", "examples"}:
                yield from _nodes(below)
    elif isinstance(value, list):
        for below in value:
            yield from _nodes(below)


def _plain_map(node: Schema) -> None:
    """A map whose names have a form, in the words that refuse other names and that generators know."""
    patterns = node.get("patternProperties")
    if isinstance(patterns, dict) and len(patterns) == 1 and "properties" not in node:
        ((pattern, values),) = patterns.items()
        del node["patternProperties"]
        node["additionalProperties"] = values
        node["propertyNames"] = {**node.get("propertyNames", {}), "pattern": pattern}


def _plain_nullable(node: Schema) -> None:
    ways = node.get("anyOf")
    if not isinstance(ways, list) or _NULL not in ways:
        return
    others = [way for way in ways if way != _NULL]
    if len(others) != 1:
        return
    (other,) = others
    del node["anyOf"]
    if "$ref" in other:
        node["oneOf"] = [other, _NULL]
        return
    node.update({name: value for name, value in other.items() if name not in node})
    node["type"] = [other["type"], "null"]
    if "const" in other:
        node["enum"] = [node.pop("const"), None]
    elif "enum" in other:
        node["enum"] = [*other["enum"], None]


def _never_null(parameter: dict[str, Any]) -> None:
    """What is not sent is absent: there is no way to send null in a query or a header."""
    schema = parameter.get("schema", {})
    schema.pop("title", None)
    if isinstance(schema.get("type"), list):
        schema["type"] = schema["type"][0]
        if "enum" in schema:
            schema["enum"] = [value for value in schema["enum"] if value is not None]
    if _NULL in schema.get("oneOf", []):
        schema.update(schema.pop("oneOf")[0])


def add_examples(document: Document) -> None:
    """Give each JSON body and success response of each operation an example, where its router has not."""
    schemas: Mapping[str, Schema] = document["components"]["schemas"]
    for schema in schemas.values():
        if "example" in schema:
            schema["example"] = _with_nulls(schema["example"], schema, schemas)
    for item in document["paths"].values():
        for method, operation in item.items():
            shown = _add_response_examples(operation, schemas)
            for media_type, media in operation.get("requestBody", {}).get("content", {}).items():
                if "json" in media_type and "example" not in media and "examples" not in media:
                    patch = method == "patch" and isinstance(shown, dict)
                    media["example"] = _changed(media["schema"], shown, schemas) if patch else None
                    media["example"] = media["example"] or example_of(media["schema"], schemas)


def _add_response_examples(operation: dict[str, Any], schemas: Mapping[str, Schema]) -> object:
    shown: object = None
    for status, response in operation["responses"].items():
        media = response.get("content", {}).get("application/json")
        if media is None or not (status.startswith("2") or status == "503"):
            continue
        if "example" not in media and "examples" not in media:
            media["example"] = example_of(media.get("schema", {}), schemas)
        shown = media.get("example", shown) if status.startswith("2") else shown
    return shown


def _changed(schema: Schema, shown: object, schemas: Mapping[str, Schema]) -> object:
    """A merge patch that changes the first field which the resource shows under the same name."""
    known = _resolved(schema, schemas)
    if "example" in known:
        return known["example"]
    assert isinstance(shown, dict)
    return next(({name: shown[name]} for name in known.get("properties", {}) if shown.get(name) is not None), None)


def _with_nulls(example: Any, schema: Schema, schemas: Mapping[str, Schema]) -> Any:
    """`example` with the nulls that FastAPI has dropped from it on the way into the document."""
    known = _resolved(schema, schemas)
    if "oneOf" in known:
        known = _resolved(known["oneOf"][0], schemas)
    if isinstance(example, list) and "items" in known:
        return [_with_nulls(item, known["items"], schemas) for item in example]
    if not isinstance(example, dict) or "properties" not in known:
        return example
    required = known.get("required", [])
    return {
        name: _with_nulls(example[name], part, schemas) if name in example else None
        for name, part in known["properties"].items()
        if name in example or (name in required and _may_be_null(part))
    }


def _may_be_null(schema: Schema) -> bool:
    kind = schema.get("type", [])
    return "null" in (kind if isinstance(kind, list) else [kind]) or _NULL in schema.get("oneOf", [])


def _resolved(schema: Schema, schemas: Mapping[str, Schema]) -> Schema:
    while "$ref" in schema:
        schema = schemas[schema["$ref"].removeprefix(_PREFIX)]
    return schema


def example_of(schema: Schema, schemas: Mapping[str, Schema]) -> Any:
    """An example of `schema`, from the examples that it and its parts carry; MISSING where there is none."""
    schema = {**_resolved(schema, schemas), **{name: value for name, value in schema.items() if name != "$ref"}}
    if "example" in schema:
        return schema["example"]
    if schema.get("examples"):
        return schema["examples"][0]
    if "default" in schema:
        return schema["default"]
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for ways in ("oneOf", "anyOf", "allOf"):
        if ways in schema:
            return example_of(schema[ways][0], schemas)
    return _by_type(schema, schemas)


def _by_type(schema: Schema, schemas: Mapping[str, Schema]) -> Any:
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        return {name: example_of(part, schemas) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [example_of(schema["items"], schemas)] if "items" in schema else []
    if kind == "boolean":
        return True
    if kind in {"integer", "number"}:
        return schema.get("minimum", 1)
    formats = {"uuid": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10", "date-time": "2026-11-23T09:00:00Z"}
    formats |= {"date": "2026-11-23", "email": "achats@partenaire.example", "uri": "https://relance.example/docs"}
    return formats.get(schema.get("format", ""), MISSING)
