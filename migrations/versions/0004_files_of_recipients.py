"""files of recipients

Revision: 0004_files_of_recipients
After: 0003_contract_completed
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0004_files_of_recipients"
down_revision: str | None = "0003_contract_completed"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply."""
    op.add_column("files", sa.Column("link_id", sa.Uuid(), nullable=True))
    op.add_column("files", sa.Column("subject_kind", sa.Text(), nullable=True))
    op.add_column("files", sa.Column("subject_id", sa.Uuid(), nullable=True))
    op.alter_column("files", "created_by", existing_type=sa.UUID(), nullable=True)
    op.alter_column("files", "expires_at", existing_type=postgresql.TIMESTAMP(timezone=True), nullable=True)
    op.create_index(
        "ix_files_link",
        "files",
        ["workspace_id", "link_id"],
        unique=False,
        postgresql_where=sa.text("link_id IS NOT NULL"),
    )
    op.create_index(
        "ix_files_subject",
        "files",
        ["workspace_id", "subject_kind", "subject_id"],
        unique=False,
        postgresql_where=sa.text("subject_id IS NOT NULL"),
    )
    op.create_check_constraint(op.f("ck_files_origin"), "files", "num_nonnulls(created_by, link_id) = 1")
    op.create_check_constraint(op.f("ck_files_subject"), "files", "(subject_kind IS NULL) = (subject_id IS NULL)")
    op.create_check_constraint(op.f("ck_files_kept"), "files", "subject_kind IS NOT NULL OR expires_at IS NOT NULL")
    op.create_foreign_key(
        op.f("fk_files_workspace_id_link_id"),
        "files",
        "action_links",
        ["workspace_id", "link_id"],
        ["workspace_id", "id"],
    )


def downgrade() -> None:
    """Revert."""
    # What came through a link has no place in the table as it was.
    op.execute("DELETE FROM files WHERE created_by IS NULL")
    op.drop_constraint(op.f("ck_files_kept"), "files", type_="check")
    op.drop_constraint(op.f("ck_files_subject"), "files", type_="check")
    op.drop_constraint(op.f("ck_files_origin"), "files", type_="check")
    op.execute("UPDATE files SET expires_at = now() WHERE expires_at IS NULL")
    op.drop_constraint(op.f("fk_files_workspace_id_link_id"), "files", type_="foreignkey")
    op.drop_index("ix_files_subject", table_name="files", postgresql_where=sa.text("subject_id IS NOT NULL"))
    op.drop_index("ix_files_link", table_name="files", postgresql_where=sa.text("link_id IS NOT NULL"))
    op.alter_column("files", "expires_at", existing_type=postgresql.TIMESTAMP(timezone=True), nullable=False)
    op.alter_column("files", "created_by", existing_type=sa.UUID(), nullable=False)
    op.drop_column("files", "subject_id")
    op.drop_column("files", "subject_kind")
    op.drop_column("files", "link_id")
