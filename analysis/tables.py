"""Tables that may leave: what pages show, downloads hold and the command line prints.

Every figure that leaves the tool passes through a `Table` made here, and suppression is the last
thing that happens to it: counts first, then whatever is worked out from them.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from analysis.aggregate import NO_ZONE, ZoneTotals
from analysis.caseload import OPEN_CASES, cases_per_fte
from analysis.disclosure import POLICIES, Policy, Suppressed, cell_text, mask_rates, suppress
from analysis.metrics import METRICS, PER_CHILDREN, Metric
from analysis.rates import compare, indicator_values, rate, rate_interval
from analysis.scenario import Comparison, Evaluation
from geo.plan import UNASSIGNED, Plan
from geo.write import safe_cell
from layers.incidents import Incidents
from layers.indicators import Benchmark, Indicator
from layers.measures import Measures
from layers.pack import Pack
from layers.status import Standing, Status

Array = npt.NDArray[np.float64]
Statuses = npt.NDArray[np.int8]

TOTAL = "All zones"


@dataclass(frozen=True, eq=False)
class Column:
    """One column of figures, already suppressed; columns of one `group` share a heading."""

    key: str
    title: str
    unit: str
    decimals: int
    values: Array
    status: Statuses
    group: str = ""


@dataclass(frozen=True, eq=False)
class TextColumn:
    """One column of words beside the figures: a zone, a verdict."""

    key: str
    title: str
    texts: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Table:
    """Rows with names and columns of figures, safe to leave the tool.

    Parameters
    ----------
    what
        What a row is: the authority's word for a zone, `Small area`.
    names
        One a row; `totals` marks rows that sum up others.
    columns, texts
        Each as long as `names`.
    symbol
        What stands for a suppressed figure.
    standing, source
        Whether any figure was modelled, and where they come from.
    codes
        One a row where rows have codes (units); empty otherwise.
    """

    what: str
    names: tuple[str, ...]
    columns: tuple[Column, ...]
    symbol: str
    standing: Standing
    source: str
    texts: tuple[TextColumn, ...] = ()
    totals: int = 0
    codes: tuple[str, ...] = ()

    def column(self, key: str) -> Column:
        """Give the column of that key."""
        return next(column for column in self.columns if column.key == key)

    def cell(self, column: Column, row: int) -> str:
        """Write one figure as it is shown."""
        return cell_text(
            float(column.values[row]),
            int(column.status[row]),
            symbol=self.symbol,
            decimals=column.decimals,
        )

    def order(self, key: str, *, descending: bool) -> list[int]:
        """Sort the rows by a column; rows without a figure and totals come last."""
        body = range(len(self.names) - self.totals)
        tail = list(range(len(self.names) - self.totals, len(self.names)))
        if key == "name":
            return sorted(body, key=lambda row: self.names[row], reverse=descending) + tail
        values = self.column(key).values
        known = sorted(
            (row for row in body if not np.isnan(values[row])),
            key=lambda row: values[row],
            reverse=descending,
        )
        return known + [row for row in body if np.isnan(values[row])] + tail

    def to_csv(self, **about: str) -> str:
        """Write the table as CSV; `about` adds columns of its own, the same in every row.

        Figures keep two decimals more than on screen. A suppressed cell holds the rule's symbol,
        a missing one nothing. Words that a spreadsheet would run as a formula are escaped.
        """
        about = {**about, "figures": self.standing, "source": self.source}
        lines = io.StringIO()
        writer = csv.writer(lines, lineterminator="\n")
        head = [*(["code"] if self.codes else []), _slug(self.what)]
        head += [text.key for text in self.texts] + [column.key for column in self.columns]
        writer.writerow([*head, *about])
        for row, name in enumerate(self.names):
            words = [*([self.codes[row]] if self.codes else []), name]
            words += [text.texts[row] for text in self.texts]
            figures = [self._exact(column, row) for column in self.columns]
            writer.writerow(
                [safe_cell(w) for w in words] + figures + [*map(safe_cell, about.values())]
            )
        return lines.getvalue()

    def to_records(self) -> list[dict[str, object]]:
        """Give rows as plain values for JSON; a suppressed figure is its symbol, missing None."""
        records = []
        for row, name in enumerate(self.names):
            record: dict[str, object] = {"code": self.codes[row]} if self.codes else {}
            record[_slug(self.what)] = name
            record |= {text.key: text.texts[row] for text in self.texts}
            for column in self.columns:
                text = self._exact(column, row)
                record[column.key] = float(text) if _is_number(column, row) else text or None
            records.append(record)
        return records

    def _exact(self, column: Column, row: int) -> str:
        if not _is_number(column, row):
            return self.cell(column, row)
        return f"{column.values[row]:.{column.decimals + 2 if column.decimals else 0}f}"


def zone_table(evaluation: Evaluation, pack: Pack) -> Table:
    """Tell every zone's figures: the zone metrics of the registry, and their sum.

    The referral rate stands with its 95 % interval. Counts of children known to services are
    suppressed by the authority's rule, and so is what was worked out from them.
    """
    policy = POLICIES[pack.authority.disclosure]
    measures = evaluation.facts.measures
    sensitive = {measure.key for measure in measures.measures if measure.sensitive}
    counts = {
        key: _appended(_guard(evaluation.per_zone(key), None, policy, sensitive=key in sensitive))
        for key in _COUNTED
    }
    shown = counts | _worked_out(counts) | {key: _per_zone_only(evaluation, key) for key in _SHAPES}
    columns: list[Column] = []
    for metric in METRICS:
        if metric.scope == "zone":
            columns.append(_metric_column(metric, shown[metric.key]))
        if metric.key == "referral_rate":
            columns += _interval_columns(metric, counts["referrals"], counts["children"])
    return Table(
        what=_word(pack, evaluation.facts.baseline),
        names=(*evaluation.plan.zones, TOTAL),
        columns=tuple(columns),
        symbol=policy.symbol,
        standing=pack.standing,
        source=_sources(measures, ("children", "referrals", OPEN_CASES)),
        totals=1,
    )


def plan_table(evaluation: Evaluation, pack: Pack) -> Table:
    """Tell the figures of the plan as a whole: equity, who changes team, shape."""
    policy = POLICIES[pack.authority.disclosure]
    metrics = [metric for metric in METRICS if metric.scope == "plan"]
    columns = []
    for metric in metrics:
        value = evaluation.for_plan(metric.key)
        guarded = suppress([value], policy=policy) if metric.key in _MOVED else _plain([value])
        columns.append(_metric_column(metric, guarded))
    return Table(
        what="Plan",
        names=(evaluation.plan.fingerprint,),
        columns=tuple(columns),
        symbol=policy.symbol,
        standing=pack.standing,
        source=_sources(evaluation.facts.measures, ("children", "referrals")),
    )


def indicator_table(
    totals: ZoneTotals,
    indicator: Indicator,
    pack: Pack,
    *,
    what: str,
    benchmark: Benchmark | None = None,
) -> Table:
    """Tell an indicator zone by zone: count, out of, value, 95 % interval, and how it compares.

    Parameters
    ----------
    benchmark
        What to compare with; the authority as a whole by default.
    """
    policy = POLICIES[pack.authority.disclosure]
    loose = totals.unassigned(indicator.denominator) > 0
    x = _protected_totals(totals, indicator.numerator, pack, policy, loose=loose)
    n = _protected_totals(totals, indicator.denominator, pack, policy, loose=loose)
    names = (*totals.zones, *((NO_ZONE,) if loose else ()), TOTAL)
    return _indicator_table(indicator, pack, names, x, n, what=what, benchmark=benchmark)


def unit_table(plan: Plan, indicator: Indicator, pack: Pack) -> Table:
    """Tell an indicator unit by unit, protected together with the totals of the plan's zones."""
    policy = POLICIES[pack.authority.disclosure]
    measures = pack.measures
    x = _protected_units(plan, indicator.numerator, measures, policy)
    n = _protected_units(plan, indicator.denominator, measures, policy)
    table = _indicator_table(
        indicator, pack, pack.geography.names, x, n, what="Small area", benchmark=None, totals=0
    )
    zones = tuple(plan.name_of(int(zone)) or NO_ZONE for zone in plan.assignment)
    return replace(
        table,
        texts=(TextColumn("zone", "Zone", zones), *table.texts),
        codes=pack.geography.units,
    )


def incident_table(incidents: Incidents, plan: Plan, pack: Pack, *, what: str) -> Table:
    """Tell incidents zone by zone and month by month, with the sum of the months."""
    counted = incidents.by_month(plan.assignment, plan.zones)
    names = (*plan.zones, NO_ZONE) if NO_ZONE in set(counted["zone"]) else plan.zones
    by_month = counted.pivot_table(index="zone", columns="month", values="incidents", aggfunc="sum")
    by_month = by_month.reindex(list(names)).assign(total=lambda months: months.sum(axis=1))
    columns = [_summed(str(key), by_month[key].to_numpy(dtype=np.float64)) for key in by_month]
    measure = pack.measures.measure("asb")
    return Table(
        what=what,
        names=(*names, TOTAL),
        columns=tuple(columns),
        symbol=POLICIES[pack.authority.disclosure].symbol,
        standing=measure.status,
        source=measure.source,
        totals=1,
    )


def before_after_table(comparison: Comparison, pack: Pack) -> Table:
    """Set the main figures of every zone side by side, before and after a redraw."""
    before, after = zone_table(comparison.before, pack), zone_table(comparison.after, pack)
    names = (*comparison.zones, TOTAL)
    columns = [
        _matched(table.column(key), table.names, names, key=f"{key}_{when}", title=when)
        for key in COMPARED
        for when, table in (("before", before), ("after", after))
    ]
    return replace(after, names=names, columns=tuple(columns))


COMPARED = ("persons", "children", "referrals", "referral_rate", "open_cases", "cases_per_fte")
"""The zone metrics that stand side by side before and after a redraw."""

_COUNTED = ("units", "persons", "children", "referrals", "open_cases", "fte", "area_km2")
_SHAPES = ("polsby_popper", "pieces")
_MOVED = ("children_moved", "cases_moved")


def _indicator_table(
    indicator: Indicator,
    pack: Pack,
    names: tuple[str, ...],
    x: Suppressed,
    n: Suppressed,
    *,
    what: str,
    benchmark: Benchmark | None,
    totals: int = 1,
) -> Table:
    rates = indicator_values(indicator, x.values, n.values)
    masked = [
        mask_rates(values, x.status, n.status) for values in (rates.value, rates.lower, rates.upper)
    ]
    measures = pack.measures
    number, unit = (
        indicator.decimals,
        indicator.unit(measures.measure(indicator.denominator).counts),
    )
    columns = (
        _count_column(measures, indicator.numerator, x),
        _count_column(measures, indicator.denominator, n),
        Column("value", indicator.title, unit, number, masked[0].values, masked[0].status),
        Column("lower", "95 % from", unit, number, masked[1].values, masked[1].status),
        Column("upper", "95 % to", unit, number, masked[2].values, masked[2].status),
    )
    texts: tuple[TextColumn, ...] = ()
    if totals:
        mark = benchmark.value if benchmark else float(rates.value[-1])
        title = f"Against {benchmark.title if benchmark else 'all zones'}"
        verdicts = compare(rates, mark, polarity=indicator.polarity).tolist()
        if not benchmark:
            verdicts[-1] = ""
        texts = (TextColumn("compared", title, tuple(verdicts)),)
    symbol = POLICIES[pack.authority.disclosure].symbol
    return Table(
        what=what,
        names=names,
        columns=columns,
        symbol=symbol,
        standing=indicator.status,
        source=indicator.source,
        texts=texts,
        totals=totals,
    )


def _count_column(measures: Measures, key: str, counts: Suppressed) -> Column:
    measure = measures.measure(key)
    return Column(
        key, measure.title, f"{measure.counts}, {measure.period}", 0, counts.values, counts.status
    )


def _protected_totals(
    totals: ZoneTotals, key: str, pack: Pack, policy: Policy, *, loose: bool
) -> Suppressed:
    row = totals.row(key)
    last = None if loose else -1
    values, status = totals.values[row, :last], totals.status[row, :last]
    known = np.where(status >= Status.NOT_APPLICABLE, np.nan, values)
    sensitive = pack.measures.measure(key).sensitive
    return _appended(_guard(known, status, policy, sensitive=sensitive))


def _protected_units(plan: Plan, key: str, measures: Measures, policy: Policy) -> Suppressed:
    row = measures.row(key)
    if not measures.measure(key).sensitive:
        return Suppressed(measures.values[row], measures.status[row])
    return suppress(
        measures.values[row],
        policy=policy,
        groups=np.where(plan.assignment == UNASSIGNED, -1, plan.assignment),
        group_count=len(plan.zones),
        status=measures.status[row],
    )


def _guard(
    values: Array, status: Statuses | None, policy: Policy, *, sensitive: bool
) -> Suppressed:
    """Protect counts together with their sum; of what is not sensitive only add it up."""
    if sensitive:
        return suppress(values, policy=policy, status=status)
    known = _plain(values) if status is None else Suppressed(values, status)
    whole = not np.isnan(values).any()
    total = _plain([float(values.sum())] if whole else [np.nan])
    return Suppressed(known.values, known.status, total)


def _appended(guarded: Suppressed) -> Suppressed:
    """Put the total behind the cells."""
    if guarded.totals is None:
        return guarded
    return Suppressed(
        np.concatenate([guarded.values, guarded.totals.values]),
        np.concatenate([guarded.status, guarded.totals.status]),
    )


def _worked_out(counts: Mapping[str, Suppressed]) -> dict[str, Suppressed]:
    """Work out what follows from protected counts, and mask it where they are."""
    referrals, children = counts["referrals"], counts["children"]
    cases, fte = counts["open_cases"], counts["fte"]
    per_child = rate(referrals.values, children.values, per=PER_CHILDREN)
    per_worker = cases_per_fte(cases.values, fte.values)
    return {
        "referral_rate": mask_rates(per_child, referrals.status, children.status),
        "cases_per_fte": mask_rates(per_worker, cases.status, fte.status),
    }


def _interval_columns(metric: Metric, x: Suppressed, n: Suppressed) -> list[Column]:
    limits = rate_interval(x.values, n.values, per=PER_CHILDREN)
    masked = [mask_rates(limit, x.status, n.status) for limit in (limits.lower, limits.upper)]
    return [
        Column(
            f"{metric.key}_{end}", f"95 % {word}", metric.unit, metric.decimals, m.values, m.status
        )
        for end, word, m in zip(("lower", "upper"), ("from", "to"), masked, strict=True)
    ]


def _per_zone_only(evaluation: Evaluation, key: str) -> Suppressed:
    """Give figures that have no sum: the row for all zones says so."""
    zones = _plain(evaluation.per_zone(key))
    return Suppressed(
        np.append(zones.values, np.nan),
        np.append(zones.status, np.int8(Status.NOT_APPLICABLE)),
    )


def _metric_column(metric: Metric, shown: Suppressed) -> Column:
    return Column(
        metric.key, metric.title, metric.unit, metric.decimals, shown.values, shown.status
    )


def _summed(key: str, zones: Array) -> Column:
    values = np.append(zones, zones.sum())
    title = "All months" if key == "total" else key
    return Column(key, title, "incidents", 0, values, np.zeros(len(values), dtype=np.int8))


def _matched(
    column: Column, has: Sequence[str], wanted: Sequence[str], *, key: str, title: str
) -> Column:
    """Line a column up with other rows; a row it does not have is not applicable."""
    at = [has.index(name) if name in has else -1 for name in wanted]
    values = np.append(column.values, np.nan)[at]
    status = np.append(column.status, np.int8(Status.NOT_APPLICABLE))[at]
    heading = f"{column.title}, {column.unit}" if column.unit else column.title
    return replace(
        column, key=key, title=title, unit="", values=values, status=status, group=heading
    )


def _plain(values: Sequence[float] | Array) -> Suppressed:
    array = np.asarray(values, dtype=np.float64)
    return Suppressed(array, np.where(np.isnan(array), Status.MISSING, Status.OK).astype(np.int8))


def _is_number(column: Column, row: int) -> bool:
    return int(column.status[row]) < Status.NOT_APPLICABLE and not np.isnan(column.values[row])


def _slug(text: str) -> str:
    return text.lower().replace(" ", "_")


def _word(pack: Pack, plan: Plan) -> str:
    return next((e.zone_word for e in pack.plans if e.plan is plan), pack.authority.zone_word)


def _sources(measures: Measures, keys: Sequence[str]) -> str:
    texts = [measures.measure(key).source for key in keys if measures.has(key)]
    return "; ".join(dict.fromkeys(texts))
