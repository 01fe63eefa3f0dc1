"""Requests and responses about the data of people."""

from typing import Any
from uuid import UUID

from pydantic import ConfigDict, Field

from relance.core.schemas import Instant, Output


class PersonalSection(Output):
    """What one kind of rows holds of a person."""

    section: str = Field(description="Stable: `contact`, `messages`, `invitations`…")
    label: str
    records: list[dict[str, Any]] = Field(description="As they are kept; what is empty is left out.")


class PersonalData(Output):
    """All that is kept of a person: what emptying the contact would clear, and nothing less."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "contact_id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a12",
                "exported_at": "2026-11-02T09:30:00Z",
                "sections": [
                    {
                        "section": "contact",
                        "label": "Fiche du contact",
                        "records": [
                            {
                                "id": "019a9f5e-7c3e-7a51-9f0e-0b1f6f1f5a12",
                                "first_name": "Camille",
                                "last_name": "Martin",
                                "email": "camille@fonderie.example",
                            }
                        ],
                    }
                ],
            }
        }
    )

    contact_id: UUID
    exported_at: Instant
    sections: list[PersonalSection]
