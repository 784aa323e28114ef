"""The registry: every figure that the pages, the command line and the documentation list.

A metric is a key, a version and how to compute it. A changed formula raises the version, so that
a stored result says which formula made it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from analysis.aggregate import ZoneTotals
from analysis.assumptions import Assumptions, Staff
from analysis.capacity import WEIGHTED_CASES, case_size
from analysis.caseload import OPEN_CASES, cases_per_fte, changing_zone
from analysis.equity import Inequality, chance_cv, inequality
from analysis.need import Groups, NeedAdjusted, need_adjusted
from analysis.shape import ZoneShapes, pyramids_split, zone_shapes
from geo.geography import Geography
from geo.plan import Plan
from layers.measures import Measures

PER_CHILDREN = 10_000
Value = npt.NDArray[np.float64] | float


@dataclass(frozen=True, eq=False)
class Facts:
    """What metrics are worked out from: a plan, its totals, its staff, where it came from.

    Parameters
    ----------
    fte, available
        Per zone, on paper and as can hold cases; NaN where no staff is recorded.
    assumptions
        What staff do when a line moves, what cases weigh, whose FTE is set.
    need
        The need group of each unit; None where the pack tells of no need.
    """

    plan: Plan
    baseline: Plan
    geography: Geography
    measures: Measures
    totals: ZoneTotals
    fte: npt.NDArray[np.float64]
    available: npt.NDArray[np.float64]
    pyramids: Plan | None
    assumptions: Assumptions = field(default_factory=Assumptions)
    need: Groups | None = None

    @property
    def staff(self) -> Staff:
        """Whether FTE stays with its zone or follows the cases."""
        return self.assumptions.staff

    def counts(self, key: str) -> npt.NDArray[np.float64]:
        """Give a measure's totals per zone; NaN throughout where the pack does not count it."""
        if not self.measures.has(key):
            return np.full(len(self.plan.zones), np.nan)
        return self.totals.counts(key)

    @cached_property
    def shape(self) -> ZoneShapes:
        """Area, outline and pieces of the zones."""
        return zone_shapes(self.geography, self.plan)

    @cached_property
    def referral_equity(self) -> Inequality:
        """How unequal referral rates are between zones, children as weights."""
        return self._per_child("referrals")

    @cached_property
    def cin_equity(self) -> Inequality:
        """How unequal rates of children in need are between zones, children as weights."""
        return self._per_child("cin")

    @cached_property
    def cp_equity(self) -> Inequality:
        """How unequal rates of child protection plans are between zones, children as weights."""
        return self._per_child("open_cp")

    @cached_property
    def against_need(self) -> NeedAdjusted | None:
        """Referrals of each zone beside those that its children's need would bring."""
        if self.need is None or not self.measures.has("referrals"):
            return None
        children, referrals = (self.measures.counts(key) for key in ("children", "referrals"))
        return need_adjusted(self.plan, referrals, children, self.need)

    @cached_property
    def need_equity(self) -> Inequality:
        """How unequal referrals are against what need would bring, the expected as weights."""
        found = self.against_need
        if found is None:
            nothing = np.full(len(self.plan.zones), np.nan)
            return inequality(nothing, nothing, per=1)
        return inequality(found.observed, found.expected, per=1)

    @property
    def without_staff(self) -> tuple[str, ...]:
        """Zones with small areas and no staff, recorded or set: no spread of load has them in it.

        Where staff follow cases this may tell cases: say it only where such a spread is shown.
        """
        bare = (self.plan.sizes > 0) & ~(self.fte > 0)
        return tuple(zone for zone, is_bare in zip(self.plan.zones, bare, strict=True) if is_bare)

    @cached_property
    def load_equity(self) -> Inequality:
        """How unequal open cases per FTE are between zones, FTE as weights; see `fte_in_use`."""
        return inequality(self.counts(OPEN_CASES), self.fte_in_use, per=1)

    @cached_property
    def weighted_equity(self) -> Inequality:
        """How unequal weighted cases per available FTE are, available FTE as weights."""
        return inequality(self.counts(WEIGHTED_CASES), self.available_in_use, per=1)

    @cached_property
    def weighted_noise(self) -> float:
        """The CV of weighted load to expect of zones that all had one load."""
        cases = self.counts(WEIGHTED_CASES)
        size = case_size(self.measures, self.assumptions)
        return chance_cv(cases if np.isnan(size) else cases / size, self.available_in_use)

    @property
    def fte_in_use(self) -> npt.NDArray[np.float64]:
        """FTE of the zones whose load can be compared; NaN for those without small areas or staff.

        A zone that a redraw has emptied is no team with little to do: nobody lives in it. Where
        all zones but one have no staff there is nothing to compare, and all are NaN.
        """
        return self._in_use(self.fte)

    @property
    def available_in_use(self) -> npt.NDArray[np.float64]:
        """Available FTE of those zones; NaN elsewhere."""
        return self._in_use(self.available)

    def _in_use(self, fte: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        in_use = (fte > 0) & (self.plan.sizes > 0)
        if self.without_staff and in_use.sum() < 2:
            return np.full(fte.shape, np.nan)
        return np.where(in_use, fte, np.nan)

    def _per_child(self, key: str) -> Inequality:
        return inequality(self.counts(key), self.counts("children"), per=PER_CHILDREN)

    def changing(self, key: str) -> float:
        """Sum a measure over the units whose zone differs from the baseline's."""
        moved = changing_zone([key], self.measures, before=self.baseline, after=self.plan)
        return moved.get(key, float("nan"))


@dataclass(frozen=True)
class Metric:
    """One figure of a plan, or one a zone.

    Parameters
    ----------
    version
        Raised whenever the formula changes.
    unit
        What it is in, as shown beside it.
    better
        Which way is better; `none` where neither is, as with a referral rate.
    scope
        `zone`: compute gives one number a zone. `plan`: it gives one number.
    decimals
        How many to show.
    """

    key: str
    version: int
    title: str
    unit: str
    better: Literal["high", "low", "none"]
    scope: Literal["zone", "plan"]
    decimals: int
    compute: Callable[[Facts], Value]


def _zone(
    key: str, title: str, unit: str, decimals: int, compute: Callable[[Facts], Value]
) -> Metric:
    return Metric(key, 1, title, unit, "none", "zone", decimals, compute)


def _plan(
    key: str,
    title: str,
    unit: str,
    decimals: int,
    compute: Callable[[Facts], Value],
    *,
    version: int = 1,
) -> Metric:
    better: Literal["low", "none"] = "none" if key.endswith("_noise") else "low"
    return Metric(key, version, title, unit, better, "plan", decimals, compute)


_WITHOUT_EMPTIED = 2
"""The version from which zones without small areas are in no spread of load."""


def _per(
    x: npt.NDArray[np.float64], n: npt.NDArray[np.float64], per: int
) -> npt.NDArray[np.float64]:
    return x / np.where(n > 0, n, np.nan) * per


def _against_need(facts: Facts) -> npt.NDArray[np.float64]:
    found = facts.against_need
    if found is None:
        return np.full(len(facts.plan.zones), np.nan)
    return found.ratio.value


def _split(facts: Facts) -> float:
    if facts.pyramids is None:
        return float("nan")
    return float(len(pyramids_split(facts.plan, facts.pyramids)))


METRICS: tuple[Metric, ...] = (
    _zone("units", "Small areas", "areas", 0, lambda f: f.plan.sizes.astype(np.float64)),
    _zone("persons", "Population", "people", 0, lambda f: f.counts("persons")),
    _zone("children", "Children aged 0-17", "children", 0, lambda f: f.counts("children")),
    _zone("referrals", "Referrals", "a year", 0, lambda f: f.counts("referrals")),
    _zone(
        "referral_rate",
        "Referral rate",
        "per 10,000 children",
        1,
        lambda f: _per(f.counts("referrals"), f.counts("children"), PER_CHILDREN),
    ),
    _zone(
        "cin_rate",
        "Children in need rate",
        "per 10,000 children",
        1,
        lambda f: _per(f.counts("cin"), f.counts("children"), PER_CHILDREN),
    ),
    _zone(
        "cp_rate",
        "Child protection plan rate",
        "per 10,000 children",
        1,
        lambda f: _per(f.counts("open_cp"), f.counts("children"), PER_CHILDREN),
    ),
    _zone("oe", "Referrals against need", "observed over expected", 2, _against_need),
    _zone("open_cases", "Open cases", "children", 0, lambda f: f.counts(OPEN_CASES)),
    _zone("fte", "Staff", "FTE of all roles", 1, lambda f: f.fte),
    _zone(
        "cases_per_fte",
        "Cases per worker",
        "open cases per FTE",
        1,
        lambda f: cases_per_fte(f.counts(OPEN_CASES), f.fte),
    ),
    _zone("available_fte", "Available staff", "FTE that can hold cases", 1, lambda f: f.available),
    _zone(
        "weighted_cases", "Weighted cases", "cases x weight", 1, lambda f: f.counts(WEIGHTED_CASES)
    ),
    _zone(
        "weighted_load",
        "Weighted load",
        "weighted cases per available FTE",
        1,
        lambda f: cases_per_fte(f.counts(WEIGHTED_CASES), f.available),
    ),
    _zone("area_km2", "Area", "km²", 1, lambda f: f.shape.area_km2),
    _zone(
        "polsby_popper", "Compactness", "Polsby-Popper, 0 to 1", 2, lambda f: f.shape.polsby_popper
    ),
    _zone("pieces", "Pieces", "pieces", 0, lambda f: f.shape.pieces.astype(np.float64)),
    _plan(
        "referral_cv",
        "Referral rate CV",
        "%",
        1,
        lambda f: 100 * f.referral_equity.cv,
    ),
    _plan("referral_gini", "Referral rate Gini", "0 to 1", 3, lambda f: f.referral_equity.gini),
    _plan(
        "referral_max_min",
        "Referral rate max/min",
        "ratio",
        2,
        lambda f: f.referral_equity.max_min,
    ),
    _plan(
        "referral_noise",
        "Referral rate CV by chance",
        "%",
        1,
        lambda f: 100 * f.referral_equity.noise_floor,
    ),
    _plan("cin_cv", "Children in need rate CV", "%", 1, lambda f: 100 * f.cin_equity.cv),
    _plan(
        "cin_noise",
        "Children in need rate CV by chance",
        "%",
        1,
        lambda f: 100 * f.cin_equity.noise_floor,
    ),
    _plan("cp_cv", "Child protection plan rate CV", "%", 1, lambda f: 100 * f.cp_equity.cv),
    _plan(
        "cp_noise",
        "Child protection plan rate CV by chance",
        "%",
        1,
        lambda f: 100 * f.cp_equity.noise_floor,
    ),
    _plan("oe_cv", "Referrals against need CV", "%", 1, lambda f: 100 * f.need_equity.cv),
    _plan(
        "oe_max_min",
        "Referrals against need max/min",
        "ratio",
        2,
        lambda f: f.need_equity.max_min,
    ),
    _plan(
        "oe_noise",
        "Referrals against need CV by chance",
        "%",
        1,
        lambda f: 100 * f.need_equity.noise_floor,
    ),
    _plan(
        "load_cv",
        "Cases per worker CV",
        "%",
        1,
        lambda f: 100 * f.load_equity.cv,
        version=_WITHOUT_EMPTIED,
    ),
    _plan(
        "load_gini",
        "Cases per worker Gini",
        "0 to 1",
        3,
        lambda f: f.load_equity.gini,
        version=_WITHOUT_EMPTIED,
    ),
    _plan(
        "load_max_min",
        "Cases per worker max/min",
        "ratio",
        2,
        lambda f: f.load_equity.max_min,
        version=_WITHOUT_EMPTIED,
    ),
    _plan(
        "load_noise",
        "Cases per worker CV by chance",
        "%",
        1,
        lambda f: 100 * f.load_equity.noise_floor,
        version=_WITHOUT_EMPTIED,
    ),
    _plan(
        "weighted_load_cv",
        "Weighted load CV",
        "%",
        1,
        lambda f: 100 * f.weighted_equity.cv,
        version=_WITHOUT_EMPTIED,
    ),
    _plan(
        "weighted_load_max_min",
        "Weighted load max/min",
        "ratio",
        2,
        lambda f: f.weighted_equity.max_min,
        version=_WITHOUT_EMPTIED,
    ),
    _plan(
        "weighted_load_noise",
        "Weighted load CV by chance",
        "%",
        1,
        lambda f: 100 * f.weighted_noise,
        version=_WITHOUT_EMPTIED,
    ),
    _plan(
        "units_moved",
        "Small areas that change zone",
        "areas",
        0,
        lambda f: float(len(f.plan.moved_from(f.baseline))),
    ),
    _plan(
        "children_moved",
        "Children who change team",
        "children",
        0,
        lambda f: f.changing("children"),
    ),
    _plan(
        "cases_moved",
        "Open cases that change team",
        "children",
        0,
        lambda f: f.changing(OPEN_CASES),
    ),
    _plan("pyramids_split", "Pyramids split", "pyramids", 0, _split),
    _plan(
        "cut_edges",
        "Borders between zones",
        "pairs of areas",
        0,
        lambda f: float(f.shape.cut_edges),
    ),
    _plan(
        "cut_length_km",
        "Length of the lines between zones",
        "km",
        1,
        lambda f: f.shape.cut_length_m / 1000,
    ),
    _plan(
        "stray_pieces",
        "Pieces apart from their zone",
        "pieces",
        0,
        lambda f: float(np.maximum(f.shape.pieces - 1, 0).sum()),
    ),
    _plan(
        "unassigned", "Small areas in no zone", "areas", 0, lambda f: float(len(f.plan.unassigned))
    ),
)
