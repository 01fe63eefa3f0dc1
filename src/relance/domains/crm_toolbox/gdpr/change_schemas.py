"""What a change of the GDPR status is given."""

from typing import Self

from pydantic import ConfigDict, Field, model_validator

from relance.capabilities.directory.consent import ConsentStatus
from relance.core.i18n import Text
from relance.core.schemas import RequiredLine
from relance.domains.crm_toolbox.actions.declaration import ToolboxAction
from relance.domains.crm_toolbox.actions.schemas import EXAMPLE_USER, ActionInput, ContactTargets
from relance.domains.crm_toolbox.gdpr.lifecycle import PROPOSED, Template
from relance.domains.crm_toolbox.gdpr.permissions import WRITE
from relance.domains.crm_toolbox.rich_text import GivenHtml


class GdprChange(ActionInput):
    """A status, the contacts that get it, and the mail that tells them."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "targets": [{"contact_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a11"}],
                "status": "pending",
                "template": "crm_toolbox.consent_request",
                "participants": {"user_ids": [EXAMPLE_USER]},
            }
        }
    )

    targets: ContactTargets
    status: ConsentStatus = Field(description="One of `/v1/crm-toolbox/gdpr-statuses`.")
    template: Template | None = Field(None, description="The mail that tells the contacts: one of those proposed.")
    without_email: bool = Field(False, description="Set `pending` without asking by mail; needs a `justification`.")
    justification: RequiredLine | None = Field(None, description="Kept with the proof.")
    description: GivenHtml | None = Field(None, description="HTML, for the entry of the infobox.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        proposed = PROPOSED.get(self.status)
        if proposed is None:
            raise ValueError("`pending`, `accepted` or `refused` is expected")
        if self.template is not None and (self.without_email or self.template not in proposed):
            raise ValueError("this template is not proposed with this status")
        if self.status == ConsentStatus.PENDING and self.template is None:
            if not self.without_email:
                raise ValueError("`pending` takes a `template`, or `without_email` with a `justification`")
            if self.justification is None:
                raise ValueError("`without_email` takes a `justification`")
        return self


ACTION = ToolboxAction(
    key="gdpr",
    label=Text("Statut RGPD", "GDPR status"),
    icon="verified_user",
    permission=WRITE,
    path="/v1/crm-toolbox/gdpr-changes",
    body=GdprChange,
)
