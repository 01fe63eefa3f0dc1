"""Company identifiers in one normal form: SIREN, SIRET, European VAT numbers, and what other countries have."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from stdnum import exceptions as stdnum_errors
from stdnum.eu import vat as eu_vat
from stdnum.fr import siren as fr_siren
from stdnum.fr import siret as fr_siret
from stdnum.util import clean

from relance.capabilities.directory.schemas import LocalId
from relance.core.errors import ValidationFailed
from relance.core.i18n import Text

_SEPARATORS = " .-/ \u00a0\u202f\u2009"
_SIREN_LENGTH = 9
#: The prefix of a VAT number, where it is not the code of the country.
_VAT_PREFIXES = {"GR": "EL"}
_COUNTRIES_OF_PREFIXES = {"EL": "GR"}
_OTHER = re.compile(r"[0-9A-Z]{2,40}")

_WORDS = {
    "identifier_checksum": Text(
        "La clé de contrôle de ce numéro ne convient pas.", "The check digits of this number do not fit."
    ),
    "identifier_length": Text("Ce numéro n’a pas la bonne longueur.", "This number does not have the right length."),
    "identifier_format": Text("Ce numéro n’a pas la forme attendue.", "This number does not have the expected form."),
    "identifier_country": Text(
        "Ce pays ne va pas avec ce type de numéro.", "This country does not go with this kind of number."
    ),
    "country_required": Text("Le pays est obligatoire pour ce type.", "The country is required for this kind."),
}


@dataclass(frozen=True, slots=True)
class NormalisedId:
    """An identifier that was checked: `value` without separators, `match_key` for what two companies never share."""

    scheme: str
    country: str
    value: str
    match_key: str


def normalise(local_id: LocalId, pointer: str = "/local_id") -> NormalisedId:
    """`local_id` checked and in its normal form.

    Args:
        local_id: as the caller wrote it, with spaces or punctuation.
        pointer: where it stands in the body, for the error.

    Raises:
        ValidationFailed: at `<pointer>/value` or `<pointer>/country`, with the code `identifier_checksum`,
            `identifier_length`, `identifier_format`, `identifier_country` or `country_required`.
    """
    if local_id.scheme in ("siren", "siret"):
        return _french(local_id, pointer)
    if local_id.scheme == "vat":
        return _vat(local_id, pointer)
    if local_id.country is None:
        raise _refusal(pointer, "country", "country_required")
    value = clean(local_id.value, _SEPARATORS).upper()
    if not _OTHER.fullmatch(value):
        raise _refusal(pointer, "value", "identifier_format")
    return NormalisedId("other", local_id.country, value, f"other:{local_id.country}:{value}")


def identity_columns(identity: NormalisedId | None) -> dict[str, object]:
    """An identifier as a company's row holds it."""
    if identity is None:
        return {"country": None, "id_scheme": None, "id_value": None, "match_key": None}
    return {
        "country": identity.country,
        "id_scheme": identity.scheme,
        "id_value": identity.value,
        "match_key": identity.match_key,
    }


def _french(local_id: LocalId, pointer: str) -> NormalisedId:
    if local_id.country not in (None, "FR"):
        raise _refusal(pointer, "country", "identifier_country")
    # The module for SIRET knows La Poste's exception (356000000: sum of digits, not Luhn).
    check = fr_siren.validate if local_id.scheme == "siren" else fr_siret.validate
    value = _checked(check, local_id.value, pointer)
    return NormalisedId(local_id.scheme, "FR", value, value[:_SIREN_LENGTH])


def _vat(local_id: LocalId, pointer: str) -> NormalisedId:
    number = clean(local_id.value, _SEPARATORS).upper()
    if local_id.country is not None:
        prefix = _VAT_PREFIXES.get(local_id.country, local_id.country)
        if number[:2].isalpha() and number[:2] not in (prefix, local_id.country):
            raise _refusal(pointer, "country", "identifier_country")
        number = number if number[:2] in (prefix, local_id.country) else prefix + number
    if number[:2] == "GR":
        number = "EL" + number[2:]
    value = _checked(eu_vat.validate, number, pointer)
    country = _COUNTRIES_OF_PREFIXES.get(value[:2], value[:2])
    return NormalisedId("vat", country, value, f"vat:{country}:{value}")


def _checked(check: Callable[[str], str], value: str, pointer: str) -> str:
    try:
        return check(clean(value, _SEPARATORS))
    except stdnum_errors.InvalidChecksum:
        raise _refusal(pointer, "value", "identifier_checksum") from None
    except stdnum_errors.InvalidLength:
        raise _refusal(pointer, "value", "identifier_length") from None
    except stdnum_errors.ValidationError:
        raise _refusal(pointer, "value", "identifier_format") from None


def _refusal(pointer: str, field: str, code: str) -> ValidationFailed:
    return ValidationFailed.at(f"{pointer}/{field}", code, _WORDS[code])
