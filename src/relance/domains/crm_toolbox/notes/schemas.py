"""What a note is given."""

from pydantic import ConfigDict, Field

from relance.core.i18n import Text
from relance.core.schemas import GivenInstant
from relance.domains.crm_toolbox.actions.declaration import ToolboxAction
from relance.domains.crm_toolbox.actions.schemas import EXAMPLE_TARGETS, EXAMPLE_USER, PlainActionInput, Targets
from relance.domains.crm_toolbox.permissions import NOTE
from relance.domains.crm_toolbox.rich_text import GivenHtml


class NoteCreate(PlainActionInput):
    """A note on companies and contacts."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "targets": [*EXAMPLE_TARGETS],
                "description": "<p>À rappeler <strong>en janvier</strong>.</p>",
                "participants": {"user_ids": [EXAMPLE_USER]},
                "add_to_calendar": True,
                "action_at": "2027-01-12T09:00:00Z",
            }
        }
    )

    targets: Targets
    description: GivenHtml = Field(description="HTML: formatting is kept, a script is refused.")
    action_at: GivenInstant | None = Field(None, description="When it happened, or is to happen; now where absent.")
    add_to_calendar: bool = Field(False, description="Send an entry for a calendar to the caller, and to nobody else.")
    duration_minutes: int = Field(30, ge=5, le=1440, description="Of the entry for the calendar.")


ACTION = ToolboxAction(
    key="note",
    label=Text("Info", "Info"),
    icon="note_add",
    permission=NOTE,
    path="/v1/crm-toolbox/notes",
    body=NoteCreate,
    manual=True,
)
