"""The section Gain of the Redraw page: rates and load apart, what is chance, and for how long."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np
import numpy.typing as npt
import pandas as pd
import streamlit as st

from analysis.assumptions import Assumptions
from analysis.events import Assume
from analysis.gain import Array, Equity, Gain, Outlook, draw_events, gain
from analysis.metrics import METRICS
from analysis.scenario import Evaluation, Scenario
from analysis.table import Table
from analysis.tables_gain import (
    Sides,
    level_band,
    other_number_of_zones,
    outlook_table,
    spread_table,
    stability_in_words,
    verdicts,
)
from app.charts import GREY, LINES, Layers
from app.choices import Choice, plain
from app.redraw.chart import form_of, show_form
from app.tables import render

Places = npt.NDArray[np.int32]

SEED = 20_170_907
"""Draws are the same on every screen: a figure does not change when nothing did."""

MOST_KEPT = 1_000
"""Draws of more small areas than this are made anew: those that are kept take 16 kB for each."""


@dataclass(frozen=True)
class Block:
    """One of the two equities as the page tells it; `keys` have a sentence each."""

    heading: str
    about: str
    keys: tuple[str, ...]


RATES = Block(
    "Rates",
    "How often children are known to services, per child. Staff plays no part. Equal rates are not "
    "fairness where need differs: see 'against need'.",
    ("referral_cv", "oe_cv", "cin_cv", "cp_cv"),
)
LOAD = Block(
    "Load",
    "How much work each worker has: open cases, weighted by kind, per FTE that can hold them. "
    "Taken as if every open case had moved with its small area.",
    ("weighted_load_cv", "load_cv"),
)

_WORDS = {
    "referral_rate": "Referrals",
    "cin_rate": "Children in need",
    "cp_rate": "Child protection plans",
    "weighted_load": "Weighted load",
}
_STEPS = (0.02, 0.03, 0.05, 0.075, 0.10, 0.125, 0.15, 0.20, 0.25, 0.30, 0.40, 0.50)
"""Tolerances to choose from."""


def show_gain(
    choice: Choice, scenario: Scenario, before: Evaluation, after: Evaluation
) -> Assume | None:
    """Show both equities of a redraw, each for itself.

    Returns
    -------
    Assume or None
        The tolerance that was chosen here, where it is another than the scenario's.
    """
    tolerance = _tolerance(choice, scenario.assumptions)
    found = _gain(before, after, tolerance)
    sides = Sides(before, after, choice.pack)
    _show_equity(found.rates, sides, block=RATES)
    _show_equity(found.load, sides, block=LOAD)
    with st.expander("How this is worked out"):
        st.markdown(_HOW)
    if tolerance == scenario.assumptions.tolerance:
        return None
    return Assume(scenario.assumptions.with_changes(tolerance=tolerance))


def _show_equity(equity: Equity, sides: Sides, *, block: Block) -> None:
    heading = block.heading
    st.header(heading)
    st.html(f'<p class="zw-note">{html.escape(block.about)}</p>')
    if block is LOAD and np.isnan(sides.after.facts.available).all():
        st.info("No staff is recorded for this plan. Set FTE under Assumptions to see load.")
        return
    number = other_number_of_zones(sides)
    _say([*filter(None, [number]), *(v.text for v in verdicts(equity, sides, keys=block.keys))])
    if not equity.spreads:
        st.info("The pack counts nothing that this could be worked out from.")
        return
    table = spread_table(equity, sides)
    caption = (
        f"{heading}: how far zones lie apart. By chance: what zones of equal rates would show. "
        "Change: what chance alone could make is called so. Behind it: the same measure of the "
        "rates behind the counts, with its 95 % interval. Closer together: how probable it is that "
        "these lie closer together after."
    )
    st.html(render(table, list(range(len(table.names))), caption=caption))
    _show_outlook(equity, sides, heading)


def _show_outlook(equity: Equity, sides: Sides, heading: str) -> None:
    keys = [outlook.key for outlook in equity.outlooks]
    if not keys:
        return
    st.subheader(f"{heading}: next year")
    key = keys[0]
    if len(keys) > 1:
        key = st.segmented_control(
            "Next year's", keys, default=key, required=True, format_func=_WORDS.__getitem__,
            key=f"gain-outlook-{heading}",
        )  # fmt: skip
    outlook = equity.outlook(key or keys[0])
    _say(stability_in_words(outlook, sides))
    table = outlook_table(outlook, sides)
    _show_chart(outlook, table, band=level_band(outlook, sides))
    caption = f"{_WORDS[outlook.key]} by zone: now, and in 95 % of next years."
    with st.expander("The same as a table", expanded=False):
        st.html(render(table, list(range(len(table.names))), caption=caption))


def _say(sentences: Sequence[str]) -> None:
    st.markdown("\n".join(f"- {plain(sentence)}" for sentence in sentences))


def _show_chart(outlook: Outlook, table: Table, *, band: tuple[float, float, float] | None) -> None:
    """Draw each zone's next year before and after, and the band of the tolerance."""
    frame = pd.concat(
        pd.DataFrame({"zone": table.names, "when": when}
                     | {key: table.column(f"{key}_{when.lower()}").values
                        for key in ("value", "lower", "upper", "inside")})
        for when in _SIDES
    ).dropna(subset=["value"])  # fmt: skip
    frames = {_FIGURES: frame}
    if band is not None:
        low, mean, high = band
        frames[_BAND] = pd.DataFrame({"low": [low], "high": [high], "mean": [mean]})
    form = _written(outlook.key, table.what, table.names, table.standing, band=band is not None)
    show_form(form, frames, width="stretch")


_SIDES = ("Before", "After")
_FIGURES, _BAND = "figures", "band"


@st.cache_data(max_entries=64, show_spinner=False)
def _written(key: str, what: str, zones: tuple[str, ...], standing: str, *, band: bool) -> str:
    """Write the chart out once for all figures that it may show."""
    return form_of(_chart(key, what, zones, standing, band=band))


def _chart(key: str, what: str, zones: tuple[str, ...], standing: str, *, band: bool) -> Layers:
    metric = next(metric for metric in METRICS if metric.key == key)
    sides = _SIDES
    number = f",.{metric.decimals}f"
    base = alt.Chart(alt.NamedData(_FIGURES)).encode(
        y=alt.Y("zone:N", sort=list(zones), title=None, axis=alt.Axis(labelLimit=220)),
        yOffset=alt.YOffset("when:N", sort=list(sides)),
        color=alt.Color("when:N", title="Lines", sort=list(sides),
                        scale=alt.Scale(domain=list(sides), range=[GREY, LINES[0]]),
                        legend=alt.Legend(orient="top")),
        tooltip=[
            alt.Tooltip("zone:N", title=what.capitalize()),
            alt.Tooltip("when:N", title="Lines"),
            alt.Tooltip("value:Q", title="Now", format=number),
            alt.Tooltip("lower:Q", title="95 % of next years from", format=number),
            alt.Tooltip("upper:Q", title="to", format=number),
            alt.Tooltip("inside:Q", title="Within tolerance, % of years", format=".0f"),
        ],
    )  # fmt: skip
    x = alt.X("lower:Q", title=f"{metric.title}, {metric.unit}", scale=alt.Scale(zero=False),
              axis=alt.Axis(tickCount=10))  # fmt: skip
    rules = base.mark_rule(strokeWidth=3).encode(x=x, x2="upper:Q")
    points = base.mark_point(filled=True, size=90, opacity=1).encode(
        x="value:Q",
        shape=alt.Shape("when:N", title="Lines", sort=list(sides),
                        scale=alt.Scale(domain=list(sides), range=["circle", "diamond"])),
    )  # fmt: skip
    layers = [rules, points]
    if band:
        layers = [*_band(), *layers]
    said = "Illustrative: modelled figures" if standing == "illustrative" else ""
    title = alt.TitleParams(
        text=f"{metric.title}: now (point) and in 95 % of next years (line)",
        subtitle=[said] if said else [],
        anchor="start",
        subtitleColor="#8a5a00",
    )
    return alt.layer(*layers).properties(height=alt.Step(22), title=title)


def _band() -> list[alt.Chart]:
    base = alt.Chart(alt.NamedData(_BAND))
    return [
        base.mark_rect(color="#cfe3f3", opacity=0.7).encode(x="low:Q", x2="high:Q"),
        base.mark_rule(color=GREY, strokeDash=[5, 4]).encode(x="mean:Q"),
    ]


def _tolerance(choice: Choice, assumptions: Assumptions) -> float:
    """Ask for the tolerance; what the scenario says anew takes the place of what stood here."""
    key = f"gain-tolerance-{choice.pack.authority.key}"
    options = sorted({*_STEPS, assumptions.tolerance})
    # Streamlit forgets the slider while another part is open, and would start it at its first step
    if key not in st.session_state or st.session_state.get(f"{key}-of") != assumptions.tolerance:
        st.session_state[key] = assumptions.tolerance
        st.session_state[f"{key}-of"] = assumptions.tolerance
    chosen = st.select_slider(
        "Level means within",
        options,
        key=key,
        format_func=lambda share: f"{share * 100:g} % of the mean",
        help="A zone is level while its rate, or its load, is so close to that of all zones.",
    )
    return float(chosen)


def _mark(found: Evaluation) -> str:
    """Tell one evaluation from another: by counts, lines, staff and assumptions."""
    facts = found.facts
    numbers = (facts.measures.values, facts.fte, facts.available)
    bands = b"" if facts.need is None else facts.need.tobytes()
    told = (facts.plan, facts.baseline, facts.assumptions, *(n.tobytes() for n in numbers), bands)
    return str(hash(told))


@st.cache_data(
    max_entries=32,
    show_spinner=False,
    hash_funcs={Evaluation: _mark},
)
def _gain(before: Evaluation, after: Evaluation, tolerance: float) -> Gain:
    rng = np.random.default_rng(SEED)
    return gain(before, after, rng=rng, tolerance=tolerance, drawing=_drawing)


def _drawing(counts: Array, people: Array, places: Places) -> Array:
    """Draw what is behind the counts; a stroke changes none of it, and it is most of the work."""
    return (
        _kept(counts, people, places) if len(counts) <= MOST_KEPT else _draw(counts, people, places)
    )


@st.cache_resource(max_entries=12, show_spinner=False)
def _kept(counts: Array, people: Array, places: Places) -> Array:
    drawn = _draw(counts, people, places)
    drawn.flags.writeable = False  # all sessions share it
    return drawn


def _draw(counts: Array, people: Array, places: Places) -> Array:
    # a stream apart: what next year brings is drawn from another
    return draw_events(counts, people, places, rng=np.random.default_rng((SEED, 1)))


_HOW = """\
- What was counted in a year is partly chance. The rates behind the counts are drawn 2,000 times
  from a model in which places differ and small areas differ within them. A small area keeps its
  rate whichever zone it is in; numbers of children and of staff are taken as known.
- *Closer together*: the probability that zones lie closer together after the redraw, which is the
  share of draws in which they do. Where the spread falls by more than chance alone could make (the
  higher noise floor of before and after), it is the probability that the gain is real. A smaller
  fall shows no gain, however probable its direction is.
- *By chance*: what zones of equal rates would show. A smaller spread cannot be had by drawing
  lines, and may not be there.
- *Next year*: counts drawn anew from each draw. Nothing but chance changes: no growth, no new
  estate, no change of practice. Real years vary more.
"""
