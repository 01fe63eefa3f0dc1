"""What the actions on the directory are given, and how the toolbox shows them."""

from typing import Self
from uuid import UUID

from pydantic import ConfigDict, Field, model_validator

from relance.capabilities.directory.permissions import COMPANIES_WRITE, CONTACTS_DELETE, CONTACTS_WRITE
from relance.capabilities.directory.schemas import CompanyCreate, ContactCreate, OwnCode
from relance.core.i18n import Text
from relance.domains.crm_toolbox.actions.declaration import ToolboxAction
from relance.domains.crm_toolbox.actions.schemas import (
    EXAMPLE_TARGETS,
    EXAMPLE_USER,
    ActionInput,
    ContactTargets,
    PlainActionInput,
    Targets,
)
from relance.domains.crm_toolbox.permissions import ACTIVATE, ASSIGN, ASSIGN_COMPANY, IMPORT, STATUS

_COMPANY = "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a10"
_BASE = "/v1/crm-toolbox"


class StatusChange(ActionInput):
    """Another status for contacts."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "targets": [*EXAMPLE_TARGETS],
                "status": "client",
                "description": "<p>Commande signée.</p>",
                "participants": {"user_ids": [EXAMPLE_USER]},
            }
        }
    )

    targets: ContactTargets
    status: OwnCode | None = Field(description="The code of one of `/v1/contact-statuses`; null for none.")


class Activation(ActionInput):
    """Whether contacts are in use."""

    model_config = ConfigDict(json_schema_extra={"example": {"targets": [*EXAMPLE_TARGETS], "active": True}})

    targets: ContactTargets
    active: bool = Field(description="Inactive contacts are left out of sendings.")


class DeletionRequest(PlainActionInput):
    """Companies and contacts to delete for good."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"targets": [*EXAMPLE_TARGETS], "cascade": False, "partial": False}}
    )

    targets: Targets
    cascade: bool = Field(False, description="Of companies: delete their contacts with them.")
    reassign_to: UUID | None = Field(None, description="Of companies: the company that gets their contacts.")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if self.cascade and self.reassign_to is not None:
            raise ValueError("either `cascade` or `reassign_to`")
        return self


class Assignment(ActionInput):
    """Who looks after companies and contacts."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "targets": [*EXAMPLE_TARGETS],
                "user_id": EXAMPLE_USER,
                "description": "<p>Suite à la réorganisation.</p>",
            }
        }
    )

    targets: Targets
    user_id: UUID = Field(description="« A »: to whom they are assigned; is told by mail.")


class CompanyAssignment(ActionInput):
    """Another company for contacts."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"targets": [*EXAMPLE_TARGETS], "company_id": _COMPANY, "partial": True}}
    )

    targets: ContactTargets
    company_id: UUID = Field(description="« Société »: where they work from now on.")


ADD_COMPANY = ToolboxAction(
    key="add_company",
    label=Text("Ajouter une société", "Add a company"),
    icon="domain_add",
    permission=COMPANIES_WRITE,
    path="/v1/companies",
    body=CompanyCreate,
    several=False,
)
ADD_CONTACT = ToolboxAction(
    key="add_contact",
    label=Text("Ajouter un contact", "Add a contact"),
    icon="person_add",
    permission=CONTACTS_WRITE,
    path="/v1/contacts",
    body=ContactCreate,
    several=False,
)
IMPORT_ACTION = ToolboxAction(
    key="import",
    label=Text("Importer", "Import"),
    icon="upload_file",
    permission=IMPORT,
    path=f"{_BASE}/imports",
    several=False,
)
ACTIVATION = ToolboxAction(
    key="activate",
    label=Text("Activer / Désactiver", "Activate / Deactivate"),
    icon="toggle_on",
    permission=ACTIVATE,
    path=f"{_BASE}/activations",
    body=Activation,
)
DELETION = ToolboxAction(
    key="delete",
    label=Text("Supprimer", "Delete"),
    icon="delete_forever",
    permission=CONTACTS_DELETE,
    path=f"{_BASE}/deletions",
    body=DeletionRequest,
    entry_label=Text("Suppression", "Deletion"),
)
STATUS_CHANGE = ToolboxAction(
    key="status",
    label=Text("Statut", "Status"),
    icon="flag",
    permission=STATUS,
    path=f"{_BASE}/status-changes",
    body=StatusChange,
)
ASSIGNMENT = ToolboxAction(
    key="assign",
    label=Text("Attribuer", "Assign"),
    icon="assignment_ind",
    permission=ASSIGN,
    path=f"{_BASE}/assignments",
    body=Assignment,
)
COMPANY_ASSIGNMENT = ToolboxAction(
    key="assign_company",
    label=Text("Attribuer (Société.)", "Assign (Company)"),
    icon="move_group",
    permission=ASSIGN_COMPANY,
    path=f"{_BASE}/company-assignments",
    body=CompanyAssignment,
)
