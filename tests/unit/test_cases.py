"""Case lists become counts per small area and month, and every row is accounted for."""

import datetime as dt
import io

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import LayerError, ReadError, VintageError
from geo.read.file import File
from geo.read.kind import Peek
from layers.cases import (
    NEVER,
    Addresses,
    CaseMapping,
    Cases,
    bin_place,
    is_rereferral,
    periods_of_care,
    place_events,
)
from layers.read.cases import KINDS, read_cases
from layers.series import Series, open_cases

UNITS = ("E01000001", "E01000002")
WHERE = {"AA11AA": UNITS[0], "AA12AA": UNITS[1], "BB11BB": "E01099999"}


class Directory:
    """A directory of three postcodes, one of them in another authority."""

    def units_of(self, postcodes: list[str], vintage: str) -> list[str]:
        assert vintage == "2021"
        return [WHERE.get(postcode, "") for postcode in postcodes]


def csv_file(name: str, header: str, *rows: str) -> File:
    return File.from_bytes(name, "\n".join([header, *rows, ""]).encode())


def contacts(*rows: str) -> File:
    return csv_file("ssd_contacts.csv", "cont_contact_id,cont_person_id,cont_contact_date", *rows)


def referrals(*rows: str) -> File:
    header = "cine_referral_id,cine_person_id,cine_referral_date,cine_referral_nfa,cine_close_date"
    return csv_file("ssd_cin_episodes.csv", header, *rows)


def plans(*rows: str) -> File:
    header = "cppl_person_id,cppl_cp_plan_start_date,cppl_cp_plan_end_date"
    return csv_file("ssd_cp_plans.csv", header, *rows)


def looked_after(*rows: str) -> File:
    header = "clae_person_id,clae_cla_episode_start_date,clae_cla_episode_ceased"
    return csv_file("ssd_cla_episodes.csv", header, *rows)


def addresses(*rows: str) -> File:
    header = (
        "addr_person_id,addr_address_type,addr_address_start_date,addr_address_end_date,"
        "addr_address_postcode"
    )
    return csv_file("ssd_address.csv", header, *rows)


HOMES = addresses(
    "A,HOME,2020-01-01,,AA1 1AA",
    "B,HOME,2020-01-01,2024-05-14,AA1 1AA",
    "B,HOME,2024-05-15,,aa12aa",
    "C,HOME,2020-01-01,,BB1 1BB",
    "D,HOME,2020-01-01,,No fixed abode",
)


def read(*files: File, as_of: dt.date | None = dt.date(2024, 6, 30), **options: object) -> Series:
    return read_cases(
        list(files),
        units=UNITS,
        postcodes=Directory(),
        as_of=as_of,
        **options,  # type: ignore[arg-type]
    )


def test_an_event_goes_to_the_address_of_its_day_and_its_month() -> None:
    series = read(contacts("1,A,2024-04-02", "2,B,2024-05-14", "3,B,15/05/2024"), HOMES)
    assert series.months == ("2024-04", "2024-05", "2024-06")
    assert series.at("contacts", "2024-04").tolist() == [1, 0]
    assert series.at("contacts", "2024-05").tolist() == [1, 1]
    assert series.at("contacts", "2024-06").tolist() == [0, 0]
    assert series.total("contacts", "2024-04", "2024-06").tolist() == [2, 1]


def test_what_is_in_no_small_area_stands_in_bins_of_its_own() -> None:
    rows = [f"{i},{who},2024-04-02" for i, who in enumerate("ACDE")]
    series = read(contacts(*rows), HOMES)
    bins = series.binned_total("contacts", "2024-04", "2024-06")
    assert bins == {"no fixed abode": 1, "out of area": 1, "unknown": 1}
    ledger = series.ledger
    assert (ledger.used, ledger.outside, ledger.unlocated, len(ledger.rejected)) == (1, 1, 2, 0)
    assert {p.reason: p.rows for p in ledger.passed_over} == {
        "an address, which places the cases": 5
    }


@pytest.mark.parametrize(
    ("written", "bin_name"),
    [
        ("ZZ99 3VZ", "no fixed abode"),
        ("nfa", "no fixed abode"),
        ("Of no fixed address", "no fixed abode"),
        ("ZZ99 3WZ", "unknown"),
        ("ZZ99 6CZ", "out of area"),
        ("out of area", "out of area"),
        ("", "unknown"),
        ("QQ1 1QQ", "unknown"),
    ],
)
def test_what_stands_in_place_of_a_postcode_is_understood(written: str, bin_name: str) -> None:
    home = addresses(f"A,HOME,2020-01-01,,{written}")
    series = read(contacts("1,A,2024-04-02"), home)
    assert series.binned_total("contacts", "2024-04", "2024-04")[bin_name] == 1


def test_of_several_valid_addresses_the_one_that_began_last_counts() -> None:
    homes = addresses("A,HOME,2024-01-01,,AA11AA", "A,HOME,2023-01-01,,AA12AA")
    assert read(contacts("1,A,2024-04-02"), homes).at("contacts", "2024-04").tolist() == [1, 0]


def test_a_looked_after_child_is_counted_at_home_and_not_at_the_placement() -> None:
    homes = addresses("A,HOME,2020-01-01,2024-04-30,AA11AA", "A,PLACEMENT,2024-04-10,,AA12AA")
    series = read(looked_after("A,2024-04-10,2024-05-20", "A,2024-05-20,"), homes)
    assert series.total("cla_starts", "2024-04", "2024-06").tolist() == [1, 0]
    assert series.total("cla_ends", "2024-04", "2024-06").tolist() == [0, 0]
    assert series.at("open_cla", "2024-06").tolist() == [1, 0]
    assert series.ledger.used == 2
    assert any(p.reason.startswith("a placement") for p in series.ledger.passed_over)


def test_addresses_without_a_type_are_used_with_a_note() -> None:
    homes = csv_file(
        "a.csv",
        "addr_person_id,addr_address_start_date,addr_address_end_date,addr_address_postcode",
        "A,,,AA11AA",
    )
    series = read(looked_after("A,2024-04-10,"), homes)
    assert series.at("open_cla", "2024-06").tolist() == [1, 0]
    assert any("which addresses are placements" in note for note in series.notes)


def test_a_stock_counts_each_open_child_once_where_it_lives_at_the_end_of_the_month() -> None:
    series = read(
        referrals("1,B,2024-04-02,N,", "2,B,2024-04-09,N,", "3,A,2024-04-02,N,2024-05-31"), HOMES
    )
    assert [series.at("cin", m).tolist() for m in series.months] == [[2, 0], [0, 1], [0, 1]]
    assert open_cases(series, "2024-06")["open_cin"].tolist() == [0, 1]
    assert series.total("cin_ends", "2024-04", "2024-06").tolist() == [1, 0]


def test_open_cases_count_a_child_in_need_who_is_on_a_plan_once() -> None:
    plans = csv_file(
        "ssd_cp_plans.csv",
        "cppl_person_id,cppl_cp_plan_start_date,cppl_cp_plan_end_date",
        "A,2024-05-10,2024-06-20",
    )
    series = read(
        referrals("1,A,2024-04-02,N,", "2,B,2024-04-09,N,", "3,D,2024-04-09,N,"),
        plans,
        looked_after("B,2024-06-01,"),
        HOMES,
    )
    assert [series.at("cin", m).tolist() for m in series.months] == [[2, 0], [1, 1], [1, 1]]
    assert [series.at("open_cin", m).tolist() for m in series.months] == [[2, 0], [0, 1], [1, 0]]
    assert [series.at("open_cp", m).tolist() for m in series.months] == [[0, 0], [1, 0], [0, 0]]
    for month in series.months:
        kinds = open_cases(series, month)
        assert set(kinds) == {"open_cin", "open_cp", "open_cla"}
        assert sum(kinds.values()).sum() == series.at("cin", month).sum()
    assert series.binned_total("open_cin", "2024-06", "2024-06")["no fixed abode"] == 1


def test_a_referral_without_further_action_is_a_referral_but_opens_no_case() -> None:
    series = read(referrals("1,A,2024-04-02,Y,", "2,A,2024-06-30,N,"), HOMES)
    assert series.total("referrals", "2024-04", "2024-06").tolist() == [2, 0]
    assert series.total("referrals_nfa", "2024-04", "2024-06").tolist() == [1, 0]
    assert series.at("cin", "2024-05").tolist() == [0, 0]
    assert series.at("cin", "2024-06").tolist() == [1, 0]


def test_a_rereferral_comes_within_twelve_months_of_an_earlier_one_of_the_same_child() -> None:
    rows = [
        "1,A,2023-04-02,N,2023-05-01",
        "2,A,2024-04-02,N,",
        "3,B,2023-04-02,N,",
        "4,B,2024-04-03,N,",
    ]
    series = read(referrals(*rows), HOMES)
    assert series.total("rereferrals", "2023-04", "2024-06").tolist() == [1, 0]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 800)), max_size=30))
def test_rereferrals_are_those_that_a_slow_search_finds(rows: list[tuple[int, int]]) -> None:
    person = np.array([p for p, _ in rows], dtype=np.int64)
    day = np.datetime64("2022-01-01") + np.array([d for _, d in rows], dtype="timedelta64[D]")

    def a_year_before(one: dt.date) -> dt.date:
        try:
            return one.replace(year=one.year - 1)
        except ValueError:  # 29 February
            return one.replace(year=one.year - 1, day=28)

    days = [d.astype(dt.date) for d in day]
    slow = [
        any(p == q and a_year_before(d) <= e < d for q, e in zip(person, days, strict=True))
        for p, d in zip(person, days, strict=True)
    ]
    assert is_rereferral(person, day).tolist() == slow


def test_episodes_that_follow_on_are_one_period_of_care() -> None:
    days = ["2024-01-01", "2024-02-01", "2024-06-01"], ["2024-02-01", "2024-03-01", "9999-12-31"]
    start, end = (np.array(part, dtype="datetime64[D]") for part in days)
    cases = Cases(np.zeros(3, dtype=np.int64), start, end, np.zeros(3, dtype=bool), None)
    period, whole = periods_of_care(cases)
    assert period.tolist() == [0, 0, 1]
    assert whole.start.astype(str).tolist() == ["2024-01-01", "2024-06-01"]
    assert whole.end.astype(str).tolist() == ["2024-03-01", "9999-12-31"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("A,soon,", "'cppl_cp_plan_start_date' is no date"),
        ("A,,", "'cppl_cp_plan_start_date' is blank"),
        ("A,2024-07-01,", "'cppl_cp_plan_start_date' is after the lists were drawn"),
        ("A,2024-05-01,never", "'cppl_cp_plan_end_date' is no date"),
        (
            "A,2024-05-01,2024-04-01",
            "'cppl_cp_plan_end_date' lies before 'cppl_cp_plan_start_date'",
        ),
        (",2024-05-01,", "'cppl_person_id' is blank"),
    ],
)
def test_a_row_that_cannot_be_counted_is_rejected_with_its_line(row: str, reason: str) -> None:
    series = read(plans("A,2024-04-01,", row), HOMES)
    assert [(r.line, r.reason, r.file) for r in series.ledger.rejected] == [
        (3, reason, "ssd_cp_plans.csv")
    ]
    assert series.ledger.used == 1


def test_an_end_after_the_lists_were_drawn_leaves_the_case_open() -> None:
    series = read(plans("A,2024-04-01,2024-09-01"), HOMES)
    assert series.at("open_cp", "2024-06").tolist() == [1, 0]
    assert series.total("cp_ends", "2024-04", "2024-06").tolist() == [0, 0]


def test_cases_over_before_the_first_month_are_passed_over_and_open_ones_are_not() -> None:
    series = read(plans("A,2023-01-01,2023-06-01", "B,2023-01-01,"), HOMES, first="2024-04")
    assert series.months[0] == "2024-04"
    assert series.total("cp_starts", "2024-04", "2024-06").tolist() == [0, 0]
    assert series.at("open_cp", "2024-04").tolist() == [1, 0]
    assert series.ledger.read == series.ledger.used == 1
    assert {p.reason for p in series.ledger.passed_over} >= {"over before 2024-04"}


def test_any_list_can_be_mapped_and_placed_by_its_own_small_area() -> None:
    file = csv_file(
        "our list.csv", "Date received;Area", "01/05/2024;E01000002", "02/05/2024;E01099999"
    )
    mapping = CaseMapping("contact", date="date received", unit="area")
    series = read_cases(file, units=UNITS, mapping=mapping, as_of=dt.date(2024, 5, 31))
    assert series.total("contacts", "2024-05", "2024-05").tolist() == [0, 1]
    assert series.ledger.outside == 1


def test_without_persons_every_row_is_a_child_of_its_own() -> None:
    rows = (
        "01/05/2024;;E01000001",
        "02/05/2024;;E01000001",
        "03/05/2024;;not known",
        "03/05/2024;;NFA",
    )
    file = csv_file("plans.csv", "from;to;area", *rows)
    mapping = CaseMapping("cp", date="from", end="to", unit="area")
    series = read_cases(file, units=UNITS, mapping=mapping, as_of=dt.date(2024, 5, 31))
    assert series.at("open_cp", "2024-05").tolist() == [2, 0]
    bins = series.binned_total("open_cp", "2024-05", "2024-05")
    assert bins == {"no fixed abode": 1, "out of area": 0, "unknown": 1}


def test_cases_without_any_address_are_unknown_and_a_note_says_so() -> None:
    series = read(contacts("1,A,2024-04-02"))
    assert series.ledger.unlocated == 1
    assert any(note.startswith("No home address was given") for note in series.notes)


def test_postcodes_that_the_directory_lacks_are_unknown_and_counted_in_a_note() -> None:
    homes = addresses("A,HOME,2020-01-01,,QQ1 1QQ", "B,HOME,2020-01-01,,", "D,HOME,2020-01-01,,NFA")
    series = read(contacts("1,A,2024-04-02", "2,B,2024-04-02", "3,D,2024-04-02"), homes)
    assert series.binned_total("contacts", "2024-04", "2024-04")["unknown"] == 2
    (note,) = [n for n in series.notes if "not in the directory" in n]
    assert note.startswith("ssd_address.csv: the postcodes of 1 rows")


class OtherVintage:
    def units_of(self, postcodes: list[str], vintage: str) -> list[str]:
        raise VintageError(f"There are no small areas of {vintage}.", remedy=f"{len(postcodes)}")


def test_a_directory_of_another_vintage_is_refused_in_its_own_words() -> None:
    with pytest.raises(ReadError, match="no small areas of 2021"):
        read_cases([contacts("1,A,2024-04-02"), HOMES], units=UNITS, postcodes=OtherVintage())


@given(
    rows=st.lists(
        st.tuples(st.sampled_from("ABCDE"), st.integers(0, 300), st.integers(0, 200)), min_size=1
    )
)
def test_every_stock_is_what_started_less_what_ended(rows: list[tuple[str, int, int]]) -> None:
    """With one plan a child, month by month, over units and bins together."""
    first = dt.date(2023, 6, 1)
    once = {who: (start, length) for who, start, length in rows}
    lines = [
        f"{who},{first + dt.timedelta(start)},{first + dt.timedelta(start + length)}"
        for who, (start, length) in once.items()
    ]
    series = read(plans(*lines), HOMES)
    starts, ends, stock = (
        series.counts[row].sum(axis=1) + series.binned[row].sum(axis=1)
        for row in map(series.keys.index, ("cp_starts", "cp_ends", "open_cp"))
    )
    assert (np.cumsum(starts) - np.cumsum(ends) == stock).all()


def test_every_sheet_of_a_workbook_is_looked_at() -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["A cover sheet"])
    sheet = book.create_sheet("contacts")
    sheet.append(["cont_person_id", "cont_contact_date"])
    sheet.append(["A", dt.datetime(2024, 4, 2)])  # noqa: DTZ001  workbooks know no time zones
    content = io.BytesIO()
    book.save(content)
    series = read(File.from_bytes("lists.xlsx", content.getvalue()), HOMES)
    assert series.total("contacts", "2024-04", "2024-06").tolist() == [1, 0]


def test_the_day_of_the_lists_is_their_latest_start_by_default() -> None:
    series = read(contacts("1,A,2024-04-02", "2,A,2024-05-14", "3,A,2099-01-01"), HOMES, as_of=None)
    assert series.months == ("2024-04", "2024-05")
    assert any("2024-05, is counted up to the latest day" in note for note in series.notes)
    assert len(series.ledger.rejected) == 1


def test_nothing_recognised_is_refused_without_naming_strange_columns() -> None:
    with pytest.raises(ReadError, match="no case list was recognised") as caught:
        read(csv_file("x.csv", "Jane Doe,2012-03-04", "John Doe,2013-03-04"))
    assert "Doe" not in str(caught.value)


def test_postcodes_without_a_directory_are_refused() -> None:
    with pytest.raises(ReadError, match="no directory of postcodes"):
        read_cases([contacts("1,A,2024-04-02"), HOMES], units=UNITS)


def test_a_mapping_that_could_place_nothing_is_refused() -> None:
    with pytest.raises(LayerError, match="needs a column of postcodes"):
        CaseMapping("contact", date="day")
    with pytest.raises(LayerError, match="needs a column of dates"):
        CaseMapping("contact", date="", person="id")
    with pytest.raises(LayerError, match="no kind of case"):
        CaseMapping("visit", date="day", person="id")  # type: ignore[arg-type]


def test_a_mapped_column_that_is_not_there_is_named_and_no_other() -> None:
    file = csv_file("list.csv", "day,secret", "2024-04-02,x")
    with pytest.raises(ReadError, match="2 columns but no 'home'") as caught:
        read_cases(file, units=UNITS, mapping=CaseMapping("contact", date="day", postcode="home"))
    assert "secret" not in str(caught.value)


def test_a_wrong_first_month_is_refused() -> None:
    with pytest.raises(ReadError, match="first month is none"):
        read(contacts("1,A,2024-04-02"), HOMES, first="April")
    with pytest.raises(ReadError, match="first month lies after"):
        read(contacts("1,A,2024-04-02"), HOMES, first="2025-04")


def test_tables_without_rows_or_files_are_refused(tmp_path: pytest.TempPathFactory) -> None:
    with pytest.raises(ReadError, match="No row of the case lists has a date"):
        read(contacts(), HOMES)
    (tmp_path / "notes.md").write_text("notes")  # type: ignore[operator]
    with pytest.raises(ReadError, match="no table among the files"):
        read_cases(tmp_path, units=UNITS)  # type: ignore[arg-type]


def test_each_table_is_of_one_kind() -> None:
    files = [contacts(), referrals(), plans(), looked_after(), HOMES]
    for file in files:
        columns = tuple(file.open().read().decode().splitlines()[0].split(","))
        peek = Peek(file, columns, pd.DataFrame(columns=list(columns)))
        assert [kind.key for kind in KINDS if kind.matches(peek)] == [
            file.name.removesuffix(".csv")
        ]


def test_a_mapping_by_name_is_of_that_file_only() -> None:
    files = [csv_file(f"x/{name}.csv", "Day,LSOA", f"2024-05-01,{UNITS[0]}") for name in "ab"]
    mapping = {
        "a.csv": CaseMapping("contact", date="Day", unit="LSOA"),
        "b.csv": CaseMapping("cp", date="Day", unit="LSOA"),
    }
    found = read(*files, mapping=mapping)
    assert found.keys == ("contacts", "cp_starts")
    assert found.counts.sum(axis=(1, 2)).tolist() == [1, 1]


def test_months_before_a_list_begins_are_told_not_to_be_none() -> None:
    found = read(referrals("1,A,2024-03-10,N,"), plans("B,2022-01-10,"), HOMES)
    late = [note for note in found.notes if "the lists begin in" in note]
    assert len(late) == 1
    assert late[0].startswith("Referrals: the lists begin in 2024-03; 0 in a month before")


def test_an_identifier_that_stands_for_many_children_takes_no_memory_of_pairs() -> None:
    many = 30_000
    person, day = np.zeros(many, dtype=np.int64), np.full(many, np.datetime64("2024-05-01"))
    start = np.datetime64("2024-01-01") + (np.arange(many) % 100).astype("timedelta64[D]")
    homes = Addresses(person, start, np.full(many, NEVER), np.arange(many))
    assert set(place_events(person, day, homes).tolist()) == {many - 1}


days = st.integers(0, 12).map(lambda day: np.datetime64("2024-01-01") + np.timedelta64(day, "D"))


@given(
    homes=st.lists(st.tuples(st.integers(0, 2), days, days | st.just(NEVER)), max_size=8),
    events=st.lists(st.tuples(st.integers(0, 2), days | st.just(NEVER)), max_size=8),
)
def test_the_address_of_a_day_is_the_one_that_a_slow_search_finds(
    homes: list[tuple[int, np.datetime64, np.datetime64]], events: list[tuple[int, np.datetime64]]
) -> None:
    def slow(person: int, day: np.datetime64) -> int:
        valid = [
            (start, place)
            for place, (other, start, end) in enumerate(homes)
            if other == person and start <= day <= end
        ]
        return max(valid)[1] if valid else bin_place("unknown")

    def column(rows: list[tuple], place: int, kind: str) -> np.ndarray:
        return np.array([row[place] for row in rows], dtype=kind)

    found = place_events(
        column(events, 0, "int64"),
        column(events, 1, "datetime64[D]"),
        Addresses(
            column(homes, 0, "int64"),
            column(homes, 1, "datetime64[D]"),
            column(homes, 2, "datetime64[D]"),
            np.arange(len(homes)),
        ),
    )
    assert found.tolist() == [slow(*event) for event in events]
