"""What a resource says about the mails to come."""

from typing import Literal

from pydantic import Field

from relance.core.schemas import Instant, Output


class NextMessage(Output):
    """One mail that will leave if nothing changes."""

    kind: Literal["invitation", "reminder", "expiry_notice"]
    template: str = Field(description="Key of the e-mail template.")
    at: Instant = Field(description="When it leaves, at the earliest.")
    to: str
    why: str = Field(description="In the caller's language.")


class Silence(Output):
    """Why nothing will be sent."""

    code: str
    message: str
