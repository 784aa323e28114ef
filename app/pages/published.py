"""Published figures: what was released of an authority, for anybody to see."""

import html

import streamlit as st

from app.choices import choose_pack
from app.published import public_tables, show_public
from app.views import PUBLISHED
from store.register import read_register

pack = choose_pack()
st.title(PUBLISHED)
st.html(f'<p class="zw-sub">{html.escape(pack.authority.name)}</p>')
found = public_tables(read_register(pack.authority.key), pack.geography)
if not found:
    st.info("Nothing was released of this authority yet.")
else:
    at = st.selectbox(
        "Table", range(len(found)), format_func=lambda i: found[i].title, key="published"
    )
    show_public(found[at or 0], pack)
