"""An attack: from all that random sequences of releases show, try to work out small counts.

The attacker knows every figure and symbol that left, which units are in which zone, that a hidden
count is no zero, and which of the hidden ones are small. He uses none of the code that he attacks:
he tries every set of units by linear algebra, and bounds every unit and every difference of two
published areas by linear programmes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pytest
from scipy import sparse
from scipy.optimize import linprog

from analysis.disclosure import DFE, Suppressed
from analysis.protected import protected_units, with_total
from analysis.releases import Register, Release, check_release, described, remedies
from geo.plan import Plan
from layers.measures import Measure, Measures
from layers.status import Status

SEQUENCES = 2_000
UNITS = tuple(f"E0100000{n}" for n in range(1, 7))  # a grid of two rows of three
BORDERS = {0: (1, 3), 1: (0, 2, 4), 2: (1, 5), 3: (0, 4), 4: (1, 3, 5), 5: (2, 4)}
SETS = np.array([[(s >> u) & 1 for u in range(6)] for s in range(1, 64)], dtype=float)


@dataclass(frozen=True)
class Leaving:
    """What left once: which units each cell adds up, and what it showed."""

    areas: np.ndarray
    figures: Suppressed


def measures_of(counts: np.ndarray) -> Measures:
    people = Measure("persons", "Persons", "people", "2016", "drawn", "official")
    cases = Measure("cases", "Cases", "children", "2016", "drawn", "official", sensitive=True)
    values = np.array([np.full(len(counts), 1500.0), counts])
    return Measures(UNITS, (people, cases), values, np.zeros(values.shape, dtype=np.int8))


def plans(rng: np.random.Generator, length: int) -> Iterable[Plan]:
    """Draw a plan, then move a unit or two to a neighbour's zone at a time."""
    zones = int(rng.integers(2, 4))
    at = rng.integers(0, zones, len(UNITS))
    for _ in range(length):
        yield Plan(UNITS, tuple(f"Z{z}" for z in range(zones)), at.astype(np.int32))
        at = at.copy()
        for unit in rng.choice(len(UNITS), rng.integers(1, 3), replace=False):
            at[unit] = at[rng.choice(BORDERS[int(unit)])]


def table_of(plan: Plan, measures: Measures, rows: str, *, policy_on: bool) -> Suppressed:
    """Give what a table shows of a plan; everything where the policy is off."""
    if policy_on:
        units = protected_units(plan, "cases", measures, DFE)
        assert units.totals is not None
        return units if rows == "units" else with_total(units.totals)
    counts = measures.counts("cases")
    sums = np.bincount(plan.assignment, counts, minlength=len(plan.zones))
    values = counts.copy() if rows == "units" else np.append(sums, counts.sum())
    return Suppressed(values, np.zeros(len(values), dtype=np.int8))


def sequence(rng: np.random.Generator, *, policy: str) -> tuple[np.ndarray, list[Leaving]]:
    """Publish tables of plan after plan, under the policy and the register as far as they go.

    `off`: nothing is suppressed and only zones leave. `tables`: each table is suppressed by
    itself. `register`: a refused table leaves after a remedy, or not at all.
    """
    counts = (rng.integers(0, 9, len(UNITS)) * rng.integers(0, 4, len(UNITS))).astype(float)
    measures, register, left = measures_of(counts), Register(), []
    for at, plan in enumerate(plans(rng, int(rng.integers(2, 4)))):
        rows = "zones" if policy == "off" else str(rng.choice(["zones", "zones", "units"]))
        shown = table_of(plan, measures, rows, policy_on=policy != "off")
        told = {"cases": Suppressed(shown.values, shown.status)}
        release = described(
            plan, measures, told, who="planner", when=f"{at}", table=rows, rows=rows
        )
        if policy == "register":
            allowed = passed(release, register, measures, rng)
            if allowed is None:
                continue
            release, shown = allowed, figures_of(allowed, measures)
            register = register.with_release(release)
        left.append(Leaving(release.areas, shown))
    return counts, left


def passed(
    release: Release, register: Register, measures: Measures, rng: np.random.Generator
) -> Release | None:
    """Let a safe table leave; a refused one after a remedy, or not."""
    if check_release(release, register, measures).safe:
        return release
    if rng.random() < 0.7:  # the planner gives up
        return None
    ways = remedies(release, register, measures)
    return ways[int(rng.integers(len(ways)))].release if ways else None


def figures_of(release: Release, measures: Measures) -> Suppressed:
    """Give what leaves once a remedy was applied to the table of its plan."""
    table = table_of(release.plan, measures, release.rows, policy_on=True)
    return release.masked("cases", Suppressed(table.values, table.status))


def recovered(counts: np.ndarray, left: list[Leaving]) -> list[tuple[np.ndarray, float]]:
    """List the sets with counts 1 to 5 that are told exactly, as the attacker finds them."""
    truth = SETS @ counts
    small = (truth >= 1) & (truth <= 5)
    if not left or not small.any():
        return []
    rows = np.vstack([leaving.areas for leaving in left]).astype(float)
    values = np.concatenate([leaving.figures.values for leaving in left])
    status = np.concatenate([leaving.figures.status for leaving in left])
    exact = status == Status.OK
    shown = rows[exact]
    sets = SETS[small]
    inside = np.linalg.pinv(shown) @ shown if len(shown) else np.zeros((6, 6))
    by_algebra = np.abs(sets @ inside - sets).max(axis=1) < 1e-9
    ends = bounds_of(sets, rows, values, status, counts)
    by_bounds = ends[:, 1] - ends[:, 0] < 1 - 1e-6
    return [(s, float(s @ counts)) for s in sets[by_algebra | by_bounds]]


def narrowed(counts: np.ndarray, left: list[Leaving]) -> list[int]:
    """List units with counts 1 to 5 that all releases together narrow below their interval.

    The symbols of one table alone may: two cells of a total that is hidden as 1 to 5 are 1 to 4.
    """
    small = np.flatnonzero((counts >= 1) & (counts <= 5))
    if not left or not len(small):
        return []
    units, wide = np.eye(6)[small], np.full(len(small), 4.0)
    for one in left:
        silent = np.where(one.figures.status == Status.SUPPRESSED, Status.SUPPRESSED, 3)
        ends = bounds_of(units, one.areas.astype(float), one.figures.values, silent, counts)
        wide = np.minimum(wide, ends[:, 1] - ends[:, 0])
    ends = bounds_of(
        units,
        np.vstack([one.areas for one in left]).astype(float),
        np.concatenate([one.figures.values for one in left]),
        np.concatenate([one.figures.status for one in left]),
        counts,
    )
    return small[ends[:, 1] - ends[:, 0] < wide - 1e-6].tolist()


def bounds_of(
    sets: np.ndarray, rows: np.ndarray, values: np.ndarray, status: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    """Bound each set by one linear programme that holds a copy of the unknowns for each end."""
    exact, rounded = status == Status.OK, status == Status.ROUNDED
    hidden = status == Status.SUPPRESSED
    small = hidden & (rows @ counts <= 5)  # he may know which of the hidden ones are small
    above = [rows[small], rows[rounded], -rows[rounded], -rows[hidden]]
    limit = [np.full(small.sum(), 5.0), values[rounded] + 2, 2 - values[rounded]]
    limit.append(np.full(hidden.sum(), -1.0))
    copies = sparse.eye_array(2 * len(sets))
    answer = linprog(
        np.concatenate([sets.ravel(), -sets.ravel()]),
        A_ub=sparse.kron(copies, np.vstack(above), format="csr"),
        b_ub=np.tile(np.concatenate(limit), 2 * len(sets)),
        A_eq=sparse.kron(copies, rows[exact], format="csr") if exact.any() else None,
        b_eq=np.tile(values[exact], 2 * len(sets)) if exact.any() else None,
        bounds=(0, 200),
    )
    assert answer.status == 0
    points = answer.x.reshape(2, len(sets), -1)
    return (points * sets).sum(axis=2).T


@pytest.mark.parametrize("start", range(4))
def test_no_sequence_of_releases_gives_a_small_count_away(start: int) -> None:
    rng = np.random.default_rng(20_000 + start)
    several = 0
    for number in range(SEQUENCES // 4):
        counts, left = sequence(rng, policy="register")
        assert not recovered(counts, left), (counts, left)
        assert number % 4 or not narrowed(counts, left), (counts, left)
        several += len(left) > 1
    assert several > SEQUENCES // 20  # or the register would only ever refuse


@pytest.mark.parametrize("policy", ["off", "tables"])
def test_without_the_register_or_the_rule_the_attack_bites(policy: str) -> None:
    rng = np.random.default_rng(7)
    bitten = sum(bool(recovered(*sequence(rng, policy=policy))) for _ in range(200))
    assert bitten >= (50 if policy == "off" else 10)


def test_the_attacker_finds_a_unit_that_moved() -> None:
    counts = np.array([30.0, 3, 20, 25, 40, 18])
    measures = measures_of(counts)
    before = Plan(UNITS, ("A", "B"), np.array([0, 0, 1, 0, 1, 1], dtype=np.int32))
    left = []
    for plan in (before, before.move([UNITS[1]], to="B")):
        figures = table_of(plan, measures, "zones", policy_on=True)
        areas = np.array([plan.assignment == 0, plan.assignment == 1, plan.assignment >= 0])
        left.append(Leaving(areas, figures))
    (found,) = recovered(counts, left)
    assert found[0].tolist() == [0, 1, 0, 0, 0, 0]
    assert found[1] == 3
    assert not any(recovered(counts, [one]) for one in left)


def test_every_small_set_of_the_grid_is_tried() -> None:
    assert len(SETS) == sum(len(list(combinations(UNITS, k))) for k in range(1, 7))
