"""Full screen: one plan in large type for a meeting, with its legend and zone names only."""

import streamlit as st

from app.choices import Choice, opened
from app.classes import METHODS
from app.palettes import RAMPS
from app.picture import BY_UNIT, BY_ZONE, MapSettings, show_zone_map, zone_or_unit_table
from geo.errors import PackError
from layers.catalogue import DEFAULT, list_packs

FULL = """
<style>
header, [data-testid="stSidebar"], [data-testid="stSidebarCollapsedControl"],
[data-testid="stExpandSidebarButton"] { display: none !important; }
.block-container { padding: 0 !important; max-width: 100vw !important; }
.stMain, .stApp { overflow: hidden; }
[data-testid="stCustomComponentV1"], iframe { height: 100vh !important; width: 100vw !important; }
</style>
"""

asked = st.query_params
entry = next((e for e in list_packs() if e.key == asked.get("pack", DEFAULT)), None)
if entry is None:
    raise PackError(
        f"There is no pack '{asked.get('pack')}'.", remedy="Open this page from the Zone map."
    )
pack = opened(entry)
plan = pack.plan(asked.get("plan", pack.default_plan))
settings = MapSettings(
    shaded=bool(asked.get("shade")),
    indicator=pack.indicator(asked.get("shade") or pack.indicators[0].key),
    by=BY_UNIT if asked.get("by") == BY_UNIT else BY_ZONE,
    method=next((m for m in METHODS if m == asked.get("method")), METHODS[0]),
    k=int(asked["classes"]) if asked.get("classes", "") in {"3", "4", "5", "6", "7"} else 5,
    palette=asked["colours"] if asked.get("colours") in RAMPS else next(iter(RAMPS)),
    tiles=False,
)
st.html(FULL)
choice = Choice(pack, plan)
show_zone_map(choice, settings, zone_or_unit_table(choice, settings), height=1080, large=True)
