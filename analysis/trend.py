"""Time: values period by period, what changed beyond chance, and where a series breaks.

A series is two counts per period; rebuilt from small areas it survives a redraw. Periods that a
break parts are not compared unless asked for, and then the reason stands beside the answer. Each
change is tested by itself: over twenty steps chance alone makes one that looks real.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri  # scipy.stats takes a second to load

from analysis.rates import USUAL, Rates, compare, indicator_values, rate, rate_interval
from geo.errors import LayerError
from layers import incidents
from layers.indicators import Indicator, Kind, Polarity

Array = npt.NDArray[np.float64]
Every = Literal[
    "month", "date", "calendar year", "financial year", "academic year", "reporting year"
]
Direction = Literal["rise", "fall", "no clear change", "not compared"]

MONTHS_A_YEAR = 12
LEAST_PERIODS = 5
"""Periods that a trend is told from, as Fingertips does."""

_STARTS: dict[Every, int] = {
    "calendar year": 0,
    "financial year": 3,
    "academic year": 8,
    "reporting year": -9,
}
"""Months from the January of the year that is written first to the first month."""

_MONTH = re.compile(r"(?P<year>[12][0-9]{3})-(?P<month>0[1-9]|1[0-2])")
_DATE = re.compile(_MONTH.pattern + r"-(0[1-9]|[12][0-9]|3[01])")
_YEAR = re.compile(r"(?P<year>[12][0-9]{3})")
_SPLIT_YEAR = re.compile(r"(?P<year>[12][0-9]{3})[-/]?(?P<next>[0-9]{2})")
_PATTERNS: dict[Every, re.Pattern[str]] = {
    "month": _MONTH,
    "date": _DATE,
    "calendar year": _YEAR,
    "financial year": _SPLIT_YEAR,
    "academic year": _SPLIT_YEAR,
    "reporting year": _YEAR,
}


@dataclass(frozen=True)
class Period:
    """A named stretch of whole months; the day of a stock counts as its month.

    Parameters
    ----------
    title
        As it is shown: `2016-17`.
    first, last
        Months, `YYYY-MM`, both included.

    Raises
    ------
    LayerError
        When one is no month, or the last comes before the first.
    """

    title: str
    first: str
    last: str

    def __post_init__(self) -> None:
        """Check once."""
        _require_month(self.first)
        _require_month(self.last)
        if self.last < self.first:
            raise LayerError(f"The period '{self.title}' ends before it begins.")

    @property
    def months(self) -> int:
        """How many months it has."""
        return _number(self.last) - _number(self.first) + 1

    @property
    def days(self) -> int:
        """How many days it has."""
        return int(_days(_number(self.first), self.months).sum())


@dataclass(frozen=True)
class Break:
    """A month from which a series is another one, or a spell in which it was.

    Parameters
    ----------
    period
        The first month of the new series, or of the spell, `YYYY-MM`.
    reason
        A sentence for the reader of a chart.
    until
        The last month of a spell; empty where the series stays changed.

    Raises
    ------
    LayerError
        When one is no month, the spell ends before it begins, or no reason is given.
    """

    period: str
    reason: str
    until: str = ""

    def __post_init__(self) -> None:
        """Check once."""
        _require_month(self.period)
        if self.until:
            _require_month(self.until)
        if (self.until and self.until < self.period) or not self.reason.strip():
            raise LayerError(
                f"The break at {self.period} has no reason, or ends before it begins.",
                remedy="Say what changed, from which month, and until when if it changed back.",
            )

    def parts(self, earlier: Period, later: Period) -> bool:
        """Say whether it stands between two periods, or inside either of them.

        Examples
        --------
        >>> covid = Break("2020-01", "Covid breaches are among them.", until="2021-03")
        >>> before, during, after = (Period(y, f"{y}-01", f"{y}-12") for y in ("2019", "2020",
        ...     "2022"))
        >>> covid.parts(before, during), covid.parts(before, after)
        (True, False)
        """
        if self.until:
            return any(p.first <= self.until and self.period <= p.last for p in (earlier, later))
        return earlier.first < self.period <= later.last


@dataclass(frozen=True, eq=False)
class Change:
    """How far a second value lies from a first, with its interval; arrays of one shape.

    Parameters
    ----------
    value, lower, upper
        Second less first, in the unit of both; NaN where either is missing.
    direction
        `rise` or `fall` where the interval leaves 0 out, `no clear change` where it does not,
        `not compared` where a value is missing or a break stands between.
    verdict
        The same in the words of `analysis.rates`, by polarity.
    """

    value: Array
    lower: Array
    upper: Array
    direction: npt.NDArray[np.str_]
    verdict: npt.NDArray[np.str_]

    def __post_init__(self) -> None:
        """Freeze the arrays."""
        for array in (self.value, self.lower, self.upper):
            array.setflags(write=False)
        self.direction.setflags(write=False)
        self.verdict.setflags(write=False)


@dataclass(frozen=True, eq=False)
class Trend:
    """An indicator period by period.

    Parameters
    ----------
    periods
        In order.
    rates
        Shape (periods, ...).
    changes
        Each period against the one before it in the list, shape (periods - 1, ...).
    flags
        For each of these steps what a reader must know: breaks, and months left out between.
    breaks
        All that touch the series, for the chart.
    """

    periods: tuple[Period, ...]
    rates: Rates
    changes: Change
    flags: tuple[tuple[str, ...], ...]
    breaks: tuple[Break, ...]


@dataclass(frozen=True)
class Slope:
    """Whether a series rises or falls as a whole.

    Parameters
    ----------
    direction
        `not compared` with fewer than five periods, a missing one, or a break inside.
    z
        Of the chi-squared test for trend, chi-squared being its square; NaN where not compared.
    """

    direction: Direction
    z: float


def period_of(text: str, every: Every) -> Period:
    """Tell which months a written period means.

    Parameters
    ----------
    text
        A month `2016-04`; a date `2017-03-31`; a calendar year `2016`; a financial (from April)
        or academic year (from September) `2016-17`, `2016/17` or `201617`; a reporting year of
        the Department for Education `2017`, which ends on 31 March 2017.
    every
        Which of these it is. It is asked for because `2011-12` is both a month and a year.

    Raises
    ------
    LayerError
        When the text is not written so, or a year is followed by another than the next.

    Examples
    --------
    >>> period_of("2011-12", "month").last, period_of("2011-12", "financial year").last
    ('2011-12', '2012-03')
    """
    found = _PATTERNS[every].fullmatch(text.strip())
    parts = found.groupdict() if found else {}
    follows = "next" not in parts or (int(parts["year"]) + 1) % 100 == int(parts["next"])
    if not found or not follows:
        raise LayerError(
            f"'{text}' is no {every}.",
            remedy="Write 2016-04, 2017-03-31, 2016, or 2016-17 for a year that spans two.",
        )
    if every in ("month", "date"):
        month = f"{parts['year']}-{parts['month']}"
        return Period(text.strip(), month, month)
    start = int(parts["year"]) * MONTHS_A_YEAR + _STARTS[every]
    return Period(text.strip(), _named(start), _named(start + MONTHS_A_YEAR - 1))


def break_of(found: incidents.Break) -> Break:
    """Take over a break that a reader found: of one month it is a step, of more a spell."""
    until = "" if found.end == found.start else found.end
    return Break(found.start, found.text, until=until)


def change(
    earlier: Rates,
    later: Rates,
    *,
    polarity: Polarity = "none",
    comparable: npt.ArrayLike = True,
) -> Change:
    """Tell how far two rates or proportions lie apart, and whether chance explains it.

    Parameters
    ----------
    earlier, later
        Of shapes that broadcast, in one unit and of one confidence.
    polarity
        Whether `high` or `low` is better; with `none` a change is never a judgement.
    comparable
        False where a break forbids the comparison; the difference is given all the same.

    Returns
    -------
    Change
        No direction for means: they have no interval.

    Raises
    ------
    LayerError
        When units or confidence differ.

    Notes
    -----
    Square-and-add limits: each side contributes its own distance from value to limit. With
    Wilson's limits this is method 10 of Newcombe, Stat Med 17 (1998); with Byar's that of Zou and
    Donner, Stat Med 27 (2008). The two are taken as independent. Stocks (children on a plan at two
    dates) share children, so their interval is too wide and a change is called clear too seldom.

    Examples
    --------
    >>> share = Indicator("re", "Re-referrals", "re", "referrals", 100, "proportion", "low",
    ...     "demand", 1, "2016-17", "", "official")
    >>> before, now = (indicator_values(share, *c) for c in ((1172, 4867), (1450, 5203)))
    >>> found = change(before, now, polarity="low")
    >>> float(found.value.round(2)), str(found.direction), str(found.verdict)
    (3.79, 'rise', 'worse')
    """
    if earlier.per != later.per or earlier.confidence != later.confidence:
        raise LayerError(
            f"One value is per {earlier.per:g} at {earlier.confidence:g}, the other per "
            f"{later.per:g} at {later.confidence:g}.",
            remedy="Work both out in one way.",
        )
    value = later.value - earlier.value
    down = np.hypot(later.value - later.lower, earlier.upper - earlier.value)
    up = np.hypot(later.upper - later.value, earlier.value - earlier.lower)
    lower, upper = value - down, value + up
    allowed = np.asarray(comparable, dtype=bool)
    verdict = compare(Rates(value, lower, upper, later.per), 0, polarity=polarity)
    unknown = np.isnan(value + lower + upper) | ~allowed
    direction = np.select(
        [unknown, lower > 0, upper < 0],
        ["not compared", "rise", "fall"],
        default="no clear change",
    )
    return Change(value, lower, upper, direction, np.where(unknown, "not compared", verdict))


def trend(
    indicator: Indicator,
    periods: Sequence[Period],
    x: npt.ArrayLike,
    n: npt.ArrayLike,
    *,
    breaks: Sequence[Break] = (),
    across: bool = False,
    confidence: float = USUAL,
) -> Trend:
    """Work an indicator out period by period, each with its interval and against the one before.

    Parameters
    ----------
    periods
        In order, of one length, not overlapping.
    x, n
        Numerator and denominator, shape (periods,) or (periods, zones); NaN where missing.
    breaks
        What parts the series.
    across
        True to compare across breaks; the flags then still name them.

    Returns
    -------
    Trend
        A missing period has no value, and neither step at it is compared; the step over periods
        that are not in the list is compared and flagged.

    Raises
    ------
    LayerError
        When periods are out of order, overlap or differ in length, or counts do not fit them.
    """
    _refuse_periods(periods)
    events, people = np.asarray(x, dtype=np.float64), np.asarray(n, dtype=np.float64)
    _refuse_rows(len(periods), events, people)
    rates = indicator_values(indicator, events, people, confidence=confidence)
    steps = list(pairwise(periods))
    parted = [[b.reason for b in breaks if b.parts(*step)] for step in steps]
    open_ = np.array([across or not reasons for reasons in parted], dtype=bool)
    changes = change(
        _rows(rates, slice(None, -1)),
        _rows(rates, slice(1, None)),
        polarity=indicator.polarity,
        comparable=open_.reshape(-1, *[1] * (rates.value.ndim - 1)),
    )
    usual = _usual_step(periods)
    flags = (tuple(why + _gap(*step, usual)) for why, step in zip(parted, steps, strict=True))
    whole = Period("", periods[0].first, periods[-1].last)
    touching = tuple(b for b in breaks if b.parts(whole, whole))
    return Trend(tuple(periods), rates, changes, tuple(flags), touching)


def slope(
    x: npt.ArrayLike,
    n: npt.ArrayLike,
    *,
    kind: Kind,
    parted: bool = False,
    confidence: float = USUAL,
) -> Slope:
    """Test whether a series of evenly spaced periods rises or falls as a whole.

    Parameters
    ----------
    x, n
        Numerator and denominator per period, shape (periods,).
    kind
        `proportion` (Cochran and Armitage) or `rate` (the same for Poisson counts); a mean has no
        test.
    parted
        True where a break lies inside: a step would be taken for a trend.

    Raises
    ------
    LayerError
        When a count is negative or infinite, a proportion has more cases than those it is a part
        of, lengths differ, or it is a mean.

    Notes
    -----
    Armitage, Biometrics 11 (1955); Fingertips uses it for recent trends, over five periods or more.

    Examples
    --------
    >>> slope([80, 90, 100, 115, 130], [1000] * 5, kind="rate").direction
    'rise'
    """
    events, people = np.asarray(x, dtype=np.float64), np.asarray(n, dtype=np.float64)
    _refuse_rows(len(events), events, people)
    rate(events, people, per=1)
    if kind == "mean" or (kind == "proportion" and (events > people).any()):
        raise LayerError(
            "A mean, or a proportion of more than the whole, has no test for trend.",
            remedy="Give a rate or a proportion.",
        )
    unknown = np.isnan(events + people).any() or not (people > 0).all()
    if parted or unknown or len(events) < LEAST_PERIODS:
        return Slope("not compared", float("nan"))
    z = _armitage(events, people, kind)
    limit = float(-ndtri((1 - confidence) / 2))
    return Slope("rise" if z > limit else "fall" if z < -limit else "no clear change", z)


def per_day(counts: npt.ArrayLike, months: Sequence[str]) -> Array:
    """Divide monthly counts by the days of their month: February is short, not quiet.

    Parameters
    ----------
    counts
        Shape (months,) or (months, zones); NaN where missing.
    months
        `YYYY-MM`, in any order.

    Raises
    ------
    LayerError
        When one is no month, or counts do not fit them or are negative.

    Examples
    --------
    >>> per_day([62, 56], ["2023-01", "2023-02"])
    array([2., 2.])
    """
    for month in months:
        _require_month(month)
    number = np.asarray(counts, dtype=np.float64)
    _refuse_rows(len(months), number)
    days = np.array([_days(_number(month), 1)[0] for month in months], dtype=np.float64)
    return rate(number, days.reshape(-1, *[1] * (number.ndim - 1)), per=1)


def yearly(
    counts: npt.ArrayLike, months: Sequence[str], every: Every
) -> tuple[tuple[Period, ...], Array]:
    """Add monthly counts of a flow up to years; a year of which a month is not there has none.

    Parameters
    ----------
    counts
        Shape (months,) or (months, zones); NaN where missing. Never stocks.
    months
        Consecutive, `YYYY-MM`.
    every
        Any of the years of `period_of`.

    Returns
    -------
    periods, counts
        Only years of twelve months; NaN where a month of them is missing. Shape (years, ...).

    Raises
    ------
    LayerError
        When months are not consecutive, counts do not fit them, or `every` is no year.

    Examples
    --------
    >>> months = [f"2016-{m:02d}" for m in range(3, 13)] + [f"2017-{m:02d}" for m in range(1, 5)]
    >>> years, counts = yearly([100, *[1] * 12, 100], months, "financial year")
    >>> years[0].title, counts
    ('2016-17', array([12.]))
    """
    if every not in _STARTS:
        raise LayerError(f"A {every} is no year.", remedy=f"Choose {', '.join(_STARTS)}.")
    number = _monthly(counts, months)
    first = _number(months[0]) if months else 0
    starts = range(
        (_STARTS[every] - first) % MONTHS_A_YEAR,
        len(months) - MONTHS_A_YEAR + 1,
        MONTHS_A_YEAR,
    )
    sums = [number[at : at + MONTHS_A_YEAR].sum(axis=0) for at in starts]
    titles = (_year_title(first + at, every) for at in starts)
    return (
        tuple(period_of(title, every) for title in titles),
        np.array(sums, dtype=np.float64).reshape(len(sums), *number.shape[1:]),
    )


def twelve_months(
    counts: npt.ArrayLike,
    months: Sequence[str],
    *,
    breaks: Sequence[Break] = (),
    polarity: Polarity = "none",
    across: bool = False,
    confidence: float = USUAL,
) -> Trend:
    """Compare the last twelve months of a flow with the twelve before, in events a day.

    Parameters
    ----------
    counts
        Shape (months,) or (months, zones); NaN where missing.
    months
        Consecutive, `YYYY-MM`, at least 24; earlier ones are not used.
    breaks, across
        As for `trend`.

    Returns
    -------
    Trend
        Two periods and the one step between them. Days are counted, so a leap year is no rise.

    Raises
    ------
    LayerError
        When months are fewer than 24 or not consecutive, or counts do not fit them.

    Notes
    -----
    Counts are taken as Poisson. Incidents come in series, so real chance is somewhat larger than
    the interval says.
    """
    number = _monthly(counts, months)
    if len(months) < 2 * MONTHS_A_YEAR:
        raise LayerError(
            f"There are {len(months)} months; two times twelve are compared.",
            remedy="Read files of earlier months as well.",
        )
    last, sums = number[-2 * MONTHS_A_YEAR :], (2, MONTHS_A_YEAR, *number.shape[1:])
    ends = [months[-24], months[-13]], [months[-12], months[-1]]
    periods = tuple(Period(f"{first} to {end}", first, end) for first, end in ends)
    days = np.array([p.days for p in periods], float).reshape(-1, *[1] * (number.ndim - 1))
    events = last.reshape(sums).sum(axis=1)
    limits = rate_interval(events, days, per=1, confidence=confidence)
    rates = Rates(rate(events, days, per=1), limits.lower, limits.upper, 1, confidence)
    reasons = tuple(b.reason for b in breaks if b.parts(*periods))
    changes = change(
        _rows(rates, slice(0, 1)),
        _rows(rates, slice(1, 2)),
        polarity=polarity,
        comparable=across or not reasons,
    )
    return Trend(periods, rates, changes, (reasons,), tuple(b for b in breaks if b.parts(*periods)))


def _armitage(events: Array, people: Array, kind: Kind) -> float:
    """Give z of the test for trend; 0 where nothing, or everything, happened in every period."""
    time = np.arange(len(events), dtype=np.float64)
    time -= float(people @ time / people.sum())
    common = float(events.sum() / people.sum())
    spread = common * (1 - common) if kind == "proportion" else common
    variance = spread * float(people @ time**2)
    return float(time @ events / np.sqrt(variance)) if variance > 0 else 0.0


def _rows(rates: Rates, rows: slice) -> Rates:
    """Take some periods; copies, because a value freezes its arrays."""
    value, lower, upper = (side[rows].copy() for side in (rates.value, rates.lower, rates.upper))
    return Rates(value, lower, upper, rates.per, rates.confidence)


def _usual_step(periods: Sequence[Period]) -> int:
    """Say how many months part two periods in a row: their length, or the least between dates."""
    if periods[0].months > 1:
        return periods[0].months
    return min((_step(*pair) for pair in pairwise(periods)), default=1)


def _step(earlier: Period, later: Period) -> int:
    return _number(later.first) - _number(earlier.first)


def _gap(earlier: Period, later: Period, usual: int) -> list[str]:
    left_out = _step(earlier, later) - usual
    if not left_out:
        return []
    return [f"Between {earlier.title} and {later.title} {left_out} months are left out."]


def _refuse_periods(periods: Sequence[Period]) -> None:
    if not periods:
        raise LayerError("There is no period.", remedy="Give at least one.")
    for earlier, later in pairwise(periods):
        if later.first <= earlier.last or later.months != earlier.months:
            raise LayerError(
                f"{later.title} follows {earlier.title}: they overlap, stand in the wrong order or "
                "are not of one length.",
                remedy="Give periods of one length, the earliest first.",
            )


def _refuse_rows(rows: int, *counts: Array) -> None:
    if any(not side.ndim or len(side) != rows or side.shape != counts[0].shape for side in counts):
        raise LayerError(
            f"There are {rows} periods, but counts of the shapes "
            f"{', '.join(str(side.shape) for side in counts)}.",
            remedy="Give each period one of each count, NaN where it is missing.",
        )


def _monthly(counts: npt.ArrayLike, months: Sequence[str]) -> Array:
    """Check that months are consecutive and counts fit them."""
    number = np.asarray(counts, dtype=np.float64)
    for month in months:
        _require_month(month)
    _refuse_rows(len(months), number)
    steps = np.diff([_number(month) for month in months])
    if (steps != 1).any():
        at = int(np.argmax(steps != 1))
        raise LayerError(
            f"After {months[at]} comes {months[at + 1]}.",
            remedy="Give consecutive months, with NaN for one that was not counted.",
        )
    rate(number, 1, per=1)
    return number


def _require_month(text: str) -> None:
    if not _MONTH.fullmatch(text):
        raise LayerError(f"'{text}' is no month.", remedy="Write it as 2016-04.")


def _year_title(month: int, every: Every) -> str:
    year = (month - _STARTS[every]) // MONTHS_A_YEAR
    whole = every in ("calendar year", "reporting year")
    return str(year) if whole else f"{year}-{(year + 1) % 100:02d}"


def _number(month: str) -> int:
    """Count months from the year 0."""
    return int(month[:4]) * MONTHS_A_YEAR + int(month[5:7]) - 1


def _named(month: int) -> str:
    return f"{month // MONTHS_A_YEAR:04d}-{month % MONTHS_A_YEAR + 1:02d}"


def _days(first: int, months: int) -> npt.NDArray[np.int64]:
    """Count the days of each of so many months."""
    start = np.datetime64(_named(first), "M")
    edges = np.arange(start, start + months + 1).astype("datetime64[D]")
    return np.diff(edges).astype(np.int64)


POLICE_BREAKS = (
    Break(
        "2020-01",
        "Until March 2021 breaches of Covid rules are among anti-social behaviour.",
        until="2021-03",
    ),
    Break("2022-07", "The police renewed the points that incidents are snapped to."),
)
"""Breaks in the series of police.uk that touch anti-social behaviour per small area."""
