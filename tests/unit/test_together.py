"""Parts of one whole: nobody can work a hidden one out from zones, parts and wholes together."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.aggregate import aggregate
from analysis.disclosure import DFE, NHS, Policy
from analysis.protection import Known, feasible_ranges, offer_of, small_counts
from analysis.together import Together, protected_together, whole_of
from geo.plan import Plan
from layers.measures import Measure, Measures
from layers.status import Status


def measures_of(table: list[list[float]], *, whole: bool = False) -> Measures:
    """Make one unit a zone, so that the table is what the zones count; one row a part."""
    counts = np.array(table, dtype=np.float64)
    rows = [counts, counts.sum(axis=0, keepdims=True)] if whole else [counts]
    values = np.vstack(rows)
    keys = [f"p{at}" for at in range(len(counts))] + ["whole"] * whole
    described = tuple(
        Measure(key, key, "children", "2017", "drawn", "official", sensitive=True) for key in keys
    )
    units = tuple(f"u{at}" for at in range(values.shape[1]))
    return Measures(units, described, values, np.zeros(values.shape, dtype=np.int8))


def together(table: list[list[float]], *, whole: bool = False, policy: Policy = DFE) -> Together:
    measures = measures_of(table, whole=whole)
    plan = Plan.from_lookup({unit: unit for unit in measures.units}, units=measures.units)
    keys = [f"p{at}" for at in range(len(table))]
    return protected_together(
        aggregate(plan, measures), keys, measures, policy, plan=plan,
        whole="whole" if whole else "",
    )  # fmt: skip


def test_large_counts_are_shown_as_they_are() -> None:
    found = together([[10, 20], [30, 40]])
    assert found.part("p0").values.tolist() == [10, 20, 30]
    assert found.part("p1").values.tolist() == [30, 40, 70]
    assert found.whole.values.tolist() == [40, 60, 100]


def test_a_small_part_is_not_what_the_others_leave_of_its_whole() -> None:
    # zones hide p0 in the first two; alone, p1 and the wholes would give both back
    found = together([[3, 4, 30], [40, 50, 60], [70, 80, 90]], whole=True)
    hidden = np.array([part.status for part in found.parts]) == Status.SUPPRESSED
    assert hidden[0, :2].all()
    assert (hidden[:, :2].sum(axis=0) >= 2).all()
    assert found.whole.values.tolist() == [113, 134, 180, 427]


def test_zeros_are_shown() -> None:
    found = together([[0, 3, 4, 20], [30, 40, 50, 60]], whole=True)
    assert found.part("p0").values[0] == 0


def test_a_missing_part_leaves_its_whole_missing() -> None:
    measures = measures_of([[10, 20], [30, 40]])
    values, status = measures.values.copy(), measures.status.copy()
    values[0, 0], status[0, 0] = np.nan, Status.MISSING
    measures = Measures(measures.units, measures.measures, values, status)
    plan = Plan.from_lookup({unit: unit for unit in measures.units}, units=measures.units)
    found = protected_together(aggregate(plan, measures), ["p0", "p1"], measures, DFE, plan=plan)
    assert found.whole.status.tolist() == [Status.MISSING, Status.OK, Status.MISSING]
    assert found.part("p1").values.tolist() == [30, 40, 70]


def test_a_rule_that_rounds_rounds_the_whole_too() -> None:
    found = together([[12, 23], [34, 41]], policy=NHS)
    assert found.part("p0").values.tolist() == [10, 25, 35]
    assert found.whole.values.tolist() == [45, 65, 110]


def test_the_whole_is_told_by_its_counts() -> None:
    measures = measures_of([[10, 20], [30, 40]], whole=True)
    assert whole_of(["p0", "p1"], measures) == "whole"
    assert whole_of(["p0", "whole"], measures) == ""


@pytest.mark.parametrize("whole", [False, True])
@settings(max_examples=60)
@given(
    st.integers(2, 4).flatmap(
        lambda zones: st.lists(
            st.lists(st.integers(0, 14), min_size=zones, max_size=zones), min_size=2, max_size=4
        )
    )
)
def test_no_hidden_count_can_be_told_more_closely_than_from_wholes_alone(
    whole: bool, table: list[list[int]]
) -> None:
    found = together([[float(count) for count in row] for row in table], whole=whole)
    cells = np.array(table, dtype=np.float64)
    parts, zones = cells.shape
    rows = np.vstack(
        [
            np.eye(cells.size),
            np.kron(np.eye(parts), np.ones((1, zones))),
            np.kron(np.ones((1, parts)), np.eye(zones)),
            np.ones((1, cells.size)),
        ]
    )
    status = np.array([part.status for part in found.parts])
    states = np.concatenate([status[:, :-1].ravel(), status[:, -1], found.whole.status])
    truth = cells.ravel()
    offer = offer_of(rows, truth, states, policy=DFE, loss=np.ones(len(rows)))
    nothing = Known(np.zeros((0, cells.size)), np.zeros(0), np.zeros(0), truth)
    small = np.flatnonzero(small_counts(truth, DFE) & (states[: cells.size] == Status.SUPPRESSED))
    assert small_counts(truth[states[: cells.size] < Status.NOT_APPLICABLE], DFE).sum() == 0
    if not small.size:
        return
    sets = np.eye(cells.size)[small]
    told = np.ptp(feasible_ranges(offer.added_to(nothing), sets), axis=1)
    # the best that withholding can do: all that may be hidden is
    most = offer.withheld(
        np.concatenate([rows[: -zones - 1] @ truth > 0, [not whole] * (zones + 1)])
    )
    best = np.ptp(feasible_ranges(most.added_to(nothing), sets), axis=1)
    assert (told >= np.minimum(best, DFE.high - DFE.low) - 1e-6).all()
