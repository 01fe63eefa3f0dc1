"""Values against a JSON Schema that a customer wrote: stable codes, pointers and words, whatever the schema is."""

from collections.abc import Iterator, Mapping
from uuid import UUID

import jsonschema_rs

from relance.core.errors import FieldError
from relance.core.i18n import Locale, Text

#: By the keyword of the schema that refuses.
CODES: Mapping[str, str] = {
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

WORDS: Mapping[str, Text] = {
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


def validator(schema: Mapping[str, object]) -> jsonschema_rs.Draft202012Validator:
    """What checks values against `schema`; it asks no other host.

    Raises:
        ValueError: it is no schema; the first line says why.
    """
    return jsonschema_rs.Draft202012Validator(
        dict(schema),
        validate_formats=True,
        # A pattern is written by a customer: an engine without backtracking cannot be made to spin.
        pattern_options=jsonschema_rs.RegexOptions(),
        email_options=jsonschema_rs.EmailOptions(
            require_tld=True, allow_domain_literal=False, allow_display_text=False
        ),
        offline=True,
        formats={"file": _is_id},
    )


def _is_id(value: str) -> bool:
    try:
        return str(UUID(value)) == value
    except ValueError:
        return False


def escape(name: str) -> str:
    """`name` as one step of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def words_of(code: str, detail: Mapping[str, object]) -> Text:
    """What a refusal says, as finely as its detail allows."""
    finer = code
    if code == "type":
        types = detail.get("types")
        finer = f"type:{types[0]}" if isinstance(types, list) and types else code
    elif code == "format":
        finer = f"format:{detail.get('format')}"
    elif code == "min_length":
        finer = f"min_length:{detail.get('limit')}"
    return WORDS.get(finer) or WORDS.get(code) or WORDS["invalid"]


def faults(
    checked: jsonschema_rs.Draft202012Validator, value: object, pointer: str, locale: Locale | None = None
) -> Iterator[FieldError]:
    """What of `value` does not fit, each fault at its place below `pointer`."""
    for error in checked.iter_errors(value):
        keyword, detail = error.kind.name, error.kind.as_dict()
        code = CODES.get(keyword, "invalid")
        base = pointer + "".join(f"/{escape(str(step))}" for step in error.instance_path)
        names: list[object] = [None]
        if code == "required":
            names = [detail["property"]]
        elif code == "unknown_field":
            names = list(detail["unexpected"])
        for name in names:
            place = base if name is None else f"{base}/{escape(str(name))}"
            words = words_of(code, detail).format({"limit": detail.get("limit")}, locale)
            yield FieldError(place[:300], code, words)
