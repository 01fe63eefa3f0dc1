"""The fields of the pages on which somebody opens an account or chooses a password."""

from collections.abc import Collection, Mapping
from types import MappingProxyType

from relance.capabilities.links.recipient import RecipientForm
from relance.core.i18n import Locale, Text

PASSWORD: Mapping[str, object] = MappingProxyType(
    {
        "type": "string",
        "format": "password",
        "minLength": 12,
        "maxLength": 200,
        "x-title": {"fr": "Mot de passe", "en": "Password"},
        "x-hint": {
            "fr": "Au moins 12 caractères ; quelques mots sans rapport entre eux conviennent très bien.",
            "en": "At least 12 characters; a few words that have nothing to do with each other do very well.",
        },
        "x-autocomplete": "new-password",
    }
)
NAME: Mapping[str, object] = MappingProxyType(
    {
        "type": "string",
        "minLength": 1,
        "maxLength": 200,
        "x-title": {"fr": "Votre nom", "en": "Your name"},
        "x-autocomplete": "name",
    }
)


def account_form(
    version: int,
    title: Text,
    locale: Locale,
    fields: Mapping[str, Mapping[str, object]],
    answers: dict[str, object],
    optional: Collection[str] = (),
) -> RecipientForm:
    """A form of `fields` in their order, all required but `optional`."""
    schema: dict[str, object] = {
        "type": "object",
        "x-order": list(fields),
        "properties": {name: dict(field) for name, field in fields.items()},
        "required": [name for name in fields if name not in optional],
        "additionalProperties": False,
    }
    return RecipientForm(version=version, title=title.in_locale(locale), json_schema=schema, answers=answers)
