"""Charts of the front door, drawn from tables that are already suppressed."""

import altair as alt
import numpy as np
import pandas as pd

from analysis.frontdoor import DoorMeasure
from analysis.table import Table
from analysis.tables_door import Door
from app.palettes import OUTLINE
from layers.status import Standing

FLOW, STOCK = "over the period", "at its end"


def funnel_chart(door: Door, zone: str) -> alt.LayerChart | alt.FacetChart:
    """Draw the stages of one zone as bars, flows and stocks in colours of their own.

    A count that is suppressed or not known has no bar, and its symbol stands in its place.
    """
    rows = []
    for stage, table in door.stages:
        row, column = table.names.index(zone), table.column("count")
        rows.append(
            {
                "stage": stage.title,
                "count": float(np.nan_to_num(column.values[row])),
                "text": _label(table, row),
                "kind": STOCK if stage.counts == "children" else FLOW,
            }
        )
    standing: Standing = "official"
    if any(table.standing == "illustrative" for _, table in door.stages):
        standing = "illustrative"
    side = alt.Y("stage:N", sort=None, title=None, axis=alt.Axis(labelLimit=260))
    base = alt.Chart(pd.DataFrame(rows)).encode(y=side)
    bars = base.mark_bar().encode(
        x=alt.X("count:Q", title="Count"),
        color=alt.Color(
            "kind:N", title="Counted",
            scale=alt.Scale(domain=[FLOW, STOCK], range=["#5aa9d6", "#e69f00"]),
            legend=alt.Legend(orient="top"),
        ),
        tooltip=[alt.Tooltip("stage:N", title="Stage"), alt.Tooltip("text:N", title=zone)],
    )  # fmt: skip
    words = base.mark_text(align="left", dx=5, color=OUTLINE).encode(x="count:Q", text="text:N")
    return alt.layer(bars, words).properties(
        height=alt.Step(34), title=_title(f"Front door, {zone}", standing)
    )


def share_chart(measure: DoorMeasure, table: Table) -> alt.LayerChart | alt.FacetChart:
    """Draw a share zone by zone with its interval, all zones, and the target where there is one."""
    body = len(table.names) - table.totals
    keys = ("share", "share_lower", "share_upper")
    frame = pd.DataFrame(
        {"zone": table.names[:body], **{key: table.column(key).values[:body] for key in keys}}
    )
    order = frame.sort_values("share", ascending=False)["zone"].tolist()
    side = alt.Y("zone:N", sort=order, title=None, axis=alt.Axis(labelLimit=260))
    base = alt.Chart(frame).encode(y=side)
    tips = [alt.Tooltip("zone:N", title=table.what)]
    names = (measure.title, "95 % from", "95 % to")
    tips += [
        alt.Tooltip(f"{key}:Q", title=name, format=",.1f")
        for key, name in zip(keys, names, strict=True)
    ]
    bars = base.mark_bar(color="#9ecae1").encode(
        x=alt.X("share:Q", title=f"% of {measure.of}"), tooltip=tips
    )
    ends = base.mark_errorbar(color=OUTLINE, ticks=True).encode(
        x=alt.X("share_lower:Q", title=""), x2="share_upper:Q"
    )
    marks = _marks(table)
    rule = alt.Chart(marks).mark_rule(strokeDash=[6, 4], strokeWidth=2).encode(
        x="mark:Q",
        color=alt.Color(
            "name:N", title=None, scale=alt.Scale(range=["#16202a", "#d55e00"]),
            legend=alt.Legend(orient="top", labelLimit=400),
        ),
    )  # fmt: skip
    return alt.layer(bars, ends, rule).properties(
        height=alt.Step(34), title=_title(measure.title, table.standing)
    )


def _marks(table: Table) -> pd.DataFrame:
    """Give all zones together, and the target where there is one."""
    last = len(table.names) - 1
    rows = [("All zones", table.column("share"))]
    rows += [("Target", column) for column in table.columns if column.key == "target"]
    return pd.DataFrame(
        [
            {"mark": float(column.values[last]), "name": f"{name}: {table.cell(column, last)} %"}
            for name, column in rows
        ]
    )


def _label(table: Table, row: int) -> str:
    """Write a count, and of what it is a share."""
    words = table.cell(table.column("count"), row) or "not known"
    keys = {column.key for column in table.columns}
    if "share" not in keys:
        return words
    share = table.cell(table.column("share"), row)
    base = table.column("base").title.removeprefix("Out of: ")
    return f"{words} ({share} % of {base})" if share[:1].isdigit() else words


def _title(what: str, standing: Standing) -> alt.TitleParams:
    said = ["Illustrative: modelled figures"] if standing == "illustrative" else []
    return alt.TitleParams(text=what, subtitle=said, anchor="start", subtitleColor="#8a5a00")
