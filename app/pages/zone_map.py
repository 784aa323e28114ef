"""Zone map: zones, pyramids, small areas and places, coloured by zone or by an indicator."""

import streamlit as st

from app.choices import choose, title
from app.picture import BY_UNIT, map_settings, show_zone_map, zone_or_unit_table
from app.tables import show_table

choice = choose()
settings = map_settings(choice)
title("Zone map", choice)
table = zone_or_unit_table(choice, settings)
show_zone_map(choice, settings, table, height=600)

if settings.shaded or settings.by == BY_UNIT:
    what = settings.indicator.key
    caption = f"{settings.indicator.title}, {settings.indicator.period}."
else:
    what, caption = "figures", f"Main figures of the {choice.entry.title}."
st.header("The table behind the map")
show_table(
    table,
    key="map",
    file=f"{choice.pack.authority.key}-{choice.entry.key}-{what}.csv",
    about={"authority": choice.pack.authority.name, "plan": choice.entry.title},
    caption=caption,
    height=420,
)
