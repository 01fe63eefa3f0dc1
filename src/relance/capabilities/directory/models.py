"""The directory's tables."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Computed,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
    literal_column,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from relance.core.db import Base, Versioned, WorkspaceOwned, owned_reference
from relance.core.search import folded, trigram_index


def _words_of(*columns: str) -> Computed:
    """What `q` searches, folded once when the row is written: a search then reads no more than this column."""
    # The text of a list in JSON, without what JSON puts between its items: nobody searches for a bracket.
    shown = [f"translate({name}::text, '[]\",', '')" if name.startswith("other_") else name for name in columns]
    joined = " || ' ' || ".join(f"coalesce({one}, '')" for one in shown)
    return Computed(f"relance_fold({joined})", persisted=True)


class _Reachable:
    """Mixin of what has addresses, an owner and the workspace's own fields."""

    #: The address that mails go to.
    email: Mapped[str | None]
    other_emails: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    #: E.164, `+33142685300` for one.
    phone: Mapped[str | None]
    other_phones: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    #: The user who looks after it.
    assigned_to: Mapped[UUID | None]
    tags: Mapped[list[str]] = mapped_column(default=list, server_default="[]")
    #: Values of the workspace's own fields, by name; they fit the schema in `custom_field_schemas`.
    custom_fields: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")


class Company(WorkspaceOwned, _Reachable, Versioned, Base):
    """A company outside: a partner, a client, a small company of a mandate."""

    __tablename__ = "companies"
    __table_args__ = (owned_reference("assigned_to", "users"),)

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
    #: The import that made it, so that it can be taken back with what it was made for.
    import_id: Mapped[UUID | None]

    @declared_attr
    def search_text(self) -> Mapped[str]:
        """See `_words_of`."""
        columns = ("name", "id_value", "external_id", "email", "other_emails", "phone", "other_phones")
        return mapped_column(Text(), _words_of(*columns), deferred=True)


class ContactStatus(WorkspaceOwned, Versioned, Base):
    """A status that contacts may have: the workspace's own list."""

    __tablename__ = "contact_statuses"
    __table_args__ = (
        UniqueConstraint("workspace_id", "code"),
        Index("ix_contact_statuses_position", "workspace_id", "position", "id"),
    )

    #: What a contact's row and the API name it by; it never changes.
    code: Mapped[str]
    label_fr: Mapped[str]
    label_en: Mapped[str]
    #: Its place in the list.
    position: Mapped[int]


class Contact(WorkspaceOwned, _Reachable, Versioned, Base):
    """A person at a company. The same address may be known at several companies (an accountant, for one)."""

    __tablename__ = "contacts"
    __table_args__ = (
        owned_reference("company_id", "companies"),
        owned_reference("assigned_to", "users"),
        ForeignKeyConstraint(["workspace_id", "status"], ["contact_statuses.workspace_id", "contact_statuses.code"]),
    )

    company_id: Mapped[UUID]
    first_name: Mapped[str]
    last_name: Mapped[str]
    external_id: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)
    #: The code of one of the workspace's statuses.
    status: Mapped[str | None]
    locale: Mapped[str]
    created_at: Mapped[datetime]
    #: When somebody last did something with the contact; no change of the version.
    last_action_at: Mapped[datetime | None]

    # How the contact stands to its consent; its lifecycle is that of `crm_toolbox.gdpr`.
    gdpr_status: Mapped[str] = mapped_column(default="none", server_default="none")
    gdpr_since: Mapped[datetime | None]
    #: When it is going to be emptied; null where nothing is planned.
    gdpr_empties_at: Mapped[datetime | None]
    #: When, how and by which words the consent in force was given or refused; nothing that says by whom outside.
    gdpr_proof: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    #: Counts the changes of the status: the cycle of its mails and follow-ups.
    gdpr_cycle: Mapped[int] = mapped_column(default=0, server_default="0")
    #: Since when nothing of the person is left in it.
    emptied_at: Mapped[datetime | None]

    @declared_attr
    def search_text(self) -> Mapped[str]:
        """See `_words_of`."""
        columns = ("first_name", "last_name", "email", "other_emails", "phone", "other_phones")
        return mapped_column(Text(), _words_of(*columns), deferred=True)


class ForgottenPerson(WorkspaceOwned, Base):
    """A key by which somebody was known who was erased: a keyed hash, so that nobody reads who it was."""

    __tablename__ = "forgotten_people"
    __table_args__ = (UniqueConstraint("workspace_id", "key_hash"),)

    key_hash: Mapped[bytes] = mapped_column(LargeBinary)
    forgotten_at: Mapped[datetime]


class ConsentRecord(WorkspaceOwned, Base):
    """One thing that happened to a person's consent: the proof. Written once; it outlives the contact's row."""

    __tablename__ = "consent_records"
    __table_args__ = (Index("ix_consent_records_contact", "workspace_id", "contact_id", "id"),)

    contact_id: Mapped[UUID]
    #: As the journal calls it: `consent.accepted` for one.
    action: Mapped[str]
    at: Mapped[datetime]
    #: `link`, `user` or `worker`.
    how: Mapped[str]
    #: The user, or the link.
    actor_id: Mapped[UUID | None]
    #: The version of the words that were shown.
    wording: Mapped[str | None]
    locale: Mapped[str | None]
    #: Of whoever asked without a mail, or took an erased person in again.
    justification: Mapped[str | None]


class CustomFieldSchema(WorkspaceOwned, Versioned, Base):
    """The fields that a workspace adds to its contacts or companies."""

    __tablename__ = "custom_field_schemas"
    __table_args__ = (
        UniqueConstraint("workspace_id", "record"),
        CheckConstraint("record IN ('contacts', 'companies')", name="record"),
    )

    record: Mapped[str]
    json_schema: Mapped[dict[str, Any]]
    changed_at: Mapped[datetime]


class SavedView(WorkspaceOwned, Versioned, Base):
    """Filters and an order of a list that a user has kept under a name."""

    __tablename__ = "saved_views"
    __table_args__ = (
        owned_reference("user_id", "users"),
        UniqueConstraint("workspace_id", "user_id", "record", "name"),
        CheckConstraint("record IN ('contacts', 'companies')", name="record"),
    )

    user_id: Mapped[UUID]
    record: Mapped[str]
    name: Mapped[str]
    #: The query parameters of the list.
    filters: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]


#: What lists are sorted by, and what other rooms search; both have an index on this very form.
COMPANY_NAME: ColumnElement[str] = folded(Company.name)
CONTACT_NAME: ColumnElement[str] = folded(Contact.last_name)
CONTACT_FIRST_NAME: ColumnElement[str] = folded(Contact.first_name)
#: With whom nothing was done yet comes before all others.
_NEVER = literal_column("'1970-01-01 00:00:00+00'::timestamptz", TIMESTAMP(timezone=True))
CONTACT_LAST_ACTION: ColumnElement[datetime] = func.coalesce(Contact.last_action_at, _NEVER)


def _unique_where_given(model: type[Company | Contact], *columns: str) -> None:
    Index(
        f"uq_{model.__tablename__}_workspace_id_{'_'.join(columns)}",
        model.workspace_id,
        *(getattr(model, name) for name in columns),
        unique=True,
        postgresql_where=getattr(model, columns[-1]).is_not(None),
    )


def _indexes_of(model: type[Company | Contact]) -> None:
    table = model.__tablename__
    _unique_where_given(model, "external_id")
    Index(
        f"ix_{table}_search_trigrams",
        model.search_text,
        postgresql_using="gin",
        postgresql_ops={"search_text": "gin_trgm_ops"},
    )
    for name in ("tags", "custom_fields", "other_emails"):
        Index(
            f"ix_{table}_{name}", getattr(model, name), postgresql_using="gin", postgresql_ops={name: "jsonb_path_ops"}
        )
    Index(
        f"ix_{table}_assigned_to",
        model.workspace_id,
        model.assigned_to,
        model.id,
        postgresql_where=model.assigned_to.is_not(None),
    )
    Index(f"ix_{table}_workspace_id_email", model.workspace_id, model.email)
    Index(f"ix_{table}_created", model.workspace_id, model.created_at, model.id)


_indexes_of(Company)
_indexes_of(Contact)
_unique_where_given(Company, "match_key")
_unique_where_given(Contact, "company_id", "email")
Index("ix_companies_workspace_id_name", Company.workspace_id, COMPANY_NAME, Company.id)
trigram_index("ix_companies_name_trigrams", COMPANY_NAME)
Index(
    "ix_companies_import",
    Company.workspace_id,
    Company.import_id,
    Company.id,
    postgresql_where=Company.import_id.is_not(None),
)
Index(
    "ix_companies_id_value_trigrams",
    Company.id_value,
    postgresql_using="gin",
    postgresql_ops={"id_value": "gin_trgm_ops"},
)
Index("ix_contacts_workspace_id_company_id", Contact.workspace_id, Contact.company_id, Contact.id)
Index("ix_contacts_workspace_id_last_name", Contact.workspace_id, CONTACT_NAME, Contact.id)
Index("ix_contacts_last_action_at", Contact.workspace_id, CONTACT_LAST_ACTION, Contact.id)
Index("ix_contacts_status", Contact.workspace_id, Contact.status, postgresql_where=Contact.status.is_not(None))
Index("ix_contacts_gdpr", Contact.workspace_id, Contact.gdpr_status, postgresql_where=Contact.gdpr_status != "none")
Index(
    "ix_contacts_gdpr_empties_at",
    Contact.workspace_id,
    Contact.gdpr_empties_at,
    postgresql_where=Contact.gdpr_empties_at.is_not(None),
)
