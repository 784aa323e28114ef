"""The painter's peer: the same grid as a map of streamlit-folium, where a click moves a unit.

Drawn as the first version of the Redraw page drew its map: Leaflet from this server, the plan as a
layer that is sent anew after each click. It works out nothing else.
"""

import base64
import functools
import itertools
import os
import sys
from pathlib import Path
from typing import Any

import folium
import numpy as np
import shapely
import streamlit as st
from streamlit_folium import st_folium

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from painter_page import SCALE, grid

from app import assets
from app.maps import OfflineMap, add_areas, to_degrees
from app.palettes import zone_colour

UNITS = int(os.environ.get("PAINTER_UNITS", "249"))


@functools.cache
def units() -> tuple[list[dict[str, Any]], list[str], list[list[float]]]:
    """Give the shapes in degrees, their names, and the bounds of all."""
    scene = grid(UNITS)
    xy = np.frombuffer(base64.b64decode(scene["xy"]), "<i4").reshape(-1, 2) * SCALE
    rings = np.frombuffer(base64.b64decode(scene["rings"]), "<u4")
    metres = xy + np.array(scene["origin"])
    shapes = [shapely.Polygon(metres[a:b]) for a, b in itertools.pairwise(rings)]
    degrees = to_degrees(np.array(shapes, dtype=object))
    west, south, east, north = shapely.total_bounds(degrees)
    geometries = [shapely.geometry.mapping(shape) for shape in degrees]
    return geometries, scene["names"], [[south, west], [north, east]]


def main() -> None:
    """Move what was clicked, then draw."""
    st.set_page_config(layout="wide")
    st.title("Click map")
    geometries, names, bounds = units()
    moved: list[str] = st.session_state.setdefault("moved", [])
    chart = OfflineMap(f"../{assets.__name__}.leaflet", tiles=None, zoom_snap=0.25)
    chart.fit_bounds(bounds)
    layer = folium.FeatureGroup(name="Plan")
    fills = [zone_colour(1 if name in moved else 0) for name in names]
    add_areas(layer, geometries, fills, {"Area": names}, name="Areas", tooltip="Area", popup=False)
    st_folium(
        chart,
        key="map",
        height=620,
        use_container_width=True,
        feature_group_to_add=layer,
        returned_objects=["last_clicked", "last_active_drawing"],
        on_change=_take,
    )
    st.text(f"Moved: {len(moved)}")


def _take() -> None:
    drawing = (st.session_state["map"] or {}).get("last_active_drawing")
    if drawing:
        st.session_state["moved"].append(drawing["properties"]["d0"])


if __name__ == "__main__":
    main()
