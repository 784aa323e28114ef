"""Triggers that let rows be added to a table and refuse every other change."""

from alembic import op

_REASON = "Scenarios are only ever added to."


def forbid_changes(table: str) -> None:
    """Make a table refuse updates and deletes, on SQLite and PostgreSQL."""
    if op.get_bind().dialect.name == "sqlite":
        for what in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{what} BEFORE {what.upper()} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{_REASON}'); END"
            )
        return
    op.execute(
        "CREATE OR REPLACE FUNCTION zonewright_no_change() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REASON}'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION zonewright_no_change()"
    )
