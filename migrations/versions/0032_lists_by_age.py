"""companies and contacts by their age

Revision: 0032_lists_by_age
After: 0031_contacts_by_last_action
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0032_lists_by_age"
down_revision: str | None = "0031_contacts_by_last_action"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Lists that are sorted by `created_at` were sorted as a whole for each page."""
    for table in ("companies", "contacts"):
        op.create_index(f"ix_{table}_created", table, ["workspace_id", "created_at", "id"])


def downgrade() -> None:
    """Without them."""
    for table in ("companies", "contacts"):
        op.drop_index(f"ix_{table}_created", table)
