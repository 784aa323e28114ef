"""Say what the columns of a table are, where its header does not: counts and case lists.

Names of columns are shown and kept for as long as the page is open; no cell ever is.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import streamlit as st

from app.choices import plain
from app.uploads import Brought, kept
from geo.errors import LayerError, ZonewrightError
from geo.ledger import Account
from geo.read.file import File
from geo.read.kind import fold
from geo.read.table import open_table
from layers.build.known import known_measures
from layers.cases import CASE_KINDS, WITH_END, CaseKind, CaseMapping
from layers.read.counts import NO_COUNTS, key_of
from layers.read.dates import parse_dates
from layers.read.figures import parse_figures
from layers.read.recognise import PAPERS, Found

SAMPLE_ROWS = 200
MOST = 0.6
"""Share of a column's written cells that must be dates, or numbers, for it to hold them."""

NONE = ""
KIND_TITLES: Mapping[CaseKind, str] = {
    "contact": "Contacts",
    "assessment": "Assessments",
    "referral": "Referrals (children in need)",
    "cp": "Child protection plans",
    "cla": "Looked-after episodes",
}


class Columns(NamedTuple):
    """The columns of a table by what they seem to hold."""

    every: tuple[str, ...]
    dates: tuple[str, ...]
    numbers: tuple[str, ...]


def choose_counts(
    found: Sequence[Found], brought: Brought, *, but: Collection[str] = ()
) -> dict[str, dict[str, str]]:
    """Ask which columns of tables of counts are which measures: file -> column -> key.

    `but` are files that are no counts after all.
    """
    chosen: dict[str, dict[str, str]] = {}
    for entry in found:
        if not _is(entry, "counts") or _base(entry.file) in but:
            continue
        columns = _columns(entry, brought)
        if columns.numbers:
            with st.expander(f"Columns of {plain(entry.file.name)}: counts"):
                mapping = _choose_measures(entry.file, columns)
            if mapping is not None:
                chosen[_base(entry.file)] = mapping
    return chosen


def choose_cases(found: Sequence[Found], brought: Brought) -> dict[str, CaseMapping | None]:
    """Ask what the columns of tables with dates are, where they are case lists: file -> mapping.

    A table that was taken for counts is asked about too: the numbers of a list whose headers
    nobody knows may be those of children. None stands where a mapping is not finished; nothing
    may be built then, or the list would be taken for counts.
    """
    chosen: dict[str, CaseMapping | None] = {}
    for entry in found:
        if not (_is(entry, "counts") or _is_strange(entry)):
            continue
        columns = _columns(entry, brought)
        if columns.dates:
            with st.expander(f"Columns of {plain(entry.file.name)}: a case list?", expanded=True):
                if _is_list(entry):
                    chosen[_base(entry.file)] = _choose_case(entry.file, columns)
    return chosen


def _is(entry: Found, kind: str) -> bool:
    return entry.kind is not None and entry.kind.key == kind and not entry.fault


def _is_strange(entry: Found) -> bool:
    return entry.kind is None and not entry.fault and entry.file.suffix not in PAPERS


def _choose_measures(file: File, columns: Columns) -> dict[str, str] | None:
    """Ask for the measure of each column; None leaves it to the reader."""
    key = f"data-counts-{file.name}"
    usual = st.toggle("Take every column of whole numbers, under its own name", value=True, key=key)
    if usual:
        st.caption(f"Columns of numbers: {plain(', '.join(columns.numbers))}.")
        return None
    taken = st.multiselect(
        "Columns that are counts", columns.numbers, default=columns.numbers, key=f"{key}-taken"
    )
    known = dict(known_measures())
    mapping: dict[str, str] = {}
    for column in taken:
        own = key_of(column)
        options = list(dict.fromkeys([own, *known]))
        measure = st.selectbox(
            f"'{plain(column)}' counts",
            options,
            key=f"{key}-{column}",
            format_func=lambda option: f"{known[option]} ({option})" if option in known else option,
            accept_new_options=True,
            help="A measure that the tool knows, or a name of your own.",
        )
        mapping[column] = key_of(str(measure or own))
    if not mapping:
        st.warning("Choose a column, or take the file out.")
    return mapping


def _is_list(entry: Found) -> bool:
    key = f"data-cases-{entry.file.name}"
    if st.toggle("This is a list of cases: one row a contact, referral or episode", key=key):
        return True
    _say_what_else(entry)
    return False


def _choose_case(file: File, columns: Columns) -> CaseMapping | None:
    """Ask for the columns of a list; None, said why, as long as they are not enough."""
    key = f"data-cases-{file.name}"
    left, right = st.columns(2)
    kind: CaseKind = left.selectbox(
        "A row is", CASE_KINDS, format_func=lambda kind: KIND_TITLES[kind], key=f"{key}-kind"
    )
    date = right.selectbox("Began on", columns.dates, key=f"{key}-date")
    rest = [NONE, *columns.every]

    def ask(place: st.delta_generator.DeltaGenerator, label: str, part: str) -> str:
        answer: str = place.selectbox(
            label, rest, key=f"{key}-{part}", format_func=lambda c: c or "(no such column)"
        )
        return answer

    end = ask(left, "Ended on (blank while open)", "end") if kind in WITH_END else NONE
    person = ask(right, "Tells children apart", "person")
    postcode = ask(left, "Home postcode", "postcode")
    unit = ask(right, "Or code of the small area", "unit")
    nfa = ask(left, "Led to no further action", "nfa") if kind == "referral" else NONE
    try:
        return CaseMapping(kind, date, end, person, postcode, unit, nfa)
    except LayerError as refusal:
        st.warning(plain(str(refusal)))
        return None


def _say_what_else(entry: Found) -> None:
    if entry.kind:
        st.warning(
            "It was taken for counts, but a column of it holds dates. If its rows are children or "
            "cases, say so here: else the numbers that name them would be added up as counts.",
            icon=":material/warning:",
        )
    else:
        st.caption("It was not recognised. As a case list it becomes counts by month.")


def _columns(entry: Found, brought: Brought) -> Columns:
    return kept(
        f"columns-{entry.file.name}-{entry.sheet}", brought.token, lambda: _read_columns(entry)
    )


def _read_columns(entry: Found) -> Columns:
    """Look at the beginning of a table; one that cannot be read is the build's to refuse."""
    try:
        table = open_table(entry.file, sheet=entry.sheet or None)
        chunks = table.chunks(Account(entry.file.name), rows=SAMPLE_ROWS)
        sample = next(islice(chunks, 1), None)
    except ZonewrightError:
        return Columns((), (), ())
    if sample is None:
        return Columns(table.columns, (), ())
    numbers = tuple(c for c in table.columns if _is_numbers(sample[c]))
    dates = tuple(c for c in table.columns if _is_dates(sample[c], c, numbers))
    counts = tuple(c for c in numbers if fold(c) not in NO_COUNTS)
    return Columns(table.columns, dates, counts)


def _is_numbers(cells: pd.Series) -> bool:
    written = cells[cells != ""]
    return bool(len(written) and parse_figures(written).is_number.mean() > MOST)


def _is_dates(cells: pd.Series, column: str, numbers: Sequence[str]) -> bool:
    """Say whether a column holds dates; numbers of days do only where it is called a date."""
    written = cells[cells != ""]
    if not len(written) or (column in numbers and "date" not in fold(column)):
        return False
    return bool(parse_dates(written).ok.mean() > MOST)


def _base(file: File) -> str:
    return Path(file.name).name
