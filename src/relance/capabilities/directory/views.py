"""From rows to responses: names beside ids, labels beside codes."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from relance.capabilities.directory.consent import STATUS_LABELS, ConsentStatus
from relance.capabilities.directory.models import Company, Contact
from relance.capabilities.directory.repository import DirectoryRepository
from relance.capabilities.directory.schemas import (
    CompanyRead,
    ContactRead,
    DuplicateReason,
    LocalIdRead,
    PossibleDuplicate,
)
from relance.capabilities.directory.settings.repository import SettingsRepository
from relance.core.db import DbSession
from relance.core.i18n import Text

ACTIVE = Text("Actif", "Active")
INACTIVE = Text("Inactif", "Inactive")
_REASONS: dict[DuplicateReason, Text] = {
    "email": Text("Même adresse e-mail", "Same e-mail address"),
    "name": Text("Même nom", "Same name"),
}


async def read_companies(session: DbSession, companies: Sequence[Company]) -> list[CompanyRead]:
    """Companies as the API shows them."""
    people = await DirectoryRepository(session).people(_owners(companies))
    return [_company(company, people) for company in companies]


def _company(company: Company, people: dict[UUID, str]) -> CompanyRead:
    local_id = None
    if company.id_scheme is not None:
        local_id = LocalIdRead.model_validate(
            {"scheme": company.id_scheme, "country": company.country, "value": company.id_value}
        )
    return CompanyRead(
        id=company.id,
        name=company.name,
        local_id=local_id,
        external_id=company.external_id,
        registered_at=company.registered_at,
        created_at=company.created_at,
        **_shared(company, people),
    )


async def read_contacts(session: DbSession, contacts: Sequence[Contact]) -> list[ContactRead]:
    """Contacts as the API shows them."""
    rows = DirectoryRepository(session)
    people = await rows.people(_owners(contacts))
    companies = await rows.company_names({contact.company_id for contact in contacts})
    statuses: dict[str, str] = {}
    if any(contact.status is not None for contact in contacts):
        for status in await SettingsRepository(session).statuses():
            statuses[status.code] = Text(status.label_fr, status.label_en).in_locale()
    return [_contact(contact, companies, people, statuses) for contact in contacts]


def _contact(
    contact: Contact, companies: dict[UUID, str], people: dict[UUID, str], statuses: dict[str, str]
) -> ContactRead:
    return ContactRead.model_validate(
        {
            "id": contact.id,
            "company_id": contact.company_id,
            "company_name": companies.get(contact.company_id, ""),
            "first_name": contact.first_name,
            "last_name": contact.last_name,
            "external_id": contact.external_id,
            "active": contact.active,
            "active_label": (ACTIVE if contact.active else INACTIVE).in_locale(),
            "status": contact.status,
            "status_label": statuses.get(contact.status, contact.status) if contact.status else None,
            "locale": contact.locale,
            "gdpr": consent_of(contact),
            "created_at": contact.created_at,
            "last_action_at": contact.last_action_at,
            **_shared(contact, people),
        }
    )


def consent_of(contact: Contact) -> dict[str, Any]:
    """How a contact stands to the keeping of its data, as the API shows it."""
    status = ConsentStatus(contact.gdpr_status)
    return {
        "status": status.value,
        "status_label": STATUS_LABELS[status].in_locale(),
        "since": contact.gdpr_since,
        "empties_at": contact.gdpr_empties_at,
        "proof": contact.gdpr_proof,
    }


def _shared(row: Company | Contact, people: dict[UUID, str]) -> dict[str, Any]:
    return {
        "email": row.email,
        "other_emails": row.other_emails,
        "phone": row.phone,
        "other_phones": row.other_phones,
        "assigned_to": row.assigned_to,
        "assigned_to_name": people.get(row.assigned_to) if row.assigned_to else None,
        "tags": row.tags,
        "custom_fields": row.custom_fields,
    }


def _owners(rows: Sequence[Company | Contact]) -> Collection[UUID]:
    return {row.assigned_to for row in rows if row.assigned_to is not None}


async def duplicate_contacts(
    session: DbSession, contacts: Sequence[Contact], email: str | None
) -> list[PossibleDuplicate]:
    """Contacts that a new one may repeat, as the API shows them."""
    companies = await DirectoryRepository(session).company_names({contact.company_id for contact in contacts})
    return [
        _duplicate(
            contact,
            f"{contact.first_name} {contact.last_name}",
            (contact.company_id, companies.get(contact.company_id, "")),
            email,
        )
        for contact in contacts
    ]


def duplicate_companies(companies: Sequence[Company], email: str | None) -> list[PossibleDuplicate]:
    """Companies that a new one may repeat, as the API shows them."""
    return [_duplicate(company, company.name, (company.id, company.name), email) for company in companies]


def _duplicate(row: Company | Contact, name: str, company: tuple[UUID, str], email: str | None) -> PossibleDuplicate:
    reason: DuplicateReason = "email" if email is not None and email in (row.email, *row.other_emails) else "name"
    return PossibleDuplicate(
        id=row.id,
        name=name,
        company_id=company[0],
        company_name=company[1],
        reason=reason,
        reason_label=_REASONS[reason].in_locale(),
    )
