"""One authority's pack from its recipe: what is particular to it, and the steps all share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from data.build_boundaries import DISTRICTS
from data.build_indicators import Periods, indicators, measures
from data.build_model import Places, Totals, apportion, describe_places, model_asb, model_counts
from data.build_pack import AUTHORITIES, write_manifest
from data.build_plans import Lookup, neighbours_of, pieces_per_zone
from data.build_practice import Practice, model_practice
from data.build_registry import Wheels
from data.build_sources import (
    CENSUS,
    LSOA,
    OAC,
    ONSPD,
    TOWNS,
    Source,
    point_to_unit,
    read_census,
    read_classes,
    read_lsoa,
    read_postcodes,
    read_towns,
)
from geo.adjacency import Neighbours
from geo.errors import PackError, named
from layers.history import Figure
from layers.write import toml, write_csv, write_history, write_incidents, write_text

TOWN_REACH_M = 5_000
CENTRE_REACH_M = 800  # a town centre draws ASB from about a walk of ten minutes
CENTRE_PULL = 4.0
NEWLY_QUALIFIED_SHARE = 0.15

BASE_ASSUMED = "Assumed: one base a zone, in a main town; nothing published"
LEVELS_ASSUMED = "Four steps, as many authorities have; titles and ideal shares assumed"
FOUR_LEVELS: tuple[Mapping[str, Any], ...] = tuple(
    {"key": key, "title": title, "measure": measure, "ideal_share": share, "source": LEVELS_ASSUMED}
    for key, title, measure, share in (
        ("universal", "1 Universal", "children_universal", 0.905),
        ("additional", "2 Additional", "additional_support", 0.06),
        ("targeted", "3 Targeted", "early_help_plans", 0.02),
        ("specialist", "4 Specialist", "cin", 0.015),
    )
)

Pair = tuple[str, str, str]  # two units and the reason why they are joined or parted


@dataclass(frozen=True)
class PlanFile:
    """One plan: its lookup, and how far it can be trusted."""

    key: str
    title: str
    lookup: Lookup
    order: tuple[str, ...]
    status: str
    note: str
    source: str
    kind: str = "zones"
    zone_word: str = ""


@dataclass(frozen=True)
class Ground:
    """What the plans, schools and sites of an authority are placed on."""

    units: gpd.GeoDataFrame
    neighbours: Neighbours
    postcodes: pd.DataFrame
    towns: pd.DataFrame


@dataclass(frozen=True)
class Asb:
    """Where an authority's ASB comes from: real rows, or a total to share out over months."""

    total: int = 0
    months: tuple[str, ...] = ()
    read: Callable[[Wheels, Sequence[str]], pd.DataFrame] | None = None


@dataclass(frozen=True)
class Recipe:
    """Everything that is particular to one authority."""

    key: str
    name: str
    codes: tuple[str, ...]
    zone_word: str
    default_plan: str
    # Postcode areas by first letter, and the districts of 2025 that hold its postcodes.
    letters: str
    postcode_districts: tuple[str, ...]
    seed: int
    totals: Totals
    average_caseload: float
    staffing_source: str
    periods: Periods
    asb: Asb
    plans: Callable[[Ground], Sequence[PlanFile]]
    main_towns: tuple[str, ...]
    notes: tuple[str, ...]
    manifest_notes: tuple[str, ...] = ()
    links: tuple[Pair, ...] = ()
    cuts: tuple[Pair, ...] = ()
    targets: tuple[Mapping[str, Any], ...] = ()
    practice: Practice = field(default_factory=Practice)
    # Town of the base of each zone, by plan; made up unless the plan stands in `published_bases`.
    bases: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    published_bases: Mapping[str, str] = field(default_factory=dict)
    levels: tuple[Mapping[str, Any], ...] = FOUR_LEVELS
    neighbours: Mapping[str, Any] | None = None
    history: tuple[Figure, ...] = ()
    sources: tuple[Source, ...] = ()
    schools: Callable[[Ground], Sequence[Sequence[object]]] | None = None
    sites: Callable[[Ground], Sequence[Sequence[object]]] | None = None


def build_authority(recipe: Recipe, wheels: Wheels) -> None:
    """Write the pack of one authority.

    Raises
    ------
    PackError
        When a plan leaves a unit out or a zone of it falls into pieces.
    """
    ground = _ground(recipe, wheels)
    places, census = _places(wheels, ground)
    rng = np.random.default_rng(recipe.seed)
    counts = model_counts(places, recipe.totals, rng=rng)
    incidents = _incidents(recipe, wheels, ground, places, rng)
    # A stream of its own, so that what was modelled first stays as it is.
    more = np.random.default_rng([recipe.seed, 1])
    counts = counts.join(model_practice(places, counts, recipe.practice, rng=more))
    plans = recipe.plans(ground)
    for plan in plans:
        _require_whole(plan, ground)
    table = census[["persons", "households", "household_residents"]].join(counts)
    made = _write_tables(recipe, ground, table, plans)
    made["incidents.parquet"] = write_incidents(
        AUTHORITIES / recipe.key / "incidents.parquet", incidents
    )
    _write_settings(recipe, plans, made)


def within(units: gpd.GeoDataFrame, towns: pd.DataFrame, reach_m: float) -> pd.DataFrame:
    """Keep the towns that lie in the authority or up to `reach_m` from it."""
    points = shapely.points(towns[["easting", "northing"]].to_numpy())
    area = shapely.coverage_union_all(units.geometry.to_numpy())
    near = pd.Series(shapely.distance(points, area) <= reach_m, index=towns.index)
    return towns.loc[near].reset_index(drop=True)


def village_centre(ground: Ground, easting: int, northing: int) -> tuple[int, int]:
    """Find the middle of the postcodes within 800 m of a grid reference: the built-up middle."""
    xy = ground.postcodes[["easting", "northing"]].to_numpy()
    near = xy[np.hypot(xy[:, 0] - easting, xy[:, 1] - northing) <= CENTRE_REACH_M]
    if not len(near):
        return easting, northing
    middle = np.rint(np.median(near, axis=0)).astype(int).tolist()
    return middle[0], middle[1]


def year_of_months(first: str) -> tuple[str, ...]:
    """List twelve months from `first` on.

    >>> year_of_months("2015-04")[-1]
    '2016-03'
    """
    start = 12 * int(first[:4]) + int(first[5:]) - 1
    return tuple(f"{month // 12}-{month % 12 + 1:02d}" for month in range(start, start + 12))


def staff(
    plans: Sequence[PlanFile], children: pd.Series, fte: float, source: str
) -> list[tuple[object, ...]]:
    """Spread the FTE of the authority over the zones of each plan by children.

    By children and not by cases, so that a zone with more need has more cases a worker: the
    inequity that the tool is there to show. Tenths add up to the authority's FTE exactly.
    """
    rows: list[tuple[object, ...]] = []
    for plan in plans:
        if plan.kind == "pyramids":
            continue
        per_zone = children.groupby(pd.Series(plan.lookup)).sum().reindex(list(plan.order))
        tenths = apportion(round(10 * fte), per_zone.to_numpy(dtype=np.float64))
        newly = apportion(round(10 * fte * NEWLY_QUALIFIED_SHARE), tenths.astype(np.float64))
        for zone, all_tenths, new_tenths in zip(plan.order, tenths, newly, strict=True):
            for role, part in (
                ("social worker", all_tenths - new_tenths),
                ("newly qualified social worker", new_tenths),
            ):
                rows.append((plan.key, zone, role, f"{part / 10:.1f}", "illustrative", source))
    return rows


def _ground(recipe: Recipe, wheels: Wheels) -> Ground:
    units = read_lsoa(wheels, DISTRICTS[recipe.key])
    postcodes = read_postcodes(wheels, recipe.letters, districts=recipe.postcode_districts)
    return Ground(
        units=units,
        neighbours=neighbours_of(
            units,
            links=[(a, b) for a, b, _ in recipe.links],
            cuts=[(a, b) for a, b, _ in recipe.cuts],
        ),
        postcodes=postcodes,
        towns=within(units, read_towns(wheels), TOWN_REACH_M),
    )


def _places(wheels: Wheels, ground: Ground) -> tuple[Places, pd.DataFrame]:
    census = read_census(wheels, ground.units["unit"].tolist())
    classes = ground.postcodes.join(
        read_classes(wheels, ground.postcodes.index.tolist()), how="inner"
    )
    classes["unit"] = point_to_unit(ground.units, classes[["easting", "northing"]].to_numpy())
    return describe_places(census, classes[classes["unit"] != ""]), census


def _incidents(
    recipe: Recipe, wheels: Wheels, ground: Ground, places: Places, rng: np.random.Generator
) -> pd.DataFrame:
    units = ground.units
    if recipe.asb.read is not None:
        return recipe.asb.read(wheels, units["unit"].tolist())
    main = ground.towns[ground.towns["name"].isin(recipe.main_towns)]
    centres = main[["easting", "northing"]].to_numpy()
    xy = units[["easting", "northing"]].to_numpy()
    apart = np.hypot(*(xy[:, None, :] - centres[None, :, :]).transpose(2, 0, 1)).min(axis=1)
    factor = 1 + CENTRE_PULL * np.exp(-apart / CENTRE_REACH_M)
    return model_asb(
        places, recipe.asb.total, months=list(recipe.asb.months), town_factor=factor, rng=rng
    )


def _require_whole(plan: PlanFile, ground: Ground) -> None:
    units = ground.units["unit"].tolist()
    lost = sorted(set(units) ^ set(plan.lookup))
    strange = sorted(set(plan.lookup.values()) ^ set(plan.order))
    if lost or strange:
        raise PackError(f"The plan '{plan.key}' has {named(lost or strange)} on one side only.")
    pieces = pieces_per_zone(plan.lookup, units, ground.neighbours)
    apart = [f"{zone} ({count} pieces)" for zone, count in pieces.items() if count > 1]
    if apart:
        raise PackError(f"The plan '{plan.key}' has zones in pieces: {named(apart)}.")


def _write_tables(
    recipe: Recipe, ground: Ground, table: pd.DataFrame, plans: Sequence[PlanFile]
) -> dict[str, int]:
    folder = AUTHORITIES / recipe.key
    made = {}
    for plan in plans:
        name = f"plans/{plan.key}.csv"
        made[name] = write_csv(folder / name, ("unit", "zone"), sorted(plan.lookup.items()))
    for name, pairs in (("links.csv", recipe.links), ("cuts.csv", recipe.cuts)):
        if pairs:
            made[name] = write_csv(folder / name, ("unit_a", "unit_b", "reason"), sorted(pairs))
    cells = table.sort_index().astype(int)
    made["measures.csv"] = write_csv(
        folder / "measures.csv",
        ("unit", *cells.columns),
        ([unit, *row] for unit, row in zip(cells.index, cells.to_numpy().tolist(), strict=True)),
    )
    fte = int(table["cin"].sum()) / recipe.average_caseload
    made["staffing.csv"] = write_csv(
        folder / "staffing.csv",
        ("plan", "zone", "role", "fte", "status", "source"),
        staff(plans, table["children"], fte, recipe.staffing_source),
    )
    made["zones.csv"] = write_csv(
        folder / "zones.csv",
        ("plan", "zone", "base", "contact", "status", "source"),
        _zone_facts(recipe, plans),
    )
    made["history.csv"] = write_history(folder / "history.csv", recipe.history)
    return made | _write_places(recipe, ground)


def _zone_facts(recipe: Recipe, plans: Sequence[PlanFile]) -> list[tuple[object, ...]]:
    """List the bases in the order of zones; what is made up says so in its own words."""
    rows: list[tuple[object, ...]] = []
    for plan in plans:
        towns = recipe.bases.get(plan.key, {})
        if strange := sorted(set(towns) ^ set(plan.order) if towns else ()):
            raise PackError(f"The bases of '{plan.key}' have {named(strange)} on one side only.")
        published = recipe.published_bases.get(plan.key)
        for zone in plan.order if towns else ():
            town = towns[zone]
            if published:
                rows.append((plan.key, zone, town, "", "official", published))
                continue
            made_up = (f"{town} (illustrative)", f"{zone} team (illustrative)")
            rows.append((plan.key, zone, *made_up, "illustrative", BASE_ASSUMED))
    return rows


def _write_places(recipe: Recipe, ground: Ground) -> dict[str, int]:
    folder = AUTHORITIES / recipe.key
    made = {}
    made["towns.csv"] = write_csv(
        folder / "towns.csv",
        ("name", "easting", "northing", "population"),
        _towns(recipe, ground),
    )
    if recipe.schools is not None:
        columns = ("name", "tier", "pyramid", "easting", "northing", "placed", "urn", "source")
        made["schools.csv"] = write_csv(folder / "schools.csv", columns, recipe.schools(ground))
    if recipe.sites is not None:
        columns = ("name", "kind", "easting", "northing", "capacity", "placed", "source", "status")
        made["sites.csv"] = write_csv(folder / "sites.csv", columns, recipe.sites(ground))
    return made


def _towns(recipe: Recipe, ground: Ground) -> list[tuple[object, ...]]:
    """List the towns, the main ones first: where labels collide, the first should stay."""
    rank = {name: i for i, name in enumerate(recipe.main_towns)}
    rows = [
        (name, int(easting), int(northing), None)
        for name, easting, northing in ground.towns.itertuples(index=False)
    ]
    absent = sorted(set(rank) - {str(row[0]) for row in rows})
    if absent:
        raise PackError(f"GeoNames has no {named(absent)} in or near {recipe.name}.")
    return sorted(rows, key=lambda row: (rank.get(str(row[0]), len(rank)), row))


def _write_settings(recipe: Recipe, plans: Sequence[PlanFile], made: dict[str, int]) -> None:
    folder = AUTHORITIES / recipe.key
    sources = (LSOA, CENSUS, OAC, ONSPD, TOWNS, *recipe.sources)
    described = measures(recipe.periods, has_contacts=recipe.totals.contacts is not None)
    registry = {"measures": described, "indicators": indicators(recipe.periods, described)}
    write_text(folder / "indicators.toml", toml(registry))
    write_text(folder / "authority.toml", toml(_settings(recipe, plans, sources)))
    made |= {
        "indicators.toml": len(registry["measures"]) + len(registry["indicators"]),
        "authority.toml": len(plans),
    }
    write_manifest(folder, made=made, sources=sources, notes=recipe.manifest_notes)


def _settings(
    recipe: Recipe, plans: Sequence[PlanFile], sources: Sequence[Source]
) -> dict[str, Any]:
    return {
        "key": recipe.key,
        "name": recipe.name,
        "districts": recipe.codes,
        "zone_word": recipe.zone_word,
        "default_plan": recipe.default_plan,
        "crs": "EPSG:27700",
        "vintage": "2011",
        "boundaries": f"lsoa11_{recipe.key}.parquet",
        "disclosure": "dfe",
        "notes": recipe.notes,
        "neighbours": None if recipe.neighbours is None else dict(recipe.neighbours),
        "targets": [dict(target) for target in recipe.targets],
        "levels": [dict(level) for level in recipe.levels],
        "plans": [_plan_settings(plan) for plan in plans],
        "sources": [
            {
                "title": source.title,
                "publisher": source.publisher,
                "licence": source.licence,
                "vintage": source.vintage,
                "via": source.via,
                "attribution": source.attribution,
            }
            for source in sources
        ],
    }


def _plan_settings(plan: PlanFile) -> dict[str, Any]:
    settings: dict[str, Any] = {"key": plan.key, "title": plan.title}
    if plan.zone_word:
        settings["zone_word"] = plan.zone_word
    return settings | {
        "file": f"{plan.key}.csv",
        "order": plan.order,
        "kind": plan.kind,
        "status": plan.status,
        "note": plan.note,
        "source": plan.source,
    }
