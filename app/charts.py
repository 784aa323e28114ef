"""Charts drawn from tables that are already suppressed; each says when its figures are modelled."""

from collections.abc import Sequence
from typing import Literal

import altair as alt
import pandas as pd

from analysis.table import Table
from analysis.tables_need import Curve
from analysis.tables_time import TimeLine
from analysis.trend import Break
from app.palettes import OUTLINE, ZONES
from layers.indicators import Benchmark, Indicator
from layers.status import Standing

Layers = alt.LayerChart | alt.FacetChart
"""What Altair says that layers put on each other may become."""

FEW_ZONES = 20
"""Up to so many zones each has its name on a chart."""

FEW_MONTHS = 18
GREY = "#5b6772"
MARK, MARK_TEXT = "#d55e00", "#a34700"
LINES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#000000", "#e69f00")
"""Okabe and Ito's colours in full strength, for thin lines."""

_INSIDE, _PLACE_95, _PLACE_998 = (
    "inside the limits",
    "outside the 95 % limits",
    "outside the 99.8 % limits",
)
_PLACES = {_INSIDE: "#c9d1d9", _PLACE_95: "#56b4e9", _PLACE_998: "#0b3c6e"}


def interval_chart(table: Table, indicator: Indicator, benchmark: Benchmark | None) -> Layers:
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
    rule, text = _marked(mark, f"{name}: {mark:{number}}", axis="x")
    return alt.layer(bars, ends, rule, text).properties(
        height=alt.Step(_step(body)),
        title=_title(indicator.title, indicator.period, table.standing),
    )


def funnel_chart(
    table: Table, curve: Curve, indicator: Indicator, mark: float, name: str
) -> Layers:
    """Draw zones by how many stand behind each value, with limits that chance explains.

    Parameters
    ----------
    table, curve
        Of `funnel_table` and `funnel_curve`.
    mark, name
        The common value and what it is called.
    """
    base, value = table.column(indicator.denominator), table.column("value")
    frame = pd.DataFrame(
        {
            "zone": table.names,
            "n": base.values,
            "value": value.values,
            "where": _sides(next(t.texts for t in table.texts if t.key == "where")),
        }
    ).dropna()
    limits = pd.concat(
        pd.DataFrame({"n": curve.n, "limit": side, "level": level, "side": end})
        for level, end, side in (
            ("95 %", "low", curve.lower_95),
            ("95 %", "high", curve.upper_95),
            ("99.8 %", "low", curve.lower_998),
            ("99.8 %", "high", curve.upper_998),
        )
    )
    n, y = f"{base.title} ({base.unit})", f"{indicator.title}, {value.unit}"
    number = f",.{indicator.decimals}f"
    lines = (
        alt.Chart(limits)
        .mark_line(color=GREY, interpolate="monotone")
        .encode(
            x=alt.X("n:Q", title=n, scale=alt.Scale(zero=False), axis=alt.Axis(format="~s")),
            y=alt.Y("limit:Q", title=y, scale=alt.Scale(zero=False)),
            detail="side:N",
            strokeDash=alt.StrokeDash(
                "level:N", title="Limits", scale=alt.Scale(domain=["95 %", "99.8 %"],
                range=[[6, 4], [1, 0]]), legend=alt.Legend(orient="top"),
            ),
        )
    )  # fmt: skip
    points = (
        alt.Chart(frame)
        .mark_point(size=110, opacity=1, stroke=OUTLINE, strokeWidth=1)
        .encode(
            x="n:Q",
            y="value:Q",
            fill=alt.Fill("where:N", title="It lies", scale=alt.Scale(domain=list(_PLACES),
                            range=list(_PLACES.values())), legend=alt.Legend(
                                orient="top", symbolStrokeWidth=1, symbolSize=90)),
            shape=alt.Shape("where:N", title="It lies", scale=alt.Scale(domain=list(_PLACES),
                            range=["circle", "diamond", "triangle-up"])),
            tooltip=[
                alt.Tooltip("zone:N", title=table.what),
                alt.Tooltip("value:Q", title=indicator.title, format=number),
                alt.Tooltip("n:Q", title=base.title, format=","),
                alt.Tooltip("where:N", title="It lies"),
            ],
        )
    )  # fmt: skip
    names = (
        alt.Chart(frame[frame["where"] != _INSIDE] if len(frame) > FEW_ZONES else frame)
        .mark_text(dy=-12, fontSize=11, color=OUTLINE)
        .encode(x="n:Q", y="value:Q", text="zone:N")
    )
    rule, text = _marked(mark, f"{name}: {mark:{number}}", axis="y")
    return alt.layer(lines, rule, text, points, names).properties(
        height=430,
        title=_title(f"{indicator.title}: funnel plot", indicator.period, table.standing),
    )


def time_chart(line: TimeLine, title: str) -> Layers:
    """Draw a line for each area over its periods, with intervals and the breaks of the series.

    A period without a figure leaves a gap.
    """
    table, value = line.table, line.table.column("value")
    periods = sorted(dict.fromkeys(table.names))
    frame = pd.DataFrame({"period": table.names, "value": value.values})
    frame["area"] = next(t.texts for t in table.texts if t.key == "area")
    keys = {column.key for column in table.columns}
    for side in ("lower", "upper"):
        frame[side] = table.column(side).values if side in keys else float("nan")
    number = f",.{value.decimals}f"
    x = alt.X("period:O", title=table.what, sort=periods, axis=alt.Axis(labelAngle=-40))
    base = alt.Chart(frame).encode(
        x=x,
        color=alt.Color(
            "area:N", title="", scale=alt.Scale(range=list(LINES)),
            legend=alt.Legend(orient="top", labelLimit=320),
        ),
    )  # fmt: skip
    y = alt.Y("value:Q", title=value.unit, scale=alt.Scale(zero=False, nice=True))
    drawn = base.mark_line(point=alt.OverlayMarkDef(size=60), invalid="break-paths-show-domains")
    drawn = drawn.encode(
        y=y,
        tooltip=[
            "period:O",
            alt.Tooltip("area:N", title="Area"),
            alt.Tooltip("value:Q", title=value.title, format=number),
            alt.Tooltip("lower:Q", title="95 % from", format=number),
            alt.Tooltip("upper:Q", title="95 % to", format=number),
        ],
    )
    ends = base.transform_filter("isValid(datum.lower)").mark_rule(strokeWidth=1.5, opacity=0.6)
    ends = ends.encode(y=alt.Y("lower:Q", title=""), y2="upper:Q")
    layers = [ends, drawn, *_breaks(line.breaks, periods)]
    return alt.layer(*layers).properties(height=380, title=_title(title, "", table.standing))


def gradient_chart(table: Table, indicator: Indicator) -> Layers:
    """Draw zones by their deprivation and the value of an indicator, larger where more live."""
    score, value = table.column("score"), table.column("value")
    people = table.column(indicator.denominator)
    frame = pd.DataFrame(
        {
            "zone": table.names,
            "score": score.values,
            "value": value.values,
            "n": people.values,
            "lower": table.column("lower").values,
            "upper": table.column("upper").values,
        }
    ).dropna(subset=["score", "value"])
    unit = f"{score.title}, {score.unit}" if score.unit else score.title
    base = alt.Chart(frame).encode(
        x=alt.X("score:Q", title=f"{unit} (to the right: more deprived)",
                scale=alt.Scale(zero=False, padding=50)),
    )  # fmt: skip
    ends = base.mark_rule(color=GREY).encode(y="lower:Q", y2="upper:Q")
    number = f",.{indicator.decimals}f"
    points = base.mark_circle(color=LINES[0], opacity=1, stroke=OUTLINE).encode(
        y=alt.Y("value:Q", title=f"{indicator.title}, {value.unit}", scale=alt.Scale(zero=False)),
        size=alt.Size("n:Q", title=people.title, legend=None, scale=alt.Scale(range=[60, 420])),
        tooltip=[
            alt.Tooltip("zone:N", title=table.what),
            alt.Tooltip("score:Q", title=score.title, format=",.1f"),
            alt.Tooltip("value:Q", title=indicator.title, format=number),
            alt.Tooltip("n:Q", title=people.title, format=","),
        ],
    )
    names = base.mark_text(dy=-14, fontSize=11, color=OUTLINE).encode(y="value:Q", text="zone:N")
    layers = [ends, points, names] if len(frame) <= FEW_ZONES else [ends, points]
    return alt.layer(*layers).properties(
        height=400,
        title=_title(f"{indicator.title} along deprivation", indicator.period, table.standing),
    )


def ratio_chart(table: Table, title: str) -> Layers:
    """Draw what is observed over what need would bring, with intervals, around 1."""
    frame = pd.DataFrame({"zone": table.names})
    for key in ("ratio", "lower", "upper", "observed", "expected"):
        frame[key] = table.column(key).values
    frame = frame.dropna(subset=["ratio"])
    order = frame.sort_values("ratio", ascending=False)["zone"].tolist()
    base = alt.Chart(frame).encode(
        y=alt.Y("zone:N", sort=order, title=None, axis=alt.Axis(labelLimit=260))
    )
    ends = base.mark_rule(color=OUTLINE).encode(x="lower:Q", x2="upper:Q")
    points = base.mark_point(filled=True, size=110, color=LINES[0], opacity=1).encode(
        x=alt.X("ratio:Q", title="Observed over expected (1 is as expected)",
                scale=alt.Scale(zero=False)),
        tooltip=[
            alt.Tooltip("zone:N", title=table.what),
            alt.Tooltip("observed:Q", title="Observed", format=",.0f"),
            alt.Tooltip("expected:Q", title="Expected from need", format=",.1f"),
            alt.Tooltip("ratio:Q", title="Ratio", format=".2f"),
        ],
    )  # fmt: skip
    rule, text = _marked(1, "As expected", axis="x")
    return alt.layer(ends, rule, text, points).properties(
        height=alt.Step(_step(len(frame))), title=_title(title, "", table.standing)
    )


def index_chart(table: Table) -> alt.Chart:
    """Draw what each component adds to a zone's index of need, the most need first."""
    parts = [column for column in table.columns if column.key.startswith("part_")]
    rank = table.column("rank").values
    frame = pd.DataFrame(
        [
            (zone, rank[row], part.title, part.values[row])
            for part in parts
            for row, zone in enumerate(table.names)
        ],
        columns=["zone", "rank", "part", "adds"],
    ).dropna()
    order = frame.sort_values("rank")["zone"].drop_duplicates().tolist()
    chart: alt.Chart = (
        alt.Chart(frame)
        .mark_bar()
        .encode(
            y=alt.Y("zone:N", sort=order, title=None, axis=alt.Axis(labelLimit=260)),
            x=alt.X("adds:Q", title="Adds to the index (right of 0: more need)", stack="zero"),
            color=alt.Color("part:N", title="", sort=[part.title for part in parts],
                            scale=alt.Scale(range=list(ZONES)),
                            legend=alt.Legend(orient="top", labelLimit=320, columns=3)),
            tooltip=[
                alt.Tooltip("zone:N", title=table.what),
                alt.Tooltip("part:N", title="Component"),
                alt.Tooltip("adds:Q", title="Adds", format="+.2f"),
                alt.Tooltip("rank:Q", title="Rank"),
            ],
        )
        .properties(
            height=alt.Step(_step(len(order))),
            title=_title("Index of need and what it is made of", "", table.standing),
        )
    )  # fmt: skip
    return chart


def incident_chart(
    counted: pd.DataFrame,
    standing: Standing,
    *,
    months: Sequence[str] = (),
    breaks: Sequence[Break] = (),
) -> Layers:
    """Draw incidents by month, stacked by the police's own types.

    Parameters
    ----------
    counted
        Columns month, kind, incidents, as `Incidents.by_month` gives them.
    months
        All months of the axis, those that were not read among them; they say so. By default
        those that are counted.
    breaks
        Of the series, drawn where they begin.
    """
    summed = counted.groupby(["month", "kind"], as_index=False)["incidents"].sum()
    kinds = sorted(summed["kind"].unique())
    axis = list(months) or sorted(summed["month"].unique())
    x = alt.X("month:O", title="Month", scale=alt.Scale(domain=axis),
              axis=alt.Axis(labelAngle=0 if len(axis) <= FEW_MONTHS else -60))  # fmt: skip
    bars = (
        alt.Chart(summed)
        .mark_bar()
        .encode(
            x=x,
            y=alt.Y("incidents:Q", title="Incidents"),
            color=alt.Color(
                "kind:N", title="Type", scale=alt.Scale(domain=kinds, range=list(ZONES)),
                legend=alt.Legend(orient="top"),
            ),
            tooltip=["month:O", "kind:N", alt.Tooltip("incidents:Q", format=",")],
        )
    )  # fmt: skip
    unread = [month for month in axis if month not in set(summed["month"])]
    gaps = (
        alt.Chart(pd.DataFrame({"month": unread, "said": ["not read"] * len(unread)}))
        .mark_text(angle=270, align="left", dx=4, color=GREY, fontSize=11)
        .encode(x=x, y=alt.value("height"), text="said:N")
    )
    layers = [bars, *([gaps] if unread else []), *_breaks(breaks, axis)]
    return alt.layer(*layers).properties(
        height=400, title=_title("ASB incidents by month and type", "", standing)
    )


def _breaks(breaks: Sequence[Break], periods: Sequence[str]) -> list[alt.Chart]:
    """Draw each break as a line at the first period that it touches, with its reason."""
    found = [
        (next(p for p in periods if p >= b.period), b.reason)
        for b in breaks
        if any(p >= b.period for p in periods)
    ]
    if not found:
        return []
    base = alt.Chart(pd.DataFrame(found, columns=["period", "reason"])).encode(
        x=alt.X("period:O", sort=list(periods))
    )
    rule = base.mark_rule(color=MARK, strokeDash=[2, 3], strokeWidth=2).encode(
        tooltip=alt.Tooltip("reason:N", title="Break in the series")
    )
    text = base.mark_text(
        align="left", dx=4, dy=4, color=MARK_TEXT, fontSize=11, baseline="top"
    ).encode(y=alt.value(0), text=alt.value("break"))
    return [rule, text]


def _marked(mark: float, name: str, *, axis: Literal["x", "y"]) -> tuple[alt.Chart, alt.Chart]:
    """Draw the figure compared with as a dashed line with its name."""
    line = alt.Chart(pd.DataFrame({"mark": [mark], "name": [name]}))
    rule = line.mark_rule(color=MARK, strokeDash=[6, 4], strokeWidth=2)
    text = line.mark_text(align="left", dx=5, dy=-8, color=MARK_TEXT, fontWeight=600)
    if axis == "x":
        at = alt.X("mark:Q")
        return rule.encode(x=at), text.encode(x=at, y=alt.value(0), text="name:N")
    up = alt.Y("mark:Q")
    return rule.encode(y=up), text.encode(y=up, x=alt.value(0), text="name:N")


def _sides(words: Sequence[str]) -> list[str]:
    """Say how far out a zone lies, whichever side: colour and shape tell three places apart."""
    outer = {True: _PLACE_998, False: _PLACE_95}
    return [_INSIDE if "limits" not in word else outer["99.8" in word] for word in words]


def _step(bars: int) -> int:
    """Give the height of a bar: many zones are drawn closer."""
    return 34 if bars <= FEW_ZONES else 18


def _title(what: str, period: str, standing: Standing) -> alt.TitleParams:
    said = ["Illustrative: modelled figures"] if standing == "illustrative" else []
    return alt.TitleParams(
        text=f"{what}, {period}" if period else what,
        subtitle=said,
        anchor="start",
        subtitleColor="#8a5a00",
    )
