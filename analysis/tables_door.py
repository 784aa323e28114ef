"""Tables of the front door: contacts to looked after, zone by zone and as published.

Every share stands with its base. Suppression comes last: counts first, the kinds of open case
together because they add up to children in need, then whatever is worked out from them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analysis.aggregate import NO_ZONE, aggregate
from analysis.disclosure import POLICIES, Policy, Suppressed, mask_rates
from analysis.frontdoor import (
    BASE_NOT_STATED,
    DOOR_MEASURES,
    PER_CHILDREN,
    STAGES,
    DoorFigures,
    DoorMeasure,
    Stage,
    StageFigures,
    door_figures,
    front_door,
    published_share,
)
from analysis.protected import protected_zones
from analysis.protection import small_counts
from analysis.rates import Rates, indicator_values
from analysis.table import Basis, Column, Part, Statuses, Table, TextColumn
from analysis.tables import TOTAL
from analysis.together import protected_together
from analysis.trend import Change, change
from geo.plan import Plan
from layers.history import Figure, figures_of
from layers.indicators import PER_CENT, Indicator, Target
from layers.measures import Measure, Measures
from layers.pack import Pack
from layers.series import OPEN_KINDS, Series
from layers.status import Standing, Status

CIN = "cin"
YEAR = 12
WORKED_OUT = "worked out"
"""What a source says of a base that was not published: 'contacts worked out: 4,867 at 35.64 %'."""

WORDS: dict[str, str] = {
    "not compared": "",
    "no clear change": "no clear change",
    "rise": "clear rise",
    "fall": "clear fall",
}
"""How a change is called in a table."""


@dataclass(frozen=True)
class Absent:
    """A stage or a measure of the door that the pack does not count, and what to add for it."""

    title: str
    measures: tuple[str, ...]


def absent_from_door(pack: Pack) -> tuple[Absent, ...]:
    """Say which stages and measures of the front door cannot be shown, and what is wanting."""
    wanted: list[tuple[str, tuple[str, ...]]] = [(s.title, (s.measure,)) for s in STAGES]
    wanted += [(door.title, (door.measure, door.base)) for door in DOOR_MEASURES]
    lacking = [
        (title, tuple(k for k in keys if not pack.measures.has(k))) for title, keys in wanted
    ]
    return tuple(Absent(title, keys) for title, keys in lacking if keys)


@dataclass(frozen=True, eq=False)
class Door:
    """The front door of a plan in tables; rows are its zones, then in no zone, then all.

    Parameters
    ----------
    stages
        Each stage that the pack counts, with its count, rate, base, share and their intervals.
    measures
        How well the door works: each measure with its base, its target and whether it is met.
    notes
        What a reader must know, such as why a share is missing.
    """

    stages: tuple[tuple[Stage, Table], ...]
    measures: tuple[tuple[DoorMeasure, Table], ...]
    notes: tuple[str, ...]


def door_tables(plan: Plan, pack: Pack, *, what: str) -> Door:
    """Follow the front door over the zones of a plan.

    Parameters
    ----------
    what
        The authority's word for a zone.

    Returns
    -------
    Door
        Without the stages and measures that the pack does not count (`absent_from_door`).
    """
    shown = _Shown(plan, pack, what)
    stages = [stage for stage in STAGES if pack.measures.has(stage.measure)]
    counts = {stage.key: shown.count(stage.measure).values for stage in stages}
    figures = front_door(counts, shown.count("children").values)
    present = [m for m in DOOR_MEASURES if pack.measures.has(m.measure, m.base)]
    return Door(
        tuple((found.stage, shown.stage_table(found)) for found in figures),
        tuple((measure, shown.measure_table(measure)) for measure in present),
        (*(note for found in figures for note in found.notes), *_targets_said(present, pack)),
    )


def funnel_table(door: Door) -> Table | None:
    """Set count, rate and share of every stage side by side; None where no stage is counted."""
    if not door.stages:
        return None
    columns = [
        replace(column, key=f"{stage.key}_{column.key}", group=stage.title)
        for stage, table in door.stages
        for column in table.columns
        if column.key in ("count", "rate", "share")
    ]
    first = door.stages[0][1]
    modelled = any(table.standing == "illustrative" for _, table in door.stages)
    parts = tuple(part for _, table in door.stages for part in _parts(table))
    return replace(
        first,
        basis=None if first.basis is None else replace(first.basis, parts=parts),
        columns=tuple(columns),
        texts=(),
        standing="illustrative" if modelled else "official",
        source=joined_sources(table.source for _, table in door.stages),
    )


def year_on_year_table(plan: Plan, pack: Pack, *, what: str) -> Table | None:
    """Set the last twelve months of every flow beside the twelve before, zone by zone.

    Rebuilt from small areas, so it holds for any plan. None where the pack has no monthly counts
    of 24 months. Rates are per 10,000 children of one mid-year, so they move with the counts.
    """
    series = pack.series
    if series is None or len(series.months) < 2 * YEAR:
        return None
    flows = [s for s in STAGES if s.measure in series.keys and s.measure not in series.stocks]
    shown = _Shown(plan, pack, what)
    columns: list[Column] = []
    texts: list[TextColumn] = []
    measures: list[Measure] = []
    for stage in flows:
        then, now = shown.years(series, stage.measure)
        columns += [
            _column(f"{stage.key}_{when}", title, "", 0, counts, group=stage.title)
            for when, title, counts in (
                ("before", _span(series, 2 * YEAR), then),
                ("now", _span(series, YEAR), now),
            )
        ]
        moved = shown.moved(stage, then, now)
        hidden = np.maximum(then.status, now.status) >= Status.NOT_APPLICABLE
        words = [
            "" if h else WORDS[d] for h, d in zip(hidden, moved.direction.tolist(), strict=True)
        ]
        texts.append(TextColumn(f"{stage.key}_change", f"{stage.title}: change", tuple(words)))
        measure = series.measures[series.keys.index(stage.measure)]
        measures.append(replace(measure, key=f"{measure.key}, month by month"))
    return shown.table(columns, texts, measures) if columns else None


def published_tables(pack: Pack) -> tuple[Table, ...]:
    """Tell the authority's own published figures: shares with their bases, then rates.

    A figure stands beside the one before it of the same indicator. Where only a percentage was
    published the base is 'not stated', there is no interval and chance is not judged.
    """
    own = own_area(pack)
    chosen = [(i, figures_of(pack.history, i.key, own)) for i in pack.indicators]
    found = [(i, figures) for i, figures in chosen if figures and i.kind != "mean"]
    shares = [_published(i, f, pack) for i, f in found if i.kind == "proportion"]
    rates = [_published(i, f, pack) for i, f in found if i.kind == "rate"]
    return tuple(
        _published_table(
            [row for rows in group for row in rows], pack, unit=unit, decimals=decimals
        )
        for group, unit, decimals in ((shares, "%", 2), (rates, "", 1))
        if group
    )


def own_area(pack: Pack) -> str:
    """Find what the authority is called in its published figures: its name, or how it begins.

    The pack may call itself after a year: 'Dorset County Council (2016-17)'.
    """
    name = pack.authority.name
    areas = sorted({figure.area for figure in pack.history}, key=len, reverse=True)
    return next((area for area in areas if area and name.startswith(area)), name)


def _targets_said(present: Sequence[DoorMeasure], pack: Pack) -> tuple[str, ...]:
    """Say whose targets they are: an authority may have set one for a count of its own."""
    found = ((measure, _target(pack, measure.key)) for measure in present)
    return tuple(f"Target for '{m.title}': {t.source}." for m, t in found if t and t.source)


def _parts(table: Table) -> tuple[Part, ...]:
    return table.basis.parts if table.basis else ()


@dataclass(frozen=True, eq=False)
class _Shown:
    """Counts of one plan as they may be shown, and tables of them."""

    plan: Plan
    pack: Pack
    what: str

    @property
    def policy(self) -> Policy:
        return POLICIES[self.pack.authority.disclosure]

    def count(self, key: str) -> Suppressed:
        """Give a measure per zone and over all; kinds of open case are protected together."""
        measures, plan = self.pack.measures, self.plan
        totals = aggregate(plan, measures)
        if key in OPEN_KINDS and measures.has(CIN, *OPEN_KINDS):
            return protected_together(
                totals, OPEN_KINDS, measures, self.policy, plan=plan, whole=CIN
            ).part(key)
        return protected_zones(totals, key, measures, self.policy, plan=plan)

    def stage_table(self, found: StageFigures) -> Table:
        """Write a stage: count, rate with limits, and its share of the stage it is part of."""
        measures, stage = self.pack.measures, found.stage
        count, children = self.count(stage.measure), self.count("children")
        measure = measures.measure(stage.measure)
        unit = _when(measure)
        per = f"per {PER_CHILDREN:,} children"
        columns = [
            _column("count", "Count", unit, 0, count, of=(measure.key,)),
            *_with_limits(
                "rate", "Rate", per, 1, found.rate, 1, count.status, children.status,
                of=(measure.key,),
            ),
        ]  # fmt: skip
        used = [measure, measures.measure("children")]
        if found.base:
            part_of = next(s for s in STAGES if s.key == stage.part_of)
            base = self.count(part_of.measure)
            used.append(measures.measure(part_of.measure))
            columns += [
                _column(
                    "base", f"Out of: {found.base}", used[-1].period, 0, base, of=(used[-1].key,)
                ),
                *_with_limits(
                    "share", f"Share of {found.base}", "%", 1, found.share, PER_CENT, count.status,
                    base.status, of=(measure.key, used[-1].key),
                ),
            ]  # fmt: skip
        return self.table(columns, [], used)

    def measure_table(self, measure: DoorMeasure) -> Table:
        """Write a measure of the door: cases, base, share with limits, target and verdict."""
        x, n = self.count(measure.measure), self.count(measure.base)
        # rounding may lift a part above its whole; then there is no share
        cases = np.where(x.values > n.values, np.nan, x.values)
        target = _target(self.pack, measure.key)
        found = door_figures(measure, cases, n.values, target=target)
        used = [self.pack.measures.measure(key) for key in (measure.measure, measure.base)]
        share = f"Share of {measure.of}"
        columns = [
            _column("count", used[0].title, _when(used[0]), 0, x, of=(used[0].key,)),
            _column("base", f"Out of: {measure.of}", used[1].period, 0, n, of=(used[1].key,)),
            *_with_limits(
                "share", share, "%", 1, found.value, PER_CENT, x.status, n.status,
                of=(measure.measure, measure.base),
            ),
        ]  # fmt: skip
        if target is None:
            return self.table(columns, [], used)
        status = np.zeros(len(cases), dtype=np.int8)
        marks = np.full(len(cases), found.target * PER_CENT)
        columns.append(Column("target", "Target", "%", 1, marks, status, of=()))
        words = tuple(_said(found, row) for row in range(len(cases)))
        return self.table(columns, [TextColumn("reached", "Against the target", words)], used)

    def years(self, series: Series, key: str) -> tuple[Suppressed, Suppressed]:
        """Give a flow's last twelve months and the twelve before, protected with the rest."""
        measure = series.measures[series.keys.index(key)]
        months = series.months
        spans = [(months[-2 * YEAR], months[-YEAR - 1]), (months[-YEAR], months[-1])]
        if len(months) > 2 * YEAR:
            spans.insert(0, (months[0], months[-2 * YEAR - 1]))
        measures = self.pack.measures
        parts = [f"{key}, {first} to {last}" for first, last in spans]
        for part, span in zip(parts, spans, strict=True):
            measures = measures.joined(replace(measure, key=part), series.total(key, *span))
        # the pack shows the whole span as one measure, so the parts must not give each other away
        added = series.total(key, months[0], months[-1])
        is_whole = measures.has(key) and bool((measures.counts(key) == added).all())
        found = protected_together(
            aggregate(self.plan, measures),
            parts,
            measures,
            self.policy,
            plan=self.plan,
            whole=key if is_whole else "",
        )
        return found.parts[-2], found.parts[-1]

    def moved(self, stage: Stage, then: Suppressed, now: Suppressed) -> Change:
        """Tell what changed between two counts, per child."""
        children = self.count("children").values
        (found,) = front_door(
            {stage.key: now.values}, children, before=({stage.key: then.values}, children)
        )
        if found.rate_change is None:
            raise AssertionError(stage.key)  # front_door gives a change where a before is given
        return found.rate_change

    def table(
        self, columns: Sequence[Column], texts: Sequence[TextColumn], used: Sequence[Measure]
    ) -> Table:
        """Put columns into a table that says where its figures come from.

        It has a basis where its counts are those of the pack: months of a series are no measure
        that a register could work out again.
        """
        loose = (NO_ZONE,) if self.plan.unassigned else ()
        keys = tuple(dict.fromkeys(measure.key for measure in used))
        known = self.pack.measures.has(*keys)
        basis = Basis.of_pack(self.pack, Part(self.plan, keys)) if known else None
        return Table(
            what=self.what,
            names=(*self.plan.zones, *loose, TOTAL),
            columns=tuple(columns),
            symbol=self.policy.symbol,
            standing=_standing(used),
            source=joined_sources(measure.source for measure in used),
            texts=tuple(texts),
            totals=1,
            basis=basis,
        )


def _target(pack: Pack, key: str) -> Target | None:
    return next((t for t in pack.authority.targets if t.indicator == key), None)


def _said(found: DoorFigures, row: int) -> str:
    """Say whether a target is met, and whether chance may explain the distance."""
    reached, verdict = str(found.reached[row]), str(found.verdict[row])
    if reached == "not known":
        return ""
    if verdict == "similar":
        return f"{reached}, within chance"
    return reached


def _when(measure: Measure) -> str:
    return f"{measure.counts}, {measure.period}"


def _span(series: Series, months: int) -> str:
    last = len(series.months) - months + YEAR - 1
    return f"{series.months[-months]} to {series.months[last]}"


def _standing(used: Sequence[Measure]) -> Standing:
    modelled = any(measure.status == "illustrative" for measure in used)
    return "illustrative" if modelled else "official"


def _column(
    key: str,
    title: str,
    unit: str,
    decimals: int,
    shown: Suppressed,
    *,
    group: str = "",
    of: tuple[str, ...] | None = None,
) -> Column:
    return Column(key, title, unit, decimals, shown.values, shown.status, group, of)


def _with_limits(  # noqa: PLR0917  three texts, three numbers, two statuses: one line a caller
    key: str,
    title: str,
    unit: str,
    decimals: int,
    rates: Rates,
    scale: float,
    x: Statuses,
    n: Statuses,
    *,
    of: tuple[str, ...],
) -> list[Column]:
    """Write a value and its limits, masked by the statuses of its two counts."""
    ends = (
        (key, title, rates.value),
        (f"{key}_lower", "95 % from", rates.lower),
        (f"{key}_upper", "95 % to", rates.upper),
    )
    masked = [(k, t, mask_rates(values * scale, x, n)) for k, t, values in ends]
    return [Column(k, t, unit, decimals, m.values, m.status, of=of) for k, t, m in masked]


def joined_sources(sources: Iterable[str]) -> str:
    """Write sources in one line, each part of them once."""
    parts = (part for source in sources for part in source.split("; "))
    return "; ".join(dict.fromkeys(part for part in parts if part))


@dataclass(frozen=True)
class _Row:
    """One published figure, ready to be put into a table."""

    indicator: Indicator
    figure: Figure
    hidden: bool
    base: str
    value: tuple[float, float, float]
    change: float
    direction: str
    target: float
    reached: str


def _published(indicator: Indicator, figures: Sequence[Figure], pack: Pack) -> tuple[_Row, ...]:
    """Write the figures of one indicator, the latest first, each against the one before."""
    before = [None, *figures[:-1]]
    rows = [_row(indicator, f, b, pack) for f, b in zip(figures, before, strict=True)]
    return tuple(reversed(rows))


def _row(indicator: Indicator, figure: Figure, before: Figure | None, pack: Pack) -> _Row:
    policy, measures = POLICIES[pack.authority.disclosure], pack.measures
    door = next((m for m in DOOR_MEASURES if m.key == indicator.key), None)
    of = door.of if door else measures.measure(indicator.denominator).title.lower()
    polarity = door.polarity if door else indicator.polarity
    sensitive = measures.measure(indicator.numerator).sensitive
    hidden = sensitive and bool(small_counts(figure.x, policy))
    value = _values(indicator, figure)
    target = _target(pack, indicator.key)
    reached = ""
    if target and indicator.kind == "proportion" and not hidden:
        of_door = DoorMeasure(indicator.key, indicator.title, "", "", of, polarity)
        reached = _against(of_door, figure, target, indicator.per)
    moved, direction = float("nan"), ""
    if before is not None and not hidden:
        found = change(_values(indicator, before), value, polarity=polarity)
        moved, direction = float(found.value), WORDS[str(found.direction)]
    scale = target.value * PER_CENT if target and indicator.kind == "proportion" else float("nan")
    return _Row(
        indicator=indicator,
        figure=figure,
        hidden=hidden,
        base=_base(figure, of),
        value=(float(value.value), float(value.lower), float(value.upper)),
        change=moved,
        direction=direction,
        target=scale,
        reached=reached,
    )


def _base(figure: Figure, of: str) -> str:
    """Say what a figure is out of, and whether that was published or worked out."""
    if not figure.n > 0:
        return f"{of} ({BASE_NOT_STATED})"
    word = of.partition(" ")[0]
    worked_out = ", worked out" if f"{word} {WORKED_OUT}" in figure.source else ""
    return f"{figure.n:,.0f} {of}{worked_out}"


def _values(indicator: Indicator, figure: Figure) -> Rates:
    if np.isnan(figure.value):
        return indicator_values(indicator, figure.x, figure.n)
    nothing = np.array(np.nan)
    return Rates(np.array(figure.value), nothing, nothing.copy(), indicator.per)


def _against(measure: DoorMeasure, figure: Figure, target: Target, per: int) -> str:
    if np.isnan(figure.value):
        return _said_once(door_figures(measure, figure.x, figure.n, target=target))
    return _said_once(published_share(measure, figure.value / per, target=target))


def _said_once(found: DoorFigures) -> str:
    reached, verdict = str(found.reached), str(found.verdict)
    return f"{reached}, within chance" if verdict == "similar" else reached


def _published_table(rows: Sequence[_Row], pack: Pack, *, unit: str, decimals: int) -> Table:
    policy = POLICIES[pack.authority.disclosure]
    hidden, none = np.array([row.hidden for row in rows], dtype=bool), np.zeros(0)
    unfilled = none.astype(np.int8)

    def column(key: str, title: str, values: Sequence[float], places: int, unit: str) -> Column:
        return _masked(Column(key, title, unit, places, none, unfilled), values, hidden)

    columns = [
        column("count", "Count", [row.figure.x for row in rows], 0, ""),
        *(
            column(key, title, [row.value[at] for row in rows], decimals, unit)
            for at, (key, title) in enumerate(
                (("value", "Value"), ("lower", "95 % from"), ("upper", "95 % to"))
            )
        ),
        column("change", "Change by", [r.change for r in rows], decimals, ""),
    ]
    texts = [
        TextColumn("period", "Period", tuple(row.figure.period for row in rows)),
        TextColumn("base", "Out of", tuple(row.base for row in rows)),
        TextColumn("direction", "Change", tuple(row.direction for row in rows)),
    ]
    if unit:
        columns.append(column("target", "Target", [row.target for row in rows], 0, unit))
        texts.append(TextColumn("reached", "Against target", tuple(r.reached for r in rows)))
    else:
        units = tuple(r.indicator.unit(_counted(r.indicator, pack.measures)) for r in rows)
        texts.append(TextColumn("unit", "Unit", units))
    modelled = any(row.figure.status == "illustrative" for row in rows)
    return Table(
        what="Figure",
        names=tuple(row.indicator.title for row in rows),
        columns=tuple(columns),
        symbol=policy.symbol,
        standing="illustrative" if modelled else "official",
        source=joined_sources(row.figure.source for row in rows),
        texts=tuple(texts),
        basis=Basis.of_pack(pack),
    )


def _counted(indicator: Indicator, measures: Measures) -> str:
    return measures.measure(indicator.denominator).counts


def _masked(like: Column, values: Sequence[float], hidden: npt.NDArray[np.bool_]) -> Column:
    """Fill a column that is empty so far, without what is hidden."""
    numbers = np.array(values, dtype=np.float64)
    known = np.where(np.isnan(numbers), Status.MISSING, Status.OK)
    status = np.where(hidden, Status.SUPPRESSED, known).astype(np.int8)
    return replace(like, values=np.where(hidden, np.nan, numbers), status=status)
