"""Requests about one entry."""

from pydantic import ConfigDict, Field

from relance.core.schemas import Patch
from relance.domains.crm_toolbox.actions.schemas import EXAMPLE_USER, ParticipantsInput
from relance.domains.crm_toolbox.rich_text import GivenHtml


class EntryUpdate(Patch):
    """Changes to an entry (JSON merge patch)."""

    model_config = ConfigDict(json_schema_extra={"example": {"description": "<p>À rappeler en janvier.</p>"}})

    description: GivenHtml | None = Field(None, description="HTML; null takes the words away.")


class ParticipantsAdd(ParticipantsInput):
    """Who is to take part as well."""

    model_config = ConfigDict(json_schema_extra={"example": {"user_ids": [EXAMPLE_USER]}})
