"""Base classes and bounded types of every request and response: hostile JSON stops here, once for all.

Stock parsing answers 5xx to a lone surrogate, to NaN in an integer field, to NUL in text (PostgreSQL refuses it) and
to integers above eight bytes; these types refuse all four with a 422.
"""

import re
import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError, PydanticKnownError

from relance.core.pagination import DEFAULT_LIMIT, MAX_LIMIT

T = TypeVar("T")

_WRITTEN_OUT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}", re.ASCII)
_KEPT_CONTROLS = {"\n", "\t"}


def clean_text(value: str) -> str:
    """`value` in normal form C, stripped, with one kind of line end.

    Raises:
        PydanticCustomError: it holds a control character, NUL or a lone surrogate.
    """
    if value.isprintable():  # nothing of category C is
        return unicodedata.normalize("NFC", value).strip()
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    for char in value:
        category = unicodedata.category(char)
        if category == "Cs" or (category == "Cc" and char not in _KEPT_CONTROLS):
            raise PydanticCustomError("unclean_text", "control characters are not accepted")
    return unicodedata.normalize("NFC", value).strip()


def one_line(value: str) -> str:
    """`clean_text` that also refuses line ends: for names, subjects, addresses."""
    value = clean_text(value)
    if "\n" in value:
        raise PydanticCustomError("single_line", "one line is expected")
    return value


Line = Annotated[str, StringConstraints(max_length=200), AfterValidator(one_line)]
RequiredLine = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"\S"), AfterValidator(one_line)]
#: The partner's own key of a resource: see core/by_reference.py.
ExternalId = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"\S"), AfterValidator(one_line)]
Paragraph = Annotated[str, StringConstraints(max_length=5000), AfterValidator(clean_text)]
#: A time of the day, to the minute.
ClockTime = Annotated[
    str,
    StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$"),
    Field(description="Time of day.", examples=["20:00"]),
]
SmallInt = Annotated[int, Field(ge=0, le=2_147_483_647)]


def _utc_text(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


# A serializer hides from the contract what the text means; the schema says it again.
Instant = Annotated[
    datetime,
    PlainSerializer(_utc_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time"}, mode="serialization"),
]


def _written_out(value: Any) -> Any:
    # Pydantic takes a number, and its digits, for seconds since 1970; the contract promises text with a date in it.
    if isinstance(value, datetime) or (isinstance(value, str) and _WRITTEN_OUT.match(value)):
        return value
    raise PydanticKnownError("datetime_parsing", {"error": "a date and a time are expected"})


#: An instant that a caller gives: RFC 3339, with its zone.
GivenInstant = Annotated[AwareDatetime, BeforeValidator(_written_out)]


class Input(BaseModel):
    """Base of every request body: unknown fields are refused, infinities and NaN too."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, str_max_length=100_000)


class ListQuery(Input):
    """Query of a list; each list adds its filters and its `sort`. Used alone: FastAPI flattens one model, not two."""

    limit: int = Field(DEFAULT_LIMIT, ge=1, le=MAX_LIMIT, description="How many items at most.")
    cursor: str | None = Field(
        None, max_length=600, description="`next_cursor` of the page before; absent for the first page."
    )


class ActionsQuery(ListQuery):
    """Query of a list whose items say what may be done with them, where that is asked for."""

    include: list[Literal["available_actions"]] = Field(
        default_factory=list, max_length=1, description="Parts that cost more; repeatable."
    )


#: Default of the fields of a `Patch`: never read, because only the fields that were sent are.
UNSET: Any = None


def _without_defaults(schema: dict[str, Any]) -> None:
    for described in schema.get("properties", {}).values():
        described.pop("default", None)


class Patch(Input):
    """Base of every merge patch (RFC 7396): an absent field is left alone, null clears a field that may be empty.

    A field that may not be empty has its plain type and the default `UNSET`, so that null is refused.
    """

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    def changes(self) -> dict[str, Any]:
        """The fields that were sent, with their values."""
        return {name: getattr(self, name) for name in self.model_fields_set}


class Output(BaseModel):
    """Base of every response. No defaults, so that generated clients get required fields."""

    model_config = ConfigDict(from_attributes=True, extra="forbid")


class Page(Output, Generic[T]):
    """One page of a list."""

    items: list[T] = Field(description="At most `limit` items, in the order of `sort`.")
    next_cursor: str | None = Field(
        description="Give it as `cursor` for the next page; null on the last.", examples=["kB3xT0pQ1mWc4u8Zb2Vn"]
    )


class Reference(Output):
    """A named pointer to another resource."""

    id: UUID
    name: str
