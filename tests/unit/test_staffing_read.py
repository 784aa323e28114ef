"""A staffing file: FTE per zone and role, newly qualified, absence as a share."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.errors import LayerError, ReadError
from geo.read.file import File
from geo.read.kind import Peek
from layers.read.staffing import KIND, StaffingFile, read_staffing
from layers.staffing import Post


def read(*rows: str, header: str = "zone,role,FTE,newly qualified,absence") -> StaffingFile:
    text = "\n".join([header, *rows, ""])
    return read_staffing(File.from_bytes("staff.csv", text.encode()), plan="zones")


def test_posts_carry_zone_role_fte_newly_qualified_and_absence() -> None:
    found = read("North,social worker,8.2,,5%", "North,social worker,1.5,Yes,0.05", "South,,2,,")
    first, second = found.staffing.posts
    assert first == Post(
        "zones", "North", "social worker", 8.2, "official", "staff.csv", False, 0.05
    )
    assert second.newly_qualified
    assert second.absence == pytest.approx(0.05)
    assert found.staffing.fte("zones", ["North", "South"])[0] == pytest.approx(9.7)
    assert [(r.line, r.reason) for r in found.ledger.rejected] == [(4, "'role' is blank")]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (",x,1,,", "'zone' is blank"),
        ("N,x,,,", "'fte' is no number of 0 or more"),
        ("N,x,-1,,", "'fte' is no number of 0 or more"),
        ("N,x,c,,", "'fte' is no number of 0 or more"),
        ("N,x,1,maybe,", "'newly_qualified' is not yes, no or blank"),
        ("N,x,1,,5", "'absence' is not a share below 1 or a percentage (5%)"),
        ("N,x,1,,1", "'absence' is not a share below 1 or a percentage (5%)"),
        ("N,x,1,,101%", "'absence' is not a share below 1 or a percentage (5%)"),
        ("N,x,1,,-1%", "'absence' is not a share below 1 or a percentage (5%)"),
    ],
)
def test_a_row_that_is_no_post_is_rejected_with_its_reason(row: str, reason: str) -> None:
    found = read("N,y,1,no,0", row)
    assert [(r.line, r.reason) for r in found.ledger.rejected] == [(3, reason)]
    assert found.ledger.used == 1


def test_a_column_that_says_per_cent_holds_percentages() -> None:
    found = read("N,x,1,1", "N,y,1,0.5", header="zone,role,fte,absence %")
    assert [post.absence for post in found.staffing.posts] == [0.01, 0.005]


def test_a_plan_column_goes_before_the_plan_that_is_given() -> None:
    found = read("areas,N,x,1", ",N,x,1", header="plan,zone,role,fte")
    assert [post.plan for post in found.staffing.posts] == ["areas", "zones"]


@given(st.lists(st.floats(0, 500).map(lambda x: round(x, 2)), min_size=1, max_size=9))
def test_all_fte_of_the_file_is_in_the_zones(amounts: list[float]) -> None:
    found = read(*(f"N,x,{amount:.2f},," for amount in amounts))
    assert found.staffing.fte("zones", ["N"])[0] == pytest.approx(sum(amounts))


def test_a_file_without_fte_is_refused() -> None:
    with pytest.raises(ReadError, match="columns zone, role but no fte"):
        read("N,x", header="zone,role")


def test_an_absence_that_is_no_share_is_refused_by_the_post_itself() -> None:
    with pytest.raises(LayerError, match="absence of 5"):
        Post("zones", "North", "x", 1.0, "official", "s", absence=5)


def test_the_kind_is_told_by_its_columns() -> None:
    file = File.from_bytes("a.csv", b"")
    assert KIND.matches(Peek(file, ("Locality", "Job title", "WTE"), pd.DataFrame()))
    assert not KIND.matches(Peek(file, ("unit", "zone"), pd.DataFrame()))
