"""bodies cheaply kept

Revision: 0027_bodies_cheaply_kept
After: 0026_toolbox_of_the_crm
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0027_bodies_cheaply_kept"
down_revision: str | None = "0026_toolbox_of_the_crm"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    """Apply.

    PostgreSQL's own compression costs a third of a millisecond a mail, in the transaction that all mails wait for. LZ4
    costs nothing to speak of; a server that was built without it keeps the bodies as they are, twice as large. What a
    mail is filled with, which lives until it is rendered, stays in its row.

    An invitation changes often in columns that no index holds: where its page has room, no index is written for that.
    """
    op.execute(
        """
        DO $$ BEGIN
            ALTER TABLE message_bodies ALTER text SET COMPRESSION lz4, ALTER html SET COMPRESSION lz4;
        EXCEPTION WHEN feature_not_supported THEN
            ALTER TABLE message_bodies ALTER text SET STORAGE EXTERNAL, ALTER html SET STORAGE EXTERNAL;
        END $$
        """
    )
    op.execute("ALTER TABLE message_bodies SET (toast_tuple_target = 8160)")
    op.execute("ALTER TABLE invitations SET (fillfactor = 70)")


def downgrade() -> None:
    """Revert."""
    op.execute("ALTER TABLE invitations RESET (fillfactor)")
    op.execute("ALTER TABLE message_bodies RESET (toast_tuple_target)")
    op.execute(
        "ALTER TABLE message_bodies ALTER text SET STORAGE EXTENDED, ALTER html SET STORAGE EXTENDED, "
        "ALTER text SET COMPRESSION default, ALTER html SET COMPRESSION default"
    )
