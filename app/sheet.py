"""The zone sheet as HTML: one zone on one page, on a screen and on paper.

Every figure is a cell of a table that is already suppressed; nothing is worked out here but the
length of bars. Every text that comes from a file is escaped.
"""

import html
from collections.abc import Iterable, Sequence

import numpy as np

from analysis.frontdoor import DoorMeasure, Stage
from analysis.scorecard import Question
from analysis.table import Column, Table
from analysis.tables_door import absent_from_door
from analysis.tables_sheet import ALL, LEADS, SheetTables, Told, Whereabouts
from app.zone_picture import as_image, zone_picture
from layers.indicators import PER_CENT
from layers.pack import NamedPlan, Pack
from layers.places import School, Tier

MOST_NAMES = 26
"""Schools up to which all are named; of more, the tiers are counted and the heads named."""

CARDS = ("persons", "children", "referrals", "open_cases", "fte", "cases_per_fte")
NOT_KNOWN = "–"


def sheet_html(
    zone: str, entry: NamedPlan, pack: Pack, tables: SheetTables, where: Whereabouts
) -> str:
    """Write the sheet of one zone."""
    row = tables.row(zone)
    who = _who(where) + _cards(tables.figures, row) + _schools(where) + _sites(where)
    door = [table for _, table in (*tables.door.stages, *tables.door.measures)]
    told = [each.table for each in tables.key_indicators]
    scored = [each.table for each in tables.of_card.values()]
    sections = (
        _section("Where it is", _map(zone, entry, pack, where)),
        _section("Who and where", who, [tables.figures]),
        _section("Front door", _door(tables, pack, row), door, wide=True),
        _section("Continuum of need", _levels(tables, pack, row), [tables.levels]),
        _section("Lead professionals", _leads(tables, row), [tables.leads]),
        _section("Workforce", _staff(tables, row), [tables.staff]),
        _section("Anti-social behaviour", _incidents(tables, pack, row), [tables.incidents]),
        _section("Key figures", _told(tables.key_indicators, row), told, wide=True),
        _section("Outcome scorecard", _card(tables, row), scored, wide=True),
    )
    return (
        f'<article class="zw-sheet" aria-label="Zone sheet of {html.escape(zone)}">'
        f"{_head(zone, entry, pack)}"
        f'<div class="grid">{"".join(sections)}</div>{_foot(tables, pack, entry)}</article>'
    )


def _head(zone: str, entry: NamedPlan, pack: Pack) -> str:
    word = html.escape(f"{entry.zone_word[:1].upper()}{entry.zone_word[1:]}")
    standing = '<span class="mark real">Official figures</span>'
    if pack.standing == "illustrative":
        standing = '<span class="mark">Illustrative: some figures are modelled</span>'
    lines = ' <span class="mark">Approximate lines</span>' * (entry.status == "approximate")
    return (
        f'<h1 class="sheet">{html.escape(zone)}</h1><p class="of">{word} · '
        f"{html.escape(entry.title)} · {html.escape(pack.authority.name)} {standing}{lines}</p>"
    )


def _section(
    title: str, body: str, tables: Iterable[Table | None] = (), *, wide: bool = False
) -> str:
    """Write a part of the sheet; its heading says when figures of its tables are modelled."""
    kind = "whole" if wide else "half"
    modelled = any(table is not None and table.standing == "illustrative" for table in tables)
    mark = f" {_illustrative()}" if modelled else ""
    return f'<section class="{kind}"><h2>{html.escape(title)}{mark}</h2>{body}</section>'


def _map(zone: str, entry: NamedPlan, pack: Pack, where: Whereabouts) -> str:
    alt = f"Map of {zone} with its schools, sites and towns"
    key = "○ school, larger where it heads a pyramid · <span style='color:#d55e00'>■</span> site"
    return as_image(zone_picture(zone, entry.plan, pack, where), alt=alt) + _small(key, safe=True)


def _who(where: Whereabouts) -> str:
    if where.fact is None:
        return _missing("Base and contact", "a row for this zone in zones.csv")
    fact = where.fact
    mark = _illustrative() if fact.status == "illustrative" else ""
    base = html.escape(fact.base) if fact.base else NOT_KNOWN
    contact = html.escape(fact.contact) if fact.contact else NOT_KNOWN
    return f"<dl><dt>Base</dt><dd>{base} {mark}</dd><dt>Contact</dt><dd>{contact} {mark}</dd></dl>"


def _cards(table: Table, row: int) -> str:
    """Show the main figures, and the referral rate with its interval."""
    cards = "".join(
        f'<div class="card"><span>{html.escape(column.title)}</span>'
        f"<b>{_cell(table, column, row)}</b></div>"
        for column in (table.column(key) for key in CARDS)
    )
    rate, low, high = (table.column(f"referral_rate{end}") for end in ("", "_lower", "_upper"))
    words = (
        f"{html.escape(rate.title)}: <b>{_cell(table, rate, row)}</b> "
        f"({_cell(table, low, row)} to {_cell(table, high, row)}) {html.escape(rate.unit)}; "
        f"all zones {_cell(table, rate, len(table.names) - 1)}."
    )
    return f'<div class="cards">{cards}</div>{_small(words, safe=True)}'


def _schools(where: Whereabouts) -> str:
    if where.pyramids is None:
        return _missing("Schools", "schools.csv")
    if not where.pyramids:
        return _small("No school of the list stands in this zone.")
    named = where.schools <= MOST_NAMES
    told = " ".join(
        f"<b>{html.escape(f'{p.name} pyramid' if p.name else 'In no pyramid')}:</b> "
        f"{'; '.join(_tier(t, s, named=named) for t, s in p.tiers)}."
        for p in where.pyramids
    )
    return f'<p class="small">{told}</p>'


def _tier(tier: Tier, schools: Sequence[School], *, named: bool) -> str:
    names = ", ".join(html.escape(school.name) for school in schools)
    count = f"{len(schools)} {html.escape(tier)}"
    return f"{count} ({names})" if named or tier in ("upper", "secondary") else count


def _sites(where: Whereabouts) -> str:
    if where.sites is None:
        return _missing("Sites", "sites.csv")
    if not where.sites:
        return _small("No site of the list stands in this zone.")
    told = "; ".join(
        html.escape(f"{site.name} ({site.kind})")
        + (f" {_illustrative()}" if site.status == "illustrative" else "")
        for site in where.sites
    )
    return f'<p class="small"><b>Sites:</b> {told}.</p>'


def _door(tables: SheetTables, pack: Pack, row: int) -> str:
    """Show the funnel, and beneath it how well the door works against its targets."""
    stages, measures = tables.door.stages, tables.door.measures
    absent = absent_from_door(pack)
    wanted = "; ".join(f"{a.title}: add {', '.join(a.measures)}" for a in absent)
    note = f"Not counted here. {wanted}." if absent else ""
    if not stages:
        return _small(note)
    counts = [float(table.column("count").values[row]) for _, table in stages]
    most = max((count for count in counts if not np.isnan(count)), default=0.0)
    rows = [
        _stage_row(stage, table, row, length=count / most if most else float("nan"))
        for (stage, table), count in zip(stages, counts, strict=True)
    ]
    heads = ("Stage", "", "Count", "Per 10,000 children", "95 % interval", "All zones",
             "Share, and of what")  # fmt: skip
    funnel = _table("Front door by stage", heads, rows, words=2)
    rows = [_measure_row(measure, table, row) for measure, table in measures]
    heads = ("How well the door works", "Out of", "Share", "95 % interval", "All zones", "Target",
             "Against it")  # fmt: skip
    well = _table("How well the door works", heads, rows, words=1) if rows else ""
    return f"{funnel}{well}{_small(note)}"


def _stage_row(stage: Stage, table: Table, row: int, *, length: float) -> list[str]:
    last, keys = len(table.names) - 1, {column.key for column in table.columns}
    share = NOT_KNOWN
    if "share" in keys:
        base = table.column("base")
        share = (
            f"{_per_cent(table, 'share', row)} of {_cell(table, base, row)} "
            f"{html.escape(base.title.removeprefix('Out of: '))}"
        )
    when = table.column("count").unit.partition(", ")[2]
    title = f"{html.escape(stage.title)} <span class='small'>{html.escape(when)}</span>"
    return [
        _th(title), _bar(length), _td(_at(table, "count", row)), _td(_at(table, "rate", row)),
        _td(_limits(table, "rate", row)), _td(_at(table, "rate", last)), _td(share),
    ]  # fmt: skip


def _measure_row(measure: DoorMeasure, table: Table, row: int) -> list[str]:
    last, keys = len(table.names) - 1, {column.key for column in table.columns}
    has_target = "target" in keys
    target = _per_cent(table, "target", row) if has_target else NOT_KNOWN
    reached = next((t.texts[row] for t in table.texts if t.key == "reached"), "")
    base = f"{_at(table, 'base', row)} {html.escape(measure.of)}"
    return [
        _th(html.escape(measure.title)), _td(base), _td(_per_cent(table, "share", row)),
        _td(_limits(table, "share", row)), _td(_per_cent(table, "share", last)), _td(target),
        _td(html.escape(reached) or NOT_KNOWN),
    ]  # fmt: skip


def _levels(tables: SheetTables, pack: Pack, row: int) -> str:
    """Show the steps from the highest need down, each against the ideal staircase."""
    table = tables.levels
    if table is None:
        return _missing("Steps of need", "[[levels]] in authority.toml")
    rows = [
        [
            _th(html.escape(level.title)),
            _bar(
                float(table.column(f"{level.measure}_share").values[row]) / PER_CENT,
                mark=level.ideal_share,
            ),
            _td(_at(table, level.measure, row)),
            _td(_per_cent(table, f"{level.measure}_share", row)),
            _td(_per_cent(table, f"{level.measure}_share", len(table.names) - 1)),
            _td(NOT_KNOWN if level.ideal_share is None else f"{level.ideal_share:.1%}"),
        ]
        for level in reversed(pack.levels)
    ]
    heads = ("Step", "", "Children", "Share", "All zones", "Ideal")
    note = "The bar is the share, the line the ideal."
    body = _table("Continuum of need", heads, rows, words=2)
    return body + _small(note)


def _leads(tables: SheetTables, row: int) -> str:
    table = tables.leads
    if table is None:
        return _missing("Lead professionals by agency", f"measures of the group '{LEADS}'")
    last = len(table.names) - 1
    parts = [c for c in table.columns if c.key != ALL and not c.key.endswith("_share")]
    rows = [
        [
            _th(html.escape(column.group)),
            _td(_cell(table, column, row)),
            _td(_per_cent(table, f"{column.key}_share", row)),
            _td(_per_cent(table, f"{column.key}_share", last)),
        ]
        for column in parts
    ]
    rows.append([_th("All"), _td(_at(table, ALL, row)), _td(""), _td("")])
    heads = ("Agency", "Count", "Share", "All zones")
    return _table("Lead professionals by agency", heads, rows, words=1)


def _staff(tables: SheetTables, row: int) -> str:
    table = tables.staff
    if table is None:
        return _missing("Staff of this plan's zones", "staffing.csv")
    last = len(table.names) - 1
    rows = [
        [
            _th(html.escape(f"{column.title}, FTE" if column.unit == "FTE" else column.title)),
            _td(_cell(table, column, row)),
            _td(_cell(table, column, last)),
        ]
        for column in table.columns
    ]
    return _table("Workforce", ("", "Zone", "All zones"), rows, words=1)


def _incidents(tables: SheetTables, pack: Pack, row: int) -> str:
    """Show the last twelve months as bars, the sum, and the breaks that touch them."""
    table = tables.incidents
    if table is None:
        return _missing("Incidents month by month", "incidents.parquet")
    months = [column for column in table.columns if column.key != "total"][-12:]
    values = [float(column.values[row]) for column in months]
    most = max((value for value in values if not np.isnan(value)), default=0.0)
    columns = "".join(
        f"<li><b>{_cell(table, column, row)}</b>{_pillar(value / most if most else 0.0)}"
        f"<span>{html.escape(column.title)}</span></li>"
        for column, value in zip(months, values, strict=True)
    )
    words = f"Incidents a month; all {len(table.columns) - 1} months: {_at(table, 'total', row)}."
    told = [b.text for b in pack.breaks if b.start <= months[-1].key and b.end >= months[0].key]
    said = _small(" ".join((words, *told)))
    label = 'aria-label="Incidents of ASB by month"'
    return f'<ul class="months" {label}>{columns}</ul>{said}'


def _card(tables: SheetTables, row: int) -> str:
    """Show the three questions side by side."""
    parts = (f"<div>{_question(question, tables, row)}</div>" for question in tables.card)
    return f'<div class="three">{"".join(parts)}</div>'


def _question(question: Question, tables: SheetTables, row: int) -> str:
    title = f"<h3>{html.escape(question.title)}</h3>"
    if not question.entries:
        note = f"No indicator of the pack says part = '{question.part}' in indicators.toml."
        return title + _small(note)
    rows = []
    for outcome, entries in question.outcomes:
        rows.append(
            [f'<th class="text out" colspan="2" scope="rowgroup">{html.escape(outcome)}</th>']
        )
        rows += [_short(tables.of_card[entry.indicator.key], row) for entry in entries]
    heads = ("Indicator", "Zone (95 % interval), against")
    return title + _table(question.title, heads, rows, words=1)


def _short(told: Told, row: int) -> list[str]:
    """Write an indicator in two cells: what it is; its value, and what it is held against."""
    table = told.table
    unit = html.escape(table.column("value").unit)
    about = f"{html.escape(told.indicator.title)} <span class='small'>{unit}</span>"
    ends = _limits(table, "", row)
    limits = f"<span class='small'>{ends}</span>" if ends[:1].isdigit() else ""
    mark = f"<span class='small'>{_mark(told)}</span>"
    value = f"<b>{_at(table, 'value', row)}</b> {limits}<br>{_verdict(table, row)} {mark}"
    return [_th(about), _td(value)]


def _told(told: Sequence[Told], row: int) -> str:
    rows = [
        [
            _th(html.escape(each.indicator.title)),
            _td(html.escape(each.table.column("value").unit), text=True),
            _td(f"<b>{_at(each.table, 'value', row)}</b>"),
            _td(_limits(each.table, "", row)),
            _td(_at(each.table, "value", len(each.table.names) - 1)),
            _td(_mark(each)),
            _td(_verdict(each.table, row)),
        ]
        for each in told
    ]
    if not rows:
        return _small("Every indicator of the pack stands in another part of this sheet.")
    heads = ("Indicator", "Unit", "Zone", "95 % interval", "All zones", "Held against", "")
    return _table("Key figures", heads, rows, words=2)


def _mark(told: Told) -> str:
    if told.mark is None:
        return f"All zones {_at(told.table, 'value', len(told.table.names) - 1)}"
    return html.escape(f"{told.mark.title} {told.mark.value:,.{told.indicator.decimals}f}")


def _verdict(table: Table, row: int) -> str:
    word = next((t.texts[row] for t in table.texts if t.key == "compared"), "")
    if word in ("", "not compared"):
        return NOT_KNOWN
    return f'<span class="{html.escape(word)}">{html.escape(word)}</span>'


def _limits(table: Table, key: str, row: int) -> str:
    """Write an interval; one dash where neither end is known."""
    prefix = f"{key}_" if key else ""
    ends = [_at(table, f"{prefix}{end}", row) for end in ("lower", "upper")]
    return ends[0] if ends[0] == ends[1] and not ends[0][:1].isdigit() else " to ".join(ends)


def _at(table: Table, key: str, row: int) -> str:
    return _cell(table, table.column(key), row)


def _cell(table: Table, column: Column, row: int) -> str:
    return html.escape(table.cell(column, row)) or NOT_KNOWN


def _per_cent(table: Table, key: str, row: int) -> str:
    text = _at(table, key, row)
    return f"{text} %" if text[:1].isdigit() else text


def _bar(length: float, *, mark: float | None = None) -> str:
    """Draw a bar of so much of its track, 0-1, and a line at `mark`; nothing where not known."""
    known = 0.0 if np.isnan(length) else min(max(length, 0.0), 1.0)
    line = "" if mark is None else f'<u style="left:{mark:.2%}"></u>'
    return (
        f'<td class="bar"><span class="track"><i style="width:{known:.2%}"></i>{line}</span></td>'
    )


def _pillar(height: float) -> str:
    known = 0.0 if np.isnan(height) else height
    return f'<i><u style="height:{known:.2%}"></u></i>'


def _table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], *, words: int) -> str:
    """Write a small table of cells that are already HTML; the first `words` heads stand left."""
    head = "".join(
        f'<th scope="col"{" class=text" if at < words else ""}>{html.escape(title)}</th>'
        for at, title in enumerate(heads)
    )
    body = "".join(f"<tr>{''.join(cells)}</tr>" for cells in rows)
    return (
        f"<table><caption>{html.escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


def _th(words: str) -> str:
    return f'<th scope="row" class="text">{words}</th>'


def _td(words: str, *, text: bool = False) -> str:
    return f"<td{' class=text' if text else ''}>{words}</td>"


def _small(words: str, *, safe: bool = False) -> str:
    said = words if safe else html.escape(words)
    return f'<p class="small">{said}</p>' if words.strip() else ""


def _missing(what: str, where: str) -> str:
    return _small(f"{what}: not in this pack. Add {where} to show it.")


def _illustrative() -> str:
    return '<span class="mark">illustrative</span>'


def _foot(tables: SheetTables, pack: Pack, entry: NamedPlan) -> str:
    """Say what the signs mean, what is modelled, and where everything comes from."""
    symbol = tables.figures.symbol
    signs = (
        f"{symbol} = small count suppressed, or hidden to protect one; {NOT_KNOWN} = not known; "
        "0 = none. Intervals are of 95 %. Higher and lower are no judgement."
    )
    lines = f"Lines: {entry.source}. {entry.note}" if entry.source else entry.note
    said = (signs, *tables.door.notes, f"Figures: {'; '.join(tables.sources)}.", lines)
    rights = (source.attribution for source in pack.authority.sources)
    parts = (" ".join(said), " ".join(_once(rights)))
    return "".join(f'<p class="foot">{html.escape(part)}</p>' for part in parts if part.strip())


def _once(texts: Iterable[str]) -> Iterable[str]:
    """Give every sentence once: sources of one publisher ask for the same words."""
    sentences = (part.rstrip(".") for text in texts for part in text.split(". "))
    return (f"{sentence}." for sentence in dict.fromkeys(sentences) if sentence)
