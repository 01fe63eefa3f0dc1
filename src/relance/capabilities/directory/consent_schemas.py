"""What requests and responses say of a contact's consent."""

from pydantic import Field

from relance.core.i18n import Locale
from relance.core.schemas import Input, Instant, Output, RequiredLine


class Readmission(Input):
    """Why somebody who was erased is known again."""

    justification: RequiredLine = Field(description="Kept as the proof; without personal data.")


class ConsentProof(Output):
    """When, how and by which words a consent was given or refused."""

    at: Instant
    how: str = Field(description="`link`, `user` or `worker`.")
    wording: str | None = Field(description="The version of the words that were shown.")
    locale: Locale | None


class ContactConsent(Output):
    """How a contact stands to the keeping of its data."""

    status: str = Field(description="`none`, `pending`, `accepted`, `refused` or `emptied`; lifecycle `consent`.")
    status_label: str
    since: Instant | None
    empties_at: Instant | None = Field(
        description="When the worker empties the contact; null where nothing is planned."
    )
    proof: ConsentProof | None
