"""The parts of the page Need and outcomes: spine, one indicator, deprivation, index, ASB."""

import html
from collections.abc import Sequence
from typing import cast

import numpy as np
import streamlit as st

from analysis.benchmarks import ALL_ZONES, benchmark_for, comparisons
from analysis.composite import DRAWS, Missing, Scale, Varied
from analysis.table import Table
from analysis.tables import TOTAL, incident_table, indicator_table
from analysis.tables_deprivation import (
    NeedScore,
    adjusted_table,
    deprivation_table,
    gradient,
    scores_of,
)
from analysis.tables_need import (
    Spine,
    differences,
    funnel_curve,
    funnel_table,
    index_table,
    other_years,
    smoothed_table,
    spine,
    spine_table,
)
from analysis.tables_time import (
    TimeLine,
    history_line,
    incident_breaks,
    incident_line,
    series_line,
)
from app.charts import (
    funnel_chart,
    gradient_chart,
    incident_chart,
    index_chart,
    interval_chart,
    ratio_chart,
    time_chart,
)
from app.choices import Choice, plain, recall, remember
from app.classes import METHODS
from app.maps import as_page
from app.picture import BY_UNIT, BY_ZONE, MapSettings, zone_chart, zone_or_unit_table
from app.spine import MOST_ACROSS, STYLE, order_of, render_spine
from app.tables import show_table
from layers.indicators import Benchmark, Indicator
from layers.pack import Pack
from layers.series import months_between

SEED = 20_170_401
"""Draws are the same on every screen, so that two people see the same ranks."""

MOST_PARTS = 5
"""Components that an index starts with."""

VIEWS = ("Intervals", "Funnel plot", "Map", "Over time")
_SCALES = {"z": "Standard deviations from the authority", "rank": "Place in the line of zones"}
_LACKS = {"leave out": "has no index", "reweight": "is judged by the others"}
_DRAWN = {"weights": "the weights", "counts": "the counts (chance)", "both": "both"}


def show_spine(choice: Choice) -> None:
    """Show all zones and indicators against a benchmark, and in words which differ."""
    pack, entry = choice.pack, choice.entry
    left, right = st.columns(2)
    against = _against(pack, comparisons(pack), left)
    found = spine(entry.plan, pack, what=entry.zone_word, against=against)
    titles = {"": "The plan's order"} | {i.key: i.title for i in pack.indicators}
    sort = right.selectbox(
        "Sort zones by", list(titles), format_func=lambda k: titles[k],
        key=f"spine-sort-{pack.authority.key}",
    )  # fmt: skip
    _neighbours_note(pack, against)
    _show_differences(found)
    st.header("Zones against benchmark")
    st.html(STYLE)
    caption = f"{entry.title}: every indicator against {against}."
    st.html(render_spine(found, order_of(found, sort), caption=caption, height=640))
    if other_years(found):
        _notes([other_years(found)])
    if pack.standing == "illustrative":
        st.html('<p class="zw-note">Illustrative: modelled figures are among them.</p>')
    st.header("The same as a list")
    _table(choice, spine_table(found, pack), "spine", f"{caption} 95 % intervals.", height=380)


def show_indicator(choice: Choice) -> None:
    """Show one indicator: intervals, funnel, map or time."""
    pack, entry = choice.pack, choice.entry
    left, middle, right = st.columns([3, 2, 3], vertical_alignment="bottom")
    indicator = _indicator(pack, pack.indicators, left, "indicator")
    fits = [
        word for word in comparisons(pack)
        if word == ALL_ZONES or benchmark_for(pack, indicator, word)
    ]  # fmt: skip
    against = _against(pack, fits, middle)
    benchmark = benchmark_for(pack, indicator, against)
    with right:
        view = st.segmented_control("Show", VIEWS, default=VIEWS[0], required=True, key="need-view")
    _neighbours_note(pack, against)
    table = indicator_table(entry.plan, indicator, pack, what=entry.zone_word, benchmark=benchmark)
    if view == "Funnel plot":
        _show_funnel(choice, indicator, table, benchmark)
    elif view == "Map":
        _show_map(choice, indicator)
    elif view == "Over time":
        _show_time(choice, indicator)
    else:
        st.altair_chart(interval_chart(table, indicator, benchmark), width="stretch")
        caption = f"{indicator.title}, {indicator.period}, with 95 % intervals."
        _table(choice, table, indicator.key, caption, sort="value", descending=True)


def show_deprivation(choice: Choice) -> None:
    """Show how deprived zones are, what follows from it, and what does not."""
    pack, entry = choice.pack, choice.entry
    table = deprivation_table(entry.plan, pack, what=entry.zone_word)
    if table is None:
        st.info(
            "This pack tells nothing of deprivation. Add the English Indices of Deprivation "
            "(File 7 with IDACI) or counts of children in low income families."
        )
        return
    st.header("Deprivation of zones")
    first = table.columns[0].key
    _table(choice, table, "deprivation", "Deprivation, rolled up from small areas by people.",
           sort=first, descending=True)  # fmt: skip
    offered = [i for i in pack.indicators if i.kind != "mean" and scores_of(pack, i)]
    if not offered:
        st.info("This pack has no rate or share to set against deprivation.")
        return
    left, right = st.columns(2)
    indicator = _indicator(pack, offered, left, "along")
    scores = {score.key: score for score in scores_of(pack, indicator)}
    key = right.selectbox(
        "Need measured by", list(scores), format_func=lambda k: scores[k].title,
        key=f"score-{pack.authority.key}-{indicator.key}",
    )  # fmt: skip
    _show_gradient(choice, indicator, scores[key])
    _show_adjusted(choice, indicator, scores[key])


def show_index(choice: Choice) -> None:
    """Show a composite index of need with weights to move, and how far its ranks hold."""
    pack, entry = choice.pack, choice.entry
    titles = {indicator.key: indicator.title for indicator in pack.indicators}
    own = pack.authority.key
    chosen = st.multiselect(
        "Made of", list(titles), default=_first_parts(pack), format_func=lambda k: titles[k],
        key=f"index-parts-{own}",
    )  # fmt: skip
    if not chosen:
        st.info("Choose at least one indicator.")
        return
    weights = _weights(chosen, titles, own)
    if not any(weights.values()):
        st.info("Give at least one indicator a weight above 0.")
        return
    scale, missing, vary = _index_settings()
    found = index_table(
        entry.plan,
        [pack.indicator(key) for key in chosen],
        pack,
        weights,
        what=entry.zone_word,
        rng=np.random.default_rng(SEED),
        scale=scale,
        missing=missing,
        vary=vary,
    )
    held = found.stability
    if np.isnan(found.index.value).all():
        st.info("No zone has every component, so none has an index. Take one out.")
    else:
        st.html(
            f'<p class="zw-note">With {_DRAWN[vary]} drawn anew {DRAWS:,} times, the top '
            f"{min(held.top, len(entry.plan.zones))} are the same zones in {held.same_top:.0%} "
            "of draws. The index orders the zones of this plan and compares with no other.</p>"
        )
        st.altair_chart(index_chart(found.table), width="stretch")
    caption = "Index of need: rank, value, what each component adds, and how far the rank holds."
    _table(choice, found.table, "index", caption, sort="index", descending=True)


def show_asb(choice: Choice) -> None:
    """Show incidents by month and type, with months that were not read and breaks."""
    pack, entry = choice.pack, choice.entry
    if pack.incidents is None or not pack.incidents.months:
        st.info("This authority's pack holds no incidents. Add incidents.parquet to show them.")
        return
    zone = st.selectbox("Show", [TOTAL, *entry.plan.zones], key="asb-zone")
    months = pack.incidents.months
    measure = pack.measures.measure("asb")
    counted = pack.incidents.by_month(entry.plan.assignment, entry.plan.zones)
    shown = counted if zone == TOTAL else counted[counted["zone"] == zone]
    chart = incident_chart(
        shown,
        measure.status,
        months=months_between(months[0], months[-1]),
        breaks=incident_breaks(pack),
    )
    st.altair_chart(chart, width="stretch")
    line = incident_line(entry.plan, pack, zone=zone)
    _notes([*(line.notes if line else ()), f"Ledger: {pack.incidents.ledger}."])
    table = incident_table(pack.incidents, entry.plan, pack, what=entry.zone_word)
    caption = f"Incidents of ASB recorded by the police, {measure.period}."
    _table(choice, table, "asb", caption, sort="total", descending=True)


def _show_differences(found: Spine) -> None:
    few = len(found.names) <= MOST_ACROSS
    st.header("Which zones differ beyond chance")
    ways = {"zone": found.what[:1].upper() + found.what[1:], "indicator": "Indicator"}
    by = st.segmented_control(
        "By", list(ways), default="zone" if few else "indicator", format_func=lambda k: ways[k],
        required=True, key="spine-by", label_visibility="collapsed",
    )  # fmt: skip
    *said, last = differences(found, by="indicator" if by == "indicator" else "zone")
    items = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in said)
    st.html(
        f'<ul style="margin:.2rem 0 .4rem 1.1rem;max-height:18rem;overflow:auto">{items}</ul>'
        f'<p class="zw-note">{html.escape(last)}</p>'
    )


def _show_funnel(
    choice: Choice, indicator: Indicator, table: Table, benchmark: Benchmark | None
) -> None:
    mark = benchmark.value if benchmark else float(table.column("value").values[-1])
    if indicator.kind == "mean" or np.isnan(mark):
        why = "an average, of which chance has no known share" if indicator.kind == "mean" else ""
        st.info(f"There is no funnel plot: this is {why or 'a value whose total is suppressed'}.")
        return
    placed = funnel_table(table, indicator, mark)
    curve = funnel_curve(table, indicator, mark)
    name = benchmark.title if benchmark else ALL_ZONES
    st.altair_chart(funnel_chart(placed, curve, indicator, mark, name), width="stretch")
    said = (
        "Between the limits chance explains the distance. Outside the 99.8 % limits it hardly "
        "does; it is a reason to look, not a judgement."
    )
    _notes([said])
    caption = f"{indicator.title} beside the control limits around {name}."
    _table(choice, placed, f"{indicator.key}-funnel", caption, sort="value", descending=True)


def _show_map(choice: Choice, indicator: Indicator) -> None:
    pack, entry = choice.pack, choice.entry
    left, right = st.columns(2, vertical_alignment="bottom")
    by = left.segmented_control(
        "Show it for", [BY_ZONE, BY_UNIT], default=BY_ZONE, required=True, key="need-map-by",
        format_func=lambda b: "Zones" if b == BY_ZONE else "Small areas",
    )  # fmt: skip
    may_smooth = by == BY_UNIT and indicator.kind != "mean"
    smooth = may_smooth and right.toggle(
        "Steady small numbers", value=True, key="need-smooth",
        help="Empirical Bayes: where few people live, the value is drawn towards the mean of all. "
        "For the map only; tables elsewhere show what was counted.",
    )  # fmt: skip
    settings = MapSettings(
        shaded=True, indicator=indicator, by=by or BY_ZONE, method=METHODS[0], k=5,
        palette="Blues", tiles=False,
    )  # fmt: skip
    if smooth:
        table = smoothed_table(entry.plan, indicator, pack)
        said = (
            "Values are drawn towards the mean of all where few people live (empirical Bayes). "
            "A suppressed area takes part with its share of what is left of its zone."
        )
        _notes([said])
    else:
        table = zone_or_unit_table(choice, settings)
    name = f"{indicator.title}, {entry.title}"
    chart = zone_chart(choice, settings, table, large=False)
    st.iframe(as_page(chart, title=name), height=560, alt=name)
    kind = "small-areas-smoothed" if smooth else "map"
    caption = f"{indicator.title}, {indicator.period}: what the map shows."
    _table(choice, table, f"{indicator.key}-{kind}", caption, height=380)


def _show_time(choice: Choice, indicator: Indicator) -> None:
    pack, entry = choice.pack, choice.entry
    lines: list[tuple[str, str, TimeLine | None]] = [
        ("Whole authorities, as published", "history", history_line(pack, indicator))
    ]
    per_zone = indicator.numerator == "asb" or (
        pack.series is not None and indicator.numerator in pack.series.keys
    )
    if per_zone:
        zone = st.selectbox("Show", [TOTAL, *entry.plan.zones], key="time-zone")
        if indicator.numerator == "asb":
            lines.append(("By month", "months", incident_line(entry.plan, pack, zone=zone)))
        else:
            line = series_line(entry.plan, indicator, pack, zone=zone)
            lines.append(("By span of twelve months", "spans", line))
    known = [(title, key, line) for title, key, line in lines if line is not None]
    if not known:
        st.info(
            "Nothing earlier is known of this indicator. Add history.csv (published figures of "
            "the authority by period), or build the pack from case lists of more than one year."
        )
    for title, key, line in known:
        st.header(title)
        st.altair_chart(time_chart(line, indicator.title), width="stretch")
        if line.notes:
            _notes(line.notes)
        caption = f"{indicator.title}: {title.lower()}."
        _table(choice, line.table, f"{indicator.key}-{key}", caption, height=380)


def _show_gradient(choice: Choice, indicator: Indicator, score: NeedScore) -> None:
    st.header("Along deprivation")
    found = gradient(choice.entry.plan, indicator, choice.pack, score, what=choice.entry.zone_word)
    st.altair_chart(gradient_chart(found.table, indicator), width="stretch")
    caption = (
        "Slope and relative index of inequality: a line through the zones' values, from the most "
        "to the least deprived end. With few zones it is a summary, not a test."
    )
    _table(choice, found.measures, f"{indicator.key}-inequality", caption)
    caption = f"{indicator.title} and {score.title}, zone by zone."
    _table(choice, found.table, f"{indicator.key}-gradient", caption, sort="score", descending=True)


def _show_adjusted(choice: Choice, indicator: Indicator, score: NeedScore) -> None:
    st.header("Set against need")
    found = adjusted_table(
        choice.entry.plan, indicator, choice.pack, score, what=choice.entry.zone_word
    )
    if isinstance(found, str):
        st.info(plain(found))
        return
    title = f"{indicator.title}: observed over expected from {score.title}"
    st.altair_chart(ratio_chart(found, title), width="stretch")
    caption = (
        "Expected: what the zone's people would bring at the rate that areas of like need have "
        "over the whole authority. 1 is as expected."
    )
    key = f"{indicator.key}-adjusted"
    _table(choice, found, key, caption, sort="ratio", descending=True)


def _against(pack: Pack, offered: Sequence[str], place: st.delta_generator.DeltaGenerator) -> str:
    """Ask what to compare with; what another indicator lacks falls back to all zones."""
    widget = f"against-{pack.authority.key}"
    kept = st.session_state.get(f"kept-{widget}", st.query_params.get("against", ALL_ZONES))
    if st.session_state.get(widget, kept) not in offered:
        st.session_state[widget] = st.session_state[f"kept-{widget}"] = ALL_ZONES
    recall("against", widget, offered, default=ALL_ZONES)
    chosen = place.selectbox("Compare with", offered, key=widget)
    remember("against", widget)
    return chosen


def _indicator(
    pack: Pack,
    offered: Sequence[Indicator],
    place: st.delta_generator.DeltaGenerator,
    name: str,
) -> Indicator:
    titles = {
        i.key: f"{i.title}, {i.unit(pack.measures.measure(i.denominator).counts)}" for i in offered
    }
    widget = f"{name}-{pack.authority.key}"
    recall(name, widget, list(titles), default=offered[0].key)
    key = place.selectbox("Indicator", list(titles), format_func=lambda k: titles[k], key=widget)
    remember(name, widget)
    return pack.indicator(key)


def _first_parts(pack: Pack) -> list[str]:
    """Choose what an index starts with: need that has a direction, or a score of deprivation."""
    telling = [
        i.key for i in pack.indicators
        if i.topic == "need" and (i.polarity != "none" or i.key in ("idaci", "imd"))
    ]  # fmt: skip
    return telling[:MOST_PARTS] or [i.key for i in pack.indicators[:MOST_PARTS]]


def _weights(chosen: Sequence[str], titles: dict[str, str], own: str) -> dict[str, float]:
    weights = {}
    places = st.columns(min(len(chosen), 4))
    for at, key in enumerate(chosen):
        weights[key] = float(
            places[at % len(places)].slider(
                plain(titles[key]), 0, 10, 5, key=f"weight-{own}-{key}", persist_state="session"
            )
        )
    total = sum(weights.values())
    if total:
        shares = ", ".join(f"{titles[key]} {w / total:.0%}" for key, w in weights.items())
        st.html(f'<p class="zw-note">Weights as shares: {html.escape(shares)}.</p>')
    return weights


def _index_settings() -> tuple[Scale, Missing, Varied]:
    with st.expander("How it is worked out"):
        scale = st.radio("Put on one scale by", list(_SCALES), format_func=lambda k: _SCALES[k],
                         key="index-scale", horizontal=True)  # fmt: skip
        lacks = st.radio("A zone that lacks a component", list(_LACKS),
                         format_func=lambda k: _LACKS[k], key="index-missing", horizontal=True)  # fmt: skip  # noqa: E501
        vary = st.radio("To see how ranks hold, draw anew", list(_DRAWN),
                        format_func=lambda k: _DRAWN[k], key="index-vary", horizontal=True)  # fmt: skip  # noqa: E501
    return cast("Scale", scale), cast("Missing", lacks), cast("Varied", vary)


def _neighbours_note(pack: Pack, against: str) -> None:
    """Say who the statistical neighbours are, and as of when."""
    found = pack.statistical_neighbours
    if found and against.lower() == "statistical neighbours":
        _notes([f"Statistical neighbours ({found.date}): {', '.join(found.names)}. {found.source}"])


def _notes(sentences: Sequence[str]) -> None:
    st.html("".join(f'<p class="zw-note">{html.escape(sentence)}</p>' for sentence in sentences))


def _table(
    choice: Choice,
    table: Table,
    key: str,
    caption: str,
    *,
    sort: str = "name",
    descending: bool = False,
    height: int | None = None,
) -> None:
    pack, entry = choice.pack, choice.entry
    show_table(
        table,
        key=f"need-{key}",
        file=f"{pack.authority.key}-{entry.key}-{key}.csv",
        about={"authority": pack.authority.name, "plan": entry.title},
        caption=caption,
        sort=sort,
        descending=descending,
        height=height,
    )
