"""The directory's tables."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Index
from sqlalchemy.orm import Mapped, mapped_column

from relance.core.db import Base, Versioned, WorkspaceOwned, owned_reference
from relance.core.search import folded, trigram_index


class Company(WorkspaceOwned, Versioned, Base):
    """A company outside: a partner, a client, a small company of a mandate."""

    __tablename__ = "companies"

    name: Mapped[str]
    #: ISO 3166-1 alpha-2, of the identifier where there is one.
    country: Mapped[str | None]
    id_scheme: Mapped[str | None]
    #: The identifier without spaces or punctuation.
    id_value: Mapped[str | None]
    #: What two companies must not share: the SIREN of a SIREN or a SIRET, else scheme, country and value.
    match_key: Mapped[str | None]
    external_id: Mapped[str | None]
    registered_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Contact(WorkspaceOwned, Versioned, Base):
    """A person at a company. The same address may be known at several companies (an accountant, for one)."""

    __tablename__ = "contacts"
    __table_args__ = (owned_reference("company_id", "companies"),)

    company_id: Mapped[UUID]
    first_name: Mapped[str]
    last_name: Mapped[str]
    email: Mapped[str | None]
    #: E.164, `+33142685300` for one.
    phone: Mapped[str | None]
    external_id: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    locale: Mapped[str]
    created_at: Mapped[datetime]


#: What `q` searches besides the identifiers, and what lists are sorted by; both have an index on this very form.
COMPANY_NAME: ColumnElement[str] = folded(Company.name)
CONTACT_NAME: ColumnElement[str] = folded(Contact.last_name)
CONTACT_FIRST_NAME: ColumnElement[str] = folded(Contact.first_name)

Index(
    "uq_companies_workspace_id_match_key",
    Company.workspace_id,
    Company.match_key,
    unique=True,
    postgresql_where=Company.match_key.is_not(None),
)
Index(
    "uq_companies_workspace_id_external_id",
    Company.workspace_id,
    Company.external_id,
    unique=True,
    postgresql_where=Company.external_id.is_not(None),
)
Index("ix_companies_workspace_id_name", Company.workspace_id, COMPANY_NAME, Company.id)
trigram_index("ix_companies_name_trigrams", COMPANY_NAME)
Index(
    "ix_companies_id_value_trigrams",
    Company.id_value,
    postgresql_using="gin",
    postgresql_ops={"id_value": "gin_trgm_ops"},
)
Index(
    "uq_contacts_workspace_id_company_id_email",
    Contact.workspace_id,
    Contact.company_id,
    Contact.email,
    unique=True,
    postgresql_where=Contact.email.is_not(None),
)
Index(
    "uq_contacts_workspace_id_external_id",
    Contact.workspace_id,
    Contact.external_id,
    unique=True,
    postgresql_where=Contact.external_id.is_not(None),
)
Index("ix_contacts_workspace_id_company_id", Contact.workspace_id, Contact.company_id, Contact.id)
Index("ix_contacts_workspace_id_email", Contact.workspace_id, Contact.email)
Index("ix_contacts_workspace_id_last_name", Contact.workspace_id, CONTACT_NAME, Contact.id)
trigram_index("ix_contacts_last_name_trigrams", CONTACT_NAME)
trigram_index("ix_contacts_first_name_trigrams", CONTACT_FIRST_NAME)
Index("ix_contacts_email_trigrams", Contact.email, postgresql_using="gin", postgresql_ops={"email": "gin_trgm_ops"})
