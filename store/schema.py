"""The tables that scenarios are kept in. Rows are added and never changed: triggers see to it.

How the tables came to be, step by step, stands in `store/migrations`; a test holds both against
each other.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData()

SCENARIO = Table(
    "scenario",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("authority", Text, nullable=False, index=True),
    Column("vintage", Text, nullable=False),
    Column("geography", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("baseline", Text, nullable=False),  # JSON: the plan as it was then, with its title
    Column("note", Text, nullable=False),
    Column("parent", Text, ForeignKey("scenario.id")),
    Column("parent_seq", Integer),
    Column("who", Text, nullable=False),
    Column("made", Text, nullable=False),
)
"""What a scenario starts from. A branch goes on from its parent's event `parent_seq`."""

EVENT = Table(
    "event",
    METADATA,
    Column("scenario_id", Text, ForeignKey("scenario.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("client", Text, nullable=False),
    Column("client_n", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),  # JSON
    Column("who", Text, nullable=False),
    Column("made", Text, nullable=False),
    Column("hash", Text, nullable=False),
    PrimaryKeyConstraint("scenario_id", "seq"),
    UniqueConstraint("scenario_id", "client", "client_n"),
)
"""What happened to a scenario, in order; each hash covers the event and the hash before."""

REFUSED = Table(
    "refused",
    METADATA,
    Column("scenario_id", Text, ForeignKey("scenario.id"), nullable=False),
    Column("client", Text, nullable=False),
    Column("client_n", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("branch", Text, ForeignKey("scenario.id")),
    Column("who", Text, nullable=False),
    Column("made", Text, nullable=False),
    PrimaryKeyConstraint("scenario_id", "client", "client_n"),
)
"""What a browser sent and the scenario did not take, so that it is answered alike when it is sent
again; `branch` is the scenario that took it in its place."""
