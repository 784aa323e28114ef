"""The database of scenarios: a SQLite file by default, PostgreSQL by one URL.

What was written is on the disk when `writing` ends: SQLite keeps a write-ahead log that it forces
to the disk at every commit, PostgreSQL is asked to. Whatever goes wrong with disk, file or server
is one `StoreError` that says what to do; nothing was saved then, and what was saved before stays.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, SQLAlchemyError
from sqlalchemy.pool import QueuePool

from geo.errors import StoreError
from store.folder import STORE_VARIABLE, store_folder

DATABASE_VARIABLE = "ZONEWRIGHT_DATABASE"
FILE = "scenarios.sqlite"
VERSIONS = ("0001", "0002")
"""Of the tables, oldest first; the last is the one that this Zonewright works with."""

WAIT_S = 10.0
"""How long to wait while somebody else writes, or for a server to answer."""

STAYS = "Nothing was saved; what was painted stays in the browser."

_VERSION_TABLE = "zonewright_version"
_MIGRATIONS = Path(__file__).resolve().parent / "migrations"
_ONE_AT_A_TIME = 0x5A4F4E45  # names our lock in a PostgreSQL database that others may use too


@dataclass(frozen=True)
class Database:
    """A database whose tables are of this version.

    Parameters
    ----------
    name
        What messages call it: the file, or the address without its password.
    """

    name: str
    engine: sa.Engine
    path: Path | None = None

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Read, all of it as it stood at one moment on SQLite.

        Raises
        ------
        StoreError
            When it cannot be reached or read.
        """
        with self._faults_told(), self.engine.begin() as link:
            yield link

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Write all or nothing; on SQLite nobody else writes meanwhile.

        What was written is on the disk when this ends without an error.

        Raises
        ------
        StoreError
            When it cannot be reached or written. Nothing was written then.
        """
        writer = self.engine.execution_options(writing=True)
        with self._faults_told(), writer.begin() as link:
            if link.dialect.name == "postgresql":
                wait = f"SET LOCAL lock_timeout = '{WAIT_S:.0f}s'"
                link.exec_driver_sql(f"{wait}; SET LOCAL synchronous_commit = on")
            yield link

    def close(self) -> None:
        """Let go of all connections; the next use opens new ones."""
        self.engine.dispose()

    @contextmanager
    def _faults_told(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise _fault(self, error.orig) from error
        except sqlite3.Error as error:  # from setting up a connection
            raise _fault(self, error) from error
        except SQLAlchemyError as error:
            raise StoreError(
                f"{self.name} cannot be used: {_line(error)}.", remedy=f"Try again. {STAYS}"
            ) from error


def database_url() -> str:
    """Say where scenarios are kept: ZONEWRIGHT_DATABASE, or else a file in the store's folder."""
    named = os.environ.get(DATABASE_VARIABLE, "").strip()
    return named or f"sqlite:///{store_folder() / FILE}"


def open_database(url: str) -> Database:
    """Open a database; make its tables where it has none, and bring older ones up to date.

    Raises
    ------
    StoreError
        When the address is none, the database cannot be reached or made, or its tables are of a
        later version.
    """
    read = _url(url)
    is_file = read.get_backend_name() == "sqlite"
    database = _sqlite(read) if is_file else _postgresql(read)
    try:
        _bring_up_to_date(database)
    except StoreError:
        database.close()
        raise
    return database


def _url(text: str) -> URL:
    remedy = (
        f"Write {DATABASE_VARIABLE} as postgresql://user:password@host/database or "
        "sqlite:////folder/file.sqlite, or leave it out."
    )
    try:
        url = make_url(text)
        backend = url.get_backend_name()
    except (ArgumentError, ValueError) as error:
        found = f"{DATABASE_VARIABLE} is no address of a database."
        raise StoreError(found, remedy=remedy) from error
    if backend == "sqlite" and url.database not in (None, "", ":memory:"):
        return url
    if backend in ("postgresql", "postgres"):
        return url.set(drivername="postgresql+psycopg")
    raise StoreError(
        f"Scenarios are kept in a SQLite file or in PostgreSQL, not in '{url.drivername}'"
        f"{' without a file' if backend == 'sqlite' else ''}.",
        remedy=remedy,
    )


def _postgresql(url: URL) -> Database:
    try:
        engine = sa.create_engine(
            url, pool_pre_ping=True, connect_args={"connect_timeout": int(WAIT_S)}
        )
    except ImportError as error:
        raise StoreError(
            "PostgreSQL wants the package psycopg, which is not installed.",
            remedy="Install zonewright[postgres].",
        ) from error
    name = url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)
    return Database(f"The database {name}", engine)


def _sqlite(url: URL) -> Database:
    path, is_read_only = _file_of(url)
    name = f"The file of scenarios {path}"
    if not is_read_only:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()  # an empty file is an empty database
        except OSError as error:
            if not path.is_file():
                raise StoreError(
                    f"{name} cannot be made: {error.strerror}.", remedy=f"{_ALLOW} {STAYS}"
                ) from error
    engine = sa.create_engine(
        "sqlite+pysqlite://",
        creator=_connector(path, is_read_only=is_read_only),
        poolclass=QueuePool,
    )
    sa.event.listen(engine, "begin", _begin)
    sa.event.listen(engine, "connect", lambda _, record: record.info.update(file=_identity(path)))
    sa.event.listen(engine, "checkout", _same_file(path))
    return Database(name, engine, path)


def _file_of(url: URL) -> tuple[Path, bool]:
    """Give the path, and whether the address asks for reading only."""
    named, _, query = (url.database or "").removeprefix("file:").partition("?")
    mode = parse_qs(query).get("mode", [url.query.get("mode", "")])[0]
    return Path(named).expanduser().absolute(), mode == "ro"


def _connector(path: Path, *, is_read_only: bool) -> Callable[[], sqlite3.Connection]:
    def connect() -> sqlite3.Connection:
        """Open the file as it can be opened; it is never made here, where it may have been lost."""
        link = _open(path, "mode=ro" if is_read_only else "mode=rw")
        try:
            _set_up(link)
        except sqlite3.OperationalError as error:
            link.close()
            if not _is_left_tidy(path) or error.sqlite_errorname.startswith("SQLITE_BUSY"):
                raise
            # A folder that may not be written to has no room for the files that readers share.
            link = _open(path, "mode=ro&immutable=1")
            _set_up(link)
        return link

    return connect


def _open(path: Path, how: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.as_uri()}?{how}",
        uri=True,
        timeout=WAIT_S,
        isolation_level=None,  # transactions begin where `_begin` says so, and nowhere else
        check_same_thread=False,  # the pool hands a connection to one thread at a time
    )


def _set_up(link: sqlite3.Connection) -> None:
    """Ask for a write-ahead log, and that a commit is on the disk when it returns."""
    end = time.monotonic() + WAIT_S
    while link.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            if link.execute("PRAGMA journal_mode = wal").fetchone()[0] != "wal":
                break  # some file systems cannot; the plain journal is as sound, and slower
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname.startswith("SQLITE_READONLY"):
                break
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > end:
                raise
            time.sleep(0.01)  # another process is just making the same file: it waits for nobody
    for setting in (
        "synchronous = full",
        "fullfsync = on",  # macOS, where fsync alone does not reach the disk
        "foreign_keys = on",
        "recursive_triggers = on",  # or REPLACE would slip past the triggers
        "trusted_schema = off",  # the file may come from anybody
    ):
        link.execute(f"PRAGMA {setting}")


def _is_left_tidy(path: Path) -> bool:
    """Say whether the file alone holds everything: no write-ahead log waits beside it."""
    log = path.with_name(f"{path.name}-wal")
    try:
        return path.stat().st_size > 0 and not (log.exists() and log.stat().st_size)
    except OSError:
        return False


def _begin(link: sa.Connection) -> None:
    """Begin as a writer where one will write: two that became writers midway would lock up."""
    is_writer = link.get_execution_options().get("writing")
    link.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")


def _same_file(path: Path) -> Callable[[Any, Any, Any], None]:
    def check(_: Any, record: Any, __: Any) -> None:
        """Drop a connection whose file was replaced, or what it writes would be lost with it."""
        if record.info.get("file") != _identity(path):
            raise DisconnectionError

    return check


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _bring_up_to_date(database: Database) -> None:
    with database.reading() as link:
        if _is_current(link, database.name):
            return
    with database.writing() as link:
        if link.dialect.name == "postgresql":
            link.execute(sa.select(sa.func.pg_advisory_xact_lock(_ONE_AT_A_TIME)))
        if not _is_current(link, database.name):  # another process may have been quicker
            _migrate(link)


def _is_current(link: sa.Connection, name: str) -> bool:
    """Say whether the tables are of the newest version that is known here."""
    version = _version(link)
    if version is not None and version not in VERSIONS:
        raise StoreError(
            f"{name} is of version {version}; this Zonewright knows up to {VERSIONS[-1]}.",
            remedy=f"Use the newest Zonewright that was used here. {STAYS}",
        )
    return version == VERSIONS[-1]


def _version(link: sa.Connection) -> str | None:
    """Give the version of the tables, None where there are none."""
    if not sa.inspect(link).has_table(_VERSION_TABLE):
        return None
    found = link.execute(sa.text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar()  # noqa: S608
    return None if found is None else str(found)


def _migrate(link: sa.Connection) -> None:
    """Take the steps from the version that is there, all in the transaction of `link`."""
    from alembic.operations import Operations  # noqa: PLC0415  a database is nearly always current
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    script = ScriptDirectory(str(_MIGRATIONS))
    context = MigrationContext.configure(link, opts={"version_table": _VERSION_TABLE})
    with Operations.context(context):
        steps = list(script.iterate_revisions("head", _version(link) or "base"))
        for step in reversed(steps):
            step.module.upgrade()
        context.stamp(script, "head")


_ALLOW = f"Allow writing there, or correct {STORE_VARIABLE} or {DATABASE_VARIABLE}."


def _fault(database: Database, error: BaseException | None) -> StoreError:
    if isinstance(error, sqlite3.Error):
        return _sqlite_fault(database, error)
    return _server_fault(database, error)


def _sqlite_fault(database: Database, error: sqlite3.Error) -> StoreError:
    """Tell what went wrong with the file; codes are those of https://sqlite.org/rescode.html."""
    code = getattr(error, "sqlite_errorname", "")
    gone = database.path is not None and not database.path.exists()
    for starts, found, remedy in (
        ("SQLITE_FULL", "has no room: its disk is full.", "Free some of the disk."),
        ("SQLITE_READONLY", "cannot be written to; it can still be read.", _ALLOW),
        ("SQLITE_BUSY", f"is held by another program for {WAIT_S:.0f} seconds.", "Try again."),
        ("SQLITE_LOCKED", "is held by another session.", "Try again."),
        ("SQLITE_CORRUPT", "is damaged.", _RESTORE),
        ("SQLITE_NOTADB", "is damaged, or is no file of scenarios.", _RESTORE),
        (
            "SQLITE_CANTOPEN",
            "is no longer there." if gone else "cannot be opened.",
            _RESTORE if gone else _ALLOW,
        ),
        ("SQLITE_IOERR", "cannot be read from or written to its disk.", "Check the disk."),
        ("", f"does not do what was asked ({_line(error)}).", _RESTORE),
    ):
        if code.startswith(starts):
            return StoreError(f"{database.name} {found}", remedy=f"{remedy} {STAYS}")
    raise AssertionError(code)  # every code starts with nothing


_RESTORE = f"Put its last good copy in its place, or name another by {DATABASE_VARIABLE}."


def _server_fault(database: Database, error: BaseException | None) -> StoreError:
    """Tell what went wrong with the server; codes are those of PostgreSQL's appendix A."""
    code = getattr(error, "sqlstate", None) or ""
    for starts, found, remedy in (
        ("53100", "has no room: its disk is full.", "Free some of the disk."),
        ("25006", "cannot be written to; it can still be read.", "Ask who runs it."),
        ("55P03", f"is held by another session for {WAIT_S:.0f} seconds.", "Try again."),
        ("42501", "does not allow this user to do that.", "Ask who runs it."),
        ("", f"cannot be reached or used ({_line(error)}).", "Is the server up? Try again."),
    ):
        if code.startswith(starts):
            return StoreError(f"{database.name} {found}", remedy=f"{remedy} {STAYS}")
    raise AssertionError(code)  # every code starts with nothing


def _line(error: BaseException | None) -> str:
    """Give the first line of somebody else's message, without its full stop."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200].rstrip(". ")
