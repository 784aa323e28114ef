"""Charts drawn from tables that are already suppressed; each says when its figures are modelled."""

import altair as alt
import pandas as pd

from analysis.table import Table
from app.palettes import OUTLINE, ZONES
from layers.indicators import Benchmark, Indicator
from layers.status import Standing


def interval_chart(
    table: Table, indicator: Indicator, benchmark: Benchmark | None
) -> alt.LayerChart | alt.FacetChart:
    """Draw an indicator as bars with their 95 % intervals, and the figure compared with."""
    body = len(table.names) - table.totals
    frame = pd.DataFrame(
        {
            "zone": table.names[:body],
            **{key: table.column(key).values[:body] for key in ("value", "lower", "upper")},
        }
    )
    mark = benchmark.value if benchmark else float(table.column("value").values[-1])
    name = benchmark.title if benchmark else "All zones together"
    order = frame.sort_values("value", ascending=False)["zone"].tolist()
    side = alt.Y("zone:N", sort=order, title=None, axis=alt.Axis(labelLimit=260))
    number = f",.{indicator.decimals}f"
    base = alt.Chart(frame)
    bars = base.mark_bar(color="#9ecae1").encode(
        y=side,
        x=alt.X("value:Q", title=f"{indicator.title}, {table.column('value').unit}"),
        tooltip=[
            alt.Tooltip("zone:N", title=table.what),
            alt.Tooltip("value:Q", title=indicator.title, format=number),
            alt.Tooltip("lower:Q", title="95 % from", format=number),
            alt.Tooltip("upper:Q", title="95 % to", format=number),
        ],
    )
    ends = base.mark_errorbar(color=OUTLINE, ticks=True).encode(
        y=side, x=alt.X("lower:Q", title=""), x2="upper:Q"
    )
    line = alt.Chart(pd.DataFrame({"mark": [mark], "name": [f"{name}: {mark:{number}}"]}))
    rule = line.mark_rule(color="#d55e00", strokeDash=[6, 4], strokeWidth=2).encode(x="mark:Q")
    text = line.mark_text(align="left", dx=5, dy=-8, color="#a34700", fontWeight=600).encode(
        x="mark:Q", y=alt.value(0), text="name:N"
    )
    return alt.layer(bars, ends, rule, text).properties(
        height=alt.Step(34), title=_title(indicator.title, indicator.period, table.standing)
    )


def incident_chart(counted: pd.DataFrame, standing: Standing) -> alt.Chart:
    """Draw incidents by month, stacked by the police's own types.

    Parameters
    ----------
    counted
        Columns month, kind, incidents, as `Incidents.by_month` gives them.
    """
    summed = counted.groupby(["month", "kind"], as_index=False)["incidents"].sum()
    kinds = sorted(summed["kind"].unique())
    chart: alt.Chart = (
        alt.Chart(summed)
        .mark_bar()
        .encode(
            x=alt.X("month:O", title="Month", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("incidents:Q", title="Incidents"),
            color=alt.Color(
                "kind:N", title="Type", scale=alt.Scale(domain=kinds, range=list(ZONES)),
                legend=alt.Legend(orient="top"),
            ),
            tooltip=["month:O", "kind:N", alt.Tooltip("incidents:Q", format=",")],
        )
        .properties(height=400, title=_title("ASB incidents by month and type", "", standing))
    )  # fmt: skip
    return chart


def _title(what: str, period: str, standing: Standing) -> alt.TitleParams:
    said = ["Illustrative: modelled figures"] if standing == "illustrative" else []
    return alt.TitleParams(
        text=f"{what}, {period}" if period else what,
        subtitle=said,
        anchor="start",
        subtitleColor="#8a5a00",
    )
