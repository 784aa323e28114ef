"""A small map of one zone as SVG: no script, no tiles, so that it prints and stands in a file."""

import base64
import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from analysis.tables_sheet import Whereabouts
from app.drawing import outlines
from app.palettes import OUTLINE
from geo.geography import Geography
from geo.plan import Plan
from layers.pack import Pack
from layers.places import HEADS, Town

WIDTH, HEIGHT = 560, 400
MARGIN = 0.06
LETTER, LINE = 7.2, 15
"""Width of a letter and height of a line, in the units of the picture."""

M_PER_KM = 1000
BARS_KM = (0.5, 1, 2, 5, 10, 20)

Line = npt.NDArray[np.float64]


def zone_picture(zone: str, plan: Plan, pack: Pack, where: Whereabouts) -> str:
    """Draw a zone with its schools, sites and towns, its neighbours in grey, and a scale.

    Returns
    -------
    str
        SVG that names no other file. Every text from a file is escaped.
    """
    shapes, _ = outlines(pack.geography, plan)
    shape = shapes[plan.zones.index(zone)]
    if shape.is_empty:
        return _svg([_text(WIDTH / 2, HEIGHT / 2, "This zone has no small areas.", "middle")])
    frame = _Frame.around(shape)
    parts = [frame.path(other, fill="#eceff1", line="#b9c3cd", width=1) for other in shapes]
    parts += [
        frame.path(unit, fill="#cfe6f5", line="#ffffff", width=0.8)
        for unit in _members(zone, plan, pack.geography)
    ]
    parts.append(frame.path(shape, fill="none", line=OUTLINE, width=2.2))
    parts += _places(frame, where)
    parts += _towns(frame, [t for t in pack.towns if frame.holds(t)])
    return _svg([*parts, _scale(frame)])


def as_image(svg: str, *, alt: str) -> str:
    """Write a picture as an image whose address is the picture itself."""
    data = base64.b64encode(svg.encode()).decode()
    return f'<img class="map" src="data:image/svg+xml;base64,{data}" alt="{html.escape(alt)}">'


@dataclass(frozen=True)
class _Frame:
    """From metres to the units of the picture."""

    west: float
    north: float
    scale: float

    @classmethod
    def around(cls, shape: shapely.Geometry) -> "_Frame":
        west, south, east, north = shapely.bounds(shape).tolist()
        wide, high = max(east - west, 1.0), max(north - south, 1.0)
        scale = min(WIDTH / wide, HEIGHT / high) * (1 - 2 * MARGIN)
        return cls((west + east - WIDTH / scale) / 2, (south + north + HEIGHT / scale) / 2, scale)

    def at(self, easting: float, northing: float) -> tuple[float, float]:
        return (easting - self.west) * self.scale, (self.north - northing) * self.scale

    def holds(self, town: Town) -> bool:
        x, y = self.at(town.easting, town.northing)
        return 0 < x < WIDTH and LINE < y < HEIGHT - LINE

    def path(self, shape: shapely.Geometry, *, fill: str, line: str, width: float) -> str:
        """Draw a shape, cut to the frame and no finer than half a unit of the picture."""
        edge = (self.west, self.north - HEIGHT / self.scale)
        cut = shapely.clip_by_rect(shape, *edge, self.west + WIDTH / self.scale, self.north)
        rough = shapely.simplify(cut, 0.5 / self.scale)
        rings = [
            np.round((shapely.get_coordinates(ring) - (self.west, self.north)) * self.scale, 1)
            for polygon in shapely.get_parts(rough)
            if isinstance(polygon, shapely.Polygon) and not polygon.is_empty
            for ring in (polygon.exterior, *polygon.interiors)
        ]
        steps = " ".join(_ring(ring) for ring in rings)
        return f'<path d="{steps}" fill="{fill}" stroke="{line}" stroke-width="{width}"/>'


def _ring(points: Line) -> str:
    return "M" + "L".join(f"{x:g} {-y:g}" for x, y in points.tolist()) + "Z"


def _members(zone: str, plan: Plan, geography: Geography) -> list[shapely.Geometry]:
    return [geography.shapes[at] for at in plan.positions(plan.members(zone))]


def _places(frame: _Frame, where: Whereabouts) -> list[str]:
    """Draw schools as circles, heads of pyramids larger, and sites as squares above them."""
    marks = []
    for pyramid in where.pyramids or ():
        for tier, schools in pyramid.tiers:
            radius = 5.0 if tier in HEADS else 3.2
            for school in schools:
                x, y = frame.at(school.easting, school.northing)
                marks.append(
                    f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="#fff" '
                    f'stroke="{OUTLINE}" stroke-width="1.6"/>'
                )
    for site in where.sites or ():
        x, y = frame.at(site.easting, site.northing)
        marks.append(
            f'<rect x="{x - 5:.1f}" y="{y - 5:.1f}" width="10" height="10" fill="#d55e00" '
            'stroke="#fff" stroke-width="1.2"/>'
        )
    return marks


def _towns(frame: _Frame, towns: Sequence[Town]) -> list[str]:
    """Write the towns that fit, the largest first."""
    taken: list[tuple[float, float, float]] = []
    words = []
    for town in sorted(towns, key=lambda town: -(town.population or 0)):
        x, y = frame.at(town.easting, town.northing)
        y -= 9  # above the mark of a school that stands in the middle of it
        half = len(town.name) * LETTER / 2
        x = min(max(x, half + 2), WIDTH - half - 2)
        if all(abs(x - u) > half + w or abs(y - v) > LINE for u, v, w in taken):
            taken.append((x, y, half))
            words.append(_text(x, y, town.name, "middle"))
    return words


def _scale(frame: _Frame) -> str:
    """Draw how long so many kilometres are: the longest bar that is no more than a quarter."""
    longest = WIDTH / 4 / frame.scale / M_PER_KM
    km = max((bar for bar in BARS_KM if bar <= longest), default=BARS_KM[0])
    long = km * M_PER_KM * frame.scale
    y = HEIGHT - 12
    return (
        f'<path d="M12 {y - 5}V{y}H{12 + long:.1f}V{y - 5}" fill="none" stroke="{OUTLINE}" '
        f'stroke-width="1.6"/>{_text(16 + math.ceil(long), y + 2, f"{km:g} km", "start")}'
    )


def _text(x: float, y: float, words: str, anchor: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="13" fill="{OUTLINE}" '
        f'stroke="#fff" stroke-width="3" paint-order="stroke">{html.escape(words)}</text>'
    )


def _svg(parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#f7fafc"/>{"".join(parts)}</svg>'
    )
