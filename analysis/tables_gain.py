"""Tables and sentences of a gain: what a redraw does to rates and to load, as far as may be shown.

A figure of the plan is hidden where a count behind it is hidden in a zone of either plan, and what
next year may bring to a zone where its own count is. These tables mix measures in one column, so
they are for the screen and do not leave; figures before and after leave with `tables.plan_table`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.disclosure import POLICIES, Policy, cell_text
from analysis.gain import LEVEL_YEARS, Equity, Outlook, Spread, Stability
from analysis.metrics import METRICS, Metric
from analysis.scenario import Evaluation
from analysis.table import Array, Column, Statuses, Table, TextColumn
from analysis.tables import plan_table, zone_table
from geo.errors import named
from layers.pack import Pack
from layers.status import Status

LIKELY, VERY_LIKELY = 0.8, 0.95
NO_STAFF, NO_AREA, NOT_COUNTED = "no staff recorded", "no small area", "nothing to compare"


@dataclass(frozen=True, eq=False)
class Sides:
    """A plan before and after, and what may be shown of each; tables are worked out once."""

    before: Evaluation
    after: Evaluation
    pack: Pack

    @property
    def policy(self) -> Policy:
        """The authority's rule."""
        return POLICIES[self.pack.authority.disclosure]

    @cached_property
    def plans(self) -> tuple[Table, Table]:
        """Figures of the plans as a whole, before and after."""
        return plan_table(self.before, self.pack), plan_table(self.after, self.pack)

    @cached_property
    def zones(self) -> tuple[Table, Table]:
        """Figures of their zones, before and after."""
        return zone_table(self.before, self.pack), zone_table(self.after, self.pack)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The zones of either plan, those of the earlier first."""
        return tuple(dict.fromkeys((*self.before.plan.zones, *self.after.plan.zones)))


@dataclass(frozen=True)
class Verdict:
    """A measure of spread in a sentence, and whether its figures may be shown."""

    key: str
    text: str
    shown: bool


def spread_table(equity: Equity, sides: Sides) -> Table:
    """Tell every measure of spread: before, after, by chance, and whether a gain is shown.

    A row is a measure. The probability is held between 1 and 99 %, since no model is surer. Gini
    and highest over lowest have no noise floor and are judged with the CV of the same figures.
    """
    now = sides.plans[1]
    rows = [_Row(spread, sides) for spread in equity.spreads]
    judged = {
        _figures(row.metric.key): row.judged for row in rows if row.metric.key.endswith("_cv")
    }
    probability = np.array([row.probability for row in rows], dtype=np.float64)
    return Table(
        what="Measure",
        names=tuple(_with_its_unit(row.metric) for row in rows),
        columns=(
            Column(
                "probability",
                "Closer together",
                "probability, %",
                0,
                probability,
                np.array([row.status for row in rows], dtype=np.int8),
            ),
        ),
        symbol=now.symbol,
        standing=now.standing,
        source=sides.zones[1].source,
        texts=(
            TextColumn("before", "Before", tuple(row.before for row in rows)),
            TextColumn("after", "After", tuple(row.after for row in rows)),
            TextColumn("chance", "By chance", tuple(row.chance for row in rows)),
            TextColumn(
                "judged",
                "Change",
                tuple(judged.get(_figures(row.metric.key), "") for row in rows),
            ),
            TextColumn("unlikely", "As high by chance", tuple(row.unlikely for row in rows)),
            TextColumn("behind_before", "Behind it, before", tuple(row.behind[0] for row in rows)),
            TextColumn("behind_after", "Behind it, after", tuple(row.behind[1] for row in rows)),
        ),
    )


def verdicts(equity: Equity, sides: Sides, *, keys: Sequence[str]) -> tuple[Verdict, ...]:
    """Say in a sentence each what a redraw does to the measures `keys`, where they are there."""
    found = [spread for key in keys for spread in equity.spreads if spread.key == key]
    rows = [_Row(spread, sides) for spread in found]
    return tuple(Verdict(row.metric.key, row.sentence(), not row.hidden) for row in rows)


def other_number_of_zones(sides: Sides) -> str:
    """Say that there are more or fewer zones than before, which alone changes a spread."""
    was, now = (int((one.plan.sizes > 0).sum()) for one in (sides.before, sides.after))
    if was == now:
        return ""
    closer = "Fewer zones lie closer together" if now < was else "More zones lie farther apart"
    return f"{now} zones have small areas, against {was} before. {closer} by nature."


def outlook_table(outlook: Outlook, sides: Sides) -> Table:
    """Tell zone by zone what it has now and what it will have in 95 % of next years.

    A row is a zone of either plan, matched by name. Why a zone has no figure stands beside it.
    """
    now = sides.zones[1]
    columns = [
        *_outlook_columns(outlook.key, outlook.before, sides, "before"),
        *_outlook_columns(outlook.key, outlook.after, sides, "after"),
    ]
    return Table(
        what=now.what,
        names=sides.names,
        columns=tuple(columns),
        symbol=now.symbol,
        standing=now.standing,
        source=now.source,
        texts=(TextColumn("note", "Note", _notes(outlook, sides)),),
    )


def is_shown(outlook: Outlook, sides: Sides) -> bool:
    """Say whether figures of all zones together may be shown: no zone's own is suppressed."""
    columns = [table.column(outlook.key) for table in sides.zones]
    return not any((column.status == Status.SUPPRESSED).any() for column in columns)


def level_band(outlook: Outlook, sides: Sides) -> tuple[float, float, float] | None:
    """Give the mean of all zones after a redraw, between the ends of its tolerance.

    Returns
    -------
    tuple or None
        Lowest, mean, highest; None where they may not be shown or there is none.
    """
    now = outlook.after
    if not is_shown(outlook, sides) or not np.isfinite(now.mean):
        return None
    mean = float(_near(np.array([now.mean]), now.base.sum(keepdims=True), sides.policy)[0])
    return mean * (1 - now.tolerance), mean, mean * (1 + now.tolerance)


def stability_in_words(outlook: Outlook, sides: Sides) -> tuple[str, ...]:
    """Say in sentences how often zones will stay level, and whether that can be asked of them."""
    if not is_shown(outlook, sides):
        return (
            "How level the zones will stay is not shown, since a count behind it is suppressed.",
        )
    was, now = outlook.before, outlook.after
    if np.isnan(now.level):
        return ("There are fewer than two zones to compare.",)
    whole = f"Next year all {len(now.zones)} zones would stay within {_percent(now.tolerance)} of"
    said = [f"{whole} their mean in {_often(now.level)} of years{_compared(was, now)}."]
    said.append(_by_chance(now, "load" if outlook.key == _LOAD else "rates"))
    kept = " and ".join(
        f"{_percent(needed, up=True)} in {_percent(share)} of years"
        for share, needed in zip(LEVEL_YEARS, now.needed, strict=True)
    )
    said.append(f"A tolerance that would be kept: {kept}.")
    if now.left_out:
        out = ", ".join(f"{zone} ({_why(zone, outlook, sides)})" for zone in now.left_out)
        said.append(f"Left out: {out}.")
    return tuple(said)


def _outlook_columns(key: str, side: Stability, sides: Sides, when: str) -> list[Column]:
    """Give what a plan's zones have now and next year, lined up with the rows.

    What they have now is what the table of zones says; under a rule that rounds, so is the rest
    worked out from whole steps of events.
    """
    names, table = sides.names, sides.zones[when == "after"]
    metric, status = _metric(key), _zone_status(table, key, names)
    told = dict(zip(table.names, table.column(key).values.tolist(), strict=True))
    now = np.array([told.get(zone, np.nan) for zone in side.zones], dtype=np.float64)
    lower, upper = (_near(end, side.base, sides.policy) for end in (side.lower, side.upper))
    columns = []
    for part, title, unit, places, values in (
        ("value", "now", metric.unit, metric.decimals, now),
        ("lower", "next year, 95 % from", "", metric.decimals, lower),
        ("upper", "to", "", metric.decimals, upper),
        ("inside", "within tolerance", "% of years", 0, side.inside * 100),
    ):
        spread = _lined_up(side, values, names)
        absent = np.isnan(spread) & (status < Status.NOT_APPLICABLE)
        lacks = np.where(absent, np.int8(Status.MISSING), status).astype(np.int8)
        shown = np.where(lacks >= Status.NOT_APPLICABLE, np.nan, spread)
        heading = when.capitalize()
        columns.append(Column(f"{part}_{when}", title, unit, places, shown, lacks, group=heading))
    return columns


def _near(figures: Array, base: Array, policy: Policy) -> Array:
    """Round the events behind figures as the rule rounds counts."""
    step = policy.round_to
    return figures if step == 1 else np.round(figures * base / step) * step / base


def _by_chance(now: Stability, what: str) -> str:
    if now.tighter_than_chance:
        return (
            f"A tolerance of {_percent(now.tolerance)} is tighter than chance: even zones of equal "
            f"{what} would all stay within it in only {_often(now.by_chance)} of years."
        )
    return f"Zones of equal {what} would in {_often(now.by_chance)} of years."


_LOAD = "weighted_load"
_OF_LOAD = ("load_cv", "load_gini", "load_max_min", "weighted_load_cv", "weighted_load_max_min")


class _Row:
    """One measure of spread as it may be shown."""

    def __init__(self, spread: Spread, sides: Sides) -> None:
        was, now = sides.plans
        self.metric = _metric(spread.key)
        self._spread, self._same, self._symbol = spread, _same(sides), now.symbol
        columns = [table.column(spread.key) for table in (was, now)]
        status = [int(column.status[0]) for column in columns]
        self.hidden = Status.SUPPRESSED in status
        self.before, self.after = was.cell(columns[0], 0), now.cell(columns[1], 0)
        self._after_hidden = status[1] == Status.SUPPRESSED
        self._bare = [
            one.facts.without_staff if spread.key in _OF_LOAD else ()
            for one in (sides.before, sides.after)
        ]

    @property
    def status(self) -> int:
        """Why there is no probability, if there is none."""
        if self.hidden:
            return Status.SUPPRESSED
        if self._same or self._is_of_others:
            return Status.NOT_APPLICABLE
        return Status.MISSING if np.isnan(self._spread.probability) else Status.OK

    @property
    def _is_of_others(self) -> bool:
        """Whether zones without staff are left out on one side and not on the other."""
        return self._bare[0] != self._bare[1]

    @property
    def probability(self) -> float:
        """In per cent, 1 to 99; NaN where it is not shown."""
        if self.status != Status.OK:
            return float("nan")
        return float(np.clip(100 * self._spread.probability, 1, 99))

    @property
    def chance(self) -> str:
        """What zones of equal rates would show after the redraw."""
        return self._symbol if self._after_hidden else self._text(self._spread.chance_after)

    @property
    def unlikely(self) -> str:
        """How often zones of equal rates show as much as is seen after the redraw."""
        odds = self._spread.unlikely_after
        if self._after_hidden:
            return self._symbol
        if np.isnan(odds):
            return "–"
        return f"{_often(odds).replace('less than', '<').replace('more than', '>')} of years"

    @property
    def behind(self) -> tuple[str, str]:
        """The spread of the rates behind, before and after, each with its 95 % interval."""
        if self.hidden:
            return self._symbol, self._symbol
        one, other = (
            f"{self._text(found.mean)} ({self._text(found.lower)} to {self._text(found.upper)})"
            for found in (self._spread.behind_before, self._spread.behind_after)
        )
        return one, other

    @property
    def judged(self) -> str:
        """Say in a word which way it changes, where that is more than chance could make."""
        if self._is_of_others and not self.hidden:
            return "not of the same zones"
        if self.status != Status.OK:
            return ""
        if self._spread.is_within_chance:
            return "within chance"
        return "closer" if self._falls else "farther apart"

    def sentence(self) -> str:
        """Say it in words."""
        what = self.metric.title.removesuffix(" CV")
        if self.hidden:
            return f"{what}: not shown, since a count behind it is suppressed."
        if np.isnan(self._spread.after) or np.isnan(self._spread.before):
            bare = tuple(dict.fromkeys((*self._bare[0], *self._bare[1])))
            return f"{what}: not known{f' ({NO_STAFF}: {named(bare)})' if bare else ''}."
        without = f" Without {named(self._bare[1])}: {NO_STAFF}." if self._bare[1] else ""
        if self._same:
            return (
                f"{what}: zones lie {self._with_unit(self.after)} apart, {self._of_chance()}. "
                f"Nothing has changed yet.{without}"
            )
        if self._is_of_others:
            earlier = f" (before: {named(self._bare[0])})" if self._bare[0] else ""
            out = (
                f"{named(self._bare[1])} left out for want of staff" if self._bare[1] else "all in"
            )
            return (
                f"{what}: {self._with_unit(self.before)} before and {self._with_unit(self.after)} "
                f"now, with {out}{earlier}. The two are not of the same zones, so no gain is told."
            )
        now = self._with_unit(self.after)
        is_chance = self._spread.is_within_chance
        way = "goes" if is_chance else "falls" if self._falls else "rises"
        pair = f"from {self._with_unit(self.before)} to {now}"
        how = f"stays at {now}" if self.before == self.after else f"{way} {pair}"
        nothing = f"{self._nothing()}: chance alone could make the change."
        end = nothing if is_chance else self._odds()
        return f"{what}: the spread {how}, {self._of_chance()}. {end}{without}"

    def _nothing(self) -> str:
        """Say what is not shown by a change within chance."""
        if self.before == self.after:
            return "Neither gain nor loss is shown"
        return "No gain is shown" if self._falls else "No loss is shown"

    def _of_chance(self) -> str:
        """Say how much could be chance: of a spread no wider than chance makes it, all."""
        chance = self._with_unit(self.chance)
        if self._spread.after <= self._spread.chance_after:
            return f"all of which could be chance (about {chance})"
        return f"of which about {chance} could be chance"

    @property
    def _falls(self) -> bool:
        return self._spread.after < self._spread.before

    def _odds(self) -> str:
        """Say how sure the change is, and which way it goes; of one that chance cannot make."""
        if np.isnan(self.probability):
            return "Whether that is real cannot be told."
        falls = self._falls
        real = self._spread.probability if falls else 1 - self._spread.probability
        said = f"{self.probability if falls else 100 - self.probability:.0f} %"
        what = "gain" if falls else "loss"
        if real >= VERY_LIKELY:
            return f"The {what} is very likely real: probability {said}."
        if real >= LIKELY:
            return f"The {what} is likely real: probability {said}."
        return f"That may be chance: the probability that the {what} is real is {said}."

    def _text(self, value: float) -> str:
        if np.isnan(value):
            return "–"
        return cell_text(value, Status.OK, decimals=self.metric.decimals)

    def _with_unit(self, text: str) -> str:
        return f"{text} %" if self.metric.unit == "%" and text[:1].isdigit() else text


def _with_its_unit(metric: Metric) -> str:
    return f"{metric.title}, %" if metric.unit == "%" else metric.title


def _figures(key: str) -> str:
    """Name the figures of zones that a measure of spread is of."""
    return key.removesuffix("_cv").removesuffix("_gini").removesuffix("_max_min")


def _metric(key: str) -> Metric:
    return next(metric for metric in METRICS if metric.key == key)


def _same(sides: Sides) -> bool:
    """Say whether neither lines nor staff nor weights differ, so that there is nothing to gain."""
    was, now = sides.before.facts, sides.after.facts
    alike = was.plan == now.plan and was.assumptions.weights == now.assumptions.weights
    return alike and all(
        np.array_equal(one, other, equal_nan=True)
        for one, other in ((was.fte, now.fte), (was.available, now.available))
    )


def _zone_status(table: Table, key: str, zones: Sequence[str]) -> Statuses:
    """Give the status of a zone's figure; not applicable where the plan has no such zone."""
    column = table.column(key)
    known = dict(zip(table.names, column.status.tolist(), strict=True))
    return np.array([known.get(zone, Status.NOT_APPLICABLE) for zone in zones], dtype=np.int8)


def _lined_up(side: Stability, values: Array, zones: Sequence[str]) -> Array:
    known = dict(zip(side.zones, values.tolist(), strict=True))
    return np.array([known.get(zone, np.nan) for zone in zones], dtype=np.float64)


def _notes(outlook: Outlook, sides: Sides) -> tuple[str, ...]:
    out, here = set(outlook.after.left_out), set(sides.after.plan.zones)
    return tuple(
        _why(zone, outlook, sides) if zone in out else "" if zone in here else "not in this plan"
        for zone in sides.names
    )


def _why(zone: str, outlook: Outlook, sides: Sides) -> str:
    """Say why a zone is left out: of load mostly for want of staff."""
    facts = sides.after.facts
    at = facts.plan.zone_position(zone)
    if outlook.key != _LOAD:
        return NOT_COUNTED
    if not facts.plan.sizes[at]:
        return NO_AREA
    return NO_STAFF if zone in facts.without_staff else NOT_COUNTED


def _compared(was: Stability, now: Stability) -> str:
    if np.isnan(was.level) or _often(was.level) == _often(now.level):
        return ""
    return f", against {_often(was.level)} with the lines before"


def _percent(share: float, *, up: bool = False) -> str:
    """Write a share in per cent; rounded up where less would not do."""
    scaled = np.ceil(round(share * 100, 6)) if up else share * 100
    return f"{scaled:g} %" if up else f"{round(scaled, 1):g} %"


def _often(share: float) -> str:
    """Write a share of draws, no closer than draws tell."""
    if share < 0.005:
        return "less than 1 %"
    return "more than 99 %" if share > 0.995 else f"{share * 100:.0f} %"
