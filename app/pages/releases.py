"""Releases: the register of all that left, oldest last."""

import html

import streamlit as st

from app.choices import choose_pack, plain
from app.listing import show_listing
from app.views import RELEASES
from geo.errors import named
from store.register import read_register

HEADS = ("Number", "When", "Who", "What", "Plans", "Measures", "Hash")

pack = choose_pack()
st.title(RELEASES)
st.html(f'<p class="zw-sub">{html.escape(pack.authority.name)}</p>')
st.markdown(
    "Every file that told counts of children known to services. A new one is checked beside all of "
    "these: no set of small areas may be worked out from them together."
)
kept = read_register(pack.authority.key)
for note in kept.notes:
    st.warning(plain(note))
others = kept.of_others(pack.geography.units)
if others:
    st.warning(
        f"{others} of the releases are of other small areas, such as another vintage. New ones "
        "cannot be checked beside them."
    )
if not kept.entries:
    st.info("Nothing was released of this authority yet.")
else:
    rows = [
        (
            str(entry.number),
            entry.when.replace("T", " ")[:16],
            entry.who,
            entry.title,
            named(dict.fromkeys(release.plan.fingerprint for release in entry.releases)),
            named(dict.fromkeys(t.key for release in entry.releases for t in release.told)),
            entry.hash,
        )
        for entry in reversed(kept.entries)
    ]
    show_listing(HEADS, rows, caption="Releases, the newest first", height=560)
