"""A composite need index: several indicators in one figure, with weights that the user sees.

An index is an opinion about what counts how much. So its weights stand beside it, every zone shows
what each component adds, and `rank_stability` shows how far the ranks hang on the weights and on
chance. It orders zones of one authority; it has no unit and compares with no other index.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from analysis.rates import rate
from geo.errors import LayerError, named
from layers.indicators import Kind

Array = npt.NDArray[np.float64]

Scale = Literal["z", "rank"]
"""`z`: standard deviations above the authority. `rank`: place in the line of zones, 0 to 1."""

Missing = Literal["leave out", "reweight"]
"""What a zone that lacks a component gets: no index, or one of the components that it has."""

Varied = Literal["weights", "counts", "both"]

CONCENTRATION = 50
"""How closely drawn weights keep to the chosen: a weight of 25 % then varies by 6 points."""

DRAWS = 2000
TOP = 3
EVERYWHERE = (0.05, 0.95)
"""The shares of draws between which a zone's rank is said to lie."""

MOST_EVENTS = 1e15
"""Above this numpy cannot draw counts, and no authority has them."""


@dataclass(frozen=True, eq=False)
class Component:
    """One indicator of an index, as two counts per zone.

    Parameters
    ----------
    key, title
        The indicator's.
    x, n
        Numerator and denominator per zone, shape (zones,); NaN where missing.
    kind
        The indicator's: it decides how chance is drawn. A `mean` has none.
    more_need
        Whether a `high` or a `low` value tells of more need. It is not polarity: a high referral
        rate may tell of need and is still neither good nor bad.

    Raises
    ------
    LayerError
        When lengths differ, a count is negative, infinite or beyond counting, or a proportion has
        more cases than those it is a part of.
    """

    key: str
    title: str
    x: Array
    n: Array
    kind: Kind
    more_need: Literal["high", "low"] = "high"

    def __post_init__(self) -> None:
        """Check once and keep frozen copies."""
        for side in ("x", "n"):
            copy = np.array(getattr(self, side), dtype=np.float64)
            copy.setflags(write=False)
            object.__setattr__(self, side, copy)
        if self.x.ndim != 1 or self.x.shape != self.n.shape:
            raise LayerError(
                f"'{self.title}' has {self.x.size} numerators and {self.n.size} denominators.",
                remedy="Give each zone one of each.",
            )
        rate(self.x, self.n, per=1)
        if self.kind == "proportion" and (self.x > self.n).any():
            raise LayerError(
                f"'{self.title}' has more cases than those it is a part of.",
                remedy="Swap the counts, or make the indicator a rate.",
            )
        if (np.fmax(self.x, self.n) > MOST_EVENTS).any():
            raise LayerError(f"'{self.title}' has a count above {MOST_EVENTS:g}.")

    @property
    def values(self) -> Array:
        """The quotient per zone; NaN where it has none."""
        return rate(self.x, self.n, per=1)


@dataclass(frozen=True, eq=False)
class NeedIndex:
    """An index per zone with everything it is made of.

    Parameters
    ----------
    components
        One a row of `standardised` and `contributions`.
    weights
        Shares that sum to 1, shape (components,).
    standardised
        Components on one scale, higher for more need, shape (components, zones).
    contributions
        What each component adds to each zone's index, same shape; a column sums to the value.
    value
        Per zone; NaN where it has none.
    rank
        1 for the most need; equal values share the better rank; NaN without value.
    covered
        Share (0-1) of the weight whose components each zone has.
    """

    components: tuple[Component, ...]
    weights: Array
    standardised: Array
    contributions: Array
    value: Array
    rank: Array
    covered: Array

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        for array in (self.weights, self.standardised, self.contributions):
            array.setflags(write=False)
        for array in (self.value, self.rank, self.covered):
            array.setflags(write=False)


@dataclass(frozen=True, eq=False)
class RankStability:
    """How ranks hold when weights or counts are drawn anew; arrays per zone, NaN without index.

    Parameters
    ----------
    draws
        How many.
    varied
        What was drawn: `weights`, `counts` or `both`.
    top
        How many zones the top has.
    in_top
        Share of draws in which the zone is among the top.
    kept
        Share of draws in which the zone has the rank that the chosen weights give it.
    lower, upper
        Ranks between which it lies in 90 % of draws (the 5th and the 95th in 100).
    same_top
        Share of draws in which the top holds exactly the zones that it holds now.
    """

    draws: int
    varied: Varied
    top: int
    in_top: Array
    kept: Array
    lower: Array
    upper: Array
    same_top: float

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        for array in (self.in_top, self.kept, self.lower, self.upper):
            array.setflags(write=False)


def need_index(
    components: Sequence[Component],
    weights: Mapping[str, float],
    *,
    scale: Scale = "z",
    missing: Missing = "leave out",
) -> NeedIndex:
    """Put components on one scale, weigh them and add them up.

    Parameters
    ----------
    components
        Of the same zones in the same order.
    weights
        One for each component's key, 0 or more and not all 0; only their proportions matter. A
        component with weight 0 is shown and adds nothing, missing or not.
    scale
        `z`: how many standard deviations a zone lies above the whole authority; people weigh in
        both, as they do in `analysis.equity`. `rank`: its place in the line of zones from 0 (least
        need) to 1 (most), which one far-off zone cannot stretch.
    missing
        `leave out`: a zone that lacks a component with weight has no index. `reweight`: its
        other components share the weight; then it does not strictly compare, and `covered` says
        how much of the weight stands behind it.

    Returns
    -------
    NeedIndex
        Where a component is the same everywhere it tells zones apart by nothing: 0 in `z`.

    Raises
    ------
    LayerError
        When weights and components do not fit, or components are not of the same zones.

    Examples
    --------
    >>> poor = Component("idaci", "IDACI", [30, 10], [100, 100], "proportion")
    >>> work = Component("neet", "NEET", [5, 10], [100, 100], "proportion")
    >>> found = need_index([poor, work], {"idaci": 3, "neet": 1})
    >>> found.weights, found.value, found.rank
    (array([0.75, 0.25]), array([ 0.5, -0.5]), array([1., 2.]))
    """
    _refuse_components(components)
    share = _shares(components, weights)
    standardised = np.array([_standardised(part, scale) for part in components])
    contributions, covered = _weigh(standardised, share, missing)
    value = contributions.sum(axis=0)
    contributions = np.where(np.isnan(value), np.nan, contributions)
    return NeedIndex(
        tuple(components), share, standardised, contributions, value, _ranks(value), covered
    )


def rank_stability(
    components: Sequence[Component],
    weights: Mapping[str, float],
    *,
    rng: np.random.Generator,
    vary: Varied = "weights",
    draws: int = DRAWS,
    top: int = TOP,
    concentration: float = CONCENTRATION,
    scale: Scale = "z",
    missing: Missing = "leave out",
) -> RankStability:
    """Draw weights or counts anew many times and see how far the ranks hold.

    Parameters
    ----------
    components, weights, scale, missing
        As for `need_index`.
    rng
        The same one gives the same answer.
    vary
        `weights`: drawn around the chosen ones (Dirichlet); a weight of 0 stays 0. `counts`:
        numerators drawn around the counted ones, Poisson for a rate and binomial for a
        proportion; a mean stays. `both`: one draw of each.
    top
        How many zones the top has; all where there are fewer.
    concentration
        How closely drawn weights keep to the chosen: a weight w varies by
        sqrt(w (1 - w) / (concentration + 1)).

    Raises
    ------
    LayerError
        As `need_index`; or when there are no draws, no top or no concentration.

    Notes
    -----
    A zone where nothing was counted stays at 0 in every draw, so chance is understated there.
    The counts of different components are drawn apart, though in truth some rise together.

    Examples
    --------
    >>> poor = Component("idaci", "IDACI", [30, 10], [100, 100], "proportion")
    >>> found = rank_stability([poor], {"idaci": 1}, rng=np.random.default_rng(1), top=1)
    >>> found.in_top, found.same_top
    (array([1., 0.]), 1.0)
    """
    if draws < 1 or top < 1 or not 0 < concentration < np.inf:
        raise LayerError(
            f"There are {draws} draws, a top of {top} and a concentration of {concentration:g}.",
            remedy="All three are above 0.",
        )
    index = need_index(components, weights, scale=scale, missing=missing)
    drawn = np.empty((draws, len(index.rank)))
    for draw in range(draws):
        share, standardised = index.weights, index.standardised
        if vary != "counts":
            share = _drawn_weights(share, concentration, rng)
        if vary != "weights":
            again = (_drawn_counts(part, rng) for part in components)
            standardised = np.array([_standardised(part, scale) for part in again])
        value = _weigh(standardised, share, missing)[0].sum(axis=0)
        # a tiny weight may be drawn as 0, which must not let a zone in that lacks its component
        drawn[draw] = _ranks(np.where(np.isnan(index.value), np.nan, value))
    return _stability(index.rank, drawn, vary, top)


def _stability(rank: Array, drawn: Array, vary: Varied, top: int) -> RankStability:
    """Read off draws, shape (draws, zones), how the ranks held."""
    known = ~np.isnan(rank)
    now, among = rank <= top, drawn <= top

    def of(figure: npt.NDArray[np.generic]) -> Array:
        return np.where(known, figure, np.nan).astype(np.float64)

    # a rank is a whole number, so its quantiles are ranks that were drawn and nothing between
    ends = np.full((2, len(rank)), np.nan)
    if known.any():
        ends[:, known] = np.quantile(drawn[:, known], EVERYWHERE, axis=0, method="inverted_cdf")
    return RankStability(
        len(drawn),
        vary,
        top,
        in_top=of(among.mean(axis=0)),
        kept=of((drawn == rank).mean(axis=0)),
        lower=ends[0],
        upper=ends[1],
        same_top=float((among == now).all(axis=1).mean()) if known.any() else float("nan"),
    )


def _weigh(standardised: Array, share: Array, missing: Missing) -> tuple[Array, Array]:
    """Give contributions, shape (components, zones), and the weight covered per zone."""
    weight = share[:, None]
    has = ~np.isnan(standardised)
    covered = (has * weight).sum(axis=0)
    parts = np.where(has, standardised, 0) * weight
    whole = (has | (weight == 0)).all(axis=0)
    if missing == "leave out":
        return np.where(whole, parts, np.nan), covered
    # where all are there nothing is shared out, so that a sum just below 1 moves no value
    shared = np.where(whole, 1.0, np.where(covered > 0, covered, np.nan))
    return parts / shared, covered


def _standardised(part: Component, scale: Scale) -> Array:
    sign = 1.0 if part.more_need == "high" else -1.0
    values = part.values * sign
    return _z_scores(values, part.n) if scale == "z" else _places(values)


def _z_scores(values: Array, people: Array) -> Array:
    """Say how many standard deviations each lies above the mean over people."""
    known = ~np.isnan(values)
    if not known.any():
        return values
    y, share = values[known], people[known] / people[known].sum()
    mean = float(share @ y)
    spread = float(np.sqrt(share @ (y - mean) ** 2))
    result = np.full(values.shape, np.nan)
    # equal values leave a spread of the last digit, which must not be blown up to a difference
    flat = spread <= 1e-12 * float(np.abs(y).max())
    result[known] = 0.0 if flat else (y - mean) / spread
    return result


def _places(values: Array) -> Array:
    """Give the place of each in the line from the lowest (0) to the highest (1); ties share one."""
    known = ~np.isnan(values)
    result = np.full(values.shape, np.nan)
    if not known.any():
        return result
    _, group, size = np.unique(values[known], return_inverse=True, return_counts=True)
    below = np.cumsum(size) - size
    last = int(size.sum()) - 1
    result[known] = (below + (size - 1) / 2)[group] / last if last else 0.5
    return result


def _ranks(value: Array) -> Array:
    """Rank from the highest, 1; equal values share the better rank."""
    known = ~np.isnan(value)
    result = np.full(value.shape, np.nan)
    # what is equal but for the last digit is equal: sums differ by the order of components
    near = np.round(value[known], 9)
    result[known] = 1 + len(near) - np.searchsorted(np.sort(near), near, side="right")
    return result


def _drawn_weights(share: Array, concentration: float, rng: np.random.Generator) -> Array:
    alpha = share * concentration
    drawn = np.zeros(len(share))
    drawn[alpha > 0] = rng.dirichlet(alpha[alpha > 0])
    return drawn


def _drawn_counts(part: Component, rng: np.random.Generator) -> Component:
    known = ~np.isnan(part.values)
    if part.kind == "mean" or not known.any():
        return part
    x, n = np.full(part.x.shape, np.nan), part.n[known]
    if part.kind == "rate":
        x[known] = rng.poisson(part.x[known])
    else:
        whole = np.rint(n)
        drawn = rng.binomial(whole.astype(np.int64), np.minimum(part.x[known] / n, 1))
        x[known] = drawn * (n / np.where(whole > 0, whole, 1))
    return replace(part, x=x)


def _shares(components: Sequence[Component], weights: Mapping[str, float]) -> Array:
    """Give weights as shares of their sum, in the order of the components."""
    keys = [part.key for part in components]
    unmatched = sorted(set(keys) ^ set(weights))
    if unmatched:
        raise LayerError(
            f"Weights and components do not fit at {named(unmatched)}.",
            remedy="Give each component one weight, 0 to leave it out.",
        )
    given = np.array([weights[key] for key in keys], dtype=np.float64)
    if not ((given >= 0) & np.isfinite(given)).all() or not given.any():
        raise LayerError(
            f"The weights are {named(f'{weight:g}' for weight in given)}.",
            remedy="Each is 0 or more, and not all are 0.",
        )
    given = given / given.max()  # so that the sum of huge weights stays finite
    return np.asarray(given / given.sum(), dtype=np.float64)


def _refuse_components(components: Sequence[Component]) -> None:
    keys = [part.key for part in components]
    if not keys or len(set(keys)) != len(keys):
        raise LayerError(
            f"The index has the components {named(keys) or 'none'}.",
            remedy="Name at least one, and each once.",
        )
    if len({part.x.shape for part in components}) > 1:
        raise LayerError(
            "The components are not of the same zones: they differ in length.",
            remedy="Work each out over one plan.",
        )
