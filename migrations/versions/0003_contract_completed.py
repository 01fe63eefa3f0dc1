"""Contacts have an external id, the partner's own key; an API key has a version, its ETag.

Revision: 0003_contract_completed
After: 0001_first_schema
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003_contract_completed"
down_revision: str | None = "0001_first_schema"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.add_column("contacts", sa.Column("external_id", sa.Text(), nullable=True))
    op.create_index(
        "uq_contacts_workspace_id_external_id",
        "contacts",
        ["workspace_id", "external_id"],
        unique=True,
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.add_column("api_keys", sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    op.alter_column("api_keys", "version", server_default=None)


def downgrade() -> None:
    """Revert."""
    op.drop_column("api_keys", "version")
    op.drop_index(
        "uq_contacts_workspace_id_external_id",
        table_name="contacts",
        postgresql_where=sa.text("external_id IS NOT NULL"),
    )
    op.drop_column("contacts", "external_id")
