"""Tables of plans side by side: every metric, zone by zone, and what lies in another zone.

They are made of the protected tables of each plan (`analysis.tables`), so that what is hidden
there is hidden here. Each says which counts of which plans it tells.
"""

import csv
import io
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from analysis.aggregate import NO_ZONE, aggregate
from analysis.caseload import OPEN_CASES
from analysis.comparing import Compared, Match, distinct
from analysis.disclosure import POLICIES, Suppressed, mask_rates, suppress
from analysis.equity import within_chance
from analysis.metrics import METRICS, Metric
from analysis.protected import protected_units, protected_zones, with_total
from analysis.table import Basis, Column, Part, Table, TextColumn
from analysis.tables import TOTAL, plan_table, zone_table
from geo.plan import UNASSIGNED, Plan
from geo.write import safe_cell
from layers.pack import Pack
from layers.status import Status

AGAINST_FIRST = ("units_moved", "children_moved", "cases_moved")
"""Metrics that compare with another plan: here with the first of those compared."""

BY_SIZE = ("cv", "gini", "max_min", "cut_edges", "cut_length_km", "pyramids_split")
"""Ends of the keys of metrics that are smaller where there are fewer zones, by nature."""

_SPREADS = ("_cv", "_gini", "_max_min")
"""Ends of the keys of spreads; where the same beginning has `_noise`, chance is known."""

ALL_WAYS = "All ways"
NOWHERE = "no zone"

PEOPLE = ("children", "persons")

Pair = tuple[str | None, str | None]
"""A zone of the first plan and one of a later plan."""

Mark = Literal["", "best", "equal best", "lowest", "equal lowest"]
"""All polarities of metrics of plans are low so far; another would bring its word."""


@dataclass(frozen=True)
class MetricRow:
    """One metric of all plans, as it is shown.

    Parameters
    ----------
    cells
        A figure a plan, or what stands in its place.
    marks
        A word a plan, empty where nothing is to be said.
    note
        What chance alone would make of a spread, and whether the plans differ by more.
    """

    key: str
    title: str
    unit: str
    cells: tuple[str, ...]
    marks: tuple[Mark, ...]
    note: str = ""


def metrics_table(compared: Compared, pack: Pack) -> Table:
    """Tell every metric of the registry that is one number a plan, one plan a row.

    Small areas, children and open cases that change zone are counted against the first plan, by
    its places, whatever each plan was drawn from.
    """
    tables = [plan_table(evaluation, pack) for evaluation in compared.evaluations]
    moved = {key: _against_first(compared, key, pack) for key in AGAINST_FIRST}
    columns = [
        _stacked([table.columns[at] for table in tables], moved.get(column.key))
        for at, column in enumerate(tables[0].columns)
    ]
    return replace(
        tables[0],
        names=tuple(e.plan.fingerprint for e in compared.evaluations),
        columns=tuple(columns),
        texts=(TextColumn("plan", "Plan", compared.titles, of=()),),
        source=_joined(table.source for table in tables),
        basis=Basis.of_pack(pack, *_zone_parts(compared, pack), *_moved_parts(compared)),
    )


def metric_rows(table: Table, *, same_number: bool) -> tuple[MetricRow, ...]:
    """Turn `metrics_table` round, one metric a row, and mark which plan does best.

    A metric is marked only where it has a polarity and every plan has a figure. A spread is marked
    only where it is smaller by more than chance alone could make.

    Parameters
    ----------
    same_number
        Whether the plans have as many zones each. Where not, what grows with the number of zones
        is marked as lowest, not as best.
    """
    return tuple(_metric_row(table, metric, same_number) for metric in _plan_metrics())


def turned_csv(table: Table, **about: str) -> str:
    """Write `metrics_table` as CSV with a metric a row and a plan a column.

    Figures keep two decimals more than on screen; `about` adds columns, the same in every row.
    """
    about = {**about, "figures": table.standing, "source": table.source}
    records = table.to_records()
    lines = io.StringIO()
    writer = csv.writer(lines, lineterminator="\n")
    titles = [f"{title} ({name})" for title, name in _plans_of(table)]
    writer.writerow([safe_cell(word) for word in ("metric", "unit", *titles, *about)])
    for column in table.columns:
        cells = [record[column.key] for record in records]
        figures = ["" if cell is None else str(cell) for cell in cells]
        words = [safe_cell(word) for word in (column.title, column.unit)]
        writer.writerow([*words, *figures, *map(safe_cell, about.values())])
    return lines.getvalue()


def places_table(compared: Compared, pack: Pack, keys: Sequence[str] = ()) -> Table:
    """Tell zone metrics place by place, the plans side by side under each metric.

    A place that a plan does not have is not applicable there.

    Parameters
    ----------
    keys
        The zone metrics to tell; all of the registry by default. The referral rate brings its
        interval.
    """
    tables = [zone_table(evaluation, pack) for evaluation in compared.evaluations]
    loose = [NO_ZONE] if any(NO_ZONE in table.names for table in tables) else []
    wanted = [
        column.key
        for column in tables[0].columns
        if not keys or column.key in keys or column.key.removesuffix("_lower") in keys
        or column.key.removesuffix("_upper") in keys
    ]  # fmt: skip
    columns = [
        _of_places(compared, table.column(key), at, table, bool(loose))
        for key in wanted
        for at, table in enumerate(tables)
    ]
    told = _of_any(columns)
    parts = [_less(part, told, pack) for part in _own_parts(compared, pack)]
    return replace(
        tables[0],
        what="Zone",
        names=(*compared.sides.names, *loose, TOTAL),
        columns=tuple(columns),
        source=_joined(table.source for table in tables),
        basis=Basis.of_pack(pack, *(part for part in parts if part.keys)),
    )


def moved_table(compared: Compared, plan: int, pack: Pack) -> Table:
    """List the small areas that lie in another zone than in the first plan, with their people.

    Parameters
    ----------
    plan
        The position of the later plan.
    """
    match, policy = compared.sides.matches[plan - 1], POLICIES[pack.authority.disclosure]
    at = np.flatnonzero(~match.stays)
    before, after = (
        tuple(zone for zone, stays in zip(_zone_names(p), match.stays, strict=True) if not stays)
        for p in (match.before, match.after)
    )
    columns = []
    for key in PEOPLE:
        shown = protected_units(match.after, key, pack.measures, policy)
        columns.append(_people(pack, key, Suppressed(shown.values[at], shown.status[at])))
    geography = pack.geography
    return _of_people(
        pack,
        what="Small area",
        names=tuple(geography.names[i] for i in at),
        codes=tuple(geography.units[i] for i in at),
        texts=(
            TextColumn("before", f"In {compared.titles[0]}", before, of=()),
            TextColumn("after", f"In {compared.titles[plan]}", after, of=()),
        ),
        columns=tuple(columns),
        basis=Basis.of_pack(pack, Part(match.after, PEOPLE, "units")),
    )


def ways_table(compared: Compared, plan: int, pack: Pack) -> Table:
    """Sum up who changes zone, one way from a zone to another a row, the largest first."""
    match, policy = compared.sides.matches[plan - 1], POLICIES[pack.authority.disclosure]
    ways = _ways(match)
    totals, zones = aggregate(ways, pack.measures), len(ways.zones)
    sizes = np.append(ways.sizes, ways.sizes.sum()).astype(np.float64)
    columns = [
        Column("units", "Small areas", "areas", 0, sizes, np.zeros(zones + 1, np.int8), of=())
    ]
    for key in PEOPLE:
        shown = protected_zones(totals, key, pack.measures, policy, plan=ways)
        # what lies in no way has stayed, and is not in the sum
        moved = with_total(Suppressed(shown.values[:zones], shown.status[:zones]))
        columns.append(_people(pack, key, moved))
    order = [*np.argsort(-ways.sizes, kind="stable").tolist(), zones]
    return _of_people(
        pack,
        what="Way",
        names=(*(ways.zones[at] for at in order[:-1]), ALL_WAYS),
        columns=tuple(
            replace(column, values=column.values[order], status=column.status[order])
            for column in columns
        ),
        totals=1,
        basis=Basis.of_pack(pack, Part(ways, PEOPLE)),
    )


def match_table(compared: Compared, plan: int, pack: Pack) -> Table:
    """Say which zone of a later plan was taken for which of the first, and how far they agree.

    Shares are of the children of the zone in either plan; a zone without partner is new or gone.
    """
    match, policy = compared.sides.matches[plan - 1], POLICIES[pack.authority.disclosure]
    pairs = _partners(match)
    names = distinct(before or after or "" for before, after in pairs)
    kept = _kept(match, names)
    shared = protected_zones(
        aggregate(kept, pack.measures), "children", pack.measures, policy, plan=kept
    )
    both = _where_paired(shared, pairs)
    shares = [
        _share(both, [pair[side] for pair in pairs], whole, pack)
        for side, whole in ((0, match.before), (1, match.after))
    ]
    words = tuple(_how(pair, match) for pair in pairs)
    firsts, laters = (tuple(pair[side] or "–" for pair in pairs) for side in (0, 1))
    return _of_people(
        pack,
        what="Place",
        names=names,
        texts=(
            TextColumn("before", f"In {compared.titles[0]}", firsts, of=()),
            TextColumn("after", f"In {compared.titles[plan]}", laters, of=()),
            TextColumn("how", "Taken for the same", words, of=()),
        ),
        columns=(
            _people(pack, "children", both, own="shared", title="Children in both"),
            *(
                Column(
                    f"share_{when}", f"of those {when}", "%", 0, share.values, share.status,
                    of=_if_sensitive(pack, "children"),
                )
                for when, share in zip(("before", "after"), shares, strict=True)
            ),
        ),
        basis=Basis.of_pack(
            pack, *(Part(p, ("children",)) for p in (kept, match.before, match.after))
        ),
    )  # fmt: skip


def is_within_chance(table: Table, key: str, one: int, other: int) -> bool:
    """Say whether chance alone could make two plans' spreads differ as they do.

    It could where their coefficients of variation differ by no more than the larger of the two
    that chance alone would give, or where that is not known. Gini and the ratio of highest to
    lowest are of the same rates, and are judged by the same. Figures that are no spread are not
    left to chance: False.

    Parameters
    ----------
    table
        `metrics_table`.
    key
        The metric.
    one, other
        The rows of two plans.
    """
    what = next((key.removesuffix(end) for end in _SPREADS if key.endswith(end)), "")
    if not _has(table, f"{what}_cv", f"{what}_noise"):
        return False
    cv, noise = (table.column(f"{what}_{end}").values for end in ("cv", "noise"))
    return within_chance(cv[one], cv[other], noise[[one, other]])


def _plan_metrics() -> list[Metric]:
    return [metric for metric in METRICS if metric.scope == "plan"]


def _plans_of(table: Table) -> list[tuple[str, str]]:
    return list(zip(table.texts[0].texts, table.names, strict=True))


def _stacked(columns: Sequence[Column], instead: Suppressed | None) -> Column:
    """Put the one figure of each plan under one another."""
    shown = instead or Suppressed(
        np.concatenate([column.values for column in columns]),
        np.concatenate([column.status for column in columns]),
    )
    return replace(columns[0], values=shown.values, status=shown.status, of=_of_any(columns))


def _against_first(compared: Compared, key: str, pack: Pack) -> Suppressed:
    """Count what changes zone against the first plan, which itself has nothing to compare with."""
    measures, policy = compared.evaluations[0].facts.measures, POLICIES[pack.authority.disclosure]
    values, status = [np.nan], [int(Status.NOT_APPLICABLE)]
    measure = {"children_moved": "children", "cases_moved": OPEN_CASES}.get(key)
    for match in compared.sides.matches:
        moved = ~match.stays
        if measure is not None and not measures.has(measure):
            values, status = [*values, np.nan], [*status, int(Status.MISSING)]
            continue
        count = float(moved.sum() if measure is None else measures.counts(measure)[moved].sum())
        hide = measure is not None and measures.measure(measure).sensitive
        if hide or np.isnan(count):
            shown = suppress([count], policy=policy)
            values, status = [*values, float(shown.values[0])], [*status, int(shown.status[0])]
        else:
            values, status = [*values, count], [*status, int(Status.OK)]
    return Suppressed(np.array(values), np.array(status, dtype=np.int8))


def _zone_parts(compared: Compared, pack: Pack) -> list[Part]:
    """Say that counts of the zones of each plan are told, by any column."""
    bases = [zone_table(evaluation, pack).basis for evaluation in compared.evaluations]
    return [part for basis in bases if basis for part in basis.parts]


def _own_parts(compared: Compared, pack: Pack) -> list[Part]:
    """Say that counts of the zones of each plan are told, by the columns of that plan alone."""
    parts = []
    for at, evaluation in enumerate(compared.evaluations):
        basis = zone_table(evaluation, pack).basis
        for part in basis.parts if basis else ():
            columns = tuple(f"{_own(at)}_{column}" for column in part.columns) or (_own(at),)
            parts.append(replace(part, columns=columns))
    return parts


def _moved_parts(compared: Compared) -> list[Part]:
    """Say that open cases of all that moved are told, which may be left out."""
    if not compared.evaluations[0].facts.measures.has(OPEN_CASES):
        return []
    return [
        Part(_moved_plan(match), (OPEN_CASES,), columns=("cases_moved",), spare=True)
        for match in compared.sides.matches
        if match.moved
    ]


def _moved_plan(match: Match) -> Plan:
    """Give what moved as a plan of one zone."""
    return Plan(match.after.units, ("moved",), np.where(match.stays, UNASSIGNED, 0))


def _own(plan: int) -> str:
    return f"p{plan + 1}"


def _of_any(columns: Sequence[Column]) -> tuple[str, ...] | None:
    """Name the sensitive measures that any of the columns was worked out from; None for all."""
    if any(column.of is None for column in columns):
        return None
    return tuple(dict.fromkeys(key for column in columns for key in column.of or ()))


def _less(part: Part, told: Collection[str] | None, pack: Pack) -> Part:
    """Leave out the sensitive counts of which no column tells anything."""
    if told is None:
        return part
    measures = Basis.of_pack(pack).measures
    keys = tuple(k for k in part.keys if k in told or not measures.measure(k).sensitive)
    return replace(part, keys=keys)


def _of_places(compared: Compared, column: Column, plan: int, table: Table, loose: bool) -> Column:
    """Line a column of one plan's zones up with the places, then no zone, then all."""
    row_of = {name: row for row, name in enumerate(table.names)}
    wanted: list[str | None] = [zones[plan] for zones in compared.sides.places]
    rows = [-1 if name is None else row_of[name] for name in wanted]
    rows += [len(table.names) - 2 if NO_ZONE in table.names else -1] if loose else []
    rows.append(len(table.names) - 1)
    lacks = np.array(rows) < 0
    unit = f"{column.title}, {column.unit}" if column.unit else column.title
    return replace(
        column,
        key=f"{_own(plan)}_{column.key}",
        title=compared.titles[plan],
        unit="",
        group=unit,
        values=np.where(lacks, np.nan, column.values[rows]),
        status=np.where(lacks, np.int8(Status.NOT_APPLICABLE), column.status[rows]),
    )


def _metric_row(table: Table, metric: Metric, same_number: bool) -> MetricRow:
    column = table.column(metric.key)
    rows = range(len(table.names))
    cells = tuple(table.cell(column, row) or "–" for row in rows)
    marks = _marks(table, metric, same_number=same_number)
    note = _chance(table, metric, marks)
    return MetricRow(metric.key, metric.title, metric.unit, cells, marks, note)


def _has(table: Table, *keys: str) -> bool:
    return set(keys) <= {column.key for column in table.columns}


def _chance(table: Table, metric: Metric, marks: Sequence[Mark]) -> str:
    """Say what chance alone would make of a spread, plan by plan."""
    noise = f"{metric.key.removesuffix('_cv')}_noise"
    if not (metric.key.endswith("_cv") and _has(table, noise)):
        return ""
    floor = table.column(noise)
    cells = [table.cell(floor, row) or "–" for row in range(len(table.names))]
    known = not np.isnan(table.column(metric.key).values).any() and not np.isnan(floor.values).any()
    alike = "; the plans do not differ by more" if known and not any(marks) else ""
    return f"of which by chance {' · '.join(cells)}{alike}"


def _marks(table: Table, metric: Metric, *, same_number: bool) -> tuple[Mark, ...]:
    """Say in a word which plans do best; nothing where a figure is not shown."""
    column = table.column(metric.key)
    rows = range(1 if metric.key in AGAINST_FIRST else 0, len(table.names))
    values = np.round(column.values[rows.start :], metric.decimals)
    blank: list[Mark] = [""] * len(table.names)
    if metric.better == "none" or np.isnan(values).any() or len(rows) < 2:
        return tuple(blank)
    sign = 1 if metric.better == "low" else -1
    first = rows.start + int(np.argmin(sign * values))
    level = [
        row
        for row in rows
        if values[row - rows.start] == values[first - rows.start]
        or is_within_chance(table, metric.key, first, row)
    ]
    if len(level) == len(rows):
        return tuple(blank)
    by_size = not same_number and metric.key.endswith(BY_SIZE)
    marks = list(blank)
    for row in level:
        if by_size:
            marks[row] = "lowest" if len(level) == 1 else "equal lowest"
        else:
            marks[row] = "best" if len(level) == 1 else "equal best"
    return tuple(marks)


def _ways(match: Match) -> Plan:
    """Give what moved as a plan with a zone for each way that it went."""
    before, after = _zone_names(match.before), _zone_names(match.after)
    ways = [(a, b) for a, b, stays in zip(before, after, match.stays, strict=True) if not stays]
    position = {way: at for at, way in enumerate(dict.fromkeys(ways))}
    assignment = np.full(len(before), UNASSIGNED, dtype=np.int32)
    assignment[~match.stays] = [position[way] for way in ways]
    return Plan(match.after.units, distinct(f"{a} to {b}" for a, b in position), assignment)


def _kept(match: Match, names: tuple[str, ...]) -> Plan:
    """Give what stayed in its place as a plan with a zone for each of the first plan's zones."""
    staying = match.stays & (match.before.assignment != UNASSIGNED)
    return Plan(match.before.units, names, np.where(staying, match.before.assignment, UNASSIGNED))


def _zone_names(plan: Plan) -> tuple[str, ...]:
    """Name the zone of each unit."""
    return tuple(np.array([*plan.zones, NOWHERE], dtype=object)[plan.assignment])


def _partners(match: Match) -> tuple[Pair, ...]:
    """Pair the zones of both plans in the order of the first; None where there is no partner."""
    after = {old: zone for zone, old in zip(match.after.zones, match.partner, strict=True)}
    pairs: list[Pair] = [(zone, after.get(at)) for at, zone in enumerate(match.before.zones)]
    return (*pairs, *((None, zone) for zone in match.new))


def _where_paired(shared: Suppressed, pairs: Sequence[Pair]) -> Suppressed:
    """Give what is shared pair by pair; not applicable where there is no partner."""
    lacks = np.array([None in pair for pair in pairs], dtype=bool)
    values, status = shared.values[: len(pairs)], shared.status[: len(pairs)]
    none = np.int8(Status.NOT_APPLICABLE)
    return Suppressed(np.where(lacks, np.nan, values), np.where(lacks, none, status))


def _how(pair: Pair, match: Match) -> str:
    before, after = pair
    if before is not None and after is not None:
        return "by name" if before == after else "by overlap"
    plan, zone = (match.before, before) if after is None else (match.after, after)
    if zone is not None and not plan.sizes[plan.zones.index(zone)]:
        return "no small area"
    return "new" if before is None else "gone"


def _share(both: Suppressed, zones: Sequence[str | None], plan: Plan, pack: Pack) -> Suppressed:
    """Give the children in both as a share of those of a zone in per cent, hidden with either."""
    policy = POLICIES[pack.authority.disclosure]
    whole = protected_zones(
        aggregate(plan, pack.measures), "children", pack.measures, policy, plan=plan
    )
    has = np.array([zone is not None for zone in zones])
    rows = [plan.zones.index(zone) if zone is not None else 0 for zone in zones]
    values, status = whole.values[rows], whole.status[rows]
    share = np.full(len(rows), np.nan)
    np.divide(100 * both.values, values, out=share, where=has & (values > 0))
    shown = mask_rates(share, both.status, status)
    lacks = np.where(has, shown.status, np.int8(Status.NOT_APPLICABLE)).astype(np.int8)
    return Suppressed(np.where(has, shown.values, np.nan), lacks)


def _people(pack: Pack, key: str, shown: Suppressed, *, own: str = "", title: str = "") -> Column:
    measure = pack.measures.measure(key)
    unit = f"{measure.counts}, {measure.period}"
    return Column(
        own or key, title or measure.title, unit, 0, shown.values, shown.status,
        of=_if_sensitive(pack, key),
    )  # fmt: skip


def _if_sensitive(pack: Pack, key: str) -> tuple[str, ...]:
    return (key,) if pack.measures.measure(key).sensitive else ()


def _of_people(pack: Pack, **rest: Any) -> Table:
    """Make a table of people, whose counts and sources are those of the pack."""
    measures = [pack.measures.measure(key) for key in PEOPLE]
    modelled = any(measure.status == "illustrative" for measure in measures)
    return Table(
        symbol=POLICIES[pack.authority.disclosure].symbol,
        standing="illustrative" if modelled else "official",
        source=_joined(measure.source for measure in measures),
        **rest,
    )


def _joined(sources: Iterable[str]) -> str:
    parts = dict.fromkeys(part for source in sources for part in source.split("; "))
    return "; ".join(part for part in parts if part)
