"""E-mail addresses: one type that checks the syntax and gives the one form in which addresses are compared."""

import re
from functools import lru_cache
from typing import Annotated

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

#: RFC 5321, as corrected by erratum 1690: the longest path that a mail server must accept.
MAX_ADDRESS_LENGTH = 254


#: Local parts that need no second look, which are nearly all: words with single marks between them.
_PLAIN = re.compile(r"[A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+)*\Z", re.ASCII)
_MAX_LOCAL = 64


@lru_cache(maxsize=4096)
def _domain(value: str) -> str:
    """A domain in ASCII: checked once for all of its addresses, for a file has many of a few domains."""
    return _checked(f"a@{value}").partition("@")[2]


def normalise_address(value: str) -> str:
    """`value` in the form in which addresses are stored and compared: lower case, the domain in ASCII.

    No DNS is asked (a request must not wait for it). Local parts outside of ASCII are refused: few relays carry
    them (SMTPUTF8), and a mail that cannot leave is worse than a refusal now.

    Raises:
        EmailNotValidError: it is not an address that a mail can be sent to.
    """
    local, at, domain = value.strip().rpartition("@")
    if at and len(local) <= _MAX_LOCAL and _PLAIN.match(local):
        found = f"{local.lower()}@{_domain(domain)}"
        if len(found) <= MAX_ADDRESS_LENGTH:
            return found
    return _checked(value)


def _checked(value: str) -> str:
    # RFC 2606 keeps `.test` for tests, and test suites of our users write such addresses.
    found = validate_email(
        value.strip(), check_deliverability=False, allow_smtputf8=False, test_environment=True, strict=True
    )
    return (found.ascii_email or found.normalized).lower()


def _address(value: str) -> str:
    try:
        return normalise_address(value)
    except EmailNotValidError:
        raise PydanticCustomError("email", "this e-mail address is not valid") from None


EmailAddress = Annotated[
    str,
    StringConstraints(max_length=MAX_ADDRESS_LENGTH),
    AfterValidator(_address),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": MAX_ADDRESS_LENGTH}),
]
