"""Leaflet served from its installed package, so that no map needs the network.

folium names its script and style on content delivery networks. Streamlit serves the folder of a
declared component to the browser, wherever that folder is; a component is declared here for the
files alone and never mounted. Nothing is copied and nothing is fetched.
"""

from importlib.resources import files
from pathlib import Path

import streamlit.components.v1 as components

LEAFLET = Path(str(files("js_lib_leaflet"))) / "static" / "js_lib_leaflet"

_served = components.declare_component("leaflet", path=LEAFLET)

FROM_PAGE = f"component/{__name__}.leaflet"
"""The address of Leaflet's files as seen from a page, and from a frame whose text it holds."""
