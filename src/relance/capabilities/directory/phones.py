"""Telephone numbers in one form."""

import re
from functools import cache

import phonenumbers
from phonenumbers import PhoneMetadata
from pydantic_core import PydanticCustomError

from relance.core.schemas import one_line

_HOME = "FR"
_FRENCH = re.compile(r"(?:\+33|0033|0)([1-9]\d{8})\Z", re.ASCII)
_MARKS = str.maketrans("", "", " .-()/\u00a0\u202f")
#: The kinds of numbers that the library's `is_valid_number` looks through.
_KINDS = (
    "fixed_line",
    "mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
)


@cache
def _french() -> re.Pattern[str]:
    """What the library knows of French numbers, as one pattern: it looks through ten, one after the other."""
    metadata = PhoneMetadata.metadata_for_region(_HOME)
    known = (getattr(metadata, kind, None) for kind in _KINDS)
    patterns = [one.national_number_pattern for one in known if one is not None and one.national_number_pattern]
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.ASCII)


def normalise_phone(value: str) -> str:
    """`value`, international or in French national form, as E.164.

    Raises:
        PydanticCustomError: it is no valid number.
    """
    french = _FRENCH.match(value.translate(_MARKS))
    if french is not None and _french().fullmatch(french.group(1)):
        return f"+33{french.group(1)}"
    try:
        number = phonenumbers.parse(one_line(value), _HOME)
    except phonenumbers.NumberParseException:
        raise PydanticCustomError("phone", "this telephone number is not valid") from None
    if not phonenumbers.is_valid_number(number):
        raise PydanticCustomError("phone", "this telephone number is not valid")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
