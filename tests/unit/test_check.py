from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from geo.ledger import Ledger, Rejected
from layers.check import Severity, check_pack
from layers.measures import Measure, Measures
from layers.pack import Pack
from layers.read import read_pack
from layers.status import Status
from layers.totals import Total

THEN = date(2017, 12, 1)


def texts(pack: Pack, severity: Severity, today: date = THEN) -> list[str]:
    report = check_pack(pack, today=today)
    return [f"{f.subject}: {f.text}" for f in report.findings if f.severity is severity]


def total(value: float, *, period: str = "2016-06-30", key: str = "children") -> Total:
    return Total(key, "Children", "Small Council", period, value, Status.OK, "DfE")


def with_measure(pack: Pack, key: str, values: list[float], status: list[int]) -> Measures:
    measure = Measure(key, key, "children", "2017", "drawn", "official")
    return pack.measures.joined(measure, values, status=status)


def test_a_sound_pack_has_no_fault(small: Pack) -> None:
    report = check_pack(small, today=THEN)
    assert report.is_sound
    assert str(report).splitlines()[-1].startswith("small: 0 faults")
    assert "boundaries: 9 units: no gaps" in str(report)


def test_a_total_of_the_same_period_must_agree(small: Pack) -> None:
    off = replace(small, totals=(total(2100),))
    assert texts(off, Severity.FAULT) == [
        "total of 'children': 2,000 (2016-06-30) against 2,100 published (2016-06-30, DfE), -4.8%."
    ]
    assert not check_pack(off, today=THEN).is_sound


def test_a_total_of_another_period_may_differ_a_little(small: Pack) -> None:
    near = replace(small, totals=(total(2090, period="2017-06-30"),))
    far = replace(small, totals=(total(2500, period="2017-06-30"),))
    assert check_pack(near, today=THEN).is_sound
    assert [t for t in texts(far, Severity.WARNING) if t.startswith("total of 'children'")]
    assert not [t for t in texts(near, Severity.WARNING) if t.startswith("total of 'children'")]


def test_englands_and_suppressed_totals_are_not_compared(small: Pack) -> None:
    hidden = replace(total(0), value=np.nan, status=Status.SUPPRESSED)
    pack = replace(small, totals=(replace(total(1), area="England"), hidden))
    assert "total of" not in str(check_pack(pack, today=THEN))


def test_missing_and_suppressed_counts_are_told_apart(small: Pack) -> None:
    status = [int(Status.MISSING), int(Status.SUPPRESSED), *[0] * 7]
    values = [np.nan, np.nan, *[1.0] * 7]
    pack = replace(small, measures=with_measure(small, "pupils", values, status))
    assert "measure 'pupils': 1 of 9 units are missing: E01000001." in texts(pack, Severity.WARNING)
    assert "measure 'pupils': 1 of 9 units are suppressed: E01000002." in texts(
        pack, Severity.WARNING
    )


def test_a_part_larger_than_its_whole_is_a_fault(small_folder: Path) -> None:
    path = small_folder / "measures.csv"
    path.write_text(
        path.read_text("utf-8").replace("E01000001,1000,100,10,9,0", "E01000001,1000,100,10,9,12"),
        encoding="utf-8",
    )
    faults = texts(read_pack(small_folder), Severity.FAULT)
    assert faults == [
        "'open_cp' of 'open_cin': The part is larger than the whole in 1 units: E01000001."
    ]


def test_a_part_of_another_period_is_only_worth_a_look(small: Pack) -> None:
    people = np.full(9, 150.0)
    measures = Measures(
        small.measures.units,
        small.measures.measures,
        np.vstack([people, small.measures.values[1:]]),
        small.measures.status,
    )
    pack = replace(small, measures=measures)
    assert check_pack(pack, today=THEN).is_sound
    assert "different periods" in " ".join(texts(pack, Severity.WARNING))


def test_units_in_no_zone_are_named(small: Pack) -> None:
    assert "plan 'pyramids': 3 units are in no zone: E01000002, E01000005, E01000008." in texts(
        small, Severity.WARNING
    )


def test_many_lost_rows_are_worth_a_look(small: Pack) -> None:
    few = Ledger("few.csv", read=100, used=99, rejected=(Rejected(3, "no month"),))
    many = Ledger("many.csv", read=10, used=8, unlocated=2)
    pack = replace(small, ledgers=(few, many))
    assert "rows of few.csv" in " ".join(texts(pack, Severity.FINE))
    assert "rows of many.csv: 10 read = 8 used + 2 unlocated + 0 outside + 0 rejected." in texts(
        pack, Severity.WARNING
    )


@pytest.mark.parametrize(("today", "stale"), [(date(2017, 6, 1), False), (date(2019, 6, 1), True)])
def test_incidents_go_stale(small: Pack, today: date, *, stale: bool) -> None:
    told = texts(small, Severity.WARNING, today)
    assert any("The last month is" in text for text in told) == stale


def test_old_counts_are_worth_a_look(small: Pack) -> None:
    old = texts(small, Severity.WARNING, date(2026, 1, 1))
    assert any(text.startswith("age of counts") and "children" in text for text in old)
    then = texts(small, Severity.WARNING, date(2018, 1, 1))
    assert not [t for t in then if t.startswith("age of counts: children")]


def test_places_outside_the_authority_are_named(small: Pack) -> None:
    assert small.schools is not None
    away = replace(small.schools[0], easting=400_000.0, name="Far School")
    pack = replace(small, schools=(away, *small.schools[1:]))
    assert "schools: 1 of 2 lie in no unit: Far School." in texts(pack, Severity.WARNING)


def test_units_that_no_border_joins_are_named(small_folder: Path) -> None:
    ring = [("E01000001", "E01000002"), ("E01000001", "E01000004")]
    rows = "".join(f"{a},{b},a wall\n" for a, b in ring)
    (small_folder / "cuts.csv").write_text("unit_a,unit_b,reason\n" + rows, encoding="utf-8")
    (small_folder / "links.csv").unlink()
    found = texts(read_pack(small_folder), Severity.WARNING)
    assert any("fall into 2 pieces" in text and "E01000001" in text for text in found)


def test_the_shipped_packs_have_no_fault(shipped: Pack) -> None:
    assert check_pack(shipped, today=date(2026, 1, 1)).faults == ()


def test_a_sum_with_hidden_parts_is_no_fault_when_it_is_less(small: Pack) -> None:
    status = [Status.SUPPRESSED, *[Status.OK] * 8]
    measures = with_measure(small, "plans", [np.nan, *[10.0] * 8], [int(s) for s in status])
    less, more = (total(value, key="plans", period="2017") for value in (90, 70))
    hidden = replace(small, measures=measures, totals=(less,))
    assert check_pack(hidden, today=THEN).is_sound
    assert any(
        "80 (2017) against 90" in text and "1 units have no number" in text
        for text in texts(hidden, Severity.WARNING)
    )
    assert not check_pack(replace(hidden, totals=(more,)), today=THEN).is_sound


@pytest.mark.parametrize("period", ["2014-04 to 2015-03", "end of 2015-03", "2014-15", "2015-03"])
def test_the_age_of_every_kind_of_period_is_told(small: Pack, period: str) -> None:
    measures = with_measure(small, "plans", [1.0] * 9, [0] * 9)
    row = measures.row("plans")
    dated = tuple(
        replace(m, period=period) if i == row else m for i, m in enumerate(measures.measures)
    )
    pack = replace(small, measures=replace(measures, measures=dated))
    old = texts(pack, Severity.WARNING, date(2025, 3, 31))
    assert any(f"plans: their period is {period}, 10 years ago" in text for text in old)


def test_months_that_were_not_read_are_worth_a_look(small: Pack) -> None:
    unread = "incidents: 1 months between were not read and are missing: 2016-08."
    assert small.incidents is not None
    assert small.incidents.months_missing == ("2016-08",)
    assert unread in texts(small, Severity.WARNING)
    whole = replace(small.incidents, months_read=("2016-07", "2016-08", "2016-09"))
    assert unread not in texts(replace(small, incidents=whole), Severity.WARNING)
