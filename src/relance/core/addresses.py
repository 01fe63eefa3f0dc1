"""E-mail addresses: one type that checks the syntax and gives the one form in which addresses are compared."""

from typing import Annotated

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

#: RFC 5321, as corrected by erratum 1690: the longest path that a mail server must accept.
MAX_ADDRESS_LENGTH = 254


def normalise_address(value: str) -> str:
    """`value` in the form in which addresses are stored and compared: lower case, the domain in ASCII.

    No DNS is asked (a request must not wait for it). Local parts outside of ASCII are refused: few relays carry
    them (SMTPUTF8), and a mail that cannot leave is worse than a refusal now.

    Raises:
        EmailNotValidError: it is not an address that a mail can be sent to.
    """
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
