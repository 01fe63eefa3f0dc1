"""Answers against their JSON Schema: stable codes, pointers, and words that a person understands."""

from collections.abc import Iterator, Mapping

import jsonschema_rs

from relance.capabilities.links.errors import FormNotSupported
from relance.capabilities.links.forms.fields import ROOT, Field, Section, build_form
from relance.capabilities.links.forms.hints import check_hints
from relance.core.errors import FieldError, ValidationFailed
from relance.core.i18n import LOCALES, Locale, Text, current_locale
from relance.core.json_schemas import CODES, WORDS, escape, validator, words_of

_MOST_ERRORS = 200
_ONE_LINE = frozenset({"text", "email", "url", "date"})

#: What is said of an answer that is missing, by what the page asks for.
_REQUIRED: Mapping[str, str] = {
    "accept": "const:accept",
    "file": "required:file",
    "files": "required:file",
    **dict.fromkeys(("radios", "yes_no", "select", "checkboxes"), "required:choice"),
}


def check_schema(schema: dict[str, object]) -> None:
    """Make sure that `schema` is a schema, that it can be shown in every language, and that it asks no other host.

    Raises:
        FormNotSupported: it is not so.
    """
    _validator(schema)
    for locale in LOCALES:
        check_hints(build_form(schema, locale))


def validate_answers(schema: dict[str, object], answers: object, locale: Locale | None = None) -> dict[str, object]:
    """`answers`, known to fit `schema`.

    Args:
        schema: the form's schema.
        answers: the `answers` of a payload, whatever they are.
        locale: the language of the messages; that of the request where absent.

    Raises:
        ValidationFailed: they do not fit; pointers start at `/answers`.
        FormNotSupported: the schema is none.
    """
    language = locale or current_locale()
    form = build_form(schema, language)
    if not isinstance(answers, dict):
        raise ValidationFailed([FieldError(f"/{ROOT}", "type", WORDS["type:object"].in_locale(language))])
    found = list(_errors(schema, form, answers, language))
    if found:
        raise ValidationFailed(found[:_MOST_ERRORS])
    return answers


def _validator(schema: dict[str, object]) -> jsonschema_rs.Draft202012Validator:
    try:
        return validator(schema)
    except ValueError as error:
        reason = str(error).partition("\n")[0][:200]
        raise FormNotSupported("", reason) from None


def _errors(
    schema: dict[str, object], form: Section, answers: dict[str, object], locale: Locale
) -> Iterator[FieldError]:
    fields = {field.pointer: field for field in form.fields()}
    seen: set[str] = set()
    for error in _validator(schema).iter_errors(answers):
        for pointer, code, words, limit in _faults(error, fields):
            if pointer not in seen:  # one fault a place is enough to mend it
                seen.add(pointer)
                yield FieldError(pointer, code, words.format({"limit": limit}, locale))
    for field in fields.values():
        if field.widget in _ONE_LINE and field.pointer not in seen and "\n" in str(_value(answers, field)):
            yield FieldError(field.pointer, "single_line", WORDS["single_line"].in_locale(locale))


def _value(answers: object, field: Field) -> object:
    for name in field.path:
        answers = answers.get(name) if isinstance(answers, dict) else None
    return answers


def _faults(
    error: jsonschema_rs.ValidationError, fields: Mapping[str, Field]
) -> Iterator[tuple[str, str, Text, object]]:
    keyword, detail = error.kind.name, error.kind.as_dict()
    code = CODES.get(keyword, "invalid")
    base = "".join(f"/{escape(str(step))}" for step in (ROOT, *error.instance_path))
    if keyword == "required":
        pointer = f"{base}/{escape(str(detail['property']))}"
        field = fields.get(pointer)
        yield pointer, code, WORDS[_REQUIRED.get(field.widget, code) if field else code], None
        return
    if code == "unknown_field":
        for name in detail["unexpected"]:
            yield f"{base}/{escape(str(name))}"[:300], code, WORDS[code], None
        return
    limit = detail.get("limit")
    yield base, code, _words(code, detail, fields.get(base)), limit


def _words(code: str, detail: Mapping[str, object], field: Field | None) -> Text:
    if code in {"min_items", "max_items"} and field is not None and field.is_file:
        return WORDS[f"{code}:files"]
    if code == "const" and field is not None and field.widget == "accept":
        return WORDS["const:accept"]
    return words_of(code, detail)
