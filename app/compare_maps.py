"""Two to four maps in step: one page that holds them all, so that they pan and zoom together.

The page asks for Leaflet alone, which is served from its package (`app.assets`). What is drawn
comes as data in the page; every name from a file is put into it as text, never as HTML.
"""

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
import streamlit as st

from analysis.comparing import SideBySide
from analysis.tables_compare import NOWHERE
from app.assets import FROM_PAGE
from app.drawing import MOST_IN_LEGEND, drawn, outlines
from app.labels import fitting_zones
from app.maps import FINENESS, to_degrees
from app.palettes import MISSING, OUTLINE, zone_colour
from geo.adjacency import Shapes
from geo.geography import Geography
from geo.plan import Plan

HEIGHT_PX = {1: 540, 2: 500, 3: 760, 4: 800}
"""Of the frame by the number of maps: two stand in one row, three and four in two rows."""

MOST_AS_SVG = 1500
"""Small areas on all maps together that are drawn one by one; more are painted on a canvas."""


@dataclass(frozen=True)
class Caption:
    """What stands above a map: the plan's title, and a word on how far to trust it."""

    title: str
    note: str = ""


def maps_in_step(
    geography: Geography,
    sides: SideBySide,
    captions: Sequence[Caption],
    *,
    which: Sequence[int] | None = None,
    lines: Shapes | None = None,
    leaflet: str = FROM_PAGE,
) -> str:
    """Write a page with one map a plan, which move together.

    A place has one colour on all maps. Small areas that lie in another place than in the first
    plan are hatched. Resting on a small area names its zone in every plan.

    Parameters
    ----------
    captions
        One a plan.
    which
        The plans that have a map, by position; all by default. The pointer names the zones of all.
    lines
        Areas in EPSG:27700 whose edges are drawn on every map: lines that a plan was made of.
    leaflet
        The address of Leaflet's files, seen from where the page is shown.

    Returns
    -------
    str
        HTML for a frame of `HEIGHT_PX`.
    """
    colours = {place: zone_colour(place) for place in range(len(sides.places))}
    shown = range(len(sides.plans)) if which is None else which
    data = {
        **_frame(geography),
        "svg": len(geography) * len(shown) <= MOST_AS_SVG,
        "missing": MISSING,
        "outline": OUTLINE,
        "titles": [caption.title for caption in captions],
        "zones": [_zone_names(plan) for plan in sides.plans],
        "maps": [_map(geography, sides, at, colours) for at in shown],
        "lines": None if lines is None else _edges(lines, geography),
    }
    cells = "".join(_cell(at, captions[plan], first=plan == 0) for at, plan in enumerate(shown))
    return _PAGE.format(
        leaflet=html.escape(leaflet),
        style=_STYLE,
        count=len(shown),
        cells=cells,
        legend=_legend(sides, captions, colours, lines=lines is not None),
        data=_units(geography) + _json("zw-data", data),
        script=_SCRIPT,
    )


def _cell(at: int, caption: Caption, *, first: bool) -> str:
    notes = [note for note in ("the others are compared with it" * first, caption.note) if note]
    small = f" <small>{html.escape('; '.join(notes))}</small>" if notes else ""
    title = html.escape(caption.title)
    return (
        f'<section class="cell"><h2>{title}{small}</h2><div class="map" id="map{at}" '
        f'aria-label="Map of {title}. Arrow keys move all maps, plus and minus zoom."></div>'
        "</section>"
    )


def _legend(
    sides: SideBySide, captions: Sequence[Caption], colours: dict[int, str], *, lines: bool
) -> str:
    rows = [(colours[at], name) for at, name in enumerate(sides.names)]
    if len(rows) > MOST_IN_LEGEND:
        words = f"<li>{len(rows)} places: names on the maps and in the table.</li>"
    else:
        words = "".join(
            f'<li><i style="background:{colour}"></i>{html.escape(name)}</li>'
            for colour, name in rows
        )
    if any(plan.unassigned for plan in sides.plans):
        words += f'<li><i style="background:{MISSING}"></i>In no zone</li>'
    first = html.escape(captions[0].title)
    words += f'<li><i class="hatched"></i>In another zone than in {first}</li>'
    if lines:
        words += '<li><i class="line"></i>Lines as drawn</li>'
    return (
        '<div class="legend" tabindex="0" role="region" aria-label="Legend">'
        f"<b>One colour, one place</b><ul>{words}</ul></div>"
    )


def _map(
    geography: Geography, sides: SideBySide, at: int, colours: dict[int, str]
) -> dict[str, Any]:
    """Give what one map alone has: fills, outlines, names and what moved."""
    plan, places = sides.plans[at], sides.place_of(at)
    fills = [colours[place] for place in places] + [MISSING]
    moved = [] if at == 0 else np.flatnonzero(~sides.matches[at - 1].stays).tolist()
    return {
        "fills": [fills[zone] for zone in plan.assignment.tolist()],
        "moved": moved,
        "outlines": json.loads(_outlines(geography, plan)),
        "labels": _labels(geography, plan),
    }


def _edges(shapes: Shapes, geography: Geography) -> dict[str, Any]:
    """Give the edges of areas as GeoJSON, no finer than a screen shows and near the authority."""
    west, south, east, north = shapely.total_bounds(geography.shapes)
    fine = max(east - west, north - south) / FINENESS
    near = shapely.box(west, south, east, north).buffer(100 * fine)
    edges = shapely.boundary(shapely.simplify(shapes, fine))
    parts = shapely.get_parts(shapely.intersection(edges, near))
    kept = parts[shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING]
    found: dict[str, Any] = json.loads(
        shapely.to_geojson(shapely.MultiLineString(to_degrees(kept).tolist()))
    )
    return found


def _zone_names(plan: Plan) -> tuple[str, ...]:
    return tuple(np.array([*plan.zones, NOWHERE], dtype=object)[plan.assignment])


def _labels(geography: Geography, plan: Plan) -> list[tuple[float, float, str]]:
    shapes, points = outlines(geography, plan)
    fit = fitting_zones(plan.zones, points, shapely.area(shapes), geography)
    if not fit:
        return []
    places = to_degrees(np.asarray(shapely.points(points[list(fit)]), dtype=object))
    return [
        (latitude, longitude, plan.zones[zone])
        for zone, (longitude, latitude) in zip(
            fit, shapely.get_coordinates(places).tolist(), strict=True
        )
    ]


@st.cache_resource(max_entries=32, hash_funcs={Geography: id, Plan: hash})
def _outlines(geography: Geography, plan: Plan) -> str:
    """Keep the outlines of a plan's zones as GeoJSON, no finer than a screen shows."""
    shapes, _ = outlines(geography, plan)
    kept = [shape for shape in shapes if not shape.is_empty]
    line = shapely.MultiLineString(
        [
            part
            for shape in to_degrees(np.array(kept, dtype=object))
            for part in shapely.get_parts(shapely.boundary(shape))
        ]
    )
    return str(shapely.to_geojson(line))


@st.cache_resource(max_entries=8, hash_funcs={Geography: id})
def _units(geography: Geography) -> str:
    """Keep the small areas and the land, which all maps share, as an element of the page."""
    geometry = drawn(geography)
    return _json(
        "zw-units",
        {
            "units": geometry.units,
            "names": geography.names,
            "codes": geography.units,
            "land": geometry.land,
        },
    )


def _frame(geography: Geography) -> dict[str, Any]:
    geometry = drawn(geography)
    return {"bounds": geometry.bounds, "frame": geometry.frame}


def _json(key: str, data: object) -> str:
    """Write data as an element of the page that no text within can end."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="{key}">{text}</script>'


_PAGE = """<!DOCTYPE html>
<html lang="en-GB"><head><meta charset="utf-8"><title>Maps of the plans in step</title>
<link rel="stylesheet" href="{leaflet}/leaflet.css"><script src="{leaflet}/leaflet.js"></script>
<style>{style}</style></head>
<body><div class="grid n{count}">{cells}{legend}</div>
<p id="said" role="status" aria-live="polite">Rest on a small area, or click on it, to read its zone
in every plan.</p>
<svg width="0" height="0" aria-hidden="true"><defs><pattern id="hatch" width="7" height="7"
 patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path d="M0 0V7" stroke="#16202a"
 stroke-width="3"/></pattern></defs></svg>
{data}
<script>{script}</script></body></html>
"""

_STYLE = """
html, body { height: 100%; margin: 0; font: 14px/1.35 "Source Sans Pro", sans-serif;
  color: #16202a; }
body { display: flex; flex-direction: column; }
.grid { flex: 1; min-height: 0; display: grid; gap: 6px 10px; grid-template-columns: 1fr 1fr; }
.n1 { grid-template-columns: 1fr; }
.n1, .n2 { grid-template-rows: 1fr auto; }
.n3 { grid-template-rows: 1fr 1fr; }
.n4 { grid-template-rows: 1fr 1fr auto; }
.n2 .legend, .n4 .legend { grid-column: 1 / -1; }
.cell { display: flex; flex-direction: column; min-width: 0; min-height: 0; }
.cell h2 { font-size: 15px; margin: 0 0 3px 0; white-space: nowrap; overflow: hidden;
  text-overflow: ellipsis; }
.cell h2 small { font-weight: 400; color: #46525e; }
.map { flex: 1; min-height: 0; background: #dfeaf2; border-radius: 6px; }
.map:focus-visible { outline: 3px solid #0b5cad; outline-offset: -3px; }
.legend { overflow: auto; max-height: 100%; }
.n1 .legend { max-height: 112px; }
.n2 .legend, .n4 .legend { max-height: 72px; }
.legend:focus-visible { outline: 3px solid #0b5cad; outline-offset: -3px; }
.legend ul { list-style: none; margin: 2px 0; padding: 0; display: flex; flex-wrap: wrap;
  gap: 2px 16px; font-size: 13px; }
.legend li { display: flex; align-items: center; gap: 6px; }
.legend i { flex: none; width: 18px; height: 13px; border: 1px solid #5b6772; }
.legend i.line { height: 0; border: 0; border-top: 3px dashed #b00068; }
.legend i.hatched { background: repeating-linear-gradient(45deg, #16202a 0 2px, #fff 2px 5px); }
#said { margin: 4px 0 0 0; min-height: 1.35em; font-size: 13px; color: #46525e;
  white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.zw-label { position: absolute; transform: translate(-50%, -50%); white-space: nowrap;
  font-weight: 700; font-size: 13px; pointer-events: none;
  text-shadow: 0 0 3px #fff, 0 0 3px #fff, 0 0 4px #fff, 0 0 5px #fff; }
.tip b, .tip span { display: block; }
.whole { font-size: 18px; line-height: 30px; width: 30px; text-align: center; border: 0;
  background: #fff; cursor: pointer; padding: 0; border-radius: 2px; }
.whole:focus-visible, .leaflet-bar a:focus-visible { outline: 3px solid #0b5cad; }
"""

_SCRIPT = """
(function () {
  "use strict";
  var read = function (id) { return JSON.parse(document.getElementById(id).textContent); };
  var shared = read("zw-units"), data = read("zw-data");
  var maps = [], layers = [], busy = false, chosen = -1;

  function words(unit) {
    return data.titles.map(function (title, at) { return title + ": " + data.zones[at][unit]; });
  }

  function tip(unit) {
    var box = document.createElement("div");
    box.className = "tip";
    var head = box.appendChild(document.createElement("b"));
    head.textContent = shared.names[unit] + " (" + shared.codes[unit] + ")";
    words(unit).forEach(function (line) {
      box.appendChild(document.createElement("span")).textContent = line;
    });
    return box;
  }

  function mark(unit) {
    if (unit === chosen) { return; }
    layers.forEach(function (units) {
      if (chosen >= 0) { units[chosen].setStyle({weight: 0.6, color: "#5b6772"}); }
      if (unit >= 0) { units[unit].setStyle({weight: 3, color: data.outline}).bringToFront(); }
    });
    chosen = unit;
    if (unit >= 0) {
      document.getElementById("said").textContent =
        shared.names[unit] + " (" + shared.codes[unit] + "). " + words(unit).join(" · ");
    }
  }

  // the map that moves sets all others; what they report meanwhile is their answer, not a move
  function follow(leader) {
    if (busy) { return; }
    busy = true;
    maps.forEach(function (map) {
      if (map !== leader) { map.setView(leader.getCenter(), leader.getZoom(), {animate: false}); }
    });
    busy = false;
  }

  function addUnits(map, part) {
    var renderer = data.svg ? L.svg({padding: 0.3}) : L.canvas({padding: 0.3});
    var units = shared.units.map(function (geometry, unit) {
      return L.geoJSON(geometry, {renderer: renderer, style: {
        fillColor: part.fills[unit], fillOpacity: 0.85, color: "#5b6772", weight: 0.6
      }}).getLayers()[0];
    });
    units.forEach(function (layer, unit) {
      layer.addTo(map);
      layer.bindTooltip(function () { return tip(unit); }, {sticky: true});
      layer.on("mouseover click", function () { mark(unit); });
      var path = layer.getElement && layer.getElement();
      // hundreds of areas are no stops for the keyboard: the tables serve it
      if (path) { path.setAttribute("tabindex", "-1"); }
    });
    return units;
  }

  function addMoved(map, part) {
    var renderer = L.svg({pane: "moved", padding: 0.3});
    part.moved.forEach(function (unit) {
      var layer = L.geoJSON(shared.units[unit], {pane: "moved", interactive: false,
        style: {renderer: renderer, color: data.outline, weight: 1.2, fillOpacity: 0.55}});
      layer.eachLayer(function (path) {
        path.options.renderer = renderer;
        path.addTo(map);
        path.getElement().setAttribute("fill", "url(#hatch)");
        path.getElement().setAttribute("class", "zw-moved");
      });
    });
  }

  function addLabels(map, part) {
    part.labels.forEach(function (label) {
      var box = document.createElement("span");
      box.className = "zw-label";
      box.textContent = label[2];
      L.marker([label[0], label[1]], {interactive: false, keyboard: false,
        icon: L.divIcon({html: box, iconSize: [0, 0], className: "zw-none"})}).addTo(map);
    });
  }

  function addWhole(map) {
    var control = L.control({position: "topleft"});
    control.onAdd = function () {
      var box = L.DomUtil.create("div", "leaflet-bar");
      var button = box.appendChild(document.createElement("button"));
      button.className = "whole";
      button.type = "button";
      button.title = "Show the whole authority";
      button.setAttribute("aria-label", button.title);
      button.textContent = "\\u2302";
      L.DomEvent.disableClickPropagation(box);
      L.DomEvent.on(button, "click", function () { map.fitBounds(data.bounds, {animate: false}); });
      return box;
    };
    control.addTo(map);
  }

  data.maps.forEach(function (part, at) {
    var map = L.map("map" + at, {attributionControl: false, zoomControl: at === 0,
      zoomSnap: 0.25, zoomAnimation: false, fadeAnimation: false, markerZoomAnimation: false,
      scrollWheelZoom: false, inertia: false});
    map.fitBounds(data.bounds, {padding: [8, 8], animate: false});
    map.setMaxBounds(data.frame);
    map.setMinZoom(map.getBoundsZoom(data.frame, true));
    map.createPane("moved").style.zIndex = 450;
    map.getPane("moved").style.pointerEvents = "none";
    L.geoJSON(shared.land, {interactive: false, style: {fillColor: "#f6f3ec", fillOpacity: 1,
      color: "#c9c2b4", weight: 1}}).addTo(map);
    layers.push(addUnits(map, part));
    addMoved(map, part);
    L.geoJSON(part.outlines, {pane: "moved", interactive: false,
      style: {color: data.outline, weight: 2.5, fill: false}}).addTo(map);
    if (data.lines) {
      L.geoJSON(data.lines, {pane: "moved", interactive: false,
        style: {color: "#b00068", weight: 2.5, dashArray: "7 5", fill: false}}).addTo(map);
    }
    addLabels(map, part);
    if (at === 0) { addWhole(map); }
    map.getContainer().setAttribute("role", "group");
    // the wheel scrolls the page until somebody works on a map
    map.on("click", function () {
      maps.forEach(function (one) { one.scrollWheelZoom.enable(); });
    });
    map.on("mouseout", function () { mark(-1); });
    map.getContainer().addEventListener("mouseleave", function () {
      maps.forEach(function (one) { one.scrollWheelZoom.disable(); });
    });
    maps.push(map);
  });
  maps.forEach(function (map) { map.on("move zoomend", function () { follow(map); }); });
  follow(maps[0]);
  window.zwMaps = maps;

  window.addEventListener("resize", function () {
    busy = true;
    maps.forEach(function (map) { map.invalidateSize({animate: false}); });
    busy = false;
    follow(maps[0]);
  });
})();
"""
