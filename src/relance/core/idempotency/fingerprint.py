"""What a request asked, as short digests by JSON pointer: enough to name what differs, nothing to read back."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

import orjson
from fastapi import Request
from starlette.datastructures import UploadFile

Fingerprint = Mapping[str, str]

#: Most digests kept of one body; a larger one is compared more coarsely.
_MOST_FIELDS = 500
_DEPTHS = (8, 4, 2, 1, 0)
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_CHUNK = 1024 * 1024


def fingerprint(address: str, query: Iterable[tuple[str, str]], body: object) -> Fingerprint:
    """The digests of a request to `address` (method and path), by pointer into the body, `/query/…` and `/path`."""
    found = {"/path": _digest(address)}
    for name, value in sorted(query):
        pointer = f"/query/{_escape(name)}"
        found[pointer] = _digest([found.get(pointer), value])
    for depth in _DEPTHS:
        fields = dict(_fields(body, "", depth))
        if len(fields) <= _MOST_FIELDS:
            break
    return {**fields, **found}


def differences(first: Fingerprint, second: Fingerprint) -> list[str]:
    """The pointers at which two requests differ, in order."""
    return sorted(name for name in {*first, *second} if first.get(name) != second.get(name))


async def fingerprint_of(request: Request) -> Fingerprint:
    """The digests of a request of the API; its body is read, and can be read again."""
    address = f"{request.method} {request.url.path}"
    return fingerprint(address, request.query_params.multi_items(), await _body(request))


async def _body(request: Request) -> object:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media in _FORMS:
        pairs = [(name, await _form_value(value)) for name, value in (await request.form()).multi_items()]
        return {name: [value for other, value in pairs if other == name] for name, _ in pairs}
    raw = await request.body()
    if not raw:
        return None
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return hashlib.sha256(raw).hexdigest()


async def _form_value(value: UploadFile | str) -> str:
    if isinstance(value, str):
        return value
    digest = hashlib.sha256(f"{value.filename}\n".encode())
    while chunk := await value.read(_CHUNK):
        digest.update(chunk)
    await value.seek(0)
    return digest.hexdigest()


def _fields(value: object, pointer: str, depth: int) -> Iterator[tuple[str, str]]:
    members: Iterable[tuple[str, object]] = ()
    if depth and isinstance(value, Mapping):
        members = value.items()
    elif depth and isinstance(value, Sequence) and not isinstance(value, str | bytes):
        members = ((str(index), item) for index, item in enumerate(value))
    empty = True
    for name, item in members:
        empty = False
        yield from _fields(item, f"{pointer}/{_escape(name)}", depth - 1)
    if empty:
        yield pointer, _digest(value)


def _digest(value: object) -> str:
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS)).hexdigest()[:24]


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
