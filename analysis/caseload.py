"""Caseload: open cases per full-time-equivalent worker, and who changes team in a redraw.

A case is a child, not a family. Average caseload is open cases over the FTE of the workers who
hold them (Department for Education, children's social work workforce).
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analysis.assumptions import Staff
from geo.plan import UNASSIGNED, Plan
from layers.measures import Measure, Measures
from layers.series import OPEN_KINDS

OPEN_CASES = "open_cases"


def with_open_cases(measures: Measures) -> Measures:
    """Return the measures with `open_cases`, the sum of the kinds of case that are there.

    A unit in which one kind is missing or suppressed has no sum, and says so by its status. The
    measures come back as they are when no kind is there.
    """
    kinds = [key for key in OPEN_KINDS if measures.has(key)]
    if not kinds or measures.has(OPEN_CASES):
        return measures
    rows = [measures.row(key) for key in kinds]
    parts = [measures.measures[row] for row in rows]
    modelled = any(part.status == "illustrative" for part in parts)
    described = Measure(
        key=OPEN_CASES,
        title="Open cases",
        counts="children",
        period=parts[0].period,
        source=" + ".join(part.title for part in parts),
        status="illustrative" if modelled else "official",
        sensitive=True,
    )
    worst = measures.status[rows].max(axis=0)
    return measures.joined(described, measures.values[rows].sum(axis=0), status=worst)


def cases_per_fte(
    cases: npt.NDArray[np.float64], fte: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Divide open cases by FTE, zone by zone; NaN where no staff is recorded or FTE is 0.

    >>> cases_per_fte(np.array([30.0, 20.0]), np.array([2.0, np.nan]))
    array([15., nan])
    """
    usable = np.where(fte > 0, fte, np.nan)
    return cases / usable


def fte_after(
    fte: npt.NDArray[np.float64],
    cases: npt.NDArray[np.float64],
    *,
    before: Plan,
    after: Plan,
    staff: Staff,
) -> npt.NDArray[np.float64]:
    """Say where the FTE is after a redraw.

    Parameters
    ----------
    fte
        Per zone of `before`; NaN where no staff is recorded.
    cases
        Open cases per unit.
    staff
        `stays`: each zone keeps its FTE, and a new zone has none recorded. `follows`: a unit
        that moves takes the share of its old zone's FTE that it has of that zone's cases.

    Returns
    -------
    ndarray
        Per zone of `after`. The sum is that of `fte` unless a zone is gone or units lose theirs.
    """
    kept = dict(zip(before.zones, fte.tolist(), strict=True))
    result = np.array([kept.get(zone, np.nan) for zone in after.zones], dtype=np.float64)
    if staff == "stays":
        return result
    inside = before.assignment != UNASSIGNED
    in_zone = np.bincount(before.assignment[inside], cases[inside], minlength=len(before.zones))
    position = {zone: i for i, zone in enumerate(after.zones)}
    for unit in before.positions(after.moved_from(before)):
        old = before.assignment[unit]
        if old == UNASSIGNED or not in_zone[old] or np.isnan(fte[old]):
            continue
        share = fte[old] * cases[unit] / in_zone[old]
        if before.zones[old] in position:
            result[position[before.zones[old]]] -= share
        new = after.assignment[unit]
        if new != UNASSIGNED:
            result[new] = share + (0.0 if np.isnan(result[new]) else result[new])
    return result


def changing_zone(
    keys: Sequence[str], measures: Measures, *, before: Plan, after: Plan
) -> dict[str, float]:
    """Sum measures over the units whose zone differs: children, open cases that change team.

    Returns
    -------
    dict
        One sum a key, in that order; NaN where a moved unit has no known count.
    """
    moved = before.positions(after.moved_from(before))
    return {key: float(measures.counts(key)[moved].sum()) for key in keys if measures.has(key)}
