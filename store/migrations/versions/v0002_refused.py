"""Version 2: what was not taken is kept with its answer."""

import sqlalchemy as sa
from alembic import op

from store.migrations.append_only import forbid_changes

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "refused",
        sa.Column("scenario_id", sa.Text, sa.ForeignKey("scenario.id"), nullable=False),
        sa.Column("client", sa.Text, nullable=False),
        sa.Column("client_n", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("branch", sa.Text, sa.ForeignKey("scenario.id")),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("made", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("scenario_id", "client", "client_n"),
    )
    forbid_changes("refused")
