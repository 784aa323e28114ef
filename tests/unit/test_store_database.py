"""The database of scenarios: made once, brought up to date, and readable when it goes wrong."""

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from analysis.events import Edit
from geo.errors import StoreError
from layers.pack import Pack
from postgres import fresh
from small_pack import UNITS
from store import database as module
from store.database import DATABASE_VARIABLE, VERSIONS, database_url, open_database
from store.folder import STORE_VARIABLE
from store.scenarios import Appended, Store, open_store
from store.schema import METADATA

HERE = Path(__file__).resolve().parent
ANN = {"who": "Ann"}
SOUTH = Edit.move(UNITS[:1], to="South")
ON_UNIX = pytest.mark.skipif(sys.platform == "win32", reason="wants fork and Unix permissions")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "scenarios.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = Store(open_database(f"sqlite:///{path}"))
    yield opened
    opened.database.close()


@pytest.fixture
def made(store: Store, small: Pack) -> str:
    scenario = store.create(small, "zones", title="x", **ANN)
    store.append(scenario, "c", [(1, SOUTH)], **ANN)
    return scenario


def shape_of(engine: sa.Engine) -> object:
    """Give tables, columns, keys and triggers."""
    look = sa.inspect(engine)
    return {
        table: (
            [(c["name"], str(c["type"]), c["nullable"]) for c in look.get_columns(table)],
            look.get_pk_constraint(table)["constrained_columns"],
            sorted(u["column_names"] for u in look.get_unique_constraints(table)),
            sorted(i["column_names"] for i in look.get_indexes(table) if not i["unique"]),
            sorted(
                (f["constrained_columns"], f["referred_table"])
                for f in look.get_foreign_keys(table)
            ),
        )
        for table in METADATA.tables
    }


# where


def test_scenarios_stand_in_the_store_unless_a_database_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(STORE_VARIABLE, str(tmp_path))
    assert database_url() == f"sqlite:///{tmp_path / 'scenarios.sqlite'}"
    assert open_store().scenarios() == ()
    assert (tmp_path / "scenarios.sqlite").exists()
    monkeypatch.setenv(DATABASE_VARIABLE, " postgresql://host/db ")
    assert database_url() == "postgresql://host/db"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("scenarios", "is no address of a database"),
        ("postgresql://host:port/db", "is no address of a database"),
        ("sqlite://", "without a file"),
        ("sqlite:///:memory:", "without a file"),
        ("mysql://host/db", "not in 'mysql'"),
        ("nonsense://host/db", "not in 'nonsense'"),
    ],
)
def test_an_address_that_is_none_is_refused(url: str, said: str) -> None:
    with pytest.raises(StoreError, match=said):
        open_database(url)


def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    with pytest.raises(StoreError, match="cannot be reached") as refusal:
        open_database("postgresql://ann:secret@127.0.0.1:1/db")
    assert "stays in the browser" in str(refusal.value)
    assert "secret" not in str(refusal.value)


def test_a_server_that_is_lost_and_comes_back_is_used_again(postgres_server: str) -> None:
    database = open_database(postgres_server)
    with pytest.raises(StoreError, match="cannot be reached"), database.reading() as link:
        link.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))
    with database.reading() as link:
        assert link.execute(sa.text("SELECT 1")).scalar() == 1
    database.close()


def test_a_server_that_only_reads_says_so(postgres_server: str, small: Pack) -> None:
    with fresh(postgres_server) as address:
        writing = Store(open_database(address))
        made = writing.create(small, "zones", title="x", **ANN)
        reading = Store(open_database(f"{address}%20-cdefault_transaction_read_only%3Don"))
        assert reading.load(made).seq == 0
        with pytest.raises(StoreError, match="cannot be written to; it can still be read"):
            reading.append(made, "c", [(1, SOUTH)], **ANN)
        for opened in (writing, reading):
            opened.database.close()


# versions


def test_the_last_step_is_the_version_that_is_worked_with() -> None:
    script = ScriptDirectory(str(Path(module.__file__).parent / "migrations"))
    assert [step.revision for step in script.walk_revisions()][::-1] == list(VERSIONS)


def test_the_steps_lead_to_the_tables_that_are_used(database: str) -> None:
    opened = open_database(database)
    stepwise = shape_of(opened.engine)
    with opened.engine.begin() as link:
        for table in reversed(METADATA.sorted_tables):
            link.execute(sa.schema.DropTable(table))
        METADATA.create_all(link)
    assert shape_of(opened.engine) == stepwise
    opened.close()


def test_a_database_of_version_1_is_brought_up_to_date_and_keeps_everything(
    path: Path, small: Pack
) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as link:
        link.executescript((HERE / "scenarios_version_1.sql").read_text(encoding="utf-8"))
    link.close()
    store = Store(open_database(f"sqlite:///{path}"))
    titles = {entry.title: entry for entry in store.scenarios("small")}
    first = store.load(titles["Level the north"].id, small)
    branch = store.load(titles["The other way"].id, small)
    assert [entry.title for entry in first.log] == [
        "1 unit to North", "Locked Middle", "Undo of '1 unit to North'",
    ]  # fmt: skip
    assert first.scenario.plan == small.plan("zones").plan
    assert branch.scenario.plan.moved_from(first.scenario.plan) == (UNITS[0], UNITS[8])
    answer = store.append(first.id, "browser", [(3, Edit("x", {})), (4, SOUTH)], **ANN)
    assert isinstance(answer, Appended)
    assert answer.taken == (4,)
    fresh = open_database(f"sqlite:///{path.parent / 'fresh.sqlite'}")
    assert shape_of(store.database.engine) == shape_of(fresh.engine)
    fresh.close()
    store.database.close()


def test_a_database_of_a_later_version_is_refused_readably(database: str) -> None:
    opened = open_database(database)
    with opened.writing() as link:
        link.execute(sa.text("UPDATE zonewright_version SET version_num = '0099'"))
    opened.close()
    with pytest.raises(StoreError, match=r"of version 0099; .* Use the newest Zonewright"):
        open_database(database)


def test_a_current_database_is_opened_without_alembic(store: Store, path: Path) -> None:
    code = (
        "import sys\nfrom store.database import open_database\n"
        f"open_database('sqlite:///{path}')\nassert 'alembic' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=HERE.parents[1], check=True)
    assert store.scenarios() == ()


def test_sessions_that_make_one_database_at_once_all_work(database: str) -> None:
    failed: list[BaseException] = []

    def make() -> None:
        try:
            opened = open_database(database)
            Store(opened).scenarios()
            opened.close()
        except BaseException as error:  # noqa: BLE001  whatever it is, the test must see it
            failed.append(error)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


# what goes wrong with a file


def test_what_is_saved_is_on_the_disk(store: Store) -> None:
    with store.database.writing() as link:
        for name, wanted in (
            ("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1),
            ("recursive_triggers", 1),
        ):  # fmt: skip
            assert link.execute(sa.text(f"PRAGMA {name}")).scalar() == wanted


def test_nothing_slips_past_the_triggers(store: Store, made: str) -> None:
    slip = "INSERT OR REPLACE INTO event SELECT * FROM event"
    with pytest.raises(StoreError, match="only ever added to"), store.database.writing() as link:
        link.execute(sa.text(slip))
    assert store.load(made).seq == 1


def test_a_full_disk_keeps_what_was_saved_and_says_what_to_do(store: Store, made: str) -> None:
    with store.database.reading() as link:
        pages = link.execute(sa.text("PRAGMA page_count")).scalar()
        link.execute(sa.text(f"PRAGMA max_page_count = {pages}"))
    large = Edit("x" * 100_000, {UNITS[0]: "South"})
    with pytest.raises(StoreError, match=r"disk is full\. Free some .* stays in the browser"):
        store.append(made, "c", [(2, large)], **ANN)
    assert store.load(made).seq == 1
    with store.database.reading() as link:
        link.execute(sa.text("PRAGMA max_page_count = 1000000"))
    assert store.append(made, "c", [(2, large)], **ANN) == Appended(2, 2, (2,), ())


def test_a_file_that_is_asked_for_reading_only_is_read(store: Store, path: Path, made: str) -> None:
    for url in (f"sqlite:///file:{path}?mode=ro&uri=true", f"sqlite:///{path}?mode=ro"):
        reading = Store(open_database(url))
        assert reading.load(made).seq == 1
        assert reading.append(made, "c", [(1, SOUTH)], **ANN) == Appended(1, 1, (1,), ())
        with pytest.raises(StoreError, match=r"can still be read\. Allow writing there"):
            reading.append(made, "c", [(2, SOUTH)], **ANN)
        reading.database.close()
    assert store.load(made).seq == 1


def test_a_folder_in_place_of_the_file_is_told(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(StoreError, match=r"cannot be opened\. .* stays in the browser"):
        open_database(f"sqlite:///{path}")


def test_a_file_in_place_of_the_folder_is_told(path: Path) -> None:
    path.parent.write_text("")
    with pytest.raises(StoreError, match=r"cannot be made: .* stays in the browser"):
        open_database(f"sqlite:///{path}")


def test_a_file_that_is_none_is_told_and_left_alone(path: Path) -> None:
    content = b"no database at all, but long enough to be one" * 100
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"no file of scenarios\. Put its last good copy"):
        open_database(f"sqlite:///{path}")
    assert path.read_bytes() == content


def test_a_damaged_file_is_told(store: Store, path: Path, made: str) -> None:
    store.append(made, "c", [(n, SOUTH) for n in range(2, 200)], **ANN)
    store.database.close()
    raw = bytearray(path.read_bytes())
    raw[4096:] = b"\xff" * (len(raw) - 4096)
    path.write_bytes(bytes(raw))
    with pytest.raises(StoreError, match="is damaged"):
        Store(open_database(f"sqlite:///{path}")).load(made)


def test_a_file_that_somebody_holds_is_waited_for_and_told(
    store: Store, path: Path, made: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAIT_S", 0.2)
    other = Store(open_database(f"sqlite:///{path}"))
    with store.database.writing():
        assert other.load(made).seq == 1  # reading goes on
        with pytest.raises(StoreError, match=r"held by another program .* Try again"):
            other.append(made, "c", [(2, SOUTH)], **ANN)
    assert other.append(made, "c", [(2, SOUTH)], **ANN) == Appended(2, 2, (2,), ())
    other.database.close()


def test_a_file_that_is_taken_away_is_missed(store: Store, path: Path, made: str) -> None:
    for part in path.parent.iterdir():
        part.unlink()
    with pytest.raises(StoreError, match=r"is no longer there\. Put its last good copy"):
        store.append(made, "c", [(2, SOUTH)], **ANN)
    assert not path.exists()


@ON_UNIX
def test_a_copy_that_is_put_in_its_place_is_used_at_once(
    store: Store, path: Path, made: str
) -> None:
    store.database.close()
    copy = path.with_suffix(".copy")
    shutil.copy(path, copy)
    store.append(made, "c", [(2, SOUTH)], **ANN)
    for part in path.parent.glob("scenarios.sqlite-*"):
        part.unlink()
    copy.replace(path)
    assert store.load(made).seq == 1
    assert store.append(made, "c", [(2, SOUTH)], **ANN) == Appended(2, 2, (2,), ())
    again = Store(open_database(f"sqlite:///{path}"))
    assert again.load(made).seq == 2
    again.database.close()


# what only another process can meet


def apart(work: Callable[[], None]) -> int:
    """Do it in a process of its own, which may give up rights, and give its exit code."""
    process = get_context("fork").Process(target=work)
    process.start()
    process.join(30)
    return process.exitcode if process.exitcode is not None else -1


@ON_UNIX
@pytest.mark.parametrize("writable", [True, False], ids=["folder", "file alone"])
def test_a_disk_that_is_read_only_is_still_read(
    store: Store, path: Path, made: str, *, writable: bool
) -> None:
    store.database.close()  # the log is in the file now, and nothing stands beside it
    path.chmod(0o444)
    path.parent.chmod(0o777 if writable else 0o555)
    parents = [p for p in path.parents if p.stat().st_uid == os.getuid() and p != path.parent]

    def read() -> None:
        if os.getuid() == 0:
            os.setuid(65534)
        reading = Store(open_database(f"sqlite:///{path}"))
        assert reading.load(made).seq == 1
        with pytest.raises(StoreError, match=r"cannot be written to; it can still be read"):
            reading.append(made, "c", [(2, SOUTH)], **ANN)
        reading.database.close()

    modes = [(p, p.stat().st_mode) for p in parents]
    for parent in parents:
        parent.chmod(parent.stat().st_mode | 0o111)
    code = apart(read)
    for parent, mode in modes:
        parent.chmod(mode)
    path.parent.chmod(0o777)
    assert code == 0


@ON_UNIX
def test_a_disk_that_takes_no_more_bytes_loses_nothing_that_was_saved(
    store: Store, path: Path, made: str
) -> None:
    store.database.close()

    def write() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        size = path.stat().st_size + 50_000
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        other = Store(open_database(f"sqlite:///{path}"))

        def fill() -> None:
            for n in range(2, 1_000):
                other.append(made, "c", [(n, SOUTH)], **ANN)
                path.with_suffix(".last").write_text(str(n))

        with pytest.raises(StoreError, match="stays in the browser"):
            fill()
        assert other.load(made).seq >= 2

    assert apart(write) == 0
    last = int(path.with_suffix(".last").read_text())
    assert last > 1
    assert store.load(made).seq == last
    assert store.append(made, "c", [(last + 1, SOUTH)], **ANN) == Appended(
        last + 1, last + 1, (last + 1,), ()
    )


@ON_UNIX
def test_a_child_process_opens_its_own_connections(
    monkeypatch: pytest.MonkeyPatch, path: Path
) -> None:
    monkeypatch.setenv(DATABASE_VARIABLE, f"sqlite:///{path}")
    mine = id(open_store())

    def child() -> None:
        assert id(open_store()) != mine
        assert open_store().scenarios() == ()

    assert apart(child) == 0
