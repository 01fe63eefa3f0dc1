"""Answers against their JSON Schema: stable codes, pointers, and words that a person understands."""

from collections.abc import Iterator, Mapping
from uuid import UUID

import jsonschema_rs

from relance.capabilities.links.errors import FormNotSupported
from relance.capabilities.links.forms.fields import ROOT, Field, Section, build_form
from relance.capabilities.links.forms.hints import check_hints
from relance.capabilities.links.payload import escape
from relance.core.errors import FieldError, ValidationFailed
from relance.core.i18n import LOCALES, Locale, Text, current_locale

_MOST_ERRORS = 200
_ONE_LINE = frozenset({"text", "email", "url", "date"})

#: By the keyword of the schema that refuses.
_CODES: Mapping[str, str] = {
    "required": "required",
    "type": "type",
    "format": "format",
    "enum": "enum",
    "oneOf": "enum",
    "const": "const",
    "pattern": "pattern",
    "minLength": "min_length",
    "maxLength": "max_length",
    "minimum": "minimum",
    "exclusiveMinimum": "exclusive_minimum",
    "maximum": "maximum",
    "exclusiveMaximum": "exclusive_maximum",
    "multipleOf": "multiple_of",
    "minItems": "min_items",
    "maxItems": "max_items",
    "uniqueItems": "unique_items",
    "additionalProperties": "unknown_field",
    "unevaluatedProperties": "unknown_field",
}

_WORDS: Mapping[str, Text] = {
    "required": Text("Ce champ est obligatoire.", "This field is required."),
    "type": Text("Cette valeur n’est pas du type attendu.", "This value is not of the expected type."),
    "type:object": Text("Un objet est attendu.", "An object is expected."),
    "type:integer": Text("Saisissez un nombre entier.", "Enter a whole number."),
    "type:number": Text("Saisissez un nombre.", "Enter a number."),
    "format": Text("Cette valeur n’a pas la forme attendue.", "This value does not have the expected form."),
    "format:email": Text(
        "Saisissez une adresse e-mail valide, par exemple nom@exemple.fr.",
        "Enter a valid e-mail address, for example name@example.com.",
    ),
    "format:date": Text(
        "Saisissez une date qui existe, par exemple 31/12/2026.", "Enter a date that exists, for example 31/12/2026."
    ),
    "format:uri": Text(
        "Saisissez une adresse web, par exemple https://exemple.fr.",
        "Enter a web address, for example https://example.com.",
    ),
    "format:file": Text("Ce fichier n’a pas été envoyé ici.", "This file was not sent here."),
    "enum": Text("Choisissez une des réponses proposées.", "Choose one of the answers offered."),
    "const": Text("Une autre valeur est attendue.", "Another value is expected."),
    "const:accept": Text("Cochez cette case pour continuer.", "Tick this box to continue."),
    "pattern": Text("Cette valeur n’a pas la forme attendue.", "This value does not have the expected form."),
    "min_length": Text("Saisissez au moins {limit} caractères.", "Enter at least {limit} characters."),
    "min_length:1": Text("Ce champ ne peut pas être vide.", "This field cannot be empty."),
    "max_length": Text("Saisissez au plus {limit} caractères.", "Enter at most {limit} characters."),
    "minimum": Text("Saisissez un nombre d’au moins {limit}.", "Enter a number of at least {limit}."),
    "exclusive_minimum": Text("Saisissez un nombre supérieur à {limit}.", "Enter a number above {limit}."),
    "maximum": Text("Saisissez un nombre d’au plus {limit}.", "Enter a number of at most {limit}."),
    "exclusive_maximum": Text("Saisissez un nombre inférieur à {limit}.", "Enter a number below {limit}."),
    "min_items": Text("Choisissez au moins {limit} réponse(s).", "Choose at least {limit} answer(s)."),
    "max_items": Text("Choisissez au plus {limit} réponse(s).", "Choose at most {limit} answer(s)."),
    "min_items:files": Text("Choisissez au moins {limit} fichier(s).", "Choose at least {limit} file(s)."),
    "max_items:files": Text("Choisissez au plus {limit} fichier(s).", "Choose at most {limit} file(s)."),
    "required:file": Text("Choisissez un fichier.", "Choose a file."),
    "required:choice": Text("Choisissez une réponse.", "Choose an answer."),
    "unique_items": Text("La même réponse est donnée deux fois.", "The same answer is given twice."),
    "unknown_field": Text("Ce champ n’est pas connu.", "This field is not known."),
    "single_line": Text("Une seule ligne est attendue.", "One line is expected."),
    "invalid": Text("Cette valeur ne convient pas.", "This value does not fit."),
}
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
        raise ValidationFailed([FieldError(f"/{ROOT}", "type", _WORDS["type:object"].in_locale(language))])
    found = list(_errors(schema, form, answers, language))
    if found:
        raise ValidationFailed(found[:_MOST_ERRORS])
    return answers


def _validator(schema: dict[str, object]) -> jsonschema_rs.Draft202012Validator:
    try:
        return jsonschema_rs.Draft202012Validator(
            schema,
            validate_formats=True,
            # A pattern is written by a customer: an engine without backtracking cannot be made to spin.
            pattern_options=jsonschema_rs.RegexOptions(),
            email_options=jsonschema_rs.EmailOptions(
                require_tld=True, allow_domain_literal=False, allow_display_text=False
            ),
            offline=True,
            formats={"file": _is_id},
        )
    except ValueError as error:
        reason = str(error).partition("\n")[0][:200]
        raise FormNotSupported("", reason) from None


def _is_id(value: str) -> bool:
    try:
        return str(UUID(value)) == value
    except ValueError:
        return False


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
            yield FieldError(field.pointer, "single_line", _WORDS["single_line"].in_locale(locale))


def _value(answers: object, field: Field) -> object:
    for name in field.path:
        answers = answers.get(name) if isinstance(answers, dict) else None
    return answers


def _faults(
    error: jsonschema_rs.ValidationError, fields: Mapping[str, Field]
) -> Iterator[tuple[str, str, Text, object]]:
    keyword, detail = error.kind.name, error.kind.as_dict()
    code = _CODES.get(keyword, "invalid")
    base = "".join(f"/{escape(str(step))}" for step in (ROOT, *error.instance_path))
    if keyword == "required":
        pointer = f"{base}/{escape(str(detail['property']))}"
        field = fields.get(pointer)
        yield pointer, code, _WORDS[_REQUIRED.get(field.widget, code) if field else code], None
        return
    if code == "unknown_field":
        for name in detail["unexpected"]:
            yield f"{base}/{escape(str(name))}"[:300], code, _WORDS[code], None
        return
    limit = detail.get("limit")
    yield base, code, _words(code, detail, limit, fields.get(base)), limit


def _words(code: str, detail: Mapping[str, object], limit: object, field: Field | None) -> Text:
    finer = code
    if code == "type":
        types = detail.get("types")
        finer = f"type:{types[0]}" if isinstance(types, list) and types else code
    elif code == "format":
        finer = f"format:{detail.get('format')}"
    elif code in {"min_items", "max_items"} and field is not None and field.is_file:
        finer = f"{code}:files"
    elif code == "min_length":
        finer = f"min_length:{limit}"
    elif code == "const" and field is not None and field.widget == "accept":
        finer = "const:accept"
    return _WORDS.get(finer) or _WORDS.get(code) or _WORDS["invalid"]
