"""Show rows of text as a real table; every word of it is escaped."""

import html
from collections.abc import Sequence

import streamlit as st

WORDS = 'class="text" style="white-space:normal;overflow-wrap:anywhere;min-width:6.5rem"'
NAME = 'class="text" style="white-space:normal;overflow-wrap:anywhere;min-width:7rem"'


def show_listing(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    caption: str,
    figures: int = 0,
    height: int | None = None,
) -> None:
    """Show a table whose first column names each row.

    Parameters
    ----------
    caption
        What the table is, for screen readers.
    figures
        How many columns after the first hold figures, which stand to the right.
    height
        Pixels after which the rows scroll.
    """
    st.html(render_listing(heads, rows, caption=caption, figures=figures, height=height))


def render_listing(
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    caption: str,
    figures: int = 0,
    height: int | None = None,
) -> str:
    """Write the table of `show_listing` as HTML.

    >>> render_listing(["File"], [["<a>"]], caption="Files").count("&lt;a&gt;")
    1
    """
    is_figure = [0 < at <= figures for at in range(len(heads))]
    head = "".join(
        f'<th scope="col"{"" if right else " class=text"}>{html.escape(word)}</th>'
        for word, right in zip(heads, is_figure, strict=True)
    )
    body = "".join(f"<tr>{_row(row, is_figure)}</tr>" for row in rows)
    words = html.escape(caption)
    limit = f"max-height:{height}px" if height else ""
    return (
        f'<div class="zw-scroll" tabindex="0" role="region" aria-label="{words}" style="{limit}">'
        f'<table class="zw"><caption>{words}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _row(row: Sequence[str], is_figure: Sequence[bool]) -> str:
    name = f'<th scope="row" {NAME}>{html.escape(row[0])}</th>'
    return name + "".join(
        f"<td>{html.escape(cell)}</td>" if right else f"<td {WORDS}>{html.escape(cell)}</td>"
        for cell, right in zip(row[1:], is_figure[1:], strict=True)
    )
