"""why forms expire

Revision: 0015_why_forms_expire
After: 0010_attachments
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0015_why_forms_expire"
down_revision: str | None = "0010_attachments"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.add_column("prequalifications", sa.Column("expiry_reason", sa.Text(), nullable=True))
    # Until now a form expired in one way only.
    op.execute("UPDATE prequalifications SET expiry_reason = 'validity_over' WHERE form_status = 'expired'")
    op.create_check_constraint(
        op.f("ck_prequalifications_expiry_reason"),
        "prequalifications",
        "expiry_reason IN ('validity_over', 'identity_changed')",
    )


def downgrade() -> None:
    """Revert."""
    op.drop_constraint(op.f("ck_prequalifications_expiry_reason"), "prequalifications")
    op.drop_column("prequalifications", "expiry_reason")
