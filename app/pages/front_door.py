"""Front door: contacts to looked after, zone by zone and as published, with targets."""

import streamlit as st

from analysis.tables_door import (
    Absent,
    Door,
    absent_from_door,
    door_tables,
    funnel_table,
    published_tables,
    year_on_year_table,
)
from app.charts_door import funnel_chart, share_chart
from app.choices import choose, plain, title
from app.tables import show_table
from layers.pack import NamedPlan, Pack


@st.cache_resource(max_entries=16, hash_funcs={Pack: id, NamedPlan: id}, show_spinner=False)
def kept(pack: Pack, entry: NamedPlan) -> tuple[Pack, Door]:
    """Keep the tables of a plan, and the pack beside them so that no other gets its id."""
    return pack, door_tables(entry.plan, pack, what=entry.zone_word)


def list_absent(absent: tuple[Absent, ...]) -> None:
    """Say which counts are wanting, and for what."""
    for each in absent:
        wanted = ", ".join(f"`{key}`" for key in each.measures)
        st.markdown(f"- **{plain(each.title)}**: add {wanted} to measures.csv.")


choice = choose()
pack, entry = choice.pack, choice.entry
about = {"authority": pack.authority.name, "plan": entry.title}
name = f"{pack.authority.key}-{entry.key}"
title("Front door", choice)

door, absent = kept(pack, entry)[1], absent_from_door(pack)
stages, well, published = st.tabs(
    ["Stage by stage", "How well the door works", "As published, with the period before"]
)

with stages:
    funnel = funnel_table(door)
    if funnel is None:
        st.info("This pack counts no stage of the front door.")
    else:
        zone = st.selectbox("Show", [*reversed(funnel.names)], key="door-zone")
        st.altair_chart(funnel_chart(door, zone), width="stretch")
        for note in door.notes:
            st.caption(plain(note))
        show_table(
            funnel, key="door-funnel", file=f"{name}-front-door.csv", about=about,
            caption="Contacts, referrals and assessments are counted over their period; children "
            "in need, on a plan and looked after at its end. Shares are of the stage that stands "
            "in the tables beneath.",
        )  # fmt: skip
        chosen = st.selectbox(
            "One stage in full", range(len(door.stages)), key="door-stage",
            format_func=lambda at: door.stages[at][0].title,
        )  # fmt: skip
        stage, table = door.stages[chosen]
        show_table(
            table, key=f"door-{stage.key}", file=f"{name}-{stage.key}.csv", about=about,
            caption=f"{stage.title} with 95 % intervals, and the base of every share. How many "
            "there are is neither good nor bad.", sort="rate", descending=True,
        )  # fmt: skip
    moved = year_on_year_table(entry.plan, pack, what=entry.zone_word)
    st.subheader("Against the year before, zone by zone")
    if moved is None:
        st.info(
            "This pack has no monthly counts of 24 months, so its zones have no period before. "
            "Build it from case lists to see them; the whole authority's stand under 'As "
            "published'."
        )
    else:
        show_table(
            moved, key="door-moved", file=f"{name}-year-on-year.csv", about=about,
            caption="A change is clear where its 95 % interval leaves 0 out.",
        )  # fmt: skip

with well:
    if not door.measures:
        st.info("This pack counts nothing that tells how well the front door works.")
    else:
        at = st.selectbox(
            "Measure", range(len(door.measures)), key="door-measure",
            format_func=lambda at: door.measures[at][0].title,
        )  # fmt: skip
        measure, table = door.measures[at]
        st.altair_chart(share_chart(measure, table), width="stretch")
        show_table(
            table, key=f"door-{measure.key}", file=f"{name}-{measure.key}.csv", about=about,
            caption=f"{measure.title}, of all {measure.of}. A target is met by the value itself; "
            "'within chance' says that its interval holds the target.", sort="share",
            descending=True,
        )  # fmt: skip
    if absent:
        with st.expander(f"What is not counted in this pack ({len(absent)})", expanded=True):
            list_absent(absent)

with published:
    tables = published_tables(pack)
    if not tables:
        st.info(
            "This pack holds no published figures of the authority. Add history.csv (indicator, "
            "period, area, count, base) to show them with the period before."
        )
    for at, table in enumerate(tables):
        show_table(
            table, key=f"door-published-{at}", file=f"{name}-published-{at + 1}.csv", about=about,
            caption="Figures of the whole authority as it published them, each against the one "
            "before. 'Base not stated': only the percentage was published, so it has no interval "
            "and chance is not judged.",
        )  # fmt: skip
