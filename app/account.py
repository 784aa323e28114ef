"""What a pack was made from and whether it is sound: check, ledgers, notes, sources."""

from collections.abc import Sequence
from datetime import date

import streamlit as st

from app.choices import plain
from app.listing import show_listing
from geo.errors import named
from geo.ledger import Ledger, Rejections
from geo.write import ledger_csv
from layers.check import Finding, Report, Severity, check_pack
from layers.pack import Pack

LEDGER_HEADS = (
    "Source", "Read", "Used", "Unlocated", "Outside", "Rejected", "Passed over", "Why",
)  # fmt: skip
SOURCE_HEADS = ("Source", "Publisher", "Licence", "Vintage", "File", "Attribution")


def show_account(pack: Pack, *, key: str) -> None:
    """Show check, ledgers, notes and sources of a pack; `key` tells its widgets apart."""
    _show_report(_checked(pack, date.today())[1])  # noqa: DTZ011  the person's own day
    _show_ledgers(ledgers_of(pack), pack, key=key)
    _show_notes(pack.authority.notes)
    _show_sources(pack)


def ledgers_of(pack: Pack) -> tuple[Ledger, ...]:
    """Give the accounts of a pack: of a pack written by hand that of its incidents alone."""
    if pack.ledgers or pack.incidents is None:
        return pack.ledgers
    return (pack.incidents.ledger,)


@st.cache_resource(max_entries=8, hash_funcs={Pack: id}, show_spinner="Checking the pack …")
def _checked(pack: Pack, today: date) -> tuple[Pack, Report]:
    """Check a pack once; it is kept beside its report, so that no other pack gets its id."""
    return pack, check_pack(pack, today=today)


def _show_report(report: Report) -> None:
    st.subheader("Check")
    fine = [finding for finding in report.findings if finding.severity is Severity.FINE]
    said = f"{_count(report.faults, 'fault')}, {len(report.warnings)} to look at, {len(fine)} fine."
    if report.is_sound:
        st.success(said, icon=":material/check_circle:")
    else:
        st.error(f"{said} Faults make figures wrong: mend them first.", icon=":material/block:")
    if report.faults or report.warnings:
        _show_findings((*report.faults, *report.warnings), "Faults, and what to look at")
    with st.expander(f"What is fine ({len(fine)})"):
        _show_findings(fine, "What is fine")


def _show_findings(findings: Sequence[Finding], caption: str) -> None:
    rows = [(finding.subject, finding.severity.value, finding.text) for finding in findings]
    show_listing(("About", "Finding", "What was found"), rows, caption=caption, height=380)


def _show_ledgers(ledgers: Sequence[Ledger], pack: Pack, *, key: str) -> None:
    st.subheader("Ledger")
    if not ledgers:
        st.info("This pack was written by hand: it keeps no account of the files it came from.")
        return
    st.caption(
        "Every row of every file: read = used + unlocated (it names no place) + outside (another "
        "authority's) + rejected (it cannot be what it claims). Passed over are rows that nobody "
        "asked for."
    )
    show_listing(
        LEDGER_HEADS, [_ledger_row(ledger) for ledger in ledgers],
        caption="What became of the rows of every file", figures=6, height=420,
    )  # fmt: skip
    if any(ledger.rejected for ledger in ledgers):
        st.download_button(
            "Download the rejected rows (CSV)",
            lambda: ledger_csv(ledgers).encode("utf-8-sig"),  # the mark makes Excel read UTF-8
            file_name=f"{pack.authority.key}-rejected.csv",
            mime="text/csv",
            key=f"{key}-rejected",
            icon=":material/download:",
            on_click="ignore",
        )


def _ledger_row(ledger: Ledger) -> tuple[str, ...]:
    passed = ledger.rows - ledger.read
    counts = (ledger.read, ledger.used, ledger.unlocated, ledger.outside, len(ledger.rejected))
    return (ledger.source, *(f"{count:,}" for count in (*counts, passed)), _why(ledger))


def _why(ledger: Ledger) -> str:
    rejected = ledger.rejected  # of millions each row is no object, but each reason is one
    reasons = (
        rejected.by_reason()
        if isinstance(rejected, Rejections)
        else dict.fromkeys(row.reason for row in rejected)
    )
    said = [f"rejected: {named(reasons)}"] if reasons else []
    if ledger.passed_over:
        said.append(f"passed over: {named(passed.reason for passed in ledger.passed_over)}")
    return "; ".join(said)


def _show_notes(notes: Sequence[str]) -> None:
    st.subheader("Notes")
    if not notes:
        st.caption("Nothing was assumed, converted or mended.")
        return
    with st.expander(f"What was assumed, converted or left out ({len(notes)})", expanded=True):
        st.markdown("\n".join(f"- {plain(note)}" for note in notes))


def _show_sources(pack: Pack) -> None:
    st.subheader("Sources")
    rows = [
        (s.title, s.publisher, s.licence, s.vintage, s.via, s.attribution)
        for s in pack.authority.sources
    ]
    show_listing(SOURCE_HEADS, rows, caption="Sources with licence and vintage", height=420)


def _count(things: Sequence[object], what: str) -> str:
    return f"{len(things) or 'no'} {what}{'' if len(things) == 1 else 's'}".capitalize()
