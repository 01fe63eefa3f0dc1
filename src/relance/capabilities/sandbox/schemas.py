"""Requests and responses of the sandbox."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from relance.core.durations import Duration
from relance.core.schemas import Input, Instant, ListQuery, Output, one_line

#: What a relay may have taken for an address, whether it is one or not.
AnyAddress = Annotated[str, StringConstraints(max_length=320), AfterValidator(one_line)]


class TestClockRead(Output):
    """The test clock."""

    __test__ = False
    model_config = ConfigDict(json_schema_extra={"example": {"now": "2026-11-30T13:00:00Z", "offset": "P7DT1H"}})

    now: Instant = Field(description="The business time that every process sees.")
    offset: str = Field(description="How far it is ahead of the machine's, as an ISO 8601 duration.")


class TestClockAdvance(Input):
    """How far to move the test clock."""

    __test__ = False
    model_config = ConfigDict(json_schema_extra={"example": {"by": "P7DT1H"}})

    by: Duration = Field(description="ISO 8601 duration, longer than nothing: time does not run backwards.")


class MailHeader(Output):
    """One header of a mail."""

    name: str
    value: str


class TestMail(Output):
    """One mail as it arrived."""

    __test__ = False
    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10",
                "to": "achats@partenaire.example",
                "from": "Relance <no-reply@relance.example>",
                "subject": "Relance : votre préqualification",
                "text": "Bonjour, …",
                "html": "<!doctype html>…",
                "headers": [{"name": "Auto-Submitted", "value": "auto-generated"}],
                "links": ["http://127.0.0.1:8000/r/0123456789abcdefghijkl.0123456789abcdefghijkl"],
                "received_at": "2026-11-23T12:00:02Z",
            }
        }
    )

    id: UUID
    to: str = Field(description="The recipient of the envelope, in lower case.")
    from_: str = Field(alias="from", description="The From header.")
    subject: str
    text: str
    html: str
    headers: list[MailHeader]
    links: list[str] = Field(description="Every address in the mail once; the recipient's own link first.")
    received_at: Instant = Field(description="On the test clock.")


class MailQuery(ListQuery):
    """Filters of the test mailbox."""

    to: AnyAddress | None = Field(None, description="Only mails to this address, in any case.")
    sort: Literal["-received_at"] = "-received_at"
