"""Tables of time: an indicator period by period, from published history, case lists or incidents.

What a pack keeps by month stands by small area, so a redrawn plan gets its own series. Counts that
are sensitive are shown by spans of twelve months that do not overlap, each suppressed by itself
with its zones and its total: months are never shown beside the year that they add up to.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from analysis.aggregate import aggregate
from analysis.disclosure import POLICIES, Suppressed, suppress
from analysis.protected import protected_zones
from analysis.rates import Rates, indicator_values
from analysis.shown import standing_of
from analysis.table import Basis, Column, Part, Table, TextColumn
from analysis.tables import TOTAL
from analysis.trend import (
    LEAST_PERIODS,
    MONTHS_A_YEAR,
    POLICE_BREAKS,
    Break,
    Every,
    Period,
    break_of,
    change,
    per_day,
    period_of,
    slope,
    twelve_months,
)
from geo.errors import LayerError
from geo.plan import Plan
from layers.history import Figure, figures_of
from layers.incidents import Incidents
from layers.indicators import Indicator
from layers.measures import Measures
from layers.pack import Pack
from layers.series import Series, months_between
from layers.status import Status

Array = npt.NDArray[np.float64]

ASB = "asb"
_WRITTEN: tuple[Every, ...] = ("date", "financial year", "reporting year", "month")
"""How a period of published history may be written, in the order in which it is tried."""


@dataclass(frozen=True, eq=False)
class TimeLine:
    """A table of periods with what a reader of its chart must know.

    Parameters
    ----------
    table
        A row for each area and period, in order of time; text `area` says whose the row is.
    notes
        Sentences: breaks, periods left out, whether the series as a whole rises.
    breaks
        Those that fall into the line, for the chart.
    """

    table: Table
    notes: tuple[str, ...]
    breaks: tuple[Break, ...] = ()


def history_line(pack: Pack, indicator: Indicator) -> TimeLine | None:
    """Tell what was published of an indicator for whole authorities, period by period.

    A step is judged where both periods have counts, are of one length and do not overlap. A count
    that the authority's rule calls small is suppressed here too.

    Returns
    -------
    TimeLine or None
        None where the pack has no history of the indicator.
    """
    own = [figure for figure in pack.history if figure.key == indicator.key]
    rows: list[_Row] = []
    notes: list[str] = []
    for area in dict.fromkeys(figure.area for figure in own):
        part = _history_rows(figures_of(own, indicator.key, area), indicator, pack)
        rows += part
        notes += [f"{area}: {said}" for said in _rises(part, indicator)]
    if not rows:
        return None
    if any(math.isnan(row.lower) and not math.isnan(row.value) for row in rows):
        notes.append("Where only the value was published, chance is not judged.")
    table = _table(rows, indicator, pack, source="; ".join(dict.fromkeys(f.source for f in own)))
    standing = standing_of([figure.status for figure in own])
    # somebody published these already, so they tell nothing new
    table = replace(table, standing=standing, basis=Basis.of_pack(pack))
    return TimeLine(table, tuple(notes))


def series_line(plan: Plan, indicator: Indicator, pack: Pack, *, zone: str) -> TimeLine | None:
    """Tell an indicator of a zone by spans of twelve months, rebuilt from small areas.

    Parameters
    ----------
    zone
        A zone of the plan, or `TOTAL` for all.

    Returns
    -------
    TimeLine or None
        None where the pack has no monthly counts of it, or fewer than twelve months.

    Notes
    -----
    The table has no basis: what earlier spans would tell beside other releases is not audited, so
    it is shown to those who plan and does not leave.
    """
    series = pack.series
    if series is None or indicator.numerator not in series.keys:
        return None
    spans = _spans(series)
    if not spans:
        return None
    rows = [_span_row(plan, indicator, pack, span, zone) for span in spans]
    notes = ["Spans of twelve months, counted back from the last."]
    if indicator.denominator not in series.keys:
        notes.append("All spans stand over one denominator, that of the pack.")
    notes += _rises(rows, indicator)
    return TimeLine(
        _table(_stepped(rows, indicator), indicator, pack, source=_source(series)), tuple(notes)
    )


def incident_line(plan: Plan, pack: Pack, *, zone: str) -> TimeLine | None:
    """Tell incidents of anti-social behaviour a day, month by month, where all of them were read.

    A month that was not read has a row without a figure: it is missing, not 0.

    Returns
    -------
    TimeLine or None
        None where the pack has no incidents.
    """
    incidents = pack.incidents
    if incidents is None or not incidents.months:
        return None
    months, counts = _monthly(incidents, plan, zone)
    unknown = np.where(np.isnan(counts), Status.MISSING, Status.OK).astype(np.int8)
    daily = per_day(counts, months)
    measure = pack.measures.measure(ASB)
    breaks = incident_breaks(pack)
    notes = [b.reason for b in breaks]
    if incidents.months_missing:
        notes.append(f"Not read, so missing and not 0: {_stretches(incidents.months_missing)}.")
    notes += _last_year(counts, months, breaks)
    table = Table(
        what="Month",
        names=tuple(months),
        columns=(
            Column("count", measure.title, "incidents", 0, counts, unknown),
            Column("value", "A day", "incidents a day", 2, daily, unknown),
        ),
        symbol=POLICIES[pack.authority.disclosure].symbol,
        standing=measure.status,
        source=measure.source,
        texts=(TextColumn("area", "Area", (zone,) * len(months)),),
        basis=Basis.of_pack(pack, Part(plan, (ASB,))),
    )
    return TimeLine(table, tuple(notes), breaks)


def incident_breaks(pack: Pack) -> tuple[Break, ...]:
    """List the breaks that fall into the months of a pack's incidents."""
    if pack.incidents is None or not pack.incidents.months:
        return ()
    first, last = pack.incidents.months[0], pack.incidents.months[-1]
    known = (*POLICE_BREAKS, *(break_of(found) for found in pack.breaks))
    inside = [b for b in known if b.period <= last and (b.until or last) >= first]
    return tuple(b for b in dict.fromkeys(inside) if b.until or b.period > first)


@dataclass(frozen=True)
class _Row:
    """One area and period, with what may be shown of it."""

    area: str
    period: str
    span: Period | None
    x: float
    n: float
    x_status: int
    n_status: int
    value: float
    lower: float
    upper: float
    step: str = ""


def _history_rows(figures: Sequence[Figure], indicator: Indicator, pack: Pack) -> list[_Row]:
    placed = [(figure, _span_of(figure.period)) for figure in figures]
    placed.sort(key=lambda one: (one[1].last if one[1] else "", one[0].period))
    return _stepped([_history_row(f, span, indicator, pack) for f, span in placed], indicator)


def _history_row(figure: Figure, span: Period | None, indicator: Indicator, pack: Pack) -> _Row:
    x, n = (
        _protected(number, key, pack)
        for number, key in ((figure.x, indicator.numerator), (figure.n, indicator.denominator))
    )
    row = _row(figure.area, figure.period, span, (x, n), indicator)
    if math.isnan(figure.value):
        return row
    return replace(row, value=figure.value, x_status=int(Status.MISSING))


def _protected(number: float, key: str, pack: Pack) -> Suppressed:
    """Suppress a published count of the authority where its rule calls it small."""
    if pack.measures.measure(key).sensitive:
        return suppress([number], policy=POLICIES[pack.authority.disclosure])
    status = Status.MISSING if math.isnan(number) else Status.OK
    return Suppressed(np.array([number]), np.array([status], dtype=np.int8))


def _row(
    area: str,
    period: str,
    span: Period | None,
    counts: tuple[Suppressed, Suppressed],
    indicator: Indicator,
) -> _Row:
    x, n = (float(side.values[0]) for side in counts)
    rates = indicator_values(indicator, [x], [n])
    value, lower, upper = (float(v[0]) for v in (rates.value, rates.lower, rates.upper))
    of_x, of_n = (int(side.status[0]) for side in counts)
    return _Row(area, period, span, x, n, of_x, of_n, value, lower, upper)


def _stepped(rows: Sequence[_Row], indicator: Indicator) -> list[_Row]:
    """Say of each period whether it differs from the one before beyond chance."""
    steps = [_step(earlier, later, indicator) for earlier, later in pairwise(rows)]
    return [replace(row, step=step) for row, step in zip(rows, ["", *steps], strict=True)]


def _step(earlier: _Row, later: _Row, indicator: Indicator) -> str:
    if not _follows(earlier, later):
        return "not compared"
    sides = (
        Rates(np.array([row.value]), np.array([row.lower]), np.array([row.upper]), indicator.per)
        for row in (earlier, later)
    )
    return str(change(*sides).direction[0])


def _follows(earlier: _Row, later: _Row) -> bool:
    """Say whether two periods are of one length and do not overlap."""
    if earlier.span is None or later.span is None:
        return False
    return earlier.span.months == later.span.months and earlier.span.last < later.span.first


def _rises(rows: Sequence[_Row], indicator: Indicator) -> list[str]:
    """Say whether the series as a whole rises or falls, where it is long and even enough."""
    if indicator.kind == "mean" or len(rows) < LEAST_PERIODS:
        return []
    firsts = [row.span.first for row in rows if row.span]
    gaps = {len(months_between(a, b)) for a, b in pairwise(firsts)}
    even = len(firsts) == len(rows) and len(gaps) == 1
    if not even or not all(_follows(a, b) for a, b in pairwise(rows)):
        return []
    x, n = ([getattr(row, side) for row in rows] for side in ("x", "n"))
    if any(math.isnan(row.value) for row in rows):
        return []
    found = slope(x, n, kind=indicator.kind)
    if found.direction == "not compared":
        return []
    said = {"rise": "a rise", "fall": "a fall"}.get(found.direction, "no clear rise or fall")
    return [f"Over {len(rows)} periods as a whole there is {said} (test for trend, 95 %)."]


def _span_of(period: str) -> Period | None:
    """Tell which months a published period means; None where it is written in another way."""
    for every in _WRITTEN:
        try:
            return period_of(period, every)
        except LayerError:
            continue
    return None


def _spans(series: Series) -> list[Period]:
    """Cut the months into spans of twelve, counted back from the last; earliest first."""
    months = series.months
    ends = range(len(months), MONTHS_A_YEAR - 1, -MONTHS_A_YEAR)
    cut = [(months[end - MONTHS_A_YEAR], months[end - 1]) for end in ends]
    return [Period(f"{first} to {last}", first, last) for first, last in reversed(cut)]


def _span_row(plan: Plan, indicator: Indicator, pack: Pack, span: Period, zone: str) -> _Row:
    """Give one span of a zone, protected with all its small areas and zones."""
    measures = _measures_of(pack, span, indicator)
    totals = aggregate(plan, measures)
    at = -1 if zone == TOTAL else plan.zone_position(zone)
    policy = POLICIES[pack.authority.disclosure]
    x, n = (
        protected_zones(totals, key, measures, policy, plan=plan)
        for key in (indicator.numerator, indicator.denominator)
    )
    one = tuple(Suppressed(s.values[[at]], s.status[[at]]) for s in (x, n))
    return _row(zone, span.title, span, (one[0], one[1]), indicator)


def _measures_of(pack: Pack, span: Period, indicator: Indicator) -> Measures:
    """Give the counts of a span, with the pack's own denominator where the lists have none."""
    if pack.series is None:
        raise LayerError("The pack has no monthly counts.")
    measures = pack.series.to_measures(span.first, span.last)
    key = indicator.denominator
    if measures.has(key):
        return measures
    row = pack.measures.row(key)
    return measures.joined(
        pack.measures.measure(key), pack.measures.values[row], status=pack.measures.status[row]
    )


def _source(series: Series) -> str:
    return f"{series.source.title}, {series.source.publisher}"


def _monthly(incidents: Incidents, plan: Plan, zone: str) -> tuple[tuple[str, ...], Array]:
    """Count the incidents of a zone in every month from the first to the last; NaN if not read."""
    months = months_between(incidents.months[0], incidents.months[-1])
    counted = incidents.by_month(plan.assignment, plan.zones)
    if zone != TOTAL:
        counted = counted[counted["zone"] == zone]
    sums = counted.groupby("month")["incidents"].sum()
    return months, sums.reindex(list(months)).to_numpy(dtype=np.float64)


def _last_year(counts: Array, months: Sequence[str], breaks: Sequence[Break]) -> list[str]:
    """Set the last twelve months against the twelve before, in words."""
    if len(months) < 2 * MONTHS_A_YEAR or np.isnan(counts[-2 * MONTHS_A_YEAR :]).any():
        return ["There are no two times twelve months in a row to compare."]
    found = twelve_months(counts, months, breaks=breaks)
    before, after = (float(v) for v in found.rates.value)
    step = str(found.changes.direction[0])
    said = {
        "rise": "a rise beyond chance",
        "fall": "a fall beyond chance",
        "not compared": "not compared, because a break lies between",
    }.get(step, "no clear change")
    before_title, after_title = (period.title for period in found.periods)
    text = f"{after_title}: {after:,.2f} incidents a day after {before:,.2f} in {before_title}, "
    return [f"{text}{said}."]


def _stretches(months: Sequence[str]) -> str:
    """Write months, those in a row as one stretch."""
    found: list[list[str]] = []
    for month in months:
        if found and len(months_between(found[-1][-1], month)) == 2:
            found[-1].append(month)
        else:
            found.append([month])
    return ", ".join(s[0] if len(s) == 1 else f"{s[0]} to {s[-1]}" for s in found)


def _table(rows: Sequence[_Row], indicator: Indicator, pack: Pack, *, source: str) -> Table:
    x, n = pack.measures.measure(indicator.numerator), pack.measures.measure(indicator.denominator)

    def column(key: str, title: str, unit: str, places: int, status: Sequence[int]) -> Column:
        values = np.array([getattr(row, key) for row in rows], dtype=np.float64)
        states = np.array(status, dtype=np.int8)
        states = np.where(
            np.isnan(values) & (states < Status.NOT_APPLICABLE), Status.MISSING, states
        )
        values = np.where(states >= Status.NOT_APPLICABLE, np.nan, values)
        return Column(key, title, unit, places, values, states.astype(np.int8))

    of_value = [_value_status(row) for row in rows]
    unit = indicator.unit(n.counts)
    return Table(
        what="Period",
        names=tuple(row.period for row in rows),
        columns=(
            column("x", x.title, x.counts, 0, [row.x_status for row in rows]),
            column("n", n.title, n.counts, 0, [row.n_status for row in rows]),
            column("value", indicator.title, unit, indicator.decimals, of_value),
            column("lower", "95 % from", unit, indicator.decimals, of_value),
            column("upper", "95 % to", unit, indicator.decimals, of_value),
        ),
        symbol=POLICIES[pack.authority.disclosure].symbol,
        standing=indicator.status,
        source=source,
        texts=(
            TextColumn("area", "Area", tuple(row.area for row in rows)),
            TextColumn("step", "Since the period before", tuple(row.step for row in rows)),
        ),
    )


def _value_status(row: _Row) -> int:
    """Say what stands behind a value: hidden with its counts, known where it was published."""
    if Status.SUPPRESSED in (row.x_status, row.n_status):
        return int(Status.SUPPRESSED)
    return int(Status.MISSING if math.isnan(row.value) else Status.OK)
