"""What the painter's browser holds: the scene, constant for a pack and a plan, and the small state.

The scene crosses once: simplified units, who borders whom, counts that may be told, maps of every
indicator, places. The state crosses at every run: the plan and what has been taken. Numbers in bulk
are base64 of little-endian arrays, units are named by position in the scene and by code in the
state. All that is made from sensitive counts was suppressed before it came here.
"""

import base64
import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import shapely
import streamlit as st

from analysis.live import Live, live_counts
from analysis.scenario import Scenario
from analysis.tables import unit_table
from app.classes import Method
from app.drawing import shade_values
from app.palettes import zone_colour
from geo.adjacency import Shapes, build_adjacency
from geo.coarse import CoarseUnits, coarse_of, coarse_units
from geo.geography import Geography
from geo.plan import Plan
from layers.indicators import Indicator
from layers.measures import Measures
from layers.pack import NamedPlan, Pack
from layers.places import Place, School, Site

Scene = dict[str, Any]
Kind = Literal["<f4", "<f8", "<i2", "<i4", "<u4", "u1"]

VERSION = 1
SCALE_M = 0.01
"""Coordinates are whole centimetres: shapes are rounded to that, so neighbours keep every vertex
that they share."""

FINEST = 1920 * 16
"""Outlines lose what is smaller than a pixel of a wide screen, zoomed in sixteen times."""

DOUBLINGS = 4
"""How often that is doubled where a pack has very many vertices: up to a pixel of the whole."""

VERTICES = 20_000
VERTICES_A_UNIT = 24
"""How many vertices a scene may hold before its outlines are simplified further."""

LONGEST = 200
"""Characters of a text: a broken file may have names without end."""

NO_STAFF: Mapping[str, float] = MappingProxyType({})

_CLASSES = 5
_METHOD: Method = "Quantiles"
_PALETTE = "Blues"
_TURNING = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that turn the direction of writing, and could make a name read as another."""


@dataclass(frozen=True, eq=False)
class _Kept:
    """A scene with its pack, which a cache that knows packs by identity has to hold."""

    pack: Pack
    scene: Scene


def scene(pack: Pack, entry: NamedPlan) -> Scene:
    """Give the scene of a pack for a redraw that starts from `entry`.

    It is made once and kept; do not change it.

    Parameters
    ----------
    entry
        Today's plan: its table decides which counts are shown, and its zones what estimates of
        the others add up to.

    Returns
    -------
    dict
        Plain values for JSON, no NaN among them; `key` names the content.
    """
    return _kept(pack, entry).scene


def build_scene(pack: Pack, entry: NamedPlan) -> Scene:
    """Build a scene anew, as `scene` gives it."""
    geography = pack.geography
    shapes, tolerance_m = simplified(geography)
    origin = np.floor(shapely.total_bounds(shapes)[:2])
    live = live_counts(pack, entry)
    msoas = coarse_units(geography.names)
    others = [
        coarse_of(other.plan, key=other.key, title=other.title, names=geography.names)
        for other in pack.plans
        if other.key != entry.key
    ]
    made: Scene = {
        "version": VERSION,
        "authority": _clean(pack.authority.name),
        "plan": {"key": entry.key, "title": _clean(entry.title)},
        "unitWord": "small area",
        "zoneWord": _clean(entry.zone_word),
        "codes": list(geography.units),
        "names": [_clean(name) for name in geography.names],
        **_outlines(shapes, origin),
        **_borders(geography),
        "coarse": [_grouping(groups) for groups in (msoas, *others) if len(groups)],
        "groupings": [_grouping(groups) for groups in others if len(groups)],
        **_live(live),
        "areas": [area_layer(pack, entry, indicator) for indicator in pack.indicators],
        "points": [*_places(pack, origin), *_incidents(pack, origin)],
        "towns": _towns(pack, origin),
        "standing": _standing(pack),
        "source": _clean(_sources(pack.measures, live), longest=2_000),
        "notes": _notes(msoas, tolerance_m),
    }
    return {**made, "key": _key(made)}


def area_layer(pack: Pack, entry: NamedPlan, indicator: Indicator) -> dict[str, Any]:
    """Give a map of an indicator by small area, as the table of the plan shows it.

    Classes are quantiles: each colour has as many small areas, and they cost little to find.
    """
    table = unit_table(entry.plan, indicator, pack)
    column = table.column("value")
    notes = [f"{indicator.period}. {_METHOD}."]
    if table.standing == "illustrative":
        notes.insert(0, "Illustrative: modelled figures.")
    shading = shade_values(table, column, method=_METHOD, k=_CLASSES, palette=_PALETTE, notes=notes)
    colours = list(dict.fromkeys(shading.fills))
    position = {colour: i for i, colour in enumerate(colours)}
    return {
        "key": indicator.key,
        "title": _clean(column.title),
        "unit": _clean(column.unit),
        "colours": colours,
        "fills": _packed([position[fill] for fill in shading.fills], "u1"),
        "texts": [table.cell(column, row) for row in range(len(table.names))],
        "legend": [{"colour": row.colour, "text": _clean(row.text)} for row in shading.rows],
        "note": _clean(" ".join(shading.notes)),
    }


def simplified(geography: Geography) -> tuple[Shapes, float]:
    """Give shapes with no more vertices than a screen shows, and the tolerance in metres.

    Neighbours keep the same vertices along their border, and nobody gains or loses a neighbour:
    where that fails, the shapes come back as they were, with a tolerance of 0.
    """
    west, south, east, north = shapely.total_bounds(geography.shapes)
    most = VERTICES + VERTICES_A_UNIT * len(geography)
    fewer, tolerance_m = geography.shapes, float(max(east - west, north - south)) / FINEST
    try:
        fewer = shapely.coverage_simplify(geography.shapes, tolerance_m)
        for _ in range(DOUBLINGS):
            if shapely.get_num_coordinates(fewer).sum() <= most:
                break
            tolerance_m *= 2
            fewer = shapely.coverage_simplify(geography.shapes, tolerance_m)
    except shapely.GEOSException:  # no coverage: it stays as it is
        return geography.shapes, 0.0
    if not _keeps_borders(fewer, geography):
        return geography.shapes, 0.0
    return fewer, tolerance_m


def state(
    scene_key: str,
    scenario: Scenario,
    entry: NamedPlan,
    *,
    scenario_id: str,
    title: str,
    fte: Mapping[str, float] | None = NO_STAFF,
    seq: int = 0,
    client: str | None = None,
    ack: int = 0,
    refused: Sequence[tuple[int, str]] = (),
    saved: str = "",
    trouble: str = "",
    notice: str = "",
    stale: bool = False,
    focus: tuple[Sequence[str], int] | None = None,
) -> dict[str, Any]:
    """Give what the browser is told at every run: the plan, and what has been taken.

    Parameters
    ----------
    scene_key
        Of the scene that it goes with.
    entry
        The plan that the browser shows as before.
    fte
        Available FTE by zone, as it may be told (`analysis.tables.fte_told`); a zone that is not
        there, or has NaN, has no staff recorded. None where it would tell cases.
    seq
        The last event of the scenario that is shown: what is painted next is based on it.
    client, ack
        The browser that the answer is for, and the highest number of its events that is done with.
    refused
        Number and reason of events that were not taken; they count as done with.
    saved, trouble, notice
        What to tell: when it was saved, what stands in the way, what somebody else did.
    stale
        Whether steps wait until the person decides, below the map, what becomes of them.
    focus
        Codes to zoom to, and a number that grows with each wish.

    Returns
    -------
    dict
        Plain values for JSON. Names of zones are as the plan has them, since they come back.
    """
    plan = scenario.plan
    return {
        "scene": scene_key,
        "scenario": scenario_id,
        "title": _clean(title),
        "zones": [{"name": z, "colour": zone_colour(i)} for i, z in enumerate(plan.zones)],
        "assignment": _packed(plan.assignment, "<i2"),
        **_before(scenario.was if scenario.baseline.plan == entry.plan else entry.plan),
        "lockedZones": sorted(scenario.locked_zones),
        "lockedUnits": sorted(scenario.locked_units),
        "links": [list(pair) for pair in sorted(scenario.links)],
        "cuts": [list(pair) for pair in sorted(scenario.cuts)],
        "fte": None if fte is None else {z: _number(fte.get(z)) for z in plan.zones},
        "tolerance": scenario.assumptions.tolerance,
        "seq": seq,
        "client": client,
        "ack": ack,
        "refused": [{"n": n, "message": _clean(message)} for n, message in refused],
        "undo": _clean(scenario.edits[-1].title) if scenario.edits else None,
        "redo": _clean(scenario.undone[-1].title) if scenario.undone else None,
        "saved": _clean(saved),
        "trouble": _clean(trouble, longest=2_000),
        "notice": _clean(notice, longest=2_000),
        "stale": stale,
        "focus": {"units": list(focus[0]), "n": focus[1]} if focus else None,
    }


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs={Pack: id, NamedPlan: hash})
def _kept(pack: Pack, entry: NamedPlan) -> _Kept:
    return _Kept(pack, build_scene(pack, entry))


def _before(plan: Plan) -> dict[str, Any]:
    return {"baseline": _packed(plan.assignment, "<i2"), "baselineZones": list(plan.zones)}


def _keeps_borders(shapes: Shapes, geography: Geography) -> bool:
    """Say whether shapes border each other as the geography says, links apart."""
    if shapely.is_empty(shapes).any():
        return False
    touching = geography.neighbours.pair_length_m > 0
    before = [side[touching] for side in geography.neighbours.pairs]
    return all(
        np.array_equal(was, now)
        for was, now in zip(before, build_adjacency(shapes).pairs, strict=True)
    )


def _outlines(shapes: Shapes, origin: npt.NDArray[np.float64]) -> dict[str, Any]:
    """Pack the rings of all parts of each unit, outer ones and holes, and a point inside it."""
    parts, unit_of_part = shapely.get_parts(shapes, return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    xy, ring_of_vertex = shapely.get_coordinates(rings, return_index=True)
    centres = shapely.get_coordinates(shapely.point_on_surface(shapes)) - origin
    west, south, east, north = shapely.total_bounds(shapes)
    return {
        "origin": [float(origin[0]), float(origin[1])],
        "bounds": [
            round(float(edge), 2)
            for edge in (west - origin[0], south - origin[1], east - origin[0], north - origin[1])
        ],
        "scale": SCALE_M,
        "xy": _packed(np.rint((xy - origin) / SCALE_M), "<i4"),
        "rings": _packed(_starts(ring_of_vertex, len(rings)), "<u4"),
        "unitRings": _packed(_starts(unit_of_part[part_of_ring], len(shapes)), "<u4"),
        "centres": _packed(centres, "<f4"),
    }


def _starts(owner: npt.NDArray[np.intp], owners: int) -> npt.NDArray[np.int64]:
    """Say where each owner's things begin among things that stand in its order, and the end."""
    return np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=owners))])


def _borders(geography: Geography) -> dict[str, Any]:
    neighbours = geography.neighbours
    return {
        "pairs": _packed(np.column_stack(neighbours.pairs), "<u4"),
        "passable": _packed(neighbours.pair_passable, "u1"),
        "apart": _packed(neighbours.pair_length_m == 0, "u1"),
    }


def _grouping(groups: CoarseUnits) -> dict[str, Any]:
    return {
        "key": groups.key,
        "title": _clean(groups.title),
        "group": _packed(groups.group, "<i4"),
        "names": [_clean(name) for name in groups.names],
    }


def _live(live: Live) -> dict[str, Any]:
    return {
        "live": [
            {
                "key": count.key,
                "title": _clean(count.title),
                "unit": _clean(count.unit),
                "decimals": 0,
                "values": _packed(count.values, "<f8"),
                "estimated": _packed(count.estimated, "u1"),
                "note": _clean(count.note, longest=2_000),
            }
            for count in live.counts
        ],
        "rates": [
            {
                "key": rate.key,
                "title": rate.title,
                "unit": rate.unit,
                "decimals": rate.decimals,
                "numerator": rate.numerator,
                "denominator": rate.denominator,
                "per": rate.per,
            }
            for rate in live.rates
        ],
    }


def _places(pack: Pack, origin: npt.NDArray[np.float64]) -> list[dict[str, Any]]:
    """Give schools and sites, where the pack has any."""
    layers = []
    if pack.schools:
        lines = [_of_school(school) for school in pack.schools]
        schools = _points(
            "schools", "Schools", "circle", places=pack.schools, lines=lines, origin=origin
        )
        layers.append(schools)
    if pack.sites:
        lines = [_of_site(site) for site in pack.sites]
        sites = _points("sites", "Sites", "square", places=pack.sites, lines=lines, origin=origin)
        layers.append(sites)
    return layers


def _of_school(school: School) -> list[str]:
    lines = [f"{school.tier} school", f"Pyramid: {school.pyramid or 'none'}"]
    if school.pupils is not None:
        lines.append(f"{school.pupils:,.0f} pupils")
    return [*lines, f"Placed by {school.placed}"]


def _of_site(site: Site) -> list[str]:
    lines = [site.kind, *([f"Capacity {site.capacity:g}"] if site.capacity is not None else [])]
    return [*lines, f"Placed by {site.placed}"]


def _points(
    key: str,
    title: str,
    glyph: Literal["circle", "square"],
    *,
    places: Sequence[Place],
    lines: Sequence[Sequence[str]],
    origin: npt.NDArray[np.float64],
) -> dict[str, Any]:
    return {
        "key": key,
        "title": title,
        "glyph": glyph,
        "x": _packed([place.easting - origin[0] for place in places], "<f4"),
        "y": _packed([place.northing - origin[1] for place in places], "<f4"),
        "n": None,
        "names": [_clean(place.name) for place in places],
        "lines": [[_clean(line) for line in of_place] for of_place in lines],
        "note": "",
    }


def _incidents(pack: Pack, origin: npt.NDArray[np.float64]) -> list[dict[str, Any]]:
    """Give incidents of ASB, added up by small area: a pack keeps no closer place of them.

    Where the pack says that such counts could point at a child, there are none.
    """
    sensitive = pack.measures.has("asb") and pack.measures.measure("asb").sensitive
    if pack.incidents is None or sensitive:
        return []
    counts = pack.incidents.per_unit()
    some = np.flatnonzero(counts)
    middle = (pack.geography.centre_m - origin)[some]
    months = pack.incidents.months
    span = f"{months[0]} to {months[-1]}" if months else ""
    words = [f"{n:,} incident{'' if n == 1 else 's'}" for n in counts[some].tolist()]
    layer = {
        "key": "asb",
        "title": "Anti-social behaviour",
        "glyph": "dot",
        "x": _packed(middle[:, 0], "<f4"),
        "y": _packed(middle[:, 1], "<f4"),
        "n": _packed(counts[some], "<u4"),
        "names": [_clean(pack.geography.names[i]) for i in some],
        "lines": [[word, span] for word in words],
        "note": "Each dot stands in the middle of its small area, not where the incidents were.",
    }
    return [layer] if len(some) else []


def _towns(pack: Pack, origin: npt.NDArray[np.float64]) -> list[dict[str, Any]]:
    """Give towns, the largest first, so that a browser can write those that fit."""
    return [
        {
            "x": round(town.easting - float(origin[0]), 1),
            "y": round(town.northing - float(origin[1]), 1),
            "name": _clean(town.name),
            "population": town.population,
        }
        for town in sorted(pack.towns, key=lambda town: -(town.population or 0))
    ]


def _standing(pack: Pack) -> str:
    illustrative = pack.standing == "illustrative"
    return "Illustrative: some counts are modelled, see Sources" if illustrative else ""


def _sources(measures: Measures, live: Live) -> str:
    """Name where the live counts come from."""
    keys = [count.key for count in live.counts if measures.has(count.key)]
    return "; ".join(dict.fromkeys(measures.measure(key).source for key in keys))


def _notes(msoas: CoarseUnits, tolerance_m: float) -> list[str]:
    notes = [_clean(msoas.note)] if len(msoas) and msoas.note else []
    if tolerance_m >= 1:
        notes.append(f"Outlines leave out what is smaller than about {tolerance_m:.0f} m.")
    return notes


def _number(value: float | None) -> float | None:
    """Give a number that JSON knows; None for what is missing."""
    return float(value) if value is not None and np.isfinite(value) else None


def _clean(text: str, *, longest: int = LONGEST) -> str:
    """Drop characters that no screen shows, and cut what is too long.

    Everything else stays: the browser writes it as text and never as HTML.
    """
    if not text.isprintable():
        text = "".join(
            c for c in text if unicodedata.category(c) not in {"Cc", "Cs"} and c not in _TURNING
        )
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _packed(numbers: npt.ArrayLike, kind: Kind) -> str:
    """Write numbers as base64 of a little-endian array, row by row."""
    return base64.b64encode(np.asarray(numbers).astype(kind).tobytes()).decode("ascii")


def _key(made: Scene) -> str:
    """Name a scene by its content: sixteen hex digits."""
    text = json.dumps(made, sort_keys=True, allow_nan=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
