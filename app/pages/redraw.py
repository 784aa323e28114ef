"""Redraw: move small areas between zones and see what it does to equity and caseload."""

import streamlit as st

from analysis.scenario import Scenario, compare, evaluate
from analysis.tables import before_after_table
from app.choices import choose, title
from app.redraw.page import (
    cards,
    current,
    files,
    history,
    move_controls,
    redraw_map,
    staff_choice,
    warnings,
)
from app.tables import show_table

choice = choose()
scenario = staff_choice(current(choice))
title("Redraw", choice)

before = evaluate(Scenario("today", choice.entry), choice.pack)
after = evaluate(scenario, choice.pack)
comparison = compare(before, after)

cards(comparison, choice.pack)
left, right = st.columns([3, 2], gap="medium")
with left:
    redraw_map(choice, scenario)
with right:
    move_controls(choice, scenario)
    history(choice, scenario)
    warnings(choice, comparison)

show_table(
    before_after_table(comparison, choice.pack),
    key="redraw-table",
    file=f"{choice.pack.authority.key}-{choice.entry.key}-before-after.csv",
    about={
        "authority": choice.pack.authority.name,
        "baseline": choice.entry.title,
        "fingerprint": scenario.plan.fingerprint,
    },
    caption="Before and after. Each small area's referrals and cases go with it.",
)
files(choice, scenario, after)
