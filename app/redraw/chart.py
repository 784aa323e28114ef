"""Charts of which a stroke changes the figures only: their form is written once and kept.

Altair holds every chart against the whole grammar of Vega-Lite, which takes longer than the figures
themselves. So a chart is built with names in the place of its data, written out, and kept by what
its form follows from; the data join it each time.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Literal

import altair as alt
import pandas as pd
import streamlit as st


def form_of(chart: alt.LayerChart | alt.FacetChart) -> str:
    """Write out a chart whose data are `alt.NamedData`."""
    form = chart.to_dict()
    form.pop("config", None)  # sizes for pages without a theme; Streamlit has its own
    return json.dumps(form)


def show_form(
    form: str, frames: Mapping[str, pd.DataFrame], *, width: Literal["stretch", "content"]
) -> None:
    """Show a chart with its data, by the names that its form has for them."""
    datasets = {}
    for name, frame in frames.items():
        # named by its content, so that the browser draws the chart anew when that changes
        mark = hashlib.sha256(pd.util.hash_pandas_object(frame).to_numpy().tobytes()).hexdigest()
        datasets[mark] = frame
        form = form.replace(json.dumps({"name": name}), json.dumps({"name": mark}))
    st.vega_lite_chart(spec={**json.loads(form), "datasets": datasets}, width=width)
