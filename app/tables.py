"""Show a table as HTML that a screen reader can walk, with sorting and a checked download."""

import html
from collections.abc import Mapping

import streamlit as st

from analysis.table import Table
from app.releases import Make, Paper, offer, show_refusal

BY_NAME = "name"


def show_table(
    table: Table,
    *,
    key: str,
    file: str,
    about: Mapping[str, str],
    caption: str,
    sort: str = BY_NAME,
    descending: bool = False,
    height: int | None = None,
) -> None:
    """Show a table with its sort order and its download.

    Parameters
    ----------
    key
        What tells its widgets from those of other tables on the page.
    file, about
        Name of the download, and what its rows say of themselves: authority, plan. A download is
        a release (`app.releases`).
    sort, descending
        The order at first.
    height
        Pixels after which the rows scroll.
    """
    titles = {BY_NAME: table.what} | {
        column.key: f"{column.group} {column.title}".strip() for column in table.columns
    }
    choose, direction, save = st.columns([3, 2, 2], vertical_alignment="bottom")
    order = choose.selectbox(
        "Sort by", list(titles), index=list(titles).index(sort), format_func=lambda k: titles[k],
        key=f"{key}-sort",
    )  # fmt: skip
    highest = direction.toggle("Highest first", value=descending, key=f"{key}-descending")
    title, plan = caption.partition(". ")[0].rstrip("."), about.get("plan", "")
    title = title if plan in title else f"{title}, {plan}"
    paper = Paper((table,), as_csv(about), title=title, file=file)
    with save:
        offer(paper, key=key)
    show_refusal(paper, key=key)
    rows = table.order(order, descending=highest)
    st.html(render(table, rows, caption=caption, height=height))


def as_csv(about: Mapping[str, str]) -> Make:
    """Make a file of one table; the mark at its start makes Excel read it as UTF-8."""
    return lambda tables: tables[0].to_csv(**about).encode("utf-8-sig")


def render(table: Table, rows: list[int], *, caption: str, height: int | None = None) -> str:
    """Write the table as HTML; every word of it is escaped."""
    head = _heading(table)
    body = "".join(_row(table, row) for row in rows)
    note = f"{caption} {_symbols(table)}".strip()
    limit = f"max-height:{height}px" if height else ""
    return (
        f'<p class="zw-note">{html.escape(note)}</p>'
        f'<div class="zw-scroll" tabindex="0" role="region" aria-label="{html.escape(caption)}" '
        f'style="{limit}"><table class="zw"><caption>{html.escape(caption)}</caption>'
        f"<thead>{head}</thead><tbody>{body}</tbody></table></div>"
    )


def _heading(table: Table) -> str:
    """Write the heading, in two rows when columns are grouped."""
    what = table.what[:1].upper() + table.what[1:]
    words = [*(["Code"] if table.codes else []), what, *(t.title for t in table.texts)]
    groups = list(dict.fromkeys(column.group for column in table.columns))
    fixed = "".join(_head(word, text=True) for word in words)
    single = "".join(_head(column.title, column.unit) for column in table.columns)
    if groups == [""]:
        return f"<tr>{fixed}{single}</tr>"
    spans = [(group, sum(c.group == group for c in table.columns)) for group in groups]
    over = "".join(
        f'<th scope="colgroup" colspan="{count}">{html.escape(group)}</th>'
        for group, count in spans
    )
    return f'<tr><td colspan="{len(words)}"></td>{over}</tr><tr>{fixed}{single}</tr>'


def _head(title: str, unit: str = "", *, text: bool = False) -> str:
    small = f"<br><small>{html.escape(unit)}</small>" if unit else ""
    kind = ' class="text"' if text else ""
    return f'<th scope="col"{kind}>{html.escape(title)}{small}</th>'


def _row(table: Table, row: int) -> str:
    last = row >= len(table.names) - table.totals
    code = f'<td class="text">{html.escape(table.codes[row])}</td>' if table.codes else ""
    name = f'<th scope="row" class="text">{html.escape(table.names[row])}</th>'
    words = "".join(f'<td class="text">{html.escape(t.texts[row])}</td>' for t in table.texts)
    figures = "".join(f"<td>{html.escape(table.cell(c, row)) or '–'}</td>" for c in table.columns)
    kind = ' class="total"' if last else ""
    return f"<tr{kind}>{code}{name}{words}{figures}</tr>"


def _symbols(table: Table) -> str:
    standing = "Illustrative: modelled figures. " if table.standing == "illustrative" else ""
    return (
        f"{standing}{table.symbol} = small count suppressed, – = not known, z = not applicable. "
        f"Source: {table.source}."
    )
