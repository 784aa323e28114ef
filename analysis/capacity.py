"""Capacity: how much work the staff of a zone can hold, and what its open cases weigh.

An FTE on paper is not an FTE at work: a worker in the first year holds less than a full caseload,
and some are away. Neither is a case a case. What follows is load: weighted cases per available
FTE. It says nothing of rates, which count children and not staff.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analysis.assumptions import Assumptions
from analysis.caseload import OPEN_CASES
from layers.measures import Measure, Measures
from layers.series import OPEN_KINDS
from layers.staffing import Staffing

Array = npt.NDArray[np.float64]

WEIGHTED_CASES = "weighted_cases"


def recorded_fte(
    staffing: Staffing | None, plan: str, zones: Sequence[str], assumptions: Assumptions
) -> Array:
    """Sum FTE per zone, where the planner has not set it: on paper, whoever is new or away.

    Parameters
    ----------
    staffing
        None where the authority has none.
    plan
        Key of the plan that the staff belongs to.
    zones
        Those of any plan; staff is told by the zone's name.

    Returns
    -------
    ndarray
        Shape (zones,); NaN where no staff is recorded and none is set.

    Examples
    --------
    >>> recorded_fte(None, "areas", ["North", "South"], Assumptions(fte={"South": 5}))
    array([nan,  5.])
    """
    nothing = np.full(len(zones), np.nan)
    recorded = nothing if staffing is None else staffing.fte(plan, zones)
    chosen = np.array([assumptions.fte.get(zone, np.nan) for zone in zones], dtype=np.float64)
    return np.where(np.isnan(chosen), recorded, chosen)


def available_fte(
    staffing: Staffing | None, plan: str, zones: Sequence[str], assumptions: Assumptions
) -> Array:
    """Sum the FTE per zone that can hold cases: FTE x share of a full caseload x (1 - absence).

    A newly qualified worker counts as `assumptions.newly_qualified` of a full one. Where the
    planner set a zone's FTE, its staff is taken to be made up as recorded; where none is recorded,
    all of it is taken to be at work.

    Parameters
    ----------
    staffing, plan, zones
        As in `recorded_fte`.

    Returns
    -------
    ndarray
        Shape (zones,); NaN where no staff is recorded and none is set.

    Examples
    --------
    >>> from layers.staffing import Post
    >>> post = Post("areas", "North", "social worker", 10, "official", "drawn", absence=0.05)
    >>> available_fte(Staffing((post,)), "areas", ["North", "South"], Assumptions())
    array([9.5, nan])
    """
    recorded = recorded_fte(staffing, plan, zones, Assumptions())
    at_work = _at_work(staffing, plan, zones, assumptions.newly_qualified)
    usable = np.where(recorded > 0, recorded, np.nan)
    share = np.where(np.isnan(usable), 1.0, at_work / usable)
    chosen = np.array([assumptions.fte.get(zone, np.nan) for zone in zones], dtype=np.float64)
    return np.where(np.isnan(chosen), at_work, chosen * share)


def weighted_cases(measures: Measures, assumptions: Assumptions) -> Measures:
    """Return the measures with `weighted_cases`: the sum of weight x open cases over their kinds.

    A unit in which one kind is missing or suppressed has no sum, and says so by its status. The
    measures come back as they are when no kind is there. The sum is sensitive, but the rule for
    small counts does not suit it, since it is no count: show it only as `analysis.tables` does.

    Parameters
    ----------
    assumptions
        What a case of each kind weighs; 1 where nothing is set.

    Examples
    --------
    >>> kind = Measure("open_cp", "On a plan", "children", "2017", "drawn", "official", True)
    >>> counts = Measures(("a",), (kind,), np.array([[8.0]]), np.zeros((1, 1), "i1"))
    >>> weighted_cases(counts, Assumptions(weights={"open_cp": 1.5})).counts("weighted_cases")
    array([12.])
    """
    kinds = kinds_of(measures)
    if not kinds or measures.has(WEIGHTED_CASES):
        return measures
    rows = [measures.row(key) for key in kinds]
    parts = [measures.measures[row] for row in rows]
    modelled = any(part.status == "illustrative" for part in parts)
    described = Measure(
        key=WEIGHTED_CASES,
        title="Weighted cases",
        counts="points",
        period=parts[0].period,
        source=" + ".join(
            f"{assumptions.weight(key):g} x {part.title}"
            for key, part in zip(kinds, parts, strict=True)
        ),
        status="illustrative" if modelled else "official",
        sensitive=True,
    )
    weights = np.array([assumptions.weight(key) for key in kinds])
    worst = measures.status[rows].max(axis=0)
    return measures.joined(described, weights @ measures.values[rows], status=worst)


def kinds_of(measures: Measures) -> tuple[str, ...]:
    """List the kinds of open case that are counted."""
    return tuple(key for key in OPEN_KINDS if measures.has(key))


def case_size(measures: Measures, assumptions: Assumptions) -> float:
    """Say how many cases of weight 1 vary as much as one of these: sum w^2 x / sum w x.

    A case of weight w adds w to the sum and w squared to its variance. So weighted cases over this
    size vary as that many cases of weight 1 would. NaN where nothing weighs anything.

    Examples
    --------
    >>> kind = Measure("open_cp", "On a plan", "children", "2017", "drawn", "official", True)
    >>> counts = Measures(("a",), (kind,), np.array([[8.0]]), np.zeros((1, 1), "i1"))
    >>> case_size(counts, Assumptions(weights={"open_cp": 1.5}))
    1.5
    """
    kinds = kinds_of(measures)
    weights = np.array([assumptions.weight(key) for key in kinds])
    cases = np.array([np.nansum(measures.counts(key)) for key in kinds])
    weighted = float(weights @ cases)
    return float(weights**2 @ cases) / weighted if weighted > 0 else float("nan")


def told_by_weighted(measures: Measures, assumptions: Assumptions) -> tuple[str, ...]:
    """Name the counts that weighted cases give away.

    Where all kinds weigh the same, that is their sum. Where they do not, each kind can be worked
    out: 20 + 2 x 3 = 26 beside 23 cases leaves 3 of the second kind, and weights such as 1, 1,000
    and 1,000,000 tell all three at once. Nothing is told where nothing weighs anything.
    """
    kinds = kinds_of(measures)
    weights = {assumptions.weight(key) for key in kinds}
    if len(weights) > 1:
        return (OPEN_CASES, *kinds)
    return () if weights <= {0.0} else (OPEN_CASES,)


def _at_work(
    staffing: Staffing | None, plan: str, zones: Sequence[str], newly_qualified: float
) -> Array:
    total = dict.fromkeys(zones, np.nan)
    for post in staffing.posts if staffing else ():
        if post.plan != plan or post.zone not in total:
            continue
        held = post.fte * (newly_qualified if post.newly_qualified else 1.0) * (1 - post.absence)
        known = total[post.zone]
        total[post.zone] = held + (0.0 if np.isnan(known) else known)
    return np.array([total[zone] for zone in zones], dtype=np.float64)
