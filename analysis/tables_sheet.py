"""Tables behind a zone sheet: everything that one page tells of a zone.

The tables hold all zones, so that what is suppressed in one is protected in every other sheet of
the plan; a sheet reads one row of each. Suppression comes last.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np
import numpy.typing as npt

from analysis.aggregate import NO_ZONE, aggregate
from analysis.disclosure import POLICIES, Suppressed, mask_rates
from analysis.frontdoor import DOOR_MEASURES, STAGES
from analysis.rates import rate
from analysis.scenario import Scenario, evaluate
from analysis.scorecard import Question, mark_of, scorecard
from analysis.table import Array, Basis, Column, Part, Table
from analysis.tables import TOTAL, incident_table, indicator_table, zone_table
from analysis.tables_door import Door, door_tables
from analysis.together import Together, protected_together, whole_of
from geo.geography import Geography
from geo.index import UnitIndex
from geo.plan import UNASSIGNED, Plan
from layers.continuum import Level
from layers.indicators import PER_CENT, Benchmark, Indicator
from layers.measures import Measure
from layers.pack import NamedPlan, Pack
from layers.places import Place, School, Site, Tier
from layers.status import Standing, Status
from layers.zones import ZoneFact

LEADS = "lead professional"
"""The group of the measures that count children by the agency of their lead professional."""

ALL = "all"

_TIERS: tuple[Tier, ...] = (
    "upper",
    "secondary",
    "all-through",
    "middle",
    "primary",
    "first",
    "special",
    "alternative",
    "sixteen plus",
    "nursery",
    "independent",
    "not known",
)
"""The order in which schools of a pyramid are told: its heads first, those apart last."""


@dataclass(frozen=True, eq=False)
class Told:
    """An indicator zone by zone, and what it is held against."""

    indicator: Indicator
    mark: Benchmark | None
    table: Table


@dataclass(frozen=True, eq=False)
class SheetTables:
    """What the sheets of a plan's zones are read from; a table is None where the pack has none.

    Parameters
    ----------
    figures
        The main figures of `zone_table`: residents, children, referrals, cases, FTE.
    door
        The front door, stage by stage.
    key_indicators
        Indicators that stand neither on the scorecard nor in another part of the sheet.
    card
        The three questions, each entry's table in `of_card` by its key.
    levels
        Counts and shares of the steps of need: columns `<key>` and `<key>_share`.
    leads
        Children by the agency of their lead professional: the same.
    staff
        FTE by role, in all, and cases per FTE.
    incidents
        ASB month by month.
    """

    figures: Table
    door: Door
    key_indicators: tuple[Told, ...]
    card: tuple[Question, ...]
    of_card: dict[str, Told]
    levels: Table | None
    leads: Table | None
    staff: Table | None
    incidents: Table | None

    def row(self, zone: str) -> int:
        """Where a zone stands in every table."""
        return self.figures.names.index(zone)

    @property
    def tables(self) -> tuple[Table, ...]:
        """All of them, for what they say of themselves."""
        single = (self.figures, self.levels, self.leads, self.staff, self.incidents)
        door = (t for _, t in (*self.door.stages, *self.door.measures))
        told = (*self.key_indicators, *self.of_card.values())
        return (*(t for t in single if t), *door, *(each.table for each in told))

    def made_of(self, tables: Sequence[Table]) -> "SheetTables":
        """Return the same with other tables in the places of `tables`, such as masked ones."""
        new = dict(zip(map(id, self.tables), tables, strict=True))
        door = replace(
            self.door,
            stages=tuple((stage, new[id(table)]) for stage, table in self.door.stages),
            measures=tuple((measure, new[id(table)]) for measure, table in self.door.measures),
        )
        return SheetTables(
            figures=new[id(self.figures)],
            door=door,
            key_indicators=tuple(
                replace(each, table=new[id(each.table)]) for each in self.key_indicators
            ),
            card=self.card,
            of_card={k: replace(v, table=new[id(v.table)]) for k, v in self.of_card.items()},
            levels=new.get(id(self.levels)),
            leads=new.get(id(self.leads)),
            staff=new.get(id(self.staff)),
            incidents=new.get(id(self.incidents)),
        )

    @property
    def sources(self) -> tuple[str, ...]:
        """Where the figures come from, each source once."""
        texts = (text for table in self.tables for text in table.source.split("; "))
        return tuple(dict.fromkeys(text for text in texts if text))


@dataclass(frozen=True)
class Pyramid:
    """The schools of one pyramid in a zone, by tier; `name` is empty for those that stand apart."""

    name: str
    tiers: tuple[tuple[Tier, tuple[School, ...]], ...]


@dataclass(frozen=True)
class Whereabouts:
    """Who a zone is and what stands in it.

    Parameters
    ----------
    fact
        Base and contact; None where the pack does not say.
    pyramids
        Its schools by pyramid and tier; None where the pack has no schools.
    sites
        Its sites; None where the pack has none.
    """

    fact: ZoneFact | None
    pyramids: tuple[Pyramid, ...] | None
    sites: tuple[Site, ...] | None

    @property
    def schools(self) -> int:
        """How many schools stand in the zone."""
        return sum(len(s) for p in self.pyramids or () for _, s in p.tiers)


def sheet_tables(entry: NamedPlan, pack: Pack) -> SheetTables:
    """Work out every table that the sheets of a plan's zones are read from."""
    plan, what = entry.plan, entry.zone_word
    figures = zone_table(evaluate(Scenario(entry.key, entry), pack), pack)
    leads = [measure.key for measure in pack.measures.of_group(LEADS)]
    card = scorecard(pack.indicators, pack.authority)
    told = {i.key: _told(i, mark_of(i, pack.authority), entry, pack) for i in pack.indicators}
    scored = [e.indicator.key for question in card for e in question.entries]
    elsewhere = {*scored, *(measure.key for measure in DOOR_MEASURES)}
    elsewhere |= {i.key for i in pack.indicators if i.numerator in leads}
    return SheetTables(
        figures=figures,
        door=door_tables(plan, pack, what=what),
        key_indicators=tuple(each for key, each in told.items() if key not in elsewhere),
        card=card,
        of_card={key: told[key] for key in scored},
        levels=levels_table(plan, pack, what=what),
        leads=parts_table(plan, pack, leads, what=what) if leads else None,
        staff=staff_table(entry, pack, figures),
        incidents=None if pack.incidents is None else _incidents(plan, pack, what),
    )


def levels_table(plan: Plan, pack: Pack, *, what: str) -> Table | None:
    """Tell how many children stand on each step of need, and which share; None without steps."""
    if not pack.levels:
        return None
    keys = [level.measure for level in pack.levels]
    counted = {key for i in pack.indicators for key in (i.numerator, i.denominator)}
    counted |= {stage.measure for stage in STAGES}
    table = parts_table(plan, pack, keys, what=what, elsewhere=counted)
    return _named_as(table, pack.levels)


def parts_table(
    plan: Plan,
    pack: Pack,
    keys: Sequence[str],
    *,
    what: str,
    elsewhere: Collection[str] = (),
) -> Table:
    """Tell parts of one whole zone by zone: each with its count and its share, then the whole.

    Zones and parts are protected together: what the other parts leave of the whole gives no
    hidden part away. A zone whose whole is hidden has no shares.

    Parameters
    ----------
    keys
        Of the parts, one measure each; nothing is counted in two of them.
    elsewhere
        Those of them that other tables show one by one.
    """
    policy, measures = POLICIES[pack.authority.disclosure], pack.measures
    whole = whole_of(keys, measures)
    found = protected_together(
        aggregate(plan, measures), keys, measures, policy, plan=plan, whole=whole,
        elsewhere=elsewhere,
    )  # fmt: skip
    used = [measures.measure(key) for key in keys]
    columns = [
        column
        for measure in used
        for column in _part_columns(measure, found.part(measure.key), found)
    ]
    counted = f"{used[0].counts}, {used[0].period}"
    of_all = (whole, *keys) if whole else tuple(keys)
    columns.append(
        Column(ALL, "All", counted, 0, found.whole.values, found.whole.status, of=of_all)
    )
    return Table(
        what=what,
        names=(*plan.zones, *_loose(plan), TOTAL),
        columns=tuple(columns),
        symbol=policy.symbol,
        standing=_standing([measure.status for measure in used]),
        source="; ".join(dict.fromkeys(measure.source for measure in used)),
        totals=1,
        basis=Basis.of_pack(pack, Part(plan, (*keys, *([whole] if whole else [])))),
    )


def staff_table(entry: NamedPlan, pack: Pack, figures: Table) -> Table | None:
    """Tell the FTE of every role zone by zone, then what `zone_table` says of staff and cases.

    None where nobody recorded staff for this plan. A zone without a post has no staff recorded,
    which is not zero.
    """
    posts = [p for p in pack.staffing.posts if p.plan == entry.key] if pack.staffing else []
    if not posts:
        return None
    recorded = {post.zone for post in posts}
    columns = []
    for role in dict.fromkeys(post.role for post in posts):
        held = dict.fromkeys(recorded, 0.0)
        for post in posts:
            held[post.zone] += post.fte if post.role == role else 0.0
        values = np.array([held.get(zone, np.nan) for zone in entry.plan.zones])
        columns.append(_of_zones(role, role[:1].upper() + role[1:], values, figures))
    kept = [figures.column(key) for key in ("fte", "open_cases", "cases_per_fte")]
    return replace(
        figures,
        columns=(*columns, *kept),
        standing=_standing([*(post.status for post in posts), figures.standing]),
        source="; ".join(dict.fromkeys([*(post.source for post in posts), figures.source])),
    )


def whereabouts(zone: str, entry: NamedPlan, pack: Pack) -> Whereabouts:
    """Say where a zone is run from, and which schools and sites stand in it.

    A school belongs to the zone that it stands in, whatever its pyramid.
    """
    fact = next((f for f in pack.zone_facts if (f.plan, f.zone) == (entry.key, zone)), None)
    schools, sites = pack.schools, pack.sites
    index = entry.plan.zones.index(zone)
    held = _zones_of([*(schools or ()), *(sites or ())], entry.plan, pack.geography)
    of_schools, of_sites = np.split(held == index, [len(schools or ())])
    return Whereabouts(
        fact,
        None if schools is None else _pyramids(list(compress(schools, of_schools))),
        None if sites is None else tuple(compress(sites, of_sites)),
    )


def _told(indicator: Indicator, mark: Benchmark | None, entry: NamedPlan, pack: Pack) -> Told:
    table = indicator_table(entry.plan, indicator, pack, what=entry.zone_word, benchmark=mark)
    return Told(indicator, mark, table)


def _incidents(plan: Plan, pack: Pack, what: str) -> Table | None:
    if pack.incidents is None or not pack.incidents.months or not pack.measures.has("asb"):
        return None
    return incident_table(pack.incidents, plan, pack, what=what)


def _part_columns(measure: Measure, part: Suppressed, found: Together) -> list[Column]:
    share = rate(part.values, found.whole.values, per=PER_CENT)
    masked = mask_rates(share, part.status, found.whole.status)
    return [
        Column(
            measure.key, "Count", measure.counts, 0, part.values, part.status, measure.title,
            of=(measure.key,),
        ),
        Column(
            f"{measure.key}_share", "Share", "%", 1, masked.values, masked.status, measure.title,
            of=(measure.key, *found.keys),
        ),
    ]  # fmt: skip


def _named_as(table: Table, levels: Sequence[Level]) -> Table:
    """Call the parts what the authority calls its steps."""
    titles = {level.measure: level.title for level in levels}
    return replace(
        table,
        columns=tuple(
            replace(column, group=titles.get(column.key.removesuffix("_share"), column.group))
            for column in table.columns
        ),
        source="; ".join(dict.fromkeys([table.source, *(level.source for level in levels)])),
    )


def _of_zones(key: str, title: str, zones: Array, like: Table) -> Column:
    """Make a column of FTE; units in no zone have none, and all is the sum of what is recorded."""
    beyond = len(like.names) - len(zones) - like.totals
    known = zones[~np.isnan(zones)]
    values = np.concatenate([zones, np.zeros(beyond), [known.sum() if known.size else np.nan]])
    status = np.where(np.isnan(values), Status.MISSING, Status.OK).astype(np.int8)
    return Column(key, title, "FTE", 1, values, status, of=())


def _zones_of(places: Sequence[Place], plan: Plan, geography: Geography) -> npt.NDArray[np.int64]:
    """Give the position of the zone that each place stands in, -1 for none."""
    if not places:
        return np.zeros(0, dtype=np.int64)
    index = UnitIndex(geography.units, geography.shapes)
    unit = index.locate([p.easting for p in places], [p.northing for p in places])
    return np.where(unit < 0, UNASSIGNED, plan.assignment[unit])


def _pyramids(schools: Sequence[School]) -> tuple[Pyramid, ...]:
    names = dict.fromkeys(sorted(s.pyramid for s in schools if s.pyramid))
    if any(not s.pyramid for s in schools):
        names[""] = None
    return tuple(
        Pyramid(name, _by_tier([s for s in schools if s.pyramid == name])) for name in names
    )


def _by_tier(schools: Sequence[School]) -> tuple[tuple[Tier, tuple[School, ...]], ...]:
    found = ((tier, tuple(s for s in schools if s.tier == tier)) for tier in _TIERS)
    return tuple((tier, of_tier) for tier, of_tier in found if of_tier)


def _loose(plan: Plan) -> tuple[str, ...]:
    return (NO_ZONE,) if plan.unassigned else ()


def _standing(statuses: Sequence[Standing]) -> Standing:
    return "illustrative" if "illustrative" in statuses else "official"
