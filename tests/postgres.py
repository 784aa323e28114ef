"""A PostgreSQL for tests: the one that ZONEWRIGHT_TEST_DATABASE names, or a throw-away one.

The throw-away one is made in a temporary folder, listens on a socket in it and nowhere else, and
is stopped and removed at the end. PostgreSQL refuses to run as root: there it runs as `postgres`.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

TEST_DATABASE = "ZONEWRIGHT_TEST_DATABASE"
WAIT_S = 60


@contextmanager
def served() -> Iterator[str]:
    """Give the address of a server, or skip the test with the reason."""
    named = os.environ.get(TEST_DATABASE)
    if named:
        yield named.replace("postgresql://", "postgresql+psycopg://")
        return
    programs = _programs()
    if programs is None:
        pytest.skip(f"PostgreSQL is not installed, and {TEST_DATABASE} names none")
    user = "postgres" if hasattr(os, "geteuid") and os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="zw-pg-", dir="/tmp"))  # a socket's path must be short
    try:
        if user:
            shutil.chown(folder, user)
        with _running(programs, folder, user):
            yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def fresh(server: str) -> Iterator[str]:
    """Give the address of an empty schema of that server, and drop it at the end."""
    schema = f"test_{uuid4().hex}"
    engine = sa.create_engine(server, poolclass=sa.NullPool)
    with engine.begin() as link:
        link.execute(sa.schema.CreateSchema(schema))
    try:
        joined = "&" if "?" in server else "?"
        yield f"{server}{joined}options=-csearch_path%3D{schema}"
    finally:
        with engine.begin() as link:
            link.execute(sa.schema.DropSchema(schema, cascade=True))


def _programs() -> Path | None:
    """Find the folder that has initdb and pg_ctl."""
    named = shutil.which("initdb")
    folders = [Path(named).resolve().parent] if named else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((f for f in folders if (f / "pg_ctl").exists() and (f / "initdb").exists()), None)


@contextmanager
def _running(programs: Path, folder: Path, user: str | None) -> Iterator[None]:
    data = folder / "data"
    settings = f"-k {folder} -c listen_addresses='' -c max_connections=50"
    ctl = [str(programs / "pg_ctl"), "-D", str(data), "-w", "-t", str(WAIT_S)]
    initdb = [str(programs / "initdb"), "-D", str(data), "-A", "trust", "-U", "postgres"]
    try:
        _run([*initdb, "-E", "UTF8", "--no-sync"], folder, user)
        _run([*ctl, "-l", str(folder / "log"), "-o", settings, "start"], folder, user)
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"PostgreSQL could not be started: {error}")
    try:
        yield
    finally:
        with suppress(subprocess.SubprocessError):
            _run([*ctl, "-m", "immediate", "stop"], folder, user)


def _run(words: list[str], folder: Path, user: str | None) -> None:
    subprocess.run(
        words, cwd=folder, user=user, check=True, timeout=WAIT_S,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
