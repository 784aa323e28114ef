"""Downloads as releases: checked beside all earlier ones, entered in the register, then given.

What a page shows to those who plan is a working view. What leaves it as a file does not come back,
so a file is offered only when all that it tells is out already in that form, or may be.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import streamlit as st

from analysis.leaving import (
    Leave,
    Mend,
    out_already,
    prepare,
    tells_nothing,
    told_in_words,
    ways_out,
)
from analysis.releases import Remedy
from analysis.table import Basis, Table
from app.choices import plain
from app.listing import show_listing
from geo.adjacency import Neighbours
from geo.errors import ZonewrightError
from store.register import open_register, read_register, user_name

MOST_LISTED = 12
HEADS = ("Measure", "Small areas", "Before", "Now", "Why")
MENDS: Mapping[Mend, str] = {
    "withhold": "Withhold and release",
    "round": "Round to 5 and release",
}

Make = Callable[[tuple[Table, ...]], bytes]
"""Makes the file of the tables as they may leave."""


@dataclass(frozen=True)
class Paper:
    """A file on offer.

    Parameters
    ----------
    tables
        All that it is made from.
    make
        Makes its bytes of these tables, once they are masked as they may leave.
    title
        What it is called in the register.
    """

    tables: tuple[Table, ...]
    make: Make
    title: str
    file: str
    mime: str = "text/csv"
    label: str = "CSV"


@dataclass(frozen=True)
class Refused:
    """Why a file was refused, and what would make it safe."""

    mark: str
    leave: Leave
    ways: tuple[Remedy, ...]


def offer(paper: Paper, *, key: str) -> None:
    """Offer a file: at once where it tells nothing new, else behind a check.

    Parameters
    ----------
    key
        What tells its widgets from those of other files on the page.
    """
    if any(table.basis is None for table in paper.tables):
        st.caption("No download: this table does not say which counts it was made from.")
        return
    try:
        tables = out_now(paper)
    except ZonewrightError as fault:  # the page itself can still be read
        st.caption(f"No download. {plain(str(fault))}")
        return
    if tables is not None:
        _download(paper, tables, key=key)
        return
    st.button(
        f"Release {paper.label} …",
        key=f"{key}-release",
        help="A file is a release: it is checked beside all earlier ones and entered in the "
        "register. Then it can be downloaded.",
        icon=":material/verified_user:",
        on_click=_release,
        args=(paper, key, None),
        width="stretch",
    )


def show_refusal(paper: Paper, *, key: str) -> None:
    """Say below a file why it was refused, and offer the changes after which it may leave."""
    refused: Refused | str | None = st.session_state.get(f"refused-{key}")
    if isinstance(refused, str):
        st.error(plain(refused), icon=":material/block:")
        return
    if refused is None or refused.mark != _mark(paper):
        return
    names = _names(paper)
    st.error(
        f"'{plain(paper.title)}' was not released: beside what is out already it would give small "
        "sets of children away. Counts of them are not shown.",
        icon=":material/block:",
    )
    failures = told_in_words(refused.leave.failures, names, _basis(paper).measures)
    show_listing(HEADS, failures[:MOST_LISTED], caption="Sets that would be given away")
    if len(failures) > MOST_LISTED:
        st.caption(f"And {len(failures) - MOST_LISTED} more.")
    for note in refused.leave.notes:
        st.caption(plain(note))
    _show_ways(refused.ways, names)
    can = [mend for mend in MENDS if any(way.kind == mend for way in refused.ways)]
    for column, mend in zip(st.columns(max(len(can), 1)), can, strict=False):
        column.button(
            MENDS[mend],
            key=f"{key}-{mend}",
            on_click=_release,
            args=(paper, key, mend),
            width="stretch",
        )


def enter(paper: Paper, mend: Mend | None = None) -> Refused | None:
    """Check a file and enter it in the register; say why not where it may not leave.

    Parameters
    ----------
    mend
        The change to make to what may not leave as it is.
    """
    basis = _basis(paper)
    words = {"who": user_name(), "when": _now(), "name": paper.title}
    with open_register(basis.authority) as desk:
        register = desk.kept.register(basis.measures.units)
        leave = prepare(paper.tables, register, mend=mend, **words)
        if leave.safe:
            shown = tuple(leave.masked(table) for table in paper.tables)
            desk.enter(leave.new, shown, who=words["who"], when=words["when"], title=paper.title)
            return None
    ways = ways_out(leave, register, basis.measures, neighbours=_neighbours(paper))
    return Refused(_mark(paper), leave, ways)


def out_now(paper: Paper) -> tuple[Table, ...] | None:
    """Give the tables of a file as they are out already; None where some of it is not."""
    if tells_nothing(paper.tables):
        return paper.tables
    basis = _basis(paper)
    register = read_register(basis.authority).register(basis.measures.units)
    leave = out_already(paper.tables, register, who="", when="", name=paper.title)
    return None if leave is None else tuple(leave.masked(table) for table in paper.tables)


def _show_ways(ways: Sequence[Remedy], names: Mapping[str, str]) -> None:
    if not ways:
        st.markdown("No small change would make it safe. Redraw the plan, or leave measures out.")
        return
    lines = []
    for way in ways:
        text = " ".join(names.get(word.strip(".,"), word) for word in way.text.split(" "))
        where = " Do so in Redraw, then release." if way.kind in ("merge", "move") else ""
        lines.append(f"- {plain(text)}{where}")
    st.markdown("What would make it safe, the smallest change first:\n" + "\n".join(lines))


def _release(paper: Paper, key: str, mend: Mend | None) -> None:
    """Check and enter a file, or keep why it may not leave."""
    st.session_state.pop(f"refused-{key}", None)
    try:
        refused = enter(paper, mend)
    except ZonewrightError as fault:  # a callback has no page around it that would say so
        st.session_state[f"refused-{key}"] = str(fault)
        return
    if refused is not None:
        st.session_state[f"refused-{key}"] = refused


def _download(paper: Paper, tables: tuple[Table, ...], *, key: str) -> None:
    st.download_button(
        f"Download {paper.label}",
        paper.make(tables),
        file_name=paper.file,
        mime=paper.mime,
        key=f"{key}-download",
        icon=":material/download:",
        on_click="ignore",
        width="stretch",
    )


def _basis(paper: Paper) -> Basis:
    bases = [table.basis for table in paper.tables if table.basis]
    return max(bases, key=lambda basis: len(basis.measures.measures))


def _mark(paper: Paper) -> str:
    """Tell one content of a file from another: its plans, its measures and its title."""
    parts = [
        (part.plan.fingerprint, part.rows, part.keys)
        for table in paper.tables
        if table.basis
        for part in table.basis.parts
    ]
    return hashlib.sha256(repr((paper.title, parts)).encode()).hexdigest()


def _names(paper: Paper) -> dict[str, str]:
    geography = _basis(paper).geography
    return {} if geography is None else dict(zip(geography.units, geography.names, strict=True))


def _neighbours(paper: Paper) -> Neighbours | None:
    geography = _basis(paper).geography
    return geography.neighbours if geography else None


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")
