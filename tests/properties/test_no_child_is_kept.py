"""No child is kept: nothing that names one leaves the import of a case list.

Every identifier, day of birth and postcode in these lists is a canary. None may occur in the value
that comes out, in a log, in a file, or in the text, the causes or the frames of an exception.
"""

import builtins
import datetime as dt
import gc
import logging
import os
import pickle
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.errors import ReadError
from geo.read.file import File
from layers.cases import CaseMapping
from layers.read.cases import read_cases
from layers.series import Series

UNITS = ("E01000001", "E01000002")
CHILDREN = [f"CANARYCHILD{i:02d}" for i in range(12)]
POSTCODES = [f"QZ{i} 7XQ" for i in range(1, 10)]
BIRTHS = [f"2011-{i:02d}-17" for i in range(1, 10)]
DAYS = [f"2024-0{i}-13" for i in range(1, 7)]
CANARY = re.compile(
    r"CANARYCHILD|CANARYNAME|QZ[0-9] ?7XQ|2011-0[0-9]-17|17/0[0-9]/2011"
    r"|2024-0[1-6]-13|13/0[1-6]/2024"
)


class Directory:
    """A directory that knows every other canary postcode."""

    def units_of(self, postcodes: list[str], vintage: str) -> list[str]:
        assert vintage
        return [UNITS[int(p[2]) % 2] if p.startswith("QZ") else "" for p in postcodes]


def lists() -> dict[str, str]:
    people = list(enumerate(CHILDREN))
    referrals = [f"R{i},{who},{DAYS[i % 6]},N,,CANARYNAME,{BIRTHS[i % 9]}" for i, who in people] + [
        f"R9,{CHILDREN[0]},13/06/2024,N,,CANARYNAME,17/01/2011"
    ]
    plans = [f"{who},{DAYS[i % 6]},,{BIRTHS[i % 9]}" for i, who in people]
    homes = [f"{who},HOME,2010-01-01,,{POSTCODES[i % 9]}" for i, who in people]
    return {
        "ssd_cin_episodes.csv": "cine_referral_id,cine_person_id,cine_referral_date,"
        "cine_referral_nfa,cine_close_date,name,dob\n" + "\n".join(referrals),
        "ssd_cp_plans.csv": "cppl_person_id,cppl_cp_plan_start_date,cppl_cp_plan_end_date,dob\n"
        + "\n".join(plans),
        "ssd_address.csv": "addr_person_id,addr_address_type,addr_address_start_date,"
        "addr_address_end_date,addr_address_postcode\n" + "\n".join(homes),
    }


def read(texts: dict[str, str] | dict[str, bytes], **options: object) -> Series:
    files = [
        File.from_bytes(name, text if isinstance(text, bytes) else text.encode())
        for name, text in texts.items()
    ]
    return read_cases(files, units=UNITS, postcodes=Directory(), **options)  # type: ignore[arg-type]


def reachable(root: object) -> Iterator[object]:
    """Everything that hangs on an object; modules, classes and functions are not its own."""
    seen, left = {id(root)}, [root]
    while left:
        one = left.pop()
        yield one
        for other in gc.get_referents(one):
            plain = isinstance(other, type | type(os) | type(read) | type(builtins.len))
            if id(other) not in seen and not plain:
                seen.add(id(other))
                left.append(other)


def require_no_canary(root: object) -> None:
    for one in reachable(root):
        if isinstance(one, str | bytes | bytearray):
            text = one if isinstance(one, str) else bytes(one).decode("latin-1")
            assert not CANARY.search(text), text[:200]
        elif isinstance(one, dt.date):
            assert not CANARY.search(one.isoformat())


def require_clean_fault(fault: BaseException) -> None:
    assert not CANARY.search(str(fault))
    assert not CANARY.search(repr(fault))
    assert fault.__cause__ is None
    assert fault.__context__ is None
    require_no_canary(fault.args)
    trace = fault.__traceback__
    while trace is not None:  # the frames of the import are gone, with the rows they held
        name = trace.tb_frame.f_code.co_filename
        if name.endswith(("cases.py", "table.py", "dates.py")) and "test_" not in name:
            assert trace.tb_frame.f_code.co_name == "read_cases"
        trace = trace.tb_next


def test_the_series_holds_counts_and_no_child() -> None:
    series = read(lists())
    assert series.ledger.used == 25
    assert series.total("referrals", "2024-01", "2024-06").sum() == 13
    require_no_canary(series)
    assert not CANARY.search(pickle.dumps(series.counts).decode("latin-1"))
    everything = [series.units, series.months, series.measures, series.notes, series.source]
    assert not CANARY.search(pickle.dumps(everything).decode("latin-1"))
    assert not CANARY.search(f"{series!r} {series.ledger!r} {series.ledger} {vars(series)!r}")


def test_the_search_would_find_a_child() -> None:
    clean = read(lists())
    kept = replace(clean, notes=(*clean.notes, f"{CHILDREN[3]} has no address"))
    with pytest.raises(AssertionError, match=CHILDREN[3]):
        require_no_canary(kept)
    fault = ReadError("The list cannot be read.")
    fault.__context__ = KeyError(POSTCODES[0])
    with pytest.raises(AssertionError):
        require_clean_fault(fault)


def test_the_series_holds_arrays_of_counts_and_plain_values_only() -> None:
    held = {type(one).__name__ for one in reachable(read(lists()))}
    assert held.isdisjoint({"DataFrame", "Series_", "Index", "Table", "ChunkedArray", "Cases"})


@pytest.mark.parametrize("fault", ["", "no header", "no dates", "a broken quote"])
def test_no_table_of_rows_outlives_the_import(fault: str) -> None:
    def tables() -> int:
        gc.collect()
        return sum(isinstance(one, pd.DataFrame) for one in gc.get_objects())

    texts: dict[str, object] = dict(lists())
    if fault:
        texts["ssd_cp_plans.csv"] = FAULTS[fault](str(texts["ssd_cp_plans.csv"]))
    require_no_child_after_reading(texts)  # what is made once and kept, such as schemas, is made
    before = tables()
    require_no_child_after_reading(texts)
    assert tables() == before


def test_nothing_is_written_to_disk_or_logged(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for variable in ("HOME", "TMPDIR", "TEMP", "TMP", "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = opened_for_writing(monkeypatch)
    with caplog.at_level(logging.DEBUG):
        read(lists())
        with pytest.raises(ReadError):
            read({"x.csv": "a,b\n" + ",".join(CHILDREN[:3])})
    assert before == []
    assert list(tmp_path.rglob("*")) == []
    written = caplog.text + "".join(capsys.readouterr())
    assert not CANARY.search(written)


def opened_for_writing(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keep the names of files that are opened to be written."""
    names: list[str] = []
    plain = builtins.open

    def watched(file: object, mode: str = "r", *args: object, **options: object) -> object:
        if set(mode) & set("wax+"):
            names.append(str(file))
        return plain(file, mode, *args, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(builtins, "open", watched)
    return names


FAULTS = {
    "no header": lambda t: t.split("\n", 1)[1],
    "a column twice": lambda t: t.replace("dob", "name").replace("name", "cine_person_id"),
    "a broken quote": lambda t: t.replace("CANARYCHILD01", '"CANARYCHILD01', 1),
    "a byte that is no text": lambda t: t.encode()[:200] + b"\xff\xfe\x00" + t.encode()[200:],
    "ragged": lambda t: t.replace("CANARYCHILD02,", "CANARYCHILD02,CANARYNAME,"),
    "no dates": lambda t: re.sub(r"2024-0[1-6]-13|13/06/2024", "CANARYNAME", t),
    "months first": lambda t: t.replace("2024-01-13", "01/13/2024"),
    "nothing": lambda _: "",
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", list(lists()))
def test_a_faulty_list_gives_nobody_away(fault: str, name: str) -> None:
    texts: dict[str, object] = dict(lists())
    texts[name] = FAULTS[fault](str(texts[name]))
    require_no_child_after_reading(texts)


def require_no_child_after_reading(texts: dict[str, object], **options: object) -> None:
    """Read what may be faulty: either a series or one refusal, and no canary in either."""
    try:
        series = read(texts, **options)  # type: ignore[arg-type]
    except ReadError as refusal:
        require_clean_fault(refusal)
    else:
        require_no_canary(series)
        ledger = series.ledger
        parts = ledger.used + ledger.unlocated + ledger.outside + len(ledger.rejected)
        assert parts == ledger.read


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    name=st.sampled_from(list(lists())),
    edits=st.lists(
        st.tuples(
            st.integers(0, 2000),
            st.sampled_from(["delete", "insert", "swap", "cut"]),
            st.sampled_from(
                [b'"', b",", b"\n", b"\x00", b"\xff", b"9", b"-", b"/", b";", b"=", b"Z"]
            ),
        ),
        min_size=1,
        max_size=6,
    ),
)
def test_no_mutation_of_a_list_gives_anybody_away(
    name: str, edits: list[tuple[int, str, bytes]]
) -> None:
    texts: dict[str, object] = {n: t.encode() for n, t in lists().items()}
    content = bytearray(texts[name])  # type: ignore[call-overload]
    for where, what, byte in edits:
        at = where % max(1, len(content))
        if what == "delete":
            del content[at : at + 3]
        elif what == "insert":
            content[at:at] = byte
        elif what == "swap":
            content[at : at + 1] = byte
        else:
            del content[at:]
    texts[name] = bytes(content)
    require_no_child_after_reading(texts)


class Broken:
    """A directory that fails and says with which postcode."""

    def units_of(self, postcodes: list[str], vintage: str) -> list[str]:
        raise KeyError(postcodes[0], vintage)


def test_a_fault_in_the_directory_of_postcodes_gives_nobody_away() -> None:
    files = [File.from_bytes(name, text.encode()) for name, text in lists().items()]
    with pytest.raises(ReadError, match="may quote them") as caught:
        read_cases(files, units=UNITS, postcodes=Broken())
    require_clean_fault(caught.value)


def test_a_mapped_list_gives_nobody_away() -> None:
    rows = "\n".join(f"{who};17/01/2011;{POSTCODES[i % 9]}" for i, who in enumerate(CHILDREN))
    mapping = CaseMapping("contact", date="born", person="who", postcode="home")
    require_no_child_after_reading({"list.csv": f"who;born;home\n{rows}"}, mapping=mapping)
    wrong = CaseMapping("contact", date="born", person="nobody", postcode="home")
    require_no_child_after_reading({"list.csv": f"who;born;home\n{rows}"}, mapping=wrong)
