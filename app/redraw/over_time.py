"""Caseload over time: what a redraw does to open cases, month by month, by both ways of moving."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from analysis.assumptions import Assumptions, OpenCases
from analysis.caseload import OPEN_CASES
from analysis.disclosure import POLICIES
from analysis.events import Assume
from analysis.flow import (
    ACCOUNTS,
    FUTURES,
    MONTHS,
    Account,
    Flow,
    caseload_over_time,
    streams_of,
)
from analysis.flow_stages import THROUGH_PLAN, Meaning, Stages, seed_stages
from analysis.scenario import Evaluation, Scenario
from analysis.tables_flow import (
    ACCOUNT_NAMES,
    LOAD,
    Told,
    balance_warnings,
    changed_rows,
    flow_table,
    fte_of,
    month_table,
    seeds_table,
    sentences,
    shares_sentence,
    told,
)
from app.charts import GREY, LINES
from app.choices import Choice, plain
from app.redraw.chart import form_of, show_form
from app.tables import render, show_table
from geo.errors import LayerError
from geo.plan import Plan
from layers.measures import Measures
from layers.pack import Pack
from layers.status import Status

SEED = 2016
"""Fixed, so that a figure does not change when nothing did."""

USUAL_LOAD = 16.0
"""Weighted cases per FTE that the share of futures is asked for at first; England had 15 to 17."""

MOST_PANELS = 12
COLOURS = {"today": GREY, "transfer": LINES[0], "stay": LINES[1]}
DASHES = {"today": [2, 2], "transfer": [1, 0], "stay": [7, 3]}
MEANINGS: Mapping[Meaning, str] = {
    "change": "How long cases will stay open from now on",
    "today": "How long cases stay open already",
}


def show_over_time(
    choice: Choice, scenario: Scenario, before: Evaluation, after: Evaluation
) -> Assume | None:
    """Show open cases or load for the next 24 months, and ask what is assumed of them.

    Parameters
    ----------
    before, after
        Of the plan that the redraw began from and of the redraw.

    Returns
    -------
    Assume or None
        The assumptions, where the planner has just changed them.
    """
    pack = choice.pack
    meaning = _meaning()
    try:
        stages = seed_stages(
            pack.measures, months_open=scenario.assumptions.months_open, meaning=meaning
        )
    except LayerError as missing:
        st.info(plain(str(missing)))
        return None
    said = told(
        _flow(pack, stages, scenario.assumptions, before, after), pack, before=before, after=after
    )
    for warning in balance_warnings(said):
        st.warning(plain(warning), icon=":material/balance:")
    what = _what(said)
    _show_sentences(said, what)
    _show_chart(said, what)
    _show_figures(choice, said, what, scenario.assumptions.cases)
    changed = _ask(said, scenario.assumptions)
    _show_origins(said, scenario.assumptions)
    return changed


def _meaning() -> Meaning:
    """Give what the months open mean, as chosen below; the first run takes the default."""
    kept = st.session_state.get("over-time-meaning", "change")
    return "today" if kept == "today" else "change"


def _flow(
    pack: Pack, stages: Stages, assumptions: Assumptions, before: Evaluation, after: Evaluation
) -> Flow:
    fte = fte_of(before, after)
    return _simulated(
        before.plan,
        after.plan,
        _mark(pack.measures, stages),
        tuple((way, tuple(zones.items())) for way, zones in fte.items()),
        tuple((kind, assumptions.weight(kind)) for kind in stages.kinds),
        POLICIES[pack.authority.disclosure].round_to,
        pack.measures,
        stages,
    )


@st.cache_data(max_entries=24, show_spinner="Looking ahead …", hash_funcs={Plan: hash})
def _simulated(  # noqa: PLR0917  the first are the cache's key
    before: Plan,
    after: Plan,
    mark: str,  # noqa: ARG001  names the counts and stages, which are too large to compare
    fte: tuple[tuple[Account, tuple[tuple[str, float], ...]], ...],
    weights: tuple[tuple[str, float], ...],
    round_to: int,
    _measures: Measures,
    _stages: Stages,
) -> Flow:
    streams = streams_of(_measures, _stages, before=before, after=after, round_to=round_to)
    return caseload_over_time(
        streams,
        _stages,
        rng=np.random.default_rng(SEED),
        fte={way: dict(zones) for way, zones in fte},
        weights=dict(weights),
        months=MONTHS,
        futures=FUTURES,
    )


def _mark(measures: Measures, stages: Stages) -> str:
    """Name the counts and the stages that a simulation follows from."""
    rows = [measures.row(key) for key in ("children", "referrals", *stages.kinds)]
    parts = (
        measures.values[rows].tobytes(),
        measures.status[rows].tobytes(),
        stages.onward.tobytes(),
        stages.months_open.tobytes(),
        repr((stages.seeds, stages.case_share, stages.referrals)).encode(),
        repr([measures.measures[row].period for row in rows]).encode(),
    )
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _what(said: Told) -> str:
    options = [OPEN_CASES, *said.flow.stages.kinds, LOAD]
    titles = {LOAD: "Load: weighted cases per available FTE"}
    chosen: str = st.selectbox(
        "Figure", options, format_func=lambda key: titles.get(key) or said.title(key),
        key=f"over-time-figure-{said.pack.authority.key}", persist_state="session",
    )  # fmt: skip
    return chosen


def _show_sentences(said: Told, what: str) -> None:
    """Say the zones whose lines change, and all together, in words."""
    changed = changed_rows(said)
    rows = (*changed[:MOST_PANELS], len(said.flow.teams))
    st.markdown("\n".join(f"- {plain(line)}" for line in sentences(said, what, rows=rows)))
    if not changed:
        st.caption("No line has moved yet, so all ways of moving cases are one.")


def _show_chart(said: Told, what: str) -> None:
    """Draw the chosen zones, each in a panel of its own."""
    options = [row for row in said.rows if _drawable(said, what, row)]
    if not options:
        st.info("No zone has a figure that can be drawn.")
        return
    first = [row for row in (*changed_rows(said), *options) if row in options]
    default = list(dict.fromkeys(first))[: MOST_PANELS - 4]
    chosen = st.multiselect(
        "Zones drawn", options, default=default, format_func=said.name,
        max_selections=MOST_PANELS, key=f"over-time-zones-{hash((tuple(options), tuple(default)))}",
    )  # fmt: skip
    if chosen:
        form = _written(_form(said, what, chosen))
        show_form(form, {_FIGURES: _frame(said, what, chosen)}, width="content")


@dataclass(frozen=True)
class Form:
    """What a chart of caseload over time is like, whatever its figures: small, to keep it by."""

    what: str
    title: str
    zones: tuple[str, ...]
    months: int
    standing: str


def flow_chart(said: Told, what: str, rows: Sequence[int]) -> alt.FacetChart:
    """Draw a figure month by month, a panel a zone: means, and where 9 futures of 10 lie."""
    return _drawn(_form(said, what, rows), _frame(said, what, rows))


def _form(said: Told, what: str, rows: Sequence[int]) -> Form:
    zones = tuple(said.name(row) for row in rows)
    return Form(what, _titled(said, what), zones, said.flow.months, said.pack.standing)


_FIGURES = "figures"


@st.cache_data(max_entries=64, show_spinner=False)
def _written(form: Form) -> str:
    """Write a chart out once for all figures that it may show."""
    return form_of(_drawn(form, alt.NamedData(_FIGURES)))


def _drawn(form: Form, figures: pd.DataFrame | alt.NamedData) -> alt.FacetChart:
    what = form.what
    names = [ACCOUNT_NAMES[way] for way in ACCOUNTS]
    number = ",.1f" if what == LOAD else ",.0f"
    colour = alt.Color(
        "way:N", title=None, sort=names,
        scale=alt.Scale(domain=names, range=[COLOURS[way] for way in ACCOUNTS]),
        legend=alt.Legend(orient="top", labelLimit=320, symbolType="stroke", symbolOpacity=1,
                          symbolStrokeWidth=2.2, symbolSize=900),
    )  # fmt: skip
    dash = alt.StrokeDash(
        "way:N", title=None, sort=names,
        scale=alt.Scale(domain=names, range=[DASHES[way] for way in ACCOUNTS]),
    )  # fmt: skip
    base = alt.Chart(figures).encode(
        x=alt.X("month:Q", title="Month", axis=alt.Axis(values=[0, 6, 12, 18, 24], grid=False))
    )
    band = base.mark_area(opacity=0.16).encode(
        y=alt.Y("low:Q", title=None, scale=alt.Scale(zero=False)),
        y2="high:Q",
        color=colour,
    )
    line = base.mark_line(strokeWidth=2.2).encode(
        y=alt.Y("mean:Q", title=None, scale=alt.Scale(zero=False)),
        color=colour,
        strokeDash=dash,
        tooltip=[
            alt.Tooltip("zone:N", title="Zone"),
            alt.Tooltip("way:N", title="Way"),
            alt.Tooltip("month:Q", title="Month"),
            alt.Tooltip("mean:Q", title="Mean", format=number),
            alt.Tooltip("median:Q", title="Median", format=number),
            alt.Tooltip("low:Q", title="5 % below", format=number),
            alt.Tooltip("high:Q", title="5 % above", format=number),
        ],
    )
    panels = alt.layer(band, line).properties(width=176, height=150)
    standing = "Illustrative: modelled figures. " if form.standing == "illustrative" else ""
    drawn: alt.FacetChart = panels.facet(
        facet=alt.Facet(
            "zone:N", title=None, sort=list(form.zones),
            header=alt.Header(labelFontSize=13, labelFontWeight=600, labelLimit=220),
        ),
        columns=4,
        title=alt.TitleParams(
            f"{form.title}, {form.months} months ahead",
            anchor="start", subtitleColor="#8a5a00",
            subtitle=f"{standing}Lines: mean. Bands: nine futures of ten. Axes do not start at 0.",
        ),
    ).resolve_scale(y="independent").properties(
        description=f"{form.title} month by month; the same figures stand in the tables."
    )  # fmt: skip
    return drawn


def _frame(said: Told, what: str, rows: Sequence[int]) -> pd.DataFrame:
    """Give what is drawn, of what may be told only; a zone without change has one line."""
    changed, parts = set(changed_rows(said)), []
    for row in rows:
        table = month_table(said, what, row)
        ways = ACCOUNTS if row in changed else ACCOUNTS[:1]
        for way in ways:
            sides = {key: table.column(f"{way}_{key}").values for key in _SIDES}
            part = pd.DataFrame({"month": range(len(table.names)), **sides})
            parts.append(part.assign(zone=said.name(row), way=ACCOUNT_NAMES[way]))
    return pd.concat(parts).dropna(subset=["mean"])


_SIDES = ("mean", "low", "median", "high")


def _titled(said: Told, what: str) -> str:
    return f"{said.title(what)} ({said.unit(what)})"


def _drawable(said: Told, what: str, row: int) -> bool:
    return any(said.status(way, what, row) <= Status.ROUNDED for way in ACCOUNTS)


def _show_figures(choice: Choice, said: Told, what: str, cases: OpenCases) -> None:
    """Show the figures behind the chart: zone by zone, and month by month for one of them."""
    left, right = st.columns([3, 2], vertical_alignment="bottom")
    way: Account = left.radio(
        "Lines and open cases", ACCOUNTS, index=ACCOUNTS.index(cases), horizontal=True,
        format_func=lambda key: ACCOUNT_NAMES[key], key=f"over-time-way-{cases}",
    )  # fmt: skip
    limit = None
    if what == LOAD:
        limit = right.number_input(
            "Load that should not be exceeded", 1.0, 200.0, USUAL_LOAD, 0.5,
            key="over-time-limit", help="Weighted cases per available FTE.",
        )  # fmt: skip
    title = f"{said.title(what)}, {ACCOUNT_NAMES[way].lower()}"
    show_table(
        flow_table(said, what, way, limit=limit),
        key=f"over-time-{what}-{way}",
        file=f"{choice.pack.authority.key}-{choice.entry.key}-over-time-{what}-{way}.csv",
        about={
            "authority": choice.pack.authority.name,
            "baseline": choice.entry.title,
            "fingerprint": said.after.plan.fingerprint,
            "cases": way,
            "months_open": _months_in_words(said),
        },
        caption=f"{title}. Of {FUTURES:,} simulated futures 5 % lie below and 5 % above.",
    )
    with st.expander("Month by month for one zone"):
        row = st.selectbox(
            "Zone", said.rows, format_func=said.name, key=f"over-time-zone-{len(said.rows)}"
        )
        table = month_table(said, what, row)
        st.html(
            render(table, list(range(len(table.names))), height=420,
                   caption=f"{said.name(row)}: {said.title(what)} month by month.")
        )  # fmt: skip


def _ask(said: Told, assumptions: Assumptions) -> Assume | None:
    """Ask how long cases stay open and what they do when a line moves."""
    stages = said.flow.stages
    with st.form(f"over-time-form-{hash(assumptions)}"):
        st.markdown("**Assumptions**")
        columns = st.columns(len(stages.seeds))
        asked = [
            (seed.kind, *_ask_months(column, said, at, assumptions))
            for at, (column, seed) in enumerate(zip(columns, stages.seeds, strict=True))
        ]
        cases: OpenCases = st.radio(
            "When a line moves", ("transfer", "stay"), horizontal=True,
            index=("transfer", "stay").index(assumptions.cases),
            format_func=lambda key: ACCOUNT_NAMES[key],
        )  # fmt: skip
        if not st.form_submit_button("Use these"):
            return None
    kept = dict(assumptions.months_open)
    kept |= {kind: now for kind, was, now in asked if now is not None and now != was}
    wanted = assumptions.with_changes(months_open=kept, cases=cases)
    return None if wanted == assumptions else Assume(wanted)


def _ask_months(
    column: DeltaGenerator, said: Told, at: int, assumptions: Assumptions
) -> tuple[float | None, float | None]:
    """Ask the months open of one kind; give those shown at first, and those now.

    Months worked out from counts that are suppressed are not shown.
    """
    seed, used = said.flow.stages.seeds[at], float(said.flow.stages.months_open[at])
    own = seed.kind in assumptions.months_open or seed.seeded == "assumed"
    shown = min(max(round(used, 1), 0.1), 240.0) if own or not said.hidden[-1] else None
    now = column.number_input(
        f"{plain(seed.title)}: mean months open", 0.1, 240.0, shown, 0.5, format="%.1f",
        placeholder="from counts",
    )  # fmt: skip
    return shown, now


def _show_origins(said: Told, assumptions: Assumptions) -> None:
    """Say what the futures follow from, and what they leave out."""
    st.radio(
        "Months open that you set mean", list(MEANINGS), format_func=lambda key: MEANINGS[key],
        key="over-time-meaning", horizontal=True, persist_state="session",
        help="Already: then the starts that nobody counted follow from the open cases. From now "
        "on: then as many start as before, and the number open changes.",
    )  # fmt: skip
    with st.expander("What this follows from"):
        table = seeds_table(said)
        rows = list(range(len(table.names)))
        st.html(render(table, rows, caption="Stages in the authority as a whole."))
        weights = ", ".join(
            f"{said.title(kind)} {assumptions.weight(kind):g}" for kind in said.flow.stages.kinds
        )
        st.markdown(
            f"{plain(shares_sentence(said))}\n\nA case weighs, for load: {plain(weights)}.\n\n"
            "- Each small area keeps its own rate of referrals, drawn towards that of the "
            "authority where it has few children. No trend and no season is assumed.\n"
            "- How cases go on is the same in every small area, and the time that they stay open "
            "is exponential.\n"
            f"- {100 * THROUGH_PLAN:.0f} % of the children who come to be looked after are taken "
            "to come from a protection plan: nothing in a pack says how many do.\n"
            "- Bands hold chance and unsure rates, not unsure months open. Staff is that of today "
            "throughout."
        )


def _months_in_words(said: Told) -> str:
    if said.hidden[-1]:
        return "from counts"
    pairs = zip(said.flow.stages.kinds, said.flow.stages.months_open, strict=True)
    return ", ".join(f"{kind} {months:.1f}" for kind, months in pairs)
