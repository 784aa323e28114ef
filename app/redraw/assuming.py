"""The section Assumptions of the Redraw page: what the figures take to be so, and who says so."""

import numpy as np
import streamlit as st

from analysis.assumptions import LEVEL_WITHIN, NEWLY_QUALIFIED, Assumptions, OpenCases, Staff
from analysis.capacity import available_fte, kinds_of, recorded_fte
from analysis.events import Assume
from analysis.scenario import Scenario
from app.choices import Choice, plain
from geo.errors import PlanError
from layers.pack import Pack

_STAFF: dict[Staff, str] = {
    "stays": "Staff stay with their zone",
    "follows": "Staff follow their cases",
}
_CASES: dict[OpenCases, str] = {
    "transfer": "Open cases transfer at once",
    "stay": "Open cases stay until closed, new ones move",
}
ACROSS = 4
"""Zones side by side."""

MOST_WEIGHT, MOST_FTE = 20.0, 9_999.0


def show_assumptions(choice: Choice, scenario: Scenario) -> Assume | None:
    """Show what the scenario assumes, where each default comes from, and let it be changed.

    Returns
    -------
    Assume or None
        The assumptions as changed; None until the form is sent, or where it changes nothing.
    """
    now = scenario.assumptions
    # other assumptions are another form: undo, or a second person, must not meet what stood here
    mark = f"{choice.pack.authority.key}-{choice.entry.key}-{hash(now)}"
    with st.form(f"assumptions-{mark}", border=False):
        staff, cases = _modes(now, mark)
        weights = _weights(choice.pack, now, mark)
        newly_qualified, tolerance = _shares(now, mark)
        fte = _fte(choice.pack, scenario, mark)
        sent = st.form_submit_button("Use these assumptions", type="primary")
    if now != Assumptions(months_open=now.months_open):
        st.caption("Some of these are not the defaults.")
    if not sent:
        return None
    try:
        changed = now.with_changes(
            staff=staff, cases=cases, weights=weights, newly_qualified=newly_qualified,
            tolerance=tolerance, fte=fte,
        )  # fmt: skip
    except PlanError as refusal:
        st.error(plain(str(refusal)))
        return None
    return None if changed == now else Assume(changed)


def _modes(now: Assumptions, mark: str) -> tuple[Staff, OpenCases]:
    left, right = st.columns(2, gap="medium")
    staff = left.radio(
        "When a line moves, staff",
        list(_STAFF),
        index=list(_STAFF).index(now.staff),
        format_func=_STAFF.__getitem__,
        key=f"assume-staff-{mark}",
        help="Moving a line moves no staff by itself. Where they follow, a small area takes the "
        "share of its old zone's FTE that it has of that zone's open cases.",
    )
    cases = right.radio(
        "When a line moves, open cases",
        list(_CASES),
        index=list(_CASES).index(now.cases),
        format_func=_CASES.__getitem__,
        key=f"assume-cases-{mark}",
        help="Each open case that transfers is a child who changes worker. Used by the caseload "
        "over time.",
    )
    return staff, cases


def _weights(pack: Pack, now: Assumptions, mark: str) -> dict[str, float]:
    kinds = kinds_of(pack.measures)
    if not kinds:
        st.caption("The pack counts no open cases by kind, so there is nothing to weigh.")
        return dict(now.weights)
    st.subheader("What a case weighs")
    st.caption(
        "By default every case weighs 1: authorities differ, and no national weights exist. "
        "Weights that differ tell kinds apart, so weighted load is hidden where one kind is."
    )
    found = {}
    for column, kind in zip(st.columns(len(kinds)), kinds, strict=True):
        found[kind] = column.number_input(
            plain(pack.measures.measure(kind).title), min_value=0.0, max_value=MOST_WEIGHT,
            value=min(now.weight(kind), MOST_WEIGHT), step=0.1, key=f"assume-{kind}-{mark}",
        )  # fmt: skip
    absent = {kind: weight for kind, weight in now.weights.items() if kind not in kinds}
    chosen = {kind: weight for kind, weight in found.items() if weight != 1}
    return absent | chosen


def _shares(now: Assumptions, mark: str) -> tuple[float, float]:
    left, right = st.columns(2, gap="medium")
    newly = left.number_input(
        "Share of a full caseload that a newly qualified worker holds, %",
        min_value=1.0,
        max_value=100.0,
        value=now.newly_qualified * 100,
        step=5.0,
        key=f"assume-new-{mark}",
    )
    left.caption(f"By default {NEWLY_QUALIFIED * 100:g} %: the usual cut in the first year (ASYE).")
    level = right.number_input(
        "A zone is level within, % of the mean",
        min_value=0.5,
        max_value=100.0,
        value=min(now.tolerance * 100, 100.0),
        step=1.0,
        key=f"assume-level-{mark}",
    )
    right.caption(f"By default {LEVEL_WITHIN * 100:g} %, the tool's own. The part Equity says "
                  "what chance allows.")  # fmt: skip
    return round(newly / 100, 6), round(level / 100, 6)


def _fte(pack: Pack, scenario: Scenario, mark: str) -> dict[str, float]:
    """Ask for the FTE of every zone; what is left as recorded is not set."""
    now, zones = scenario.assumptions, scenario.plan.zones
    st.subheader("Staff, FTE")
    staffing = scenario.staffing(pack.staffing)
    recorded = recorded_fte(staffing, scenario.baseline.key, zones, Assumptions())
    at_work = available_fte(staffing, scenario.baseline.key, zones, now)
    st.caption(_source(pack, scenario))
    chosen = {zone: fte for zone, fte in now.fte.items() if zone not in zones}
    columns = st.columns(min(ACROSS, max(len(zones), 1)))
    for at, zone in enumerate(zones):
        known = None if np.isnan(recorded[at]) else float(recorded[at])
        with columns[at % len(columns)]:
            fte = st.number_input(
                plain(zone), min_value=0.0, max_value=MOST_FTE, value=now.fte.get(zone, known),
                step=0.5, placeholder="no staff recorded", key=f"assume-fte-{at}-{mark}",
                help=_told(known, float(at_work[at])),
            )  # fmt: skip
        if fte is not None and (known is None or abs(fte - known) > 1e-6):
            chosen[zone] = fte
    if now.fte and st.checkbox("Take all FTE as recorded", key=f"assume-recorded-{mark}"):
        return {}
    return chosen


def _source(pack: Pack, scenario: Scenario) -> str:
    posts = pack.staffing.posts if pack.staffing else ()
    mine = [post for post in posts if post.plan == scenario.baseline.key]
    if not mine:
        return "No staff is recorded for this plan. Set FTE here to see load."
    sources = "; ".join(dict.fromkeys(plain(post.source) for post in mine))
    kind = "Illustrative. " if any(post.status == "illustrative" for post in mine) else ""
    return f"{kind}{sources}."


def _told(known: float | None, at_work: float) -> str:
    if known is None:
        return "No staff is recorded for this zone."
    return f"Recorded: {known:.1f} FTE. Available after newly qualified and absent: {at_work:.1f}."
