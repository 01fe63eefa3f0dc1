"""The queries of the lists that leave as files."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select

from relance.capabilities.directory.models import Company, Contact, ContactStatus
from relance.capabilities.directory.repository import (
    COMPANY_SORTS,
    CONTACT_SORTS,
    narrowed_companies,
    narrowed_contacts,
)
from relance.capabilities.directory.schemas import CompanyCriteria, ContactCriteria
from relance.capabilities.identity.models import User
from relance.core.repository import Repository, streamed


@dataclass(frozen=True, slots=True)
class ExportedContact:
    """A contact, as a row of the file."""

    contact: Contact
    company_name: str
    status_fr: str | None
    status_en: str | None
    owner: str | None


@dataclass(frozen=True, slots=True)
class ExportedCompany:
    """A company, as a row of the file."""

    company: Company
    owner: str | None


def _owner(model: type[Contact | Company]) -> Any:
    return and_(User.workspace_id == model.workspace_id, User.id == model.assigned_to)


class DirectoryExportRepository(Repository):
    """Entries of the session's workspace, for files."""

    def contacts(self, wanted: ContactCriteria, sort: str) -> AsyncIterator[Sequence[ExportedContact]]:
        """Every row of the list, as `streamed`."""
        statement = (
            select(Contact, Company.name, ContactStatus.label_fr, ContactStatus.label_en, User.email)
            .join(Company, and_(Company.workspace_id == Contact.workspace_id, Company.id == Contact.company_id))
            .outerjoin(
                ContactStatus,
                and_(ContactStatus.workspace_id == Contact.workspace_id, ContactStatus.code == Contact.status),
            )
            .outerjoin(User, _owner(Contact))
        )
        sorts = {name: key.column for name, key in CONTACT_SORTS.items()}
        return streamed(self.session, narrowed_contacts(statement, wanted), sort, sorts, Contact.id, ExportedContact)

    def companies(self, wanted: CompanyCriteria, sort: str) -> AsyncIterator[Sequence[ExportedCompany]]:
        """Every row of the list, as `streamed`."""
        statement = select(Company, User.email).outerjoin(User, _owner(Company))
        sorts = {name: key.column for name, key in COMPANY_SORTS.items()}
        return streamed(self.session, narrowed_companies(statement, wanted), sort, sorts, Company.id, ExportedCompany)
