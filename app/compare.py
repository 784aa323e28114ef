"""The parts of the Compare page: which plans, in words, maps, every metric, what moved, files."""

import html
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from analysis.comparing import FEWEST, MOST, Compared, brought, compare_plans
from analysis.in_words import Words, in_words, staff_in_words
from analysis.scenario import Evaluation, Scenario, evaluate
from analysis.table import Table
from analysis.tables_compare import (
    MetricRow,
    match_table,
    metric_rows,
    moved_table,
    places_table,
    turned_csv,
    ways_table,
)
from app.address import came_back, note
from app.choices import Choice, plain, standing_badge
from app.compare_maps import HEIGHT_PX, Caption, maps_in_step
from app.releases import Paper, offer, show_refusal
from app.tables import show_table
from geo.errors import PlanError, StoreError, ZonewrightError
from geo.plan import Plan
from geo.read.file import File
from geo.read.plan import About, read_plan
from geo.write import lookup_csv, plan_geopackage, plan_json
from layers.pack import Pack
from store.folder import user_name
from store.log import Summary, clock
from store.scenarios import open_store
from store.transfer import FORMAT, export_scenario, import_scenario

MOST_UPLOAD_MB = 50
FILES = ["csv", "xlsx", "json", "gpkg"]
ZONE_FIGURES = ("children", "referral_rate", "cases_per_fte")
"""The figures per zone that the page opens with."""


@dataclass(frozen=True)
class Candidate:
    """A plan that may be compared.

    Parameters
    ----------
    key
        What names it in the address.
    title
        What a person calls it.
    scenario
        What it is worked out with: its plan, staffing, assumptions.
    detail
        What tells it from another of its title, to be read beside figures: it names no person.
    notes
        Sentences that are to be said of it, whatever it is compared with.
    """

    key: str
    title: str
    scenario: Scenario
    detail: str = ""
    notes: tuple[str, ...] = ()

    def evaluated(self, pack: Pack) -> Evaluation:
        """Work out every metric."""
        return evaluate(self.scenario, pack)


@dataclass(frozen=True)
class Option:
    """A plan that may be chosen, opened only when it is.

    Parameters
    ----------
    label
        Its title and what else a person needs to know it by in a list.
    """

    key: str
    title: str
    label: str
    opened: Callable[[], Candidate]


@dataclass(frozen=True)
class Held:
    """A plan that was brought from a file, held in this session."""

    title: str
    file: str
    plan: Plan


def options(choice: Choice) -> dict[str, Option]:
    """List by key what may be compared: the pack's plans, uploads, saved scenarios."""
    pack = choice.pack
    found = [Candidate(entry.key, entry.title, Scenario(entry.key, entry)) for entry in pack.plans]
    listed = [Option(c.key, c.title, c.title, partial(_as_it_is, c)) for c in found]
    listed += [_of_file(key, held, pack) for key, held in _uploads(pack).items()]
    known: dict[str, Option] = {}
    for option in (*listed, *saved_options(choice)):
        known.setdefault(option.key, option)  # a plan of the pack goes before all others
    return known


def saved_options(choice: Choice) -> list[Option]:
    """List the scenarios that are kept for this authority; none where they cannot be read."""
    try:
        summaries = open_store().scenarios(choice.pack.authority.key)
    except StoreError as fault:  # the other plans can still be compared
        st.warning(plain(f"Saved scenarios are left out. {fault}"))
        return []
    return [_of_store(entry, choice.pack) for entry in summaries]


def told_apart(known: Mapping[str, Option], worn: Mapping[str, str]) -> dict[str, str]:
    """Give each option a label of its own, by key.

    A browser names what it has chosen by its label, and may still show those of an earlier run. So
    a label that once meant one plan never means another: the second gets the start of its id.

    Parameters
    ----------
    worn
        What labels have meant so far, label to key.
    """
    often = Counter(option.label for option in known.values())
    found: dict[str, str] = {}
    taken = {**dict(zip(known, known, strict=True)), **worn}
    for key, option in known.items():
        short, longer = option.label, f"{option.label} · {_start(key)}"
        texts = [longer] if often[short] > 1 else [short, longer]
        text = next((t for t in texts if taken.get(t, key) == key), f"{short} · {key}")
        while taken.get(text, key) != key:  # a title may read like the label of another
            text = f"{text}, another"
        found[key] = text
        taken[text] = key
    return found


def titles_of(chosen: Sequence[Candidate]) -> tuple[str, ...]:
    """Give each plan a title of its own: longer where another bears the same."""
    often = Counter(candidate.title for candidate in chosen)
    longer = [
        f"{c.title} · {c.detail}" if often[c.title] > 1 and c.detail else c.title for c in chosen
    ]
    alike = Counter(longer)
    return tuple(
        f"{title} · {_start(candidate.key)}" if alike[title] > 1 else title
        for title, candidate in zip(longer, chosen, strict=True)
    )


def choose_plans(choice: Choice) -> tuple[Candidate, ...]:
    """Ask for two to four plans, in the order in which they are to stand, or for more of them."""
    choose, bring = st.columns([5, 1], vertical_alignment="bottom")
    with bring:
        _bring_plans(choice)
    with choose:
        chosen = _choose_plans(choice)
    _show_faults(choice.pack)
    return chosen


def compared_plans(chosen: Sequence[Candidate], pack: Pack) -> Compared:
    """Evaluate the chosen plans and set them side by side."""
    evaluations = [candidate.evaluated(pack) for candidate in chosen]
    return compare_plans(titles_of(chosen), evaluations, [c.notes for c in chosen])


def heading(pack: Pack) -> None:
    """Head the page with whose plans these are, and whether figures are real."""
    st.title("Compare")
    st.html(
        f'<p class="zw-sub">{html.escape(pack.authority.name)} · plans side by side '
        f"{standing_badge(pack)}</p>"
    )


def show_words(compared: Compared, table: Table) -> None:
    """Say in plain sentences what each plan does beside the first."""
    said = [in_words(compared, table, plan) for plan in compared.later]
    first = html.escape(compared.titles[0])
    blocks = "".join(_block(words, first) for words in said)
    st.html(f'<div class="zw-words">{_WORDS_STYLE}{blocks}</div>')
    if compared.notes_of(0):  # the others have theirs among their sentences
        st.caption(plain(f"{compared.titles[0]}: {' '.join(compared.notes_of(0))}"))


def show_maps(compared: Compared, chosen: Sequence[Candidate], pack: Pack) -> None:
    """Draw the plans on maps that pan and zoom together."""
    captions = [
        Caption(title, _trust(candidate, pack))
        for title, candidate in zip(compared.titles, chosen, strict=True)
    ]
    page = maps_in_step(pack.geography, compared.sides, captions)
    names = ", ".join(compared.titles)
    st.iframe(page, height=HEIGHT_PX[len(captions)], alt=f"Maps in step: {names}")
    st.html(
        '<p class="zw-note">All maps move together: drag one, or use the arrow keys and plus and '
        "minus on it. Click on a map to zoom with the wheel. What moved is listed under "
        "'What moved', the zones under 'Zone by zone'.</p>"
    )


def show_metrics(compared: Compared, table: Table, pack: Pack) -> None:
    """Show every metric of the plans in one table, a metric a row."""
    rows = metric_rows(table, same_number=compared.same_number)
    about = _about(compared, pack)
    paper = Paper(
        (table,),
        lambda tables: turned_csv(tables[0], **about).encode("utf-8-sig"),
        title=f"Every metric of {', '.join(compared.titles)}",
        file=f"{pack.authority.key}-compared-metrics.csv",
    )
    st.html(_render(rows, compared, table))
    offer(paper, key="compare-metrics")
    show_refusal(paper, key="compare-metrics")


def show_places(compared: Compared, pack: Pack) -> None:
    """Show chosen figures zone by zone, the plans side by side, and how zones were matched."""
    groups = {c.key.partition("_")[2]: c.group for c in places_table(compared, pack).columns}
    figures = [key for key in groups if not key.endswith(("_lower", "_upper"))]
    chosen = st.multiselect(
        "Figures",
        figures,
        default=[key for key in ZONE_FIGURES if key in figures],
        format_func=lambda key: groups[key],
        key="compare-figures",
        persist_state="session",
    )
    if chosen:
        show_table(
            places_table(compared, pack, chosen),
            key="compare-places",
            file=f"{pack.authority.key}-compared-zones.csv",
            about=_about(compared, pack),
            caption="Zone by zone. A row is one place, whatever each plan calls it.",
            height=420,
        )
    for plan in compared.later:
        st.subheader(f"Zones of {plain(compared.titles[plan])}", anchor=False)
        show_table(
            match_table(compared, plan, pack),
            key=f"compare-match-{plan}",
            file=f"{pack.authority.key}-matched-zones.csv",
            about=_about(compared, pack),
            caption=f"How the zones of {compared.titles[plan]} were matched.",
        )


def show_moved(compared: Compared, pack: Pack) -> None:
    """List what lies in another zone than in the first plan: the ways, then every small area."""
    plan = compared.later[0]
    if len(compared.later) > 1:
        plan = st.segmented_control(
            f"Compared with {plain(compared.titles[0])}",
            list(compared.later),
            required=True,
            default=compared.later[0],
            format_func=lambda at: plain(compared.titles[at]),
            key=f"compare-moved-{len(compared.titles)}",
        )
    match = compared.sides.matches[plan - 1]
    if not match.moved:
        st.info("Every small area lies in the same zone in both plans.")
        return
    show_table(
        ways_table(compared, plan, pack),
        key="compare-ways",
        file=f"{pack.authority.key}-moved-from-to.csv",
        about=_about(compared, pack),
        caption=f"From zones of {compared.titles[0]} to zones of {compared.titles[plan]}.",
        sort="children",
        descending=True,
        height=420,
    )
    show_table(
        moved_table(compared, plan, pack),
        key="compare-moved-units",
        file=f"{pack.authority.key}-moved-areas.csv",
        about=_about(compared, pack),
        caption=f"Small areas in another zone in {compared.titles[plan]}.",
        height=420,
    )


def show_files(compared: Compared, chosen: Sequence[Candidate], pack: Pack) -> None:
    """Offer a chosen plan as CSV, GeoPackage and JSON."""
    at = st.selectbox(
        "Plan",
        range(len(compared.titles)),
        format_func=lambda at: compared.titles[at],
        key=f"compare-file-{len(compared.titles)}",
    )
    plan = compared.sides.plans[at]
    stem = f"{pack.authority.key}-plan-{plan.fingerprint}"
    kinds = _kinds(plan, _file_about(chosen[at].title, pack), pack)
    if chosen[at].key.startswith(SAVED):
        saved = chosen[at].key.removeprefix(SAVED)
        whole = ("JSON with all steps", "scenario.json", "application/json")
        kinds.append((*whole, lambda: export_scenario(open_store(), saved)))
    for column, (label, ending, mime, make) in zip(st.columns(len(kinds)), kinds, strict=True):
        column.download_button(
            label,
            make,  # made when it is asked for
            file_name=f"{stem}.{ending}",
            mime=mime,
            key=f"compare-{ending}-{plan.fingerprint}",
            icon=":material/download:",
            on_click="ignore",
            width="stretch",
        )
    st.caption(
        f"Plan {plan.fingerprint}. Each file brings it back as it is, under 'Bring a plan'. The "
        "files hold zones and no counts of children."
    )
    empty = [zone for zone, size in zip(plan.zones, plan.sizes, strict=True) if not size]
    if empty:
        st.caption(
            f"A CSV cannot hold zones without small areas: {plain(', '.join(empty))}. GeoPackage "
            "and JSON keep them."
        )


FileKind = tuple[str, str, str, Callable[[], bytes]]
"""A file on offer: its label, the ending of its name, its kind, and what makes it."""

ADDRESS = "compare"
"""What the chosen plans are called in the address."""

SNIFFED = 2000
"""Bytes at the start of a file in which it says what it is."""

_IS_SCENARIO = re.compile(rb'"format"\s*:\s*"' + re.escape(FORMAT.encode()))

SAVED, FILE = "saved-", "file-"
"""How the keys of saved scenarios and of plans from files begin."""

_START = 6
"""Characters of an id that tell it from others, to a person who sees both."""

_WORDS_STYLE = """<style>
.zw-words { display: grid; grid-template-columns: repeat(auto-fit, minmax(19rem, 1fr));
  gap: .6rem; }
.zw-words section { border: 1px solid #d5dbe1; border-radius: .4rem; padding: .4rem .8rem; }
.zw-words h3 { font-size: 1rem !important; margin: 0; padding: 0 !important; }
.zw-words ul { margin: .2rem 0 0 0; padding-left: 1.1rem; font-size: .9rem; line-height: 1.4;
  columns: auto 24rem; column-gap: 2rem; }
.zw-words li:first-child { font-weight: 700; }
table.zw em { display: block; font-style: normal; font-size: .78rem; font-weight: 600;
  color: #11472a; }
</style>"""


def _choose_plans(choice: Choice) -> tuple[Candidate, ...]:
    known = options(choice)
    worn = _worn(choice.pack)
    labels = told_apart(known, worn)
    widget = _widget(choice.pack)
    _recall_many(widget, list(known), worn, default=_usual(choice.pack))
    worn.update({label: key for key, label in labels.items()})
    chosen = st.multiselect(
        f"Plans to compare, {FEWEST} to {MOST}; the others are compared with the first",
        list(known),
        format_func=lambda key: labels.get(key, key),
        key=widget,
        max_selections=MOST,
        placeholder="Choose a plan",
        wrap=True,  # else the last ones lie out of sight
    )
    st.session_state[f"kept-{widget}"] = chosen
    note(ADDRESS, ",".join(chosen))
    return tuple(_opened([known[key] for key in chosen]))


def _opened(chosen: Sequence[Option]) -> list[Candidate]:
    """Open what was chosen; one that does not fit the pack is left out, and said why."""
    found = []
    for option in chosen:
        try:
            found.append(option.opened())
        except ZonewrightError as refusal:
            st.error(plain(f"'{option.title}' is left out. {refusal}"), icon=":material/block:")
    return found


def _as_it_is(candidate: Candidate) -> Candidate:
    return candidate


def _of_file(key: str, held: Held, pack: Pack) -> Option:
    detail = f"from {held.file}" if held.file != held.title else ""
    label = " · ".join(filter(None, [held.title, detail]))
    return Option(key, held.title, label, partial(_open_held, key, held, detail, pack))


def _open_held(key: str, held: Held, detail: str, pack: Pack) -> Candidate:
    scenario = brought(pack, held.plan, key=held.title)
    return Candidate(key, held.title, scenario, detail, staff_in_words(scenario, pack))


def _of_store(entry: Summary, pack: Pack) -> Option:
    detail = f"{entry.steps} · {clock(entry.changed)}"
    opened = partial(_open_saved, entry.id, detail, pack)
    return Option(f"{SAVED}{entry.id}", entry.title, entry.label, opened)


def _open_saved(scenario_id: str, detail: str, pack: Pack) -> Candidate:
    saved = open_store().load(scenario_id, pack)
    return Candidate(f"{SAVED}{saved.id}", saved.title, saved.scenario, detail)


def _start(key: str) -> str:
    """Give the start of the id within a key; the whole key of a plan of the pack."""
    for begins in (SAVED, FILE):
        if key.startswith(begins):
            return key.removeprefix(begins)[:_START]
    return key


def _bring_plans(choice: Choice) -> None:
    """Take plans from files into this session."""
    pack = choice.pack
    serial = f"compare-serial-{pack.authority.key}"
    key = f"compare-upload-{pack.authority.key}-{st.session_state.get(serial, 0)}"
    with st.popover("Bring a plan …", width="stretch"):
        st.file_uploader(
            "CSV or workbook with the columns unit and zone, or a JSON or GeoPackage from here",
            type=FILES,
            accept_multiple_files=True,
            key=key,
            on_change=_take_files,
            args=(choice, key, serial),
            max_upload_size=MOST_UPLOAD_MB,
        )
        st.caption(
            "A plan stays in this session alone and is gone when the browser is closed. A scenario "
            "with all its steps is kept with the others."
        )


def _show_faults(pack: Pack) -> None:
    """Say which files could not be read, and why."""
    for fault in st.session_state.pop(_faults(pack), []):
        st.error(plain(fault), icon=":material/block:")


def _block(words: Words, first: str) -> str:
    lines = "".join(f"<li>{html.escape(sentence)}</li>" for sentence in words.sentences)
    return f"<section><h3>{html.escape(words.title)} beside {first}</h3><ul>{lines}</ul></section>"


def _render(rows: Sequence[MetricRow], compared: Compared, table: Table) -> str:
    """Write the metrics as a table of HTML; every word of it is escaped."""
    heads = "".join(f'<th scope="col">{html.escape(title)}</th>' for title in compared.titles)
    body = "".join(_metric_row(row) for row in rows)
    note = (
        f"{table.symbol} = hidden, as it follows from small counts. z = not applicable: the first "
        "plan is what the others are compared with. – = not known. Marked is what is lower where "
        "lower is better; spreads only where they differ by more than chance."
    )
    if not compared.same_number:
        note += (
            " The plans have different numbers of zones: spreads and lines are smaller where zones "
            "are fewer, so these are marked as lowest, not as best."
        )
    if table.standing == "illustrative":
        note = f"Illustrative: modelled figures. {note}"
    caption = f"Every metric of {', '.join(compared.titles)}"
    return (
        f'<p class="zw-note">{html.escape(note)}</p>'
        f'<div class="zw-scroll" tabindex="0" role="region" aria-label="{html.escape(caption)}">'
        f'<table class="zw"><caption>{html.escape(caption)}</caption><thead><tr>'
        f'<th scope="col" class="text">Metric</th>{heads}</tr></thead><tbody>{body}</tbody></table>'
        f'</div><p class="zw-note">{html.escape(f"Source: {table.source}.")}</p>'
    )


def _metric_row(row: MetricRow) -> str:
    unit = f" <small>{html.escape(row.unit)}</small>"
    note = f"<br><small>{html.escape(row.note)}</small>" if row.note else ""
    cells = "".join(
        f"<td>{html.escape(cell)}{f'<em>{html.escape(mark)}</em>' if mark else ''}</td>"
        for cell, mark in zip(row.cells, row.marks, strict=True)
    )
    return f'<tr><th scope="row" class="text">{html.escape(row.title)}{unit}{note}</th>{cells}</tr>'


def _about(compared: Compared, pack: Pack) -> dict[str, str]:
    return {"authority": pack.authority.name, "plan": ", ".join(compared.titles)}


def _trust(candidate: Candidate, pack: Pack) -> str:
    """Say that a plan's lines are approximate where the pack does."""
    entry = next((entry for entry in pack.plans if entry.key == candidate.key), None)
    return "Approximate lines" if entry and entry.status == "approximate" else ""


def _kinds(plan: Plan, about: About, pack: Pack) -> list[FileKind]:
    """Give the files that a plan can be written to; what a CSV cannot hold is said instead."""
    found: list[FileKind] = []
    try:
        text = lookup_csv(plan)
        found.append(("CSV (unit, zone)", "csv", "text/csv", text.encode))
    except PlanError as refusal:
        st.caption(plain(f"No CSV. {refusal}"))
    if plan.zones:
        mime = "application/geopackage+sqlite3"
        geopackage = partial(plan_geopackage, plan, pack.geography, about)
        found.append(("GeoPackage (zones, units)", "gpkg", mime, geopackage))
    found.append(("JSON", "json", "application/json", lambda: plan_json(plan, about).encode()))
    return found


def _file_about(title: str, pack: Pack) -> About:
    boundaries = pack.authority.sources[:1]
    return About(
        title=title,
        authority=pack.authority.key,
        vintage=pack.geography.vintage,
        geography=pack.geography.key,
        source="; ".join(f"{s.title}, {s.publisher}, {s.licence}" for s in boundaries),
        attribution="; ".join(source.attribution for source in boundaries),
    )


def _usual(pack: Pack) -> list[str]:
    """Open with the authority's own plan and the next of its kind, or else its next plan."""
    rest = [entry for entry in pack.plans if entry.key != pack.default_plan]
    rest.sort(key=lambda entry: entry.kind != pack.plan(pack.default_plan).kind)
    return [pack.default_plan, *(entry.key for entry in rest[:1])]


def _recall_many(
    widget: str, options: Sequence[str], worn: Mapping[str, str], *, default: Sequence[str]
) -> None:
    """Start the choice of plans on what was chosen before, else on what the address asks for."""
    asked = [key for key in st.query_params.get(ADDRESS, "").split(",") if key]
    kept = st.session_state.get(f"kept-{widget}", asked or default)
    is_fresh = widget not in st.session_state  # a choice that a person has emptied stays empty
    held = asked if asked and came_back() else st.session_state.get(widget, kept)
    value = _by_key(held, options, worn)
    # a label that nobody was shown here is no choice of anybody
    named_here = value if is_fresh else [key for key in value if key in worn.values()]
    gone = [key for key in named_here if key not in options]
    if gone:
        st.warning(plain(f"There is no plan '{', '.join(gone[:3])}' here; it is left out."))
    known = list(dict.fromkeys(key for key in value if key in options))[:MOST]
    st.session_state[widget] = list(default) if is_fresh and not known else known


def _by_key(value: Sequence[str], options: Sequence[str], worn: Mapping[str, str]) -> list[str]:
    """Give a choice by its keys.

    A browser names its choice by labels. One that it shows from an earlier run, since a step has
    changed it meanwhile, arrives as it was written there.
    """
    return [str(one) if one in options else worn.get(str(one), str(one)) for one in value]


def _take_files(choice: Choice, key: str, serial: str) -> None:
    """Read what was brought, keep it, and choose it while there is room."""
    pack = choice.pack
    held, faults = dict(_uploads(pack)), []
    worn = _worn(pack)
    chosen = _by_key(st.session_state.get(_widget(pack), []), list(worn.values()), worn)
    for upload in st.session_state[key]:
        try:
            name = _take_file(File.from_bytes(upload.name, upload.getvalue()), pack, held)
        except ZonewrightError as refusal:
            faults.append(str(refusal))
            continue
        if name not in chosen and len(chosen) < MOST:
            chosen.append(name)
    st.session_state[_held(pack)] = held
    st.session_state[_faults(pack)] = faults
    st.session_state[_widget(pack)] = chosen
    st.session_state[serial] = st.session_state.get(serial, 0) + 1  # empties the box


def _take_file(file: File, pack: Pack, held: dict[str, Held]) -> str:
    """Keep the plan of a file in this session, or a scenario with its history in the store."""
    with file.open() as stream:
        content = stream.read()
    if file.suffix == ".json" and _IS_SCENARIO.search(content[:SNIFFED]):
        imported = import_scenario(open_store(), content, who=user_name(), pack=pack)
        return f"{SAVED}{imported.id}"
    read = read_plan(file, pack.geography)
    _require_workable(read.plan, pack, file.name)
    name = f"{FILE}{read.plan.fingerprint}"
    held[name] = Held(read.about.title or file.name, file.name, read.plan)
    return name


def _require_workable(plan: Plan, pack: Pack, label: str) -> None:
    """Refuse a plan that cannot be worked out before it is among those on offer."""
    try:
        brought(pack, plan)
    except PlanError as error:
        raise PlanError(f"{label}: {error.found}", remedy=error.remedy) from error


def _uploads(pack: Pack) -> dict[str, Held]:
    held: dict[str, Held] = st.session_state.get(_held(pack), {})
    return held


def _worn(pack: Pack) -> dict[str, str]:
    """Give what each label has meant in this session so far, label to key."""
    worn: dict[str, str] = st.session_state.setdefault(f"compare-labels-{pack.authority.key}", {})
    return worn


def _held(pack: Pack) -> str:
    return f"compare-held-{pack.authority.key}"


def _faults(pack: Pack) -> str:
    return f"compare-faults-{pack.authority.key}"


def _widget(pack: Pack) -> str:
    return f"compare-plans-{pack.authority.key}"
