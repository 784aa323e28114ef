"""Maps drawn by folium with nothing from the network: land, units, zones, places, labels, legend.

Leaflet is served from its package (`app.assets`), an outline of England stands in for tiles, and
every text that comes from a file is escaped before it enters the page. A map is built from
geometry in longitude and latitude, which `Drawn` works out once per geography.
"""

import html
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import folium
import numpy as np
import numpy.typing as npt
import pyproj
import shapely
from branca.element import MacroElement
from folium.template import Template

from app.assets import FROM_PAGE
from app.palettes import OUTLINE
from geo.adjacency import Shapes
from geo.geography import EPSG, Geography
from layers.catalogue import read_outline

Chart = folium.Map | folium.FeatureGroup
"""What layers are added to: a map, or a group that is swapped without redrawing the map."""

DEGREES = 5
"""Decimals of a degree: about a metre, finer than any screen shows."""

FINENESS = 2_000
"""Outlines are drawn to this part of the map's width: less than a screen shows."""

MARGIN_M = 60_000
"""How much of England around an authority is drawn."""


class OfflineMap(folium.Map):
    """A folium map whose script and style come from the installed Leaflet package.

    Parameters
    ----------
    leaflet
        The address of Leaflet's files, seen from where the map is drawn.
    """

    def __init__(self, leaflet: str, **options: Any) -> None:
        super().__init__(**options)
        self.default_js = [("leaflet", f"{leaflet}/leaflet.js")]
        self.default_css = [("leaflet_css", f"{leaflet}/leaflet.css")]


@dataclass(frozen=True, eq=False)
class Drawn:
    """A geography as the browser wants it, worked out once."""

    geography: Geography

    @cached_property
    def units(self) -> list[dict[str, Any]]:
        """Each unit as a GeoJSON geometry."""
        return [_geojson(shape) for shape in to_degrees(self.geography.shapes)]

    @cached_property
    def bounds(self) -> list[list[float]]:
        """South-west and north-east corner, as Leaflet takes them: latitude first."""
        west, south, east, north = shapely.total_bounds(to_degrees(self.geography.shapes))
        return [[south, west], [north, east]]

    @cached_property
    def frame(self) -> list[list[float]]:
        """The corners of what may be seen: beyond it no land is drawn."""
        west, south, east, north = self._frame
        corners = shapely.points([[west, south], [east, north]])
        return [[y, x] for x, y in shapely.get_coordinates(to_degrees(corners)).tolist()]

    @cached_property
    def _frame(self) -> tuple[float, float, float, float]:
        west, south, east, north = shapely.total_bounds(self.geography.shapes)
        return (west - MARGIN_M, south - MARGIN_M, east + MARGIN_M, north + MARGIN_M)

    @cached_property
    def land(self) -> dict[str, Any]:
        """England around the authority."""
        near = shapely.clip_by_rect(read_outline(), *self._frame)
        return _geojson(to_degrees(np.array([near], dtype=object))[0])


def base_map(
    drawn: Drawn,
    *,
    leaflet: str = FROM_PAGE,
    tiles: bool = False,
    zoom_buttons: bool = True,
) -> OfflineMap:
    """Start a map on the authority: sea, land, and with `tiles` online background maps."""
    chart = OfflineMap(
        leaflet, tiles=None, zoom_control=zoom_buttons, zoom_snap=0.25, attribution_control=tiles
    )
    chart.fit_bounds(drawn.bounds, padding=(12, 12))
    chart.add_child(_Style(drawn.frame))
    if tiles:
        folium.TileLayer("OpenStreetMap", control=False).add_to(chart)
        return chart
    land = {"type": "Feature", "properties": {}, "geometry": drawn.land}
    style = {"fillColor": "#f6f3ec", "fillOpacity": 1, "color": "#c9c2b4", "weight": 1}
    folium.GeoJson(
        land, style_function=lambda _: style, interactive=False, control=False, name="Land"
    ).add_to(chart)
    return chart


def add_areas(
    chart: Chart,
    geometries: Sequence[Mapping[str, Any]],
    fills: Sequence[str],
    details: Mapping[str, Sequence[str]],
    *,
    name: str,
    opacity: float = 0.8,
    line: float = 0.6,
    tooltip: str | None = None,
    popup: bool = True,
) -> None:
    """Draw filled areas with a popup.

    Parameters
    ----------
    geometries, fills
        GeoJSON and a colour, one an area.
    details
        What the popup says: its rows by title, one text an area. Escaped here.
    tooltip
        Which of `details` shows under the pointer.
    popup
        Whether a click shows the details; not where a click has another use.
    """
    titles = list(details)
    features = [
        {
            "type": "Feature",
            "properties": {
                "fill": fill,
                **{f"d{i}": html.escape(details[title][at]) for i, title in enumerate(titles)},
            },
            "geometry": geometry,
        }
        for at, (geometry, fill) in enumerate(zip(geometries, fills, strict=True))
    ]
    fields = [f"d{i}" for i in range(len(titles))]
    aliases = [html.escape(title) for title in titles]
    layer = folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        name=name,
        style_function=lambda feature: {
            "fillColor": feature["properties"]["fill"],
            "fillOpacity": opacity,
            "color": "#5b6772",
            "weight": line,
        },
        highlight_function=lambda _: {"weight": 2.5, "color": OUTLINE},
        popup=folium.GeoJsonPopup(fields=fields, aliases=aliases) if popup else None,
    )
    if tooltip:
        field = f"d{titles.index(tooltip)}"
        folium.GeoJsonTooltip(fields=[field], labels=False, sticky=True).add_to(layer)
    layer.add_to(chart)


def add_outlines(
    chart: Chart, shapes: Shapes, *, name: str, colour: str = OUTLINE, weight: float = 2.5,
    dashes: str | None = None, show: bool = True,
) -> None:  # fmt: skip
    """Draw outlines only, which let clicks through to what lies under them."""
    style = {"fill": False, "color": colour, "weight": weight, "dashArray": dashes}
    features = [
        {"type": "Feature", "properties": {}, "geometry": _geojson(shape)}
        for shape in to_degrees(shapes)
        if not shape.is_empty
    ]
    folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        name=name,
        style_function=lambda _: style,
        interactive=False,
        show=show,
    ).add_to(chart)


@dataclass(frozen=True)
class Mark:
    """A place on the map with what its popup says; all of it plain text."""

    easting: float
    northing: float
    title: str
    details: tuple[str, ...]


def add_marks(
    chart: Chart, marks: Iterable[Mark], *, name: str, glyph: str, show: bool = True
) -> None:
    """Draw places as a glyph (`circle`, `square`, `triangle`), told apart by shape and colour."""
    group = folium.FeatureGroup(name=name, show=show)
    for mark in marks:
        text = "<br>".join(html.escape(line) for line in (f"{mark.title}", *mark.details))
        icon = folium.DivIcon(
            html=_GLYPHS[glyph], icon_size=(16, 16), icon_anchor=(8, 8), class_name="zw-mark"
        )
        marker = folium.Marker(
            _latitude_longitude(mark.easting, mark.northing),
            icon=icon,
            title=mark.title,
            alt=mark.title,
        )
        marker.add_child(_Popup(text)).add_to(group)
    group.add_to(chart)


@dataclass(frozen=True)
class Label:
    """A name at a point of the map."""

    easting: float
    northing: float
    text: str


def add_labels(
    chart: Chart, labels: Iterable[Label], *, name: str, kind: str, show: bool = True
) -> None:
    """Write names on the map; `kind` (`zone` or `town`) is their style."""
    group = folium.FeatureGroup(name=name, show=show)
    for label in labels:
        words = html.escape(label.text)
        icon = folium.DivIcon(
            html=f'<span class="zw-label {kind}">{words}</span>',
            icon_size=(0, 0),
            class_name="zw-none",
        )
        folium.Marker(
            _latitude_longitude(label.easting, label.northing),
            icon=icon,
            interactive=False,
            keyboard=False,
        ).add_to(group)
    group.add_to(chart)


@dataclass(frozen=True)
class LegendRow:
    """One line of a legend: its colour, what it stands for, how many."""

    colour: str
    text: str


def add_legend(
    chart: Chart,
    title: str,
    rows: Sequence[LegendRow],
    notes: Sequence[str],
    *,
    large: bool = False,
) -> None:
    """Put a legend into the map, so that a full screen and a print keep it."""
    lines = "".join(
        f'<li><i style="background:{row.colour}"></i>{html.escape(row.text)}</li>' for row in rows
    )
    foot = "".join(f"<p>{html.escape(note)}</p>" for note in notes)
    size = " large" if large else ""
    body = f'<div class="zw-legend{size}"><b>{html.escape(title)}</b><ul>{lines}</ul>{foot}</div>'
    chart.add_child(_Corner(body))


def add_layer_switch(chart: Chart) -> None:
    """Let the viewer switch layers on the map itself."""
    folium.LayerControl(collapsed=True, position="topright").add_to(chart)


def as_page(chart: OfflineMap, *, title: str) -> str:
    """Write a map as a page of its own, with the language and title that readers announce."""
    page: str = chart.get_root().render()
    heading = f"<head>\n<title>{html.escape(title)}</title>"
    return page.replace("<html>", '<html lang="en-GB">', 1).replace("<head>", heading, 1)


def to_degrees(shapes: Shapes) -> Shapes:
    """Bring shapes from EPSG:27700 to longitude and latitude."""
    return np.asarray(shapely.transform(shapes, _transform))


_TO_DEGREES = pyproj.Transformer.from_crs(EPSG, 4326, always_xy=True)


def _transform(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.round(np.column_stack(_TO_DEGREES.transform(xy[:, 0], xy[:, 1])), DEGREES)


def _latitude_longitude(easting: float, northing: float) -> tuple[float, float]:
    longitude, latitude = _TO_DEGREES.transform(easting, northing)
    return round(latitude, DEGREES), round(longitude, DEGREES)


def _geojson(shape: shapely.Geometry) -> dict[str, Any]:
    geometry: dict[str, Any] = json.loads(shapely.to_geojson(shape))
    return geometry


_GLYPHS = {
    "circle": '<svg width="16" height="16"><circle cx="8" cy="8" r="5.5" fill="#fff" '
    'stroke="#16202a" stroke-width="2.5"/></svg>',
    "square": '<svg width="16" height="16"><rect x="2.5" y="2.5" width="11" height="11" '
    'fill="#d55e00" stroke="#fff" stroke-width="1.5"/></svg>',
    "triangle": '<svg width="16" height="16"><path d="M8 1.5 15 14.5H1Z" fill="#0b5cad" '
    'stroke="#fff" stroke-width="1.5"/></svg>',
}


class _Style(MacroElement):
    """What every map shares: sea, labels and legend, how far one can go, what the wheel does."""

    _template = Template(
        """
        {% macro header(this, kwargs) %}
        <style>
        .leaflet-container { background: #dfeaf2; font: 14px/1.35 "Source Sans Pro", sans-serif; }
        .zw-label { position: absolute; transform: translate(-50%, -50%); white-space: nowrap;
          color: #16202a; text-shadow: 0 0 3px #fff, 0 0 3px #fff, 0 0 4px #fff, 0 0 5px #fff; }
        .zw-label.zone { font-weight: 700; font-size: 15px; }
        .zw-label.zone-large { font-weight: 700; font-size: 26px; }
        .zw-label.town { font-size: 12px; color: #37424d; }
        .zw-label.town-large { font-size: 17px; color: #37424d; }
        .zw-legend { background: rgba(255,255,255,.94); padding: 8px 11px; border-radius: 6px;
          box-shadow: 0 1px 4px rgba(0,0,0,.3); max-width: 250px; font-size: 13px; color: #16202a; }
        .zw-legend.large { font-size: 21px; max-width: 430px; }
        .zw-legend ul { list-style: none; margin: 5px 0; padding: 0; }
        .zw-legend li { display: flex; align-items: center; gap: 7px; }
        .zw-legend i { flex: none; width: 18px; height: 13px; border: 1px solid #5b6772; }
        .zw-legend.large i { width: 30px; height: 21px; }
        .zw-legend p { margin: 3px 0 0; color: #46525e; font-size: .88em; }
        .zw-box { border: 2px dashed #16202a; background: rgba(11,92,173,.15); }
        .leaflet-popup-content table th { text-align: left; padding-right: 8px; font-weight: 600; }
        .leaflet-interactive:focus-visible { outline: 3px solid #0b5cad; }
        </style>
        {% endmacro %}
        {% macro script(this, kwargs) %}
        (function (map, frame) {
            map.setMaxBounds(frame);
            map.setMinZoom(map.getBoundsZoom(frame, true));
            // the wheel scrolls the page until somebody works on the map
            map.scrollWheelZoom.disable();
            map.on("click", function () { map.scrollWheelZoom.enable(); });
            map.on("mouseout", function () { map.scrollWheelZoom.disable(); });
            // hundreds of areas are no stops for the keyboard: lists and tables serve it
            map.on("layeradd", function (event) {
                var path = event.layer.getElement && event.layer.getElement();
                if (path && path.tagName === "path") { path.setAttribute("tabindex", "-1"); }
            });
        })({{ this._parent.get_name() }}, {{ this.frame|tojson }});
        {% endmacro %}
        """
    )

    def __init__(self, frame: list[list[float]]) -> None:
        super().__init__()
        self.frame = frame


class _Corner(MacroElement):
    """A box of our own HTML in the lower right corner; its text is already escaped."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = L.control({position: "bottomright"});
        {{ this.get_name() }}.onAdd = function () {
            var box = L.DomUtil.create("div");
            box.innerHTML = {{ this.body|tojson }};
            L.DomEvent.disableClickPropagation(box);
            return box;
        };
        {{ this.get_name() }}.addTo({{ this._parent.get_name() }});
        {% endmacro %}
        """
    )

    def __init__(self, body: str) -> None:
        super().__init__()
        self.body = body


class _Popup(MacroElement):
    """A popup of HTML that is already escaped; folium's own wants jQuery."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        {{ this._parent.get_name() }}.bindPopup({{ this.body|tojson }}, {maxWidth: 280});
        {% endmacro %}
        """
    )

    def __init__(self, body: str) -> None:
        super().__init__()
        self.body = body
