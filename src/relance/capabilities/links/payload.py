"""What a recipient sends: read within bounds, cleaned, and never trusted to have a shape."""

import math
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

import orjson
from fastapi import Request, UploadFile
from fastapi.exceptions import RequestValidationError
from pydantic_core import PydanticCustomError
from starlette.formparsers import MultiPartException, MultiPartParser

from relance.capabilities.links.errors import StaleVersion
from relance.capabilities.links.negotiation import FORM_TYPE, JSON_TYPES, MULTIPART_TYPE, media_type
from relance.core.errors import BodyTooLarge, FieldError, MalformedRequest, UnsupportedMediaType, ValidationFailed
from relance.core.i18n import Text
from relance.core.json_schemas import escape
from relance.core.schemas import clean_text

#: The one value that is kept as it was typed: a password is compared to the last character, and never shown.
_VERBATIM = "/answers/password"
_MAX_FIELDS = 2_000
_MAX_FILES = 20
#: Bytes of one text of a form with files.
_MAX_TEXT = 256 * 1024
_MAX_DEPTH = 12
_MAX_INT = 2**53
#: Characters of the reason that may go with an answer.
REASON_LENGTH = 2000

Fields = Mapping[str, list[str]]

_WORDS: Mapping[str, Text] = {
    "missing": Text("Ce champ est obligatoire.", "This field is required."),
    "int_type": Text("Un nombre entier est attendu.", "An integer is expected."),
    "model_type": Text("Un objet est attendu.", "An object is expected."),
    "unclean_text": Text("Les caractères de contrôle ne sont pas acceptés.", "Control characters are not accepted."),
    "number_out_of_bounds": Text("Ce nombre est hors limites.", "This number is out of bounds."),
    "string_type": Text("Un texte est attendu.", "A text is expected."),
    "string_too_long": Text("Ce texte est trop long.", "This text is too long."),
    "too_deep": Text("Ces données sont trop imbriquées.", "These data are nested too deeply."),
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A file of a posted form."""

    name: str
    upload: UploadFile


@dataclass(frozen=True, slots=True)
class Posted:
    """The body of an answer: the fields of an HTML form and its files, or a JSON object."""

    fields: Fields | None
    json: Mapping[str, object]
    uploads: Sequence[Sent] = ()


async def read_posted(request: Request, max_bytes: int, max_form_bytes: int) -> Posted:
    """Read the body of an answer, before any database connection is held for it.

    Files are not kept in memory; whoever calls closes them.

    Raises:
        BodyTooLarge: more than `max_bytes` bytes, or `max_form_bytes` of a form with files.
        UnsupportedMediaType: neither JSON nor a form.
        MalformedRequest: bytes that are no text.
        RequestValidationError: JSON that is none.
        ValidationFailed: JSON that is no object.
    """
    media = media_type(request)
    if media == MULTIPART_TYPE:
        return await _multipart(request, max_form_bytes)
    body = await _bounded_body(request, max_bytes)
    if media == FORM_TYPE:
        return Posted(_form_fields(body), {})
    if media not in JSON_TYPES and (media or body):
        raise UnsupportedMediaType(accepted=f"application/json, {FORM_TYPE}, {MULTIPART_TYPE}")
    return Posted(None, _json_object(body) if body else {})


class _Parser(MultiPartParser):
    #: Bytes of one file in memory; beyond, it is on disk.
    spool_max_size = 64 * 1024


async def _multipart(request: Request, max_bytes: int) -> Posted:
    parser = _Parser(
        request.headers,
        _bounded_stream(request, max_bytes),
        max_files=_MAX_FILES,
        max_fields=_MAX_FIELDS,
        max_part_size=_MAX_TEXT,
    )
    try:
        found = (await parser.parse()).multi_items()
    except MultiPartException:
        raise MalformedRequest() from None
    fields: dict[str, list[str]] = {}
    uploads: list[Sent] = []
    for name, value in found:
        if isinstance(value, str):
            fields.setdefault(name, []).append(value)
        elif not value.filename and not value.size:
            await value.close()  # what a browser sends for a field in which nothing was chosen
        else:
            uploads.append(Sent(name, UploadFile(value.file, size=value.size, filename=value.filename)))
    return Posted(fields, {}, uploads)


async def _bounded_stream(request: Request, max_bytes: int) -> AsyncGenerator[bytes, None]:
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced) > max_bytes:
        raise BodyTooLarge() if announced.isdecimal() else MalformedRequest()
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > max_bytes:
            raise BodyTooLarge()
        yield chunk


async def _bounded_body(request: Request, max_bytes: int) -> bytes:
    return b"".join([chunk async for chunk in _bounded_stream(request, max_bytes)])


def _form_fields(body: bytes) -> Fields:
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise MalformedRequest() from None
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields


def _json_object(body: bytes) -> Mapping[str, object]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise RequestValidationError([{"type": "json_invalid", "loc": ("body",), "msg": ""}]) from None
    if not isinstance(found, dict):
        raise ValidationFailed.at("", "model_type", _WORDS["model_type"])
    return found


def clean_payload(payload: Mapping[str, object]) -> dict[str, object]:
    """`payload` with every text in normal form C, stripped, its line ends made one kind; a password as it is.

    Raises:
        ValidationFailed: control characters, numbers that JSON readers would round, or nesting without end.
    """
    errors: list[FieldError] = []
    cleaned = {name: _clean(value, f"/{escape(name)}", 1, errors) for name, value in payload.items()}
    errors.extend(_unclean_names(payload))
    if errors:
        raise ValidationFailed(errors[:100])
    return cleaned


def _clean(value: object, pointer: str, depth: int, errors: list[FieldError]) -> object:
    if depth > _MAX_DEPTH:
        errors.append(_error(pointer, "too_deep"))
        return None
    if isinstance(value, str):
        try:
            cleaned = clean_text(value)
            return value if pointer == _VERBATIM else cleaned
        except PydanticCustomError:
            errors.append(_error(pointer, "unclean_text"))
            return value
    if isinstance(value, dict):
        errors.extend(_error(pointer, found.code) for found in _unclean_names(value))
        return {name: _clean(item, f"{pointer}/{escape(name)}", depth + 1, errors) for name, item in value.items()}
    if isinstance(value, list):
        return [_clean(item, f"{pointer}/{index}", depth + 1, errors) for index, item in enumerate(value)]
    if isinstance(value, int | float) and not isinstance(value, bool) and not _exact(value):
        errors.append(_error(pointer, "number_out_of_bounds"))
    return value


def _unclean_names(value: Mapping[str, object]) -> Iterator[FieldError]:
    """A name with a control character is never echoed: the error points at the object that holds it."""
    for name in value:
        try:
            clean_text(name)
        except PydanticCustomError:
            yield _error("", "unclean_text")


def _exact(value: float) -> bool:
    return math.isfinite(value) and (abs(value) <= _MAX_INT or not float(value).is_integer())


def _error(pointer: str, code: str) -> FieldError:
    return FieldError(pointer[:300], code, _WORDS[code].in_locale())


def typed_version(text: str) -> int | str:
    """The version in a field of a form, as a number where it is one."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else text


def require_version(payload: Mapping[str, object], current: int) -> None:
    """Check that an answer was made on the version shown now.

    Raises:
        ValidationFailed: `version` is absent or no integer.
        StaleVersion: it is another one.
    """
    given = payload.get("version")
    if given is None:
        raise ValidationFailed([_error("/version", "missing")])
    if not isinstance(given, int) or isinstance(given, bool):
        raise ValidationFailed([_error("/version", "int_type")])
    if given != current:
        raise StaleVersion(current)


def given_reason(payload: Mapping[str, object]) -> str | None:
    """The reason that goes with an answer; None where it is absent or empty.

    Raises:
        ValidationFailed: it is no text, or longer than REASON_LENGTH.
    """
    given = payload.get("reason")
    if given is None or given == "":
        return None
    if not isinstance(given, str):
        raise ValidationFailed([_error("/reason", "string_type")])
    if len(given) > REASON_LENGTH:
        raise ValidationFailed([_error("/reason", "string_too_long")])
    return given
