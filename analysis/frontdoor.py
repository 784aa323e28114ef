"""The front door: from a contact to a child looked after, stage by stage.

Each stage has its own name, its own unit of count and its own denominator, and no percentage stands
without its base. Contacts, referrals and assessments happen over a period; children in need, on a
plan and looked after stand at its end, so the first are never the base of the last. How many there
are at a stage is neither good nor bad; how well the door works (re-referrals, decisions in time)
may be. Counts come in and go out unsuppressed: disclosure control comes last, in `analysis.tables`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from analysis.rates import USUAL, Rates, compare, rate, rate_interval, wilson
from analysis.trend import Change, change
from geo.errors import LayerError, named
from layers.indicators import PER_CENT, Polarity, Target
from layers.measures import Counted

Array = npt.NDArray[np.float64]

PER_CHILDREN = 10_000
BASE_NOT_STATED = "base not stated"

Reached = Literal[
    "met", "missed", "above target", "below target", "on target", "no target", "not known"
]
"""Where no way is better a value is above or below its target, never met or missed."""


@dataclass(frozen=True)
class Stage:
    """One stage; its rate has children 0-17 as denominator and no polarity.

    Parameters
    ----------
    measure
        Key of the measure that counts it.
    counts
        What one of it is: an episode over the period, or a child at its end.
    part_of
        Key of the stage that its share is worked out of; empty for none.
    """

    key: str
    title: str
    measure: str
    counts: Counted
    part_of: str = ""


STAGES: tuple[Stage, ...] = (
    Stage("contact", "Contacts", "contacts", "episodes"),
    Stage("referral", "Referrals", "referrals", "episodes", part_of="contact"),
    Stage("assessment", "Assessments", "assessments", "episodes", part_of="referral"),
    # a stock after flows: open cases are no part of a year's assessments
    Stage("cin", "Children in need", "cin", "children"),
    Stage("cp", "Children on a protection plan", "open_cp", "children", part_of="cin"),
    Stage("cla", "Children looked after", "open_cla", "children", part_of="cin"),
)
"""Children in need are all of them, those on a plan and looked after included (Department for
Education); so both are shares of children in need."""


@dataclass(frozen=True, eq=False)
class StageFigures:
    """A stage in figures; arrays of one shape, () for an authority or (zones,).

    Parameters
    ----------
    count
        NaN where missing.
    rate
        Per 10,000 children, with Byar's limits.
    share
        Of the stage named in `base`, 0-1, with Wilson's limits; NaN throughout without a base, and
        where the stage holds more than its base.
    base
        What the share is of, in words: `contacts`; empty where there is no share.
    base_count
        How many that is.
    rate_change, share_change
        Against the period before; None where that was not given.
    notes
        Why a share is missing.
    """

    stage: Stage
    count: Array
    rate: Rates
    share: Rates
    base: str
    base_count: Array
    rate_change: Change | None = None
    share_change: Change | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class DoorMeasure:
    """How well the door works: a share with its base.

    Parameters
    ----------
    measure, base
        Keys of the measures of numerator and denominator.
    of
        The base in words.
    polarity
        Whether a high or a low share is better; `none` for shares of referral.
    """

    key: str
    title: str
    measure: str
    base: str
    of: str
    polarity: Polarity


DOOR_MEASURES: tuple[DoorMeasure, ...] = (
    DoorMeasure(
        "progression",
        "Contacts that went on to a team",
        "referrals",
        "contacts",
        "contacts",
        "none",
    ),
    DoorMeasure(
        "rereferral",
        "Referrals within 12 months of an earlier one",
        "rereferrals",
        "referrals",
        "referrals",
        "low",
    ),
    DoorMeasure(
        "decision_24h",
        "Contacts decided within 24 hours",
        "contacts_decided_24h",
        "contacts",
        "contacts",
        "high",
    ),
    DoorMeasure(
        "triage_diversion",
        "Contacts diverted by triage",
        "contacts_diverted",
        "contacts_triaged",
        "contacts that went to triage",
        "high",
    ),
    DoorMeasure(
        "assessment_45_days",
        "Assessments completed within 45 working days",
        "assessments_45_days",
        "assessments",
        "assessments completed",
        "high",
    ),
)


@dataclass(frozen=True, eq=False)
class DoorFigures:
    """A measure of the door in figures; arrays of one shape, () for an authority or (zones,).

    Parameters
    ----------
    value
        A share, 0-1, with Wilson's limits; limits are NaN where only the share was published.
    base
        What it is a share of, in words.
    base_count
        How many that is; NaN where it was not stated.
    target
        A share, 0-1; NaN without one.
    reached
        Whether the value itself meets the target; a value on it does.
    verdict
        Whether chance may explain the distance to the target, as `analysis.rates.compare` says.
    change
        Against the period before; None where that was not given.
    """

    measure: DoorMeasure
    value: Rates
    base: str
    base_count: Array
    target: float
    reached: npt.NDArray[np.str_]
    verdict: npt.NDArray[np.str_]
    change: Change | None


@dataclass(frozen=True)
class ImpliedBase:
    """A base that was not published, worked out from a count and its rounded share.

    Parameters
    ----------
    least, likely, most
        Every whole number from least to most gives the published share when rounded.
    """

    least: int
    likely: int
    most: int


def front_door(
    counts: Mapping[str, npt.ArrayLike],
    children: npt.ArrayLike,
    *,
    before: tuple[Mapping[str, npt.ArrayLike], npt.ArrayLike] | None = None,
    stages: Sequence[Stage] = STAGES,
    confidence: float = USUAL,
) -> tuple[StageFigures, ...]:
    """Follow the stages with rates, shares and what changed.

    Parameters
    ----------
    counts
        Counts per stage key, of one shape: () for an authority, (zones,) for zones. A stage that
        is not among them is left out, and so are shares of it.
    children
        Children 0-17, same shape.
    before
        Counts and children of the period before.
    stages
        In order.

    Returns
    -------
    tuple of StageFigures
        In the order of the stages.

    Raises
    ------
    LayerError
        When a key is no stage, shapes differ, or a count is negative or infinite.

    Examples
    --------
    >>> contact, referral = front_door({"contact": 16_111, "referral": 5_203}, 77_000)
    >>> round(float(referral.share.value), 4), referral.base, int(referral.base_count)
    (0.3229, 'contacts', 16111)
    """
    now = _Period(counts, children, stages, confidence)
    then = _Period(*before, stages, confidence) if before else None
    if then and then.children.shape != now.children.shape:
        raise LayerError(
            "The period before is not of the same zones.", remedy="Work both out over one plan."
        )
    return tuple(_figures(stage, now, then) for stage in stages if stage.key in now.counts)


def door_figures(
    measure: DoorMeasure,
    x: npt.ArrayLike,
    n: npt.ArrayLike,
    *,
    before: tuple[npt.ArrayLike, npt.ArrayLike] | None = None,
    target: Target | None = None,
    confidence: float = USUAL,
) -> DoorFigures:
    """Work out a measure of the door, against its target and the period before.

    Parameters
    ----------
    x, n
        Counts of its numerator and of its base, of one shape.
    before
        The same of the period before.
    target
        As a share, 0-1. What the authority set as better counts only where the measure has a
        polarity.

    Raises
    ------
    LayerError
        When there are more cases than the base, a count is negative or infinite, or the target is
        no share.

    Examples
    --------
    >>> target = Target("rereferral", 0.20, "low", "Cabinet report")
    >>> found = door_figures(DOOR_MEASURES[1], 1450, 5203, before=(1172, 4867), target=target)
    >>> str(found.reached), str(found.verdict), str(found.change.direction)
    ('missed', 'worse', 'rise')
    """
    value = _share(x, n, confidence)
    moved = None
    if before is not None:
        moved = change(_share(*before, confidence), value, polarity=measure.polarity)
    base = np.broadcast_to(np.asarray(n, dtype=np.float64), value.value.shape)
    return _against(measure, value, target, base=measure.of, base_count=base, moved=moved)


def published_share(
    measure: DoorMeasure, share: npt.ArrayLike, *, target: Target | None = None
) -> DoorFigures:
    """Show a share that was published without its counts.

    It says that its base is not stated, has no interval, and is compared with its target by value
    only: whether chance explains the distance cannot be told.

    Parameters
    ----------
    share
        0-1, NaN where missing.
    target
        As a share, 0-1.

    Raises
    ------
    LayerError
        When the share or the target is not between 0 and 1.

    Examples
    --------
    >>> found = published_share(DOOR_MEASURES[2], 0.97, target=Target("d", 0.99, "high", ""))
    >>> str(found.reached), str(found.verdict), found.base
    ('missed', 'not compared', 'contacts (base not stated)')
    """
    value = np.array(share, dtype=np.float64)
    if ((value < 0) | (value > 1)).any():
        raise LayerError(
            f"A share is {value[(value < 0) | (value > 1)].flat[0]:g}.",
            remedy="Give it as 0 to 1: 97 % is 0.97.",
        )
    unknown = np.full(value.shape, np.nan)
    rates = Rates(value, unknown.copy(), unknown.copy(), 1)
    base = f"{measure.of} ({BASE_NOT_STATED})"
    return _against(measure, rates, target, base=base, base_count=unknown)


def implied_base(x: int, percent: float, *, decimals: int) -> ImpliedBase:
    """Work out of how many a published percentage was, from its count.

    Parameters
    ----------
    x
        The count, above 0.
    percent
        As published, 0-100.
    decimals
        To which it was rounded.

    Returns
    -------
    ImpliedBase
        Mark what rests on it as worked out, not published.

    Raises
    ------
    LayerError
        When no base, or no bound on it, fits the two.

    Examples
    --------
    >>> implied_base(4867, 35.64, decimals=2)
    ImpliedBase(least=13655, likely=13656, most=13657)
    """
    half = 0.5 * 10.0**-decimals
    if x <= 0 or not half < percent <= PER_CENT:
        raise LayerError(
            f"{x} cases at {percent:g} % tell no base.",
            remedy="Give a count above 0 and a percentage above 0, up to 100.",
        )
    least = max(math.ceil(PER_CENT * x / (percent + half)), x)
    most = math.floor(PER_CENT * x / (percent - half))
    if least > most:
        raise LayerError(
            f"No whole number of which {x} are {percent:.{decimals}f} % was found.",
            remedy="Are the count and the percentage of one period?",
        )
    return ImpliedBase(least, min(max(round(PER_CENT * x / percent), least), most), most)


class _Period:
    """Counts of one period, checked, and the rates and shares of its stages."""

    def __init__(
        self,
        counts: Mapping[str, npt.ArrayLike],
        children: npt.ArrayLike,
        stages: Sequence[Stage],
        confidence: float,
    ) -> None:
        self.children = np.array(children, dtype=np.float64)
        self.counts = {key: np.array(count, dtype=np.float64) for key, count in counts.items()}
        self.confidence = confidence
        self.titles = {stage.key: stage.title.lower() for stage in stages}
        unknown = sorted(set(counts) - {stage.key for stage in stages})
        if unknown:
            raise LayerError(
                f"There is no stage {named(unknown)}.",
                remedy=f"There are {', '.join(stage.key for stage in stages)}.",
            )
        if any(count.shape != self.children.shape for count in self.counts.values()):
            raise LayerError(
                "The stages and the children are not of the same zones.",
                remedy="Give each zone one count of each.",
            )
        rate(self.children, 1, per=1)
        for array in (self.children, *self.counts.values()):
            array.setflags(write=False)

    def rate(self, stage: Stage) -> Rates:
        """Give the stage's rate per 10,000 children."""
        count = self.counts[stage.key]
        limits = rate_interval(count, self.children, per=PER_CHILDREN, confidence=self.confidence)
        value = rate(count, self.children, per=PER_CHILDREN)
        return Rates(value, limits.lower, limits.upper, PER_CHILDREN, self.confidence)

    def parts(self, stage: Stage) -> tuple[Array, Array, npt.NDArray[np.bool_]]:
        """Give the stage's count and its base, and where it holds more than its base."""
        count = self.counts[stage.key]
        base = self.counts.get(stage.part_of, np.full(count.shape, np.nan))
        return count, base, np.asarray(count > base)

    def share(self, stage: Stage) -> Rates:
        """Give the stage's share of its base; none where it holds more than that."""
        count, base, above = self.parts(stage)
        return _share(np.where(above, np.nan, count), base, self.confidence)


def _figures(stage: Stage, now: _Period, then: _Period | None) -> StageFigures:
    count, base, above = now.parts(stage)
    of = stage.part_of if stage.part_of in now.counts else ""
    rates, share = now.rate(stage), now.share(stage)
    moved_rate, moved_share = None, None
    if then and stage.key in then.counts:
        moved_rate = change(then.rate(stage), rates)
        moved_share = change(then.share(stage), share) if of else None
    base_title = now.titles.get(of, "")
    notes: tuple[str, ...] = ()
    if above.any():
        note = (
            f"{stage.title} are more than the {base_title} they are set against, so they are no "
            "share of them: some belong to an earlier period or came another way."
        )
        notes = (note,)
    return StageFigures(
        stage, count, rates, share, base_title, base, moved_rate, moved_share, notes
    )


def _share(x: npt.ArrayLike, n: npt.ArrayLike, confidence: float) -> Rates:
    limits = wilson(x, n, confidence=confidence)
    return Rates(rate(x, n, per=1), limits.lower, limits.upper, 1, confidence)


def _against(
    measure: DoorMeasure,
    value: Rates,
    target: Target | None,
    *,
    base: str,
    base_count: Array,
    moved: Change | None = None,
) -> DoorFigures:
    mark = float("nan") if target is None else target.value
    if mark < 0 or mark > 1:
        raise LayerError(
            f"The target of '{measure.title}' is {mark:g}.",
            remedy="Give it as a share: 20 % is 0.2.",
        )
    better: Polarity = "none"
    if target is not None and measure.polarity != "none":
        better = target.better
    verdict = compare(value, mark, polarity=better)
    reached = _reached(value.value, mark, better)
    return DoorFigures(measure, value, base, base_count, mark, reached, verdict, moved)


def _reached(value: Array, mark: float, better: Polarity) -> npt.NDArray[np.str_]:
    above, below, on = _WORDS[better]
    known = np.full(value.shape, not np.isnan(mark))
    return np.select(
        [~known, np.isnan(value), value > mark, value < mark],
        ["no target", "not known", above, below],
        default=on,
    )


_WORDS: dict[Polarity, tuple[Reached, Reached, Reached]] = {
    "high": ("met", "missed", "met"),
    "low": ("missed", "met", "met"),
    "none": ("above target", "below target", "on target"),
}
"""What a value above, below and on its target is called."""
