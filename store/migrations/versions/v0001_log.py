"""Version 1: scenarios and the log of their events."""

import sqlalchemy as sa
from alembic import op

from store.migrations.append_only import forbid_changes

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "scenario",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("authority", sa.Text, nullable=False, index=True),
        sa.Column("vintage", sa.Text, nullable=False),
        sa.Column("geography", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("baseline", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("parent", sa.Text, sa.ForeignKey("scenario.id")),
        sa.Column("parent_seq", sa.Integer),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("made", sa.Text, nullable=False),
    )
    op.create_table(
        "event",
        sa.Column("scenario_id", sa.Text, sa.ForeignKey("scenario.id"), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("client", sa.Text, nullable=False),
        sa.Column("client_n", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("made", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("scenario_id", "seq"),
        sa.UniqueConstraint("scenario_id", "client", "client_n"),
    )
    forbid_changes("scenario")
    forbid_changes("event")
