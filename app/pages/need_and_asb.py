"""Need and ASB: each indicator zone by zone with its interval, and incidents by month and type."""

import streamlit as st

from analysis.tables import incident_table, indicator_table
from app.charts import incident_chart, interval_chart
from app.choices import choose, title
from app.tables import show_table
from layers.pack import targets_of

choice = choose()
pack, entry = choice.pack, choice.entry
about = {"authority": pack.authority.name, "plan": entry.title}
title("Need and ASB", choice)

need, asb = st.tabs(["Need by zone", "Anti-social behaviour (ASB)"])

with need:
    left, right = st.columns(2)
    indicator = left.selectbox(
        "Indicator",
        pack.indicators,
        format_func=lambda i: f"{i.title}, {i.unit(pack.measures.measure(i.denominator).counts)}",
        key="need",
    )
    offered = [None, *indicator.benchmarks, *targets_of(pack.authority, indicator)]
    benchmark = right.selectbox(
        "Compare with", offered, key="benchmark",
        format_func=lambda b: f"{b.title}: {b.value:,.1f}" if b else "All zones together",
    )  # fmt: skip
    table = indicator_table(entry.plan, indicator, pack, what=entry.zone_word, benchmark=benchmark)
    st.altair_chart(interval_chart(table, indicator, benchmark), width="stretch")
    show_table(
        table,
        key="need-table",
        file=f"{pack.authority.key}-{entry.key}-{indicator.key}.csv",
        about=about,
        caption=f"{indicator.title}, {indicator.period}, with 95 % intervals.",
        sort="value",
        descending=True,
    )

with asb:
    if pack.incidents is None:
        st.info("This authority's pack holds no incidents. Add incidents.parquet to show them.")
    else:
        zone = st.selectbox("Show", [None, *entry.plan.zones], key="asb-zone",
                            format_func=lambda z: z or "All zones")  # fmt: skip
        counted = pack.incidents.by_month(entry.plan.assignment, entry.plan.zones)
        measure = pack.measures.measure("asb")
        shown = counted if zone is None else counted[counted["zone"] == zone]
        st.altair_chart(incident_chart(shown, measure.status), width="stretch")
        st.html(f'<p class="zw-note">Ledger: {pack.incidents.ledger}.</p>')
        show_table(
            incident_table(pack.incidents, entry.plan, pack, what=entry.zone_word),
            key="asb-table",
            file=f"{pack.authority.key}-{entry.key}-asb.csv",
            about=about,
            caption=f"Incidents of ASB recorded by the police, {measure.period}.",
            sort="total",
            descending=True,
        )
