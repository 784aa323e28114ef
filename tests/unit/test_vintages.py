"""Vintages: the lookup's invariants, conversions there and back, and telling a vintage."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import GeographyError, ReadError, VintageError, ZonewrightError
from geo.read.file import File
from geo.read.kind import Peek
from geo.read.vintages import KIND, read_vintage_lookup
from geo.vintages import Conversion, Method, VintageLookup, require_same_vintage, vintage_of

KEPT, SPLIT, LEFT, RIGHT = "E01000001", "E01000002", "E01000003", "E01000004"
PART_A, PART_B, MERGED, ODD = "E01034001", "E01034002", "E01034003", "E01000005"
ODD_A, ODD_B = "E01034004", "E01034005"
PAIRS = (
    (KEPT, KEPT, "U"), (SPLIT, PART_A, "S"), (SPLIT, PART_B, "S"),
    (LEFT, MERGED, "M"), (RIGHT, MERGED, "M"), (ODD, ODD_A, "X"), (ODD, ODD_B, "X"),
)  # fmt: skip
LOOKUP = VintageLookup(*zip(*PAIRS, strict=True))
OLD = (KEPT, SPLIT, LEFT, RIGHT, ODD)
NEW = (KEPT, PART_A, PART_B, MERGED, ODD_A, ODD_B)
PEOPLE_NEW = {KEPT: 1500.0, PART_A: 1200.0, PART_B: 800.0, MERGED: 900.0, ODD_A: 5.0, ODD_B: 600.0}
PEOPLE_OLD = {KEPT: 1400.0, SPLIT: 2000.0, LEFT: 300.0, RIGHT: 600.0, ODD: 700.0}


def converted(conversion: Conversion, counts: list[float]) -> dict[str, float]:
    return dict(zip(conversion.into, conversion.apportion([counts])[0].tolist(), strict=True))


def test_counts_go_forward_as_told_by_hand() -> None:
    found = converted(LOOKUP.forward(OLD, people=PEOPLE_NEW), [5, 10, 3, 4, 8])
    assert found[KEPT] == 5
    assert (found[PART_A], found[PART_B]) == pytest.approx((6, 4))
    assert found[MERGED] == 7
    assert found[ODD_B] == 8
    assert np.isnan(found[ODD_A])


def test_counts_go_back_as_told_by_hand() -> None:
    found = converted(LOOKUP.backward(NEW, people=PEOPLE_OLD), [5, 6, 4, 9, 1, 2])
    assert found == pytest.approx({KEPT: 5, SPLIT: 10, LEFT: 3, RIGHT: 6, ODD: 3})


def test_each_area_says_how_it_came_by_its_counts() -> None:
    conversion = LOOKUP.forward(OLD, people=PEOPLE_NEW)
    assert dict(zip(conversion.into, conversion.method, strict=True)) == {
        KEPT: Method.UNCHANGED, PART_A: Method.PEOPLE, PART_B: Method.PEOPLE,
        MERGED: Method.SUMMED, ODD_A: Method.BEST_FIT, ODD_B: Method.BEST_FIT,
    }  # fmt: skip
    assert conversion.share_by(Method.PEOPLE) == pytest.approx(2000 / 5005)
    assert conversion.flagged == (ODD_A, ODD_B)
    assert conversion.incomplete == (ODD_A,)
    assert "2 split by people (40.0% of people)." in str(conversion)


def test_without_people_an_area_is_split_equally_and_flagged() -> None:
    for people in (None, {PART_A: 5.0}, {PART_A: 0.0, PART_B: 0.0}):
        conversion = LOOKUP.forward((SPLIT,), people=people)
        assert converted(conversion, [7]) == {PART_A: 3.5, PART_B: 3.5}
        assert conversion.flagged == (PART_A, PART_B)


def test_a_best_fit_that_is_given_decides() -> None:
    conversion = LOOKUP.forward(OLD, people=PEOPLE_NEW, best_fit={ODD: ODD_A})
    assert converted(conversion, [0, 0, 0, 0, 8])[ODD_A] == 8
    with pytest.raises(VintageError, match="with which it shares no land"):
        LOOKUP.forward(OLD, best_fit={ODD: MERGED})


def test_an_area_that_lacks_a_part_is_unknown_unless_absent_means_nothing() -> None:
    unknown = LOOKUP.forward((KEPT, LEFT))
    assert unknown.incomplete == (MERGED,)
    assert np.isnan(converted(unknown, [5, 3])[MERGED])
    nothing = LOOKUP.forward((KEPT, LEFT), absent_is_zero=True)
    assert converted(nothing, [5, 3]) == {KEPT: 5, MERGED: 3}


def test_units_that_the_lookup_does_not_know_are_named() -> None:
    conversion = LOOKUP.forward((KEPT, "E01999999"))
    assert conversion.left_out == ("E01999999",)
    assert "left out: E01999999" in str(conversion)


def test_whole_parts_are_rounded_by_largest_remainder() -> None:
    thirds = VintageLookup(("A",) * 3, ("B", "C", "D"), ("S",) * 3)
    conversion = thirds.forward(("A",), people={"B": 1, "C": 1, "D": 1})
    assert conversion.apportion([[10], [2], [0]], whole=True).tolist() == [
        [4, 3, 3], [1, 1, 0], [0, 0, 0],
    ]  # fmt: skip
    with pytest.raises(GeographyError, match="that are fractions"):
        conversion.apportion([[0.5]], whole=True)


@st.composite
def lookups(draw: st.DrawFn) -> tuple[VintageLookup, dict[str, float]]:
    kinds = draw(st.lists(st.sampled_from("USM"), min_size=1, max_size=8))
    rows, people = [], {}
    for i, kind in enumerate(kinds):
        parts = 1 if kind == "U" else draw(st.integers(2, 4))
        for j in range(parts):
            old = f"o{i}" if kind == "S" else f"o{i}{j}"
            new = f"n{i}" if kind == "M" else f"n{i}{j}"
            rows.append((old, new, kind))
            people |= dict.fromkeys((old, new), float(draw(st.integers(0, 50))))
    return VintageLookup(*zip(*draw(st.permutations(rows)), strict=True)), people


@given(lookups(), st.data())
def test_totals_are_kept_there_and_back(
    drawn: tuple[VintageLookup, dict[str, float]], data: st.DataObject
) -> None:
    lookup, people = drawn
    for units, turn in (
        (sorted(lookup.codes["2011"]), lookup.forward),
        (sorted(lookup.codes["2021"]), lookup.backward),
    ):
        counts = [float(data.draw(st.integers(0, 10**6))) for _ in units]
        conversion = turn(units, people=people)
        assert conversion.apportion([counts]).sum() == pytest.approx(sum(counts), rel=1e-12)
        whole = conversion.apportion([counts], whole=True)
        assert whole.sum() == sum(counts)
        assert (whole == np.rint(whole)).all()
        assert (np.abs(whole - conversion.apportion([counts])) < len(units) + 1).all()


@given(lookups(), st.randoms(use_true_random=False))
def test_the_order_of_units_and_rows_does_not_matter(
    drawn: tuple[VintageLookup, dict[str, float]], random: object
) -> None:
    lookup, people = drawn
    units = sorted(lookup.codes["2011"])
    counts = dict(zip(units, range(1, len(units) + 1), strict=True))
    shuffled = units[:]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first = lookup.forward(units, people=people).apportion([list(counts.values())], whole=True)
    second = lookup.forward(shuffled, people=people)
    again = second.apportion([[counts[unit] for unit in shuffled]], whole=True)
    assert first.tolist() == again.tolist()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("A", "B", "U"), ("A", "C", "U")], "contradict their kind"),
        ([("A", "B", "S")], "contradict their kind"),
        ([("A", "C", "M")], "contradict their kind"),
        ([("A", "B", "S"), ("A", "C", "S"), ("D", "C", "S"), ("D", "E", "S")], "contradict"),
        ([("A", "B", "U"), ("A", "B", "U")], "A-B twice"),
        ([("A", "B", "Q")], "none: Q"),
        ([("A", "B", "S"), ("A", "C", "U")], "several kinds of change"),
    ],
)
def test_lookups_that_contradict_themselves_are_refused(
    rows: list[tuple[str, str, str]], message: str
) -> None:
    with pytest.raises(VintageError, match=message):
        VintageLookup(*zip(*rows, strict=True))


def test_other_impossible_questions_are_refused() -> None:
    with pytest.raises(VintageError, match="differ in length"):
        VintageLookup(("A",), ("B", "C"), ("U",))
    with pytest.raises(VintageError, match="several districts"):
        VintageLookup(("A", "B"), ("C", "C"), ("M", "M"), ("X", "Y"))
    with pytest.raises(VintageError, match="None of the 1 areas"):
        LOOKUP.forward(("E01999999",))
    with pytest.raises(GeographyError, match="stand twice"):
        LOOKUP.forward((KEPT, KEPT))
    with pytest.raises(GeographyError, match="negative or no number"):
        LOOKUP.forward((KEPT,), people={KEPT: -1})
    with pytest.raises(GeographyError, match="was wanted"):
        LOOKUP.forward((KEPT,)).apportion([[1, 2]])
    with pytest.raises(VintageError, match="not '2031'"):
        LOOKUP.district_of("2031")


@pytest.mark.parametrize(
    ("codes", "wanted"),
    [(OLD, "2011"), (NEW, "2021"), ([KEPT], "both"), ([SPLIT, PART_A], "mixed"),
     ([], ""), (["E07000001", ""], ""), ([KEPT, "E01999999"], "2021"), ([KEPT, "E01000099"], "")],
)  # fmt: skip
def test_codes_tell_their_vintage(codes: list[str], wanted: str) -> None:
    assert vintage_of(codes, LOOKUP) == wanted


def test_without_a_lookup_only_late_codes_tell() -> None:
    assert vintage_of(OLD) == ""
    assert vintage_of(NEW) == "2021"
    assert vintage_of(["W01001959"]) == "2021"


def test_tables_of_two_vintages_are_not_joined() -> None:
    for a, b in (("2011", "2021"), ("", "2021"), ("mixed", "2021"), ("", "")):
        with pytest.raises(VintageError, match="never joined as they are"):
            require_same_vintage(a, b)
    for a, b in (("2011", "2011"), ("both", "2021"), ("both", "both")):
        require_same_vintage(a, b)


def test_a_lookup_is_cut_to_districts_with_all_its_pairs() -> None:
    lookup = VintageLookup(
        LOOKUP.old, LOOKUP.new, LOOKUP.change, ("N", "N", "N", "S", "S", "N", "S")
    )
    cut = lookup.within(["N"])
    assert set(cut.old) == {KEPT, SPLIT, ODD}
    assert cut.district_of("2021")[ODD_B] == "S"
    assert ODD not in cut.district_of("2011")


def written(*rows: str, header: str = "LSOA11CD,LSOA11NM,CHGIND,LSOA21CD,LAD22CD") -> File:
    return File.from_bytes("lookup.csv", ("\ufeff" + "\n".join([header, *rows])).encode())


def test_a_lookup_is_read_whatever_the_order_of_its_columns() -> None:
    rows = [f"{new},{change},E06000059,{old}" for old, new, change in PAIRS]
    lookup = read_vintage_lookup(written(*rows, header="lsoa21cd,chgind,LAD22CD,LSOA11CD"))
    assert (lookup.old, lookup.new, lookup.change) == (LOOKUP.old, LOOKUP.new, LOOKUP.change)
    assert set(lookup.districts) == {"E06000059"}
    assert repr(lookup) == "<VintageLookup, 5 areas of 2011 and 6 of 2021>"


def test_rows_that_are_no_pair_are_rejected() -> None:
    lookup = read_vintage_lookup(
        written(
            f"{KEPT},a,Q,{KEPT},X", f"{KEPT},a,U,{KEPT},X", f"{KEPT},a,U,{KEPT},X",
            f"K02000001,a,U,{KEPT},X", f"{KEPT},a,U,,X",
        )
    )  # fmt: skip
    assert lookup.ledger is not None
    assert {(row.line, row.reason) for row in lookup.ledger.rejected} == {
        (2, "CHGIND is not U, S, M or X"),
        (4, "the pair stands twice"),
        (5, "LSOA11CD is no LSOA code"),
        (6, "LSOA21CD is no LSOA code"),
    }
    assert lookup.ledger.used == 1


def test_other_tables_are_refused() -> None:
    with pytest.raises(ReadError, match="its columns are LSOA11CD, zone"):
        read_vintage_lookup(written("A,B", header="LSOA11CD,zone"))
    with pytest.raises(ReadError, match="holds no pair"):
        read_vintage_lookup(written("x,a,U,y,Z"))


@given(st.data())
def test_a_damaged_lookup_is_refused_or_accounted_for(data: st.DataObject) -> None:
    content = bytearray(
        "\n".join(["LSOA11CD,CHGIND,LSOA21CD", *(f"{a},{c},{b}" for a, b, c in PAIRS)]).encode()
    )
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        lookup = read_vintage_lookup(File.from_bytes("x.csv", bytes(content)))
    except ZonewrightError:
        return
    assert lookup.ledger is not None
    assert lookup.ledger.used == len(lookup)


@pytest.mark.parametrize(
    ("header", "is_kind"),
    [("LSOA11CD,CHGIND,LSOA21CD", True), ("LSOA21CD,LAD24CD,total", False)],
)
def test_the_kind_is_told_by_columns(header: str, is_kind: bool) -> None:
    columns = tuple(header.split(","))
    peek = Peek(File.from_bytes("x.csv", b""), columns, pd.DataFrame(columns=list(columns)))
    assert KIND.matches(peek) == is_kind
