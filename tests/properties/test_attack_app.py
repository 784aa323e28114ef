"""An attack on what the app and the command line emit: files, read as anybody could read them.

Small areas of the small pack are moved about at random, and tables of pages are downloaded through
the register. The attacker has the files, the plans, which cells were rounded, and the populations.
A rate, an interval or a caseload that shows a number tells him its count exactly, and where staff
follow their cases, FTE tells him the cases of every move. He tries every set of small areas by
linear algebra, and bounds single ones by linear programmes.
"""

import csv
import io
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scipy import sparse
from scipy.optimize import linprog

import analysis.table
import analysis.tables
import app.releases
import cli
from analysis.assumptions import Assumptions
from analysis.comparing import compare_plans
from analysis.disclosure import Policy
from analysis.events import Edit
from analysis.flow import ACCOUNTS, caseload_over_time, streams_of
from analysis.flow_stages import seed_stages
from analysis.handover import STAY
from analysis.leaving import Mend
from analysis.scenario import Evaluation, Scenario, compare, evaluate
from analysis.table import Table
from analysis.tables import before_after_table, indicator_table, plan_table, unit_table, zone_table
from analysis.tables_compare import metrics_table, places_table
from analysis.tables_flow import flow_table, fte_of, told
from analysis.tables_handover import MOVE, ledger, ways_table, zones_table
from analysis.tables_staffing import choices_table, loads_table, staffing_choices
from app.releases import Paper, enter, out_now
from app.tables import as_csv
from geo.plan import Plan
from geo.write import write_lookup
from layers.measures import Measures
from layers.pack import Pack
from layers.status import Status
from small_pack import UNITS, write_small_pack
from store.register import STORE_VARIABLE, store_folder

SETS = np.array([[(s >> u) & 1 for u in range(9)] for s in range(1, 512)], dtype=float)
OF = {
    "referrals": "referrals",
    "referral_rate": "referrals",
    "referral_rate_lower": "referrals",
    "referral_rate_upper": "referrals",
    "value": "referrals",
    "lower": "referrals",
    "upper": "referrals",
    "open_cases": "open_cases",
    "cases_per_fte": "open_cases",
    "cp_rate": "open_cp",
}
"""The count that each column of the tables tells, by the column's key."""

ACCOUNT_PLANS = {"today": ("before",), "transfer": ("after",), "stay": ("before", "after")}
"""Whose zones the open cases of later months are of, by what open cases do."""

WEIGHTED = ("weighted_cases", "weighted_load")
"""Columns that tell open cases where all weigh the same, and each kind where they do not."""

KINDS = ("open_cin", "open_cp", "open_cla")
OFF = Policy("off", low=10**6, high=10**6, symbol="c", round_to=1)


@dataclass(frozen=True)
class Seen:
    """One number in a file: the units that it is of, the count that it tells, how closely."""

    key: str
    area: np.ndarray
    shown: float
    status: int


@pytest.fixture(autouse=True)
def nobody_asks_what_would_help(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the ways in which a refused file could leave: half of the time, and no file."""
    monkeypatch.setattr(app.releases, "ways_out", lambda *_, **__: ())


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STORE_VARIABLE, str(tmp_path / "store"))


def with_counts(pack: Pack, rng: np.random.Generator) -> Pack:
    """Give a pack small random counts; the populations stay."""
    old = pack.measures
    values = old.values.copy()
    for row, measure in enumerate(old.measures):
        if measure.sensitive:
            values[row] = rng.integers(0, 9, 9) * rng.integers(0, 4, 9)
    values[old.row("persons")] = 1_500
    status = np.zeros(values.shape, dtype=np.int8)
    return replace(pack, measures=Measures(old.units, old.measures, values, status))


def tables(pack: Pack, scenario: Scenario, rng: np.random.Generator) -> tuple[Table, ...]:
    """Make what one of the pages would offer as a file."""
    today = Scenario("today", scenario.baseline)
    after = evaluate(scenario, pack)
    kinds: tuple[Callable[[], tuple[Table, ...]], ...] = (
        lambda: (zone_table(after, pack),),
        lambda: (zone_table(after, pack), plan_table(after, pack)),
        lambda: (indicator_table(after.plan, pack.indicator("referrals"), pack, what="Zone"),),
        lambda: (unit_table(after.plan, pack.indicator("referrals"), pack),),
        lambda: (before_after_table(compare(evaluate(today, pack), after), pack),),
    )
    return kinds[int(rng.integers(len(kinds)))]()


def later_tables(pack: Pack, scenario: Scenario, rng: np.random.Generator) -> tuple[Table, ...]:
    """Make what a part below the map, or the page Compare, would offer as a file."""
    start = Scenario("today", scenario.baseline, assumptions=scenario.assumptions)
    today, after = evaluate(start, pack), evaluate(scenario, pack)
    kinds: tuple[Callable[[], tuple[Table, ...]], ...] = (
        lambda: (over_time(pack, today, after, rng),),
        lambda: (ways_table(ledger(today.plan, after.plan, pack), pack),),
        lambda: (
            zones_table(ledger(today.plan, after.plan, pack), pack, what="team area", km=None),
        ),
        lambda: (metrics_table(compare_plans(("a", "b"), (today, after)), pack),),
        lambda: (places_table(compare_plans(("a", "b"), (today, after)), pack),),
        lambda: levelled(pack, scenario),
    )
    return kinds[int(rng.integers(len(kinds)))]()


def over_time(pack: Pack, today: Evaluation, after: Evaluation, rng: np.random.Generator) -> Table:
    stages = seed_stages(pack.measures)
    streams = streams_of(pack.measures, stages, before=today.plan, after=after.plan)
    flow = caseload_over_time(
        streams, stages, rng=rng, fte=fte_of(today, after), months=3, futures=5
    )
    said = told(flow, pack, before=today, after=after)
    what, account = str(rng.choice(["open_cases", "open_cp"])), str(rng.choice(ACCOUNTS))
    table = flow_table(said, what, account, months=(0, 3))  # type: ignore[arg-type]
    return replace(table, source=f"{what} {account}")


def levelled(pack: Pack, scenario: Scenario) -> tuple[Table, ...]:
    choices = staffing_choices(scenario, pack, tolerance=0.2)
    return () if choices.hidden else (choices_table(choices), loads_table(choices, what="zone"))


def read_later(table: Table, plans: dict[str, Plan], *, alike: bool) -> list[Seen]:
    """Read a file of `later_tables`: a number that follows from counts tells all of them."""
    seen = []
    cases = ("open_cases",) if alike else ("open_cases", "open_cin", "open_cp")
    for column in table.columns:
        for row, name in enumerate(table.names):
            if column.status[row] != Status.OK or np.isnan(column.values[row]):
                continue
            for key, plan in told_by(column.key, table, cases):
                area = area_named(name, plans[plan], plans)
                seen += [] if area is None else [Seen(key, area, np.nan, int(Status.OK))]
    return seen


def told_by(column: str, table: Table, cases: tuple[str, ...]) -> list[tuple[str, str]]:
    """Say which counts of whose zones a column tells: of the ways, `after` will do as well."""
    everything = ("referrals", "open_cases", "open_cin", "open_cp")
    if column.startswith("expected_"):
        what, account = table.source.split()
        if "_0_" in column:
            return [(what, "after" if account == "transfer" else "before")]
        return [(key, plan) for key in everything for plan in ACCOUNT_PLANS[account]]
    if column.startswith(("p1_", "p2_")):
        plan, name = ("before", "after")[column[1] == "2"], column[3:]
        keys = (OF[name],) if name in OF else cases if name in WEIGHTED else ()
    elif column.startswith("weighted_load_"):
        plan, keys = "after" if column.endswith(("lines", "mix")) else "before", cases
    else:  # of the ways, or of the zones before and after
        name, plan = column, "after"
        if column in {"open_cases_before", "open_cases_after"}:
            name, _, plan = column.rpartition("_")
        keys = (name,) if name in everything else ()
    return [(key, plan) for key in keys]


def area_named(name: str, plan: Plan, plans: dict[str, Plan]) -> np.ndarray | None:
    """Find the units of a row: of all, of a zone, of those that moved, or of one way."""
    ways = [(plans["before"].zone_of(unit), plans["after"].zone_of(unit)) for unit in UNITS]
    found = {
        "All zones": [True] * 9,
        MOVE: [a != b for a, b in ways],
        STAY: [a == b for a, b in ways],
    }
    found |= {f"{a} to {b}": [at == (a, b) for at in ways] for a, b in ways if a != b}
    found |= {zone: [plan.zone_of(unit) == zone for unit in UNITS] for zone in plan.zones}
    return np.array(found[name], dtype=float) if name in found else None


def scenarios(pack: Pack, rng: np.random.Generator) -> Iterator[Scenario]:
    """Draw redraws, each a unit or two from the one before."""
    weights = {"open_cp": float(rng.choice([1.0, 1.0, 2.5]))}
    staff = str(rng.choice(["stays", "follows"]))
    assumptions = Assumptions(staff=staff, weights=weights)
    scenario = Scenario("redraw", pack.plan("zones"), assumptions=assumptions)
    for _ in range(int(rng.integers(2, 5))):
        yield scenario
        units = rng.choice(UNITS, rng.integers(1, 3), replace=False)
        scenario = scenario.do(Edit.move(units.tolist(), to=str(rng.choice(["North", "South"]))))


def leave(
    made: tuple[Table, ...], rng: np.random.Generator, *, register: bool
) -> tuple[Table, ...]:
    """Take a file out as a planner would: release it, mend what is refused, or give up."""
    if not register or not made:
        return made
    paper = Paper(made, as_csv({}), title="A file", file="a.csv")
    mend: Mend | None = (None, "withhold", "round")[int(rng.integers(3))]
    if enter(paper, None) is not None and (mend is None or enter(paper, mend) is not None):
        return ()
    out = out_now(paper)
    assert out is not None
    return out


def read(table: Table, plans: dict[str, Plan], *, alike: bool = True) -> list[Seen]:
    """Read a file: what each number in it tells; `alike` says that all cases weigh the same."""
    seen = []
    lines = list(csv.DictReader(io.StringIO(table.to_csv())))
    for column in table.columns:
        key, _, when = column.key.rpartition("_")
        name, plan = (key, plans[when]) if when in plans else (column.key, plans["after"])
        if name not in (*OF, *WEIGHTED):
            continue
        for row, line in enumerate(lines):
            area = area_of(line, table, plan)
            text = line[column.key]
            if name in WEIGHTED:
                told = ("open_cases",) if alike else ("open_cases", "open_cin", "open_cp")
                if text not in (table.symbol, "", "z"):
                    status = int(column.status[row])
                    seen += [Seen(key, area, float(text), status) for key in told]
                continue
            if text == table.symbol:
                seen.append(Seen(OF[name], area, np.nan, int(Status.SUPPRESSED)))
            elif text not in ("", "z"):
                is_count = name == OF[name]
                shown = float(text) if is_count else np.nan
                status = int(column.status[row]) if is_count else int(Status.OK)
                seen.append(Seen(OF[name], area, shown, status))
    return seen


def read_fte(table: Table, plans: dict[str, Plan]) -> list[Seen]:
    """Read what FTE that followed cases tells: the cases that went each way, to or from a zone."""
    before, after = plans["before"], plans["after"]
    ways = [(before.zone_of(unit), after.zone_of(unit)) for unit in UNITS]
    seen = []
    for column in table.columns:
        by_fte = ("fte", "available_fte", "cases_per_fte", "cases_per_fte_after", "weighted_load")
        if column.key not in by_fte:
            continue
        for row, name in enumerate(table.names):
            for way in {way for way in ways if name in way and way[0] != way[1]}:
                if column.status[row] == Status.OK and not np.isnan(column.values[row]):
                    area = np.array([at == way for at in ways], dtype=float)
                    seen.append(Seen("open_cases", area, np.nan, int(Status.OK)))
    return seen


def area_of(line: dict[str, str], table: Table, plan: Plan) -> np.ndarray:
    """Find the units that a row is of."""
    if "code" in line:
        return np.array([unit == line["code"] for unit in UNITS], dtype=float)
    name = line[table.what.lower().replace(" ", "_")]
    if name == "All zones":
        return np.ones(9)
    members = plan.members(name if name in plan.zones else None)
    return np.array([unit in members for unit in UNITS], dtype=float)


def recovered(pack: Pack, seen: list[Seen], *, bounds: bool) -> list[tuple[str, list[float]]]:
    """List the sets of units with counts from 1 to 5 that the files tell."""
    found = told_of_kinds(pack, seen)
    for key in ("referrals", "open_cases"):
        mine = [one for one in seen if one.key == key]
        keys = KINDS if key == "open_cases" else (key,)
        counts = np.sum([pack.measures.counts(k) for k in keys if pack.measures.has(k)], axis=0)
        truth = SETS @ counts
        sets = SETS[(truth >= 1) & (truth <= 5)]
        if not mine or not len(sets):
            continue
        shown = np.array([one.area for one in mine if one.status == Status.OK]).reshape(-1, 9)
        inside = np.linalg.pinv(shown) @ shown if len(shown) else np.zeros((9, 9))
        told = np.abs(sets @ inside - sets).max(axis=1) < 1e-9
        found += [(key, s.tolist()) for s in sets[told]]
        if bounds:
            units = np.eye(9)[(counts >= 1) & (counts <= 5)]
            found += [(key, u.tolist()) for u in units[tight(units, mine, counts)]]
    return found


def told_of_kinds(pack: Pack, seen: list[Seen]) -> list[tuple[str, list[float]]]:
    """List the sets of units whose count of one kind of case the files tell.

    A kind is what the other leaves of the open cases: unknown are the units, first of one kind.
    """
    parts = {"open_cin": (1, 0), "open_cp": (0, 1), "open_cases": (1, 1)}
    rows = [
        np.concatenate([weight * one.area for weight in parts[one.key]])
        for one in seen
        if one.key in parts and one.status == Status.OK
    ]
    if not rows:
        return []
    basis, nothing = np.array(rows), np.zeros_like(SETS)
    inside = np.linalg.pinv(basis) @ basis
    found = []
    for key, sets in (
        ("open_cin", np.hstack([SETS, nothing])),
        ("open_cp", np.hstack([nothing, SETS])),
    ):
        truth = SETS @ pack.measures.counts(key)
        small = (truth >= 1) & (truth <= 5)
        told = np.abs(sets @ inside - sets).max(axis=1) < 1e-9
        found += [(key, s.tolist()) for s in SETS[small & told]]
    return found


def tight(units: np.ndarray, seen: list[Seen], counts: np.ndarray) -> np.ndarray:
    """Say which units are bounded to a single number."""
    if not len(units):
        return np.zeros(0, dtype=bool)
    rows = np.array([one.area for one in seen])
    status = np.array([one.status for one in seen])
    sums, near = rows @ counts, np.array([one.shown for one in seen])
    exact, rounded = status == Status.OK, status == Status.ROUNDED
    hidden = (status == Status.SUPPRESSED) & (sums > 0)  # a measure left out marks zeros too
    small = hidden & (sums <= 5)
    above = np.vstack([rows[small], rows[rounded], -rows[rounded], -rows[hidden]])
    limits = [np.full(small.sum(), 5.0), near[rounded] + 2, 2 - near[rounded]]
    limit = np.concatenate([*limits, np.full(hidden.sum(), -1.0)])
    copies = sparse.eye_array(2 * len(units))
    answer = linprog(
        np.concatenate([units.ravel(), -units.ravel()]),
        A_ub=sparse.kron(copies, above, format="csr") if len(above) else None,
        b_ub=np.tile(limit, 2 * len(units)) if len(above) else None,
        A_eq=sparse.kron(copies, rows[exact], format="csr") if exact.any() else None,
        b_eq=np.tile(sums[exact], 2 * len(units)) if exact.any() else None,
        bounds=(0, 300),
    )
    assert answer.status == 0
    ends = (answer.x.reshape(2, len(units), 9) * units).sum(axis=2)
    return np.asarray(ends[1] - ends[0] < 1 - 1e-6)


def attack(
    small: Pack,
    rng: np.random.Generator,
    *,
    register: bool,
    bounds: bool = False,
    later: bool = False,
) -> tuple[list[tuple[str, list[float]]], int]:
    """Play one sequence; give what was recovered, and how many files left.

    With `later` files of the parts below the map are among them.
    """
    shutil.rmtree(store_folder(), ignore_errors=True)
    pack = with_counts(small, rng)
    seen: list[Seen] = []
    files = 0
    for scenario in scenarios(pack, rng):
        plans = {"before": scenario.baseline.plan, "after": scenario.plan}
        alike = set(scenario.assumptions.weights.values()) <= {1.0}
        if later and rng.integers(2):
            for table in leave(later_tables(pack, scenario, rng), rng, register=register):
                files += 1
                seen += read_later(table, plans, alike=alike)
        for table in leave(tables(pack, scenario, rng), rng, register=register):
            files += 1
            seen += read(table, plans, alike=alike)
            if scenario.staff == "follows":
                seen += read_fte(table, plans)
    return recovered(pack, seen, bounds=bounds), files


@pytest.mark.parametrize("start", range(4))
def test_no_sequence_of_downloads_gives_a_small_count_away(small: Pack, start: int) -> None:
    rng = np.random.default_rng(40_000 + start)
    several = 0
    for number in range(75):
        found, files = attack(small, rng, register=True, bounds=number % 3 == 0, later=number % 2)
        assert not found, (start, number, found)
        several += files > 1
    assert several > 20  # or the register would only ever refuse


def test_without_the_register_files_of_a_redraw_give_small_counts_away(small: Pack) -> None:
    rng = np.random.default_rng(6)
    assert sum(bool(attack(small, rng, register=False, later=True)[0]) for _ in range(30)) >= 10


def test_without_the_register_downloads_give_small_counts_away(small: Pack) -> None:
    rng = np.random.default_rng(5)
    assert sum(bool(attack(small, rng, register=False)[0]) for _ in range(30)) >= 5


def test_without_the_rule_downloads_give_small_counts_away(
    small: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analysis.tables, "POLICIES", {"dfe": OFF})
    monkeypatch.setattr(analysis.table, "POLICIES", {"dfe": OFF})
    rng = np.random.default_rng(5)
    assert sum(bool(attack(small, rng, register=False)[0]) for _ in range(30)) >= 20


def test_no_sequence_of_summaries_gives_a_small_count_away(small: Pack, tmp_path: Path) -> None:
    rng = np.random.default_rng(11)
    number, printed = count(), 0
    for _ in range(8):
        shutil.rmtree(store_folder(), ignore_errors=True)
        folder = write_small_pack(tmp_path / f"packs{next(number)}")
        pack = with_counts(small, rng)
        write_counts(folder, pack)
        seen: list[Seen] = []
        for scenario in scenarios(pack, rng):
            path = write_lookup(scenario.plan, tmp_path / f"{next(number)}.csv")
            words = ["summary", str(folder), "--plan", str(path), "--format", "json"]
            words += ["--baseline", "zones", *rng.choice(["", "--remedy=withhold"], 1).tolist()]
            result = CliRunner().invoke(cli.main, [word for word in words if word])
            if result.exit_code:
                assert result.stdout == ""
                continue
            printed += 1
            seen += read_summary(json.loads(result.stdout)["zones"], scenario.plan)
        assert not recovered(pack, seen, bounds=True)
    assert printed > 10


def write_counts(folder: Path, pack: Pack) -> None:
    """Put the counts of a pack into the files of another."""
    path = folder / "measures.csv"
    head = path.read_text(encoding="utf-8").splitlines()[0].split(",")
    lines = [",".join(head)]
    for at, unit in enumerate(UNITS):
        counts = [f"{pack.measures.counts(key)[at]:.0f}" for key in head[1:]]
        lines.append(",".join([unit, *counts]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_summary(zones: list[dict[str, object]], plan: Plan) -> list[Seen]:
    """Read the zones of a summary in JSON."""
    seen = []
    for record in zones:
        name = str(record["team_area"])
        members = (
            plan.units
            if name == "All zones"
            else plan.members(name if name in plan.zones else None)
        )
        area = np.array([unit in members for unit in UNITS], dtype=float)
        for key, count_of in OF.items():
            value = record.get(key)
            if value == "c":
                seen.append(Seen(count_of, area, np.nan, int(Status.SUPPRESSED)))
            elif isinstance(value, float):
                seen.append(Seen(count_of, area, value, int(Status.OK)))
    return seen
