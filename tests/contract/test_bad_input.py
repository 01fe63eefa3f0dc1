"""Hostile requests to every operation of the contract: a problem document, never a fault of ours, nothing written.

The bodies follow JSONTestSuite, the texts the Big List of Naughty Strings; both are our own selections of what has
broken servers like this one.
"""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from tests.contract.contract import MACHINES, Operation, Schema, all_operations, leaves, some, with_value
from tests.contract.world import NEVER_CALLED, World, body_of, dump, path_of

BODIES: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \n\t ",
    "NaN": b'{"name": NaN}',
    "Infinity": b'{"name": -Infinity}',
    "bare word": b"nul",
    "single quotes": b"{'name': 'x'}",
    "trailing comma": b'{"name": "x",}',
    "comment": b'{"name": "x" /* why */}',
    "two values": b'{"name": "x"} {"name": "y"}',
    "truncated": b'{"name": "x',
    "truncated escape": b'{"name": "\\u00',
    "unescaped control character": b'{"name": "a\x01b"}',
    "NUL escaped in a name": b'{"na\\u0000me": "x"}',
    "lone high surrogate": b'{"name": "\\ud800"}',
    "lone low surrogate": b'{"name": "\\udc00x"}',
    "surrogates in the wrong order": b'{"name": "\\udc00\\ud800"}',
    "surrogate in a name": b'{"\\ud800": 1}',
    "invalid UTF-8": b'{"name": "\xff\xfe"}',
    "overlong UTF-8": b'{"name": "\xc0\xaf"}',
    "UTF-8 of a surrogate": b'{"name": "\xed\xa0\x80"}',
    "Latin-1": '{"name": "é"}'.encode("latin-1"),
    "UTF-16": '{"name": "x"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"name": "x"}',
    "huge integer": b'{"name": ' + b"9" * 5_000 + b"}",
    "huge exponent": b'{"name": 1e999999}',
    "leading zero": b'{"name": 012}',
    "deep arrays": b"[" * 100_000,
    "deep arrays, closed": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "array": b"[]",
    "array of objects": b'[{"name": "x"}]',
    "text": b'"name"',
    "number": b"42",
    "true": b"true",
    "many names": b"{" + b",".join(b'"n%d": 1' % i for i in range(5_000)) + b"}",
    "no JSON at all": b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>",
    "form": b"name=x&name=y",
}

NAUGHTY: tuple[str, ...] = (
    "",
    "   ",
    "\u0000",
    "a\u0000b",
    "\u0007\u001b[31m",
    "\u0085\u2028\u2029",
    "\ufeff",
    "\ufffe\uffff",
    "\u200b\u200d\u2060",
    "\u202eelpoep\u202c",
    "Z\u0351\u036b\u0343\u036a\u0302A\u0334\u0335\u031cLGO",
    "\U0001f469\u200d\U0001f680\U0001f3f3\ufe0f\u200d\U0001f308",
    "\U0010ffff",
    "ﬁ\u2126\u212b",
    "田中さん الأردن Ω≈ç√",
    "x" * 100_001,
    "é" * 4_000,
    "' OR 1=1; DROP TABLE users; --",
    "%s%n%d{0}{self.__class__}{{7*7}}${7*7}<%= 7*7 %>",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "../../../../etc/passwd",
    "a@b.example\r\nBcc: all@victims.example",
    "=cmd|' /C calc'!A0",
    "undefined",
    "-1",
    "1e400",
    "0x7fffffffffffffff",
    "99999999-99999999",
    "P99999999999999999Y",
    "2026-02-30T25:61:61Z",
    "%00%ff%c0%af",
)
#: What passes the first checks of most fields, and meets the second ones and the database.
PLAUSIBLE = (
    "",
    "\ufffe\uffff",
    "\U0010ffff",
    "x" * 199,
    "Z\u0351\u036b\u0343A\u0334",
    "' OR 1=1; --",
    "-1",
    "%s{0}",
)
AS_JSON = {"Content-Type": "application/json"}
VALUES: tuple[object, ...] = (None, True, 0, -1, 2**31, 2**63, 2**64, 10**400, 1.5, [], {}, [[]], {"a": {"b": []}})
MEDIA_TYPES = (
    "text/plain",
    "application/xml",
    "multipart/form-data",
    "application/x-www-form-urlencoded",
    "nonsense",
    "",
)
WRONG_IDS = (
    "0",
    "-1",
    "not-an-id",
    "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a1",
    "%00",
    "%ff%fe",
    "..%2f..%2fetc",
    "{}",
    "a" * 3_000,
)
#: Bodies of files may be larger than any other.
UPLOADS = {"mandate_deliveries_upload", "files_upload"}
READING = [one for one in all_operations() if one.json_body is not None and one.id not in NEVER_CALLED]


async def ask(world: World, operation: Operation, **options: Any) -> httpx.Response:
    headers = {"Accept": "application/json", **options.pop("headers", {})}
    path = options.pop("path", None) or path_of(operation, world)
    return await world.admin.ask(operation.method, path, headers=headers, **options)


def fault(answer: httpx.Response, *, may_pass: bool = False) -> str:
    """What is wrong with the answer to a hostile request; nothing for a problem document of the caller's making."""
    if may_pass and answer.status_code < 400:
        return ""
    if not 400 <= answer.status_code < 500:
        return f"{answer.status_code} {answer.text[:200]}"
    if answer.headers.get("content-type") != "application/problem+json":
        return f"{answer.status_code} is no problem document: {answer.text[:100]}"
    return "" if answer.json()["status"] == answer.status_code else "another status in the document"


async def test_bodies_that_are_no_json(world: World) -> None:
    before = await dump(world.product)
    wrong: list[str] = []
    for turn, operation in enumerate(READING):
        optional = not operation.raw["requestBody"].get("required", False)
        for name, body in some(tuple(BODIES.items()), turn, 12):
            if optional and name == "empty":
                continue
            answer = await ask(world, operation, content=body, headers=AS_JSON)
            if said := fault(answer):
                wrong.append(f"{operation.id}, {name}: {said}")
    assert wrong == []
    assert await dump(world.product) == before


async def test_media_types_that_are_not_read(world: World) -> None:
    before = await dump(world.product)
    wrong: list[str] = []
    for operation in READING:
        for media_type in MEDIA_TYPES:
            if media_type in operation.raw["requestBody"]["content"]:
                continue
            answer = await ask(world, operation, content=b'{"a": 1}', headers={"Content-Type": media_type})
            if answer.status_code != 415 or fault(answer):
                wrong.append(f"{operation.id}, {media_type}: {answer.status_code}")
    assert wrong == []
    assert await dump(world.product) == before


async def test_fields_and_parameters_that_nobody_knows(world: World) -> None:
    before = await dump(world.product)
    wrong: list[str] = []
    for operation in all_operations():
        if not operation.path.startswith("/v1/") or operation.id in {"auth_token", *MACHINES}:
            continue
        body = body_of(operation, world)
        options = {} if body is None else {"json": body}
        answer = await ask(world, operation, params={"inconnu": "1"}, **options)
        if answer.status_code != 422 or answer.json()["errors"][0]["pointer"] != "/query/inconnu":
            wrong.append(f"{operation.id}?inconnu: {answer.status_code}")
        if isinstance(body, dict):
            answer = await ask(world, operation, json={**body, "inconnu": 1})
            if answer.status_code != 422 or "/inconnu" not in {one["pointer"] for one in answer.json()["errors"]}:
                wrong.append(f"{operation.id}, a field more: {answer.status_code} {answer.text[:200]}")
    assert wrong == []
    assert await dump(world.product) == before


async def test_ids_of_the_wrong_kind(world: World) -> None:
    before = await dump(world.product)
    wrong: list[str] = []
    for turn, operation in enumerate(all_operations()):
        if operation.by_reference:  # any text may be somebody's key: tests/directory/test_by_reference.py
            continue
        for name in operation.parameters("path"):
            for value in some(WRONG_IDS, turn, 2):
                body = body_of(operation, world)
                path = path_of(operation, world, **{name: value})
                answer = await ask(world, operation, path=path, **({} if body is None else {"json": body}))
                if operation.id != "recipients_return" and (said := fault(answer)):
                    wrong.append(f"{operation.id}, {name}={value[:20]}: {said}")
    assert wrong == []
    assert await dump(world.product) == before


async def test_naughty_values_in_every_parameter(world: World) -> None:
    wrong: list[str] = []
    turn = 0
    for operation in all_operations():
        if operation.method != "get" or operation.path.startswith("/r/"):
            continue
        texts = {name: schema for name, schema in operation.parameters("query").items() if free_text(schema)}
        others = operation.parameters("query").keys() - texts.keys()
        tried = [dict.fromkeys(others, "\u0000")] if others else []
        for name in texts:
            turn += 1
            tried += [{name: value[:3_000]} for value in some(NAUGHTY, turn, 3)]
        for params in tried:
            answer = await ask(world, operation, params=params)
            if said := fault(answer, may_pass=True):
                wrong.append(f"{operation.id}?{str(params)[:60]}: {said}")
    assert wrong == []


def free_text(schema: Schema) -> bool:
    """Whether a parameter takes any text."""
    return schema.get("type") == "string" and "enum" not in schema and schema.get("format") != "uuid"


async def test_bodies_of_thirty_megabytes(world: World) -> None:
    before = await dump(world.product)
    large = b'{"name": "' + b"x" * 30_000_000 + b'"}'
    wrong: list[str] = []
    for operation in all_operations():
        if "requestBody" in operation.raw and operation.id not in {*NEVER_CALLED, *MACHINES}:
            media_type = next(iter(operation.raw["requestBody"]["content"]))
            told = f"{media_type}; boundary=b" if media_type.startswith("multipart/") else media_type
            # A body of several files may be larger than any other.
            sent = large * 2 if operation.id in UPLOADS else large
            answer = await ask(world, operation, content=sent, headers={"Content-Type": told})
            if answer.status_code != 413 or fault(answer):
                wrong.append(f"{operation.id}: {answer.status_code} {answer.text[:100]}")
    assert wrong == []
    assert await dump(world.product) == before


@pytest.mark.parametrize("few", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["few", "all"])
async def test_naughty_values_in_every_field(world: World, few: bool) -> None:
    """Values in every field at once; and, one field at a time, what may pass the first checks.

    Some of the values for each operation, others for the next, in every run; each value for each operation in
    `make slow`. The last one of the module: what is accepted stays in the workspace.
    """
    wrong: list[str] = []
    for turn, operation in enumerate(READING):
        for name, body in naughty_bodies(body_of(operation, world), operation, turn, few=few):
            answer = await ask(world, operation, content=json.dumps(body), headers=AS_JSON)
            if said := fault(answer, may_pass=True):
                wrong.append(f"{operation.id}, {name}: {said}")
    assert wrong == []


def naughty_bodies(valid: Any, operation: Operation, turn: int, *, few: bool) -> Iterator[tuple[str, Any]]:
    """What to send instead of a valid body, each with what it is."""
    assert operation.json_body is not None
    fields = list(leaves(operation.json_body["schema"], operation.json_body["example"]))
    values = some((*NAUGHTY, *VALUES), turn, 12 if few else len(NAUGHTY) + len(VALUES))
    for start in range(0, len(values) if fields else 0, len(fields) or 1):
        body = valid
        for index, (at, _schema) in enumerate(fields):
            body = with_value(body, at, values[(start + index) % len(values)])
        yield f"all fields from {str(values[start])[:30]!r}", body
    for index, (at, schema) in enumerate(fields):
        text = "string" in str(schema.get("type"))
        tried = some((None, *PLAUSIBLE) if text else (None, 2**31, "1"), turn + index, 1 if few else 3)
        for value in tried:
            yield f"{at} = {value!r}", with_value(valid, at, value)
