"""The spine: all zones and all indicators on one sheet, each cell told by sign and by colour.

Indicators that are neither good nor bad are only ever higher or lower, in greys; the others are
better or worse in blue and orange, which people with any colour vision can tell apart.
"""

import html
from collections.abc import Sequence

import numpy as np

from analysis.tables_need import FEW, NOT_COMPARED, Spine, SpineLine

SIGNS = {
    "better": "✓",
    "worse": "✗",
    "higher": "▲",
    "lower": "▼",
    "similar": "○",
    NOT_COMPARED: "",
    "": "",
}
FEW_SIGN = "†"
"""Beside a value of few events, and one that is hard to believe."""

MOST_ACROSS = 14
"""Zones that fit side by side; more stand below each other, with the indicators across."""

STYLE = """
<style>
table.zw-spine td, table.zw-spine th { padding: .2rem .35rem; }
table.zw-spine td small { white-space: normal; display: inline-block; max-width: 6rem; line-height: 1.15; }
table.zw-spine thead th { text-align: right; max-width: 7rem; font-size: .86rem; }
table.zw-spine th.text { min-width: 12rem; line-height: 1.25; white-space: normal; position: sticky; left: 0;
  background: #fff; z-index: 1; }
table.zw-spine thead th.text { z-index: 2; background: #f2f5f8; }
table.zw-spine tbody tr:hover th.text { background: #f2f7fc; }
.zw-s-better { background: #bfe0f5; } .zw-s-worse { background: #fbd3a8; }
.zw-s-higher { background: #cfc9dc; } .zw-s-lower { background: #e7e4ee; }
.zw-s-sign { display: inline-block; width: 1.1em; text-align: center; font-weight: 700; }
.zw-s-far { position: absolute; clip-path: inset(50%); width: 1px; height: 1px; overflow: hidden; }
.zw-s-line { position: relative; display: block; width: 8rem; height: 1rem; }
.zw-s-line .axis { position: absolute; left: 0; right: 0; top: 50%; border-top: 1px solid #b9c3cd; }
.zw-s-line .mark { position: absolute; left: 50%; top: 0; bottom: 0; border-left: 2px solid #d55e00; }
.zw-s-line .dot { position: absolute; top: .18rem; width: .62rem; height: .62rem;
  margin-left: -.31rem; border-radius: 50%; border: 1px solid #16202a; background: #fff; }
.zw-s-line .dot.zw-s-better { background: #56b4e9; } .zw-s-line .dot.zw-s-worse { background: #e69f00; }
.zw-s-line .dot.zw-s-higher { background: #7a6a9c; border-radius: 0; }
.zw-s-line .dot.zw-s-lower { background: #c9c1dd; border-radius: 0; }
.zw-s-key span { padding: 0 .4rem; margin-right: .5rem; border: 1px solid #d5dbe1; }
</style>
"""  # noqa: E501  a rule of style stands on its line


def render_spine(found: Spine, order: Sequence[int], *, caption: str, height: int) -> str:
    """Write the spine as a table; every word of it is escaped.

    Parameters
    ----------
    order
        Positions of the zones, as they are to stand.
    """
    across = len(found.names) <= MOST_ACROSS
    head, body = _by_indicator(found, order) if across else _by_zone(found, order)
    words = html.escape(caption)
    return (
        f"{_key()}"
        f'<div class="zw-scroll" tabindex="0" role="region" aria-label="{words}" '
        f'style="max-height:{height}px"><table class="zw zw-spine"><caption>{words}</caption>'
        f"<thead>{head}</thead><tbody>{body}</tbody></table></div>"
    )


def order_of(found: Spine, key: str) -> list[int]:
    """Sort zones by an indicator's value, the highest first; totals last. An empty key sorts not.

    Zones whose value is not shown stand at the end.
    """
    for line in found.lines:
        if line.indicator.key == key:
            return line.table.order("value", descending=True)
    return list(range(len(found.names)))


def _by_indicator(found: Spine, order: Sequence[int]) -> tuple[str, str]:
    """Put indicators below each other, with a line on which the zones stand around the mark."""
    names = "".join(_head(found.names[row]) for row in order)
    head = f"<tr>{_head('Indicator', text=True)}{names}{_head(_mark_title(found))}{_head('Zones around it')}</tr>"  # noqa: E501
    rows = []
    for line in found.lines:
        cells = "".join(_cell(line, row, found.names[row]) for row in order)
        rows.append(f"<tr>{_indicator(line)}{cells}{_mark(found, line)}{_dots(found, line)}</tr>")
    return head, "".join(rows)


def _by_zone(found: Spine, order: Sequence[int]) -> tuple[str, str]:
    """Put zones below each other."""
    what = found.what[:1].upper() + found.what[1:]
    heads = "".join(
        _head(line.indicator.title, line.table.column("value").unit) for line in found.lines
    )
    rows = []
    for row in order:
        last = ' class="total"' if row >= len(found.names) - 1 else ""
        name = f'<th scope="row" class="text">{html.escape(found.names[row])}</th>'
        cells = "".join(_cell(line, row, line.indicator.title) for line in found.lines)
        rows.append(f"<tr{last}>{name}{cells}</tr>")
    marks = "".join(_mark(found, line) for line in found.lines)
    top = f'<tr><th scope="row" class="text">{html.escape(_mark_title(found))}</th>{marks}</tr>'
    return f"<tr>{_head(what, text=True)}{heads}</tr>", top + "".join(rows)


def _indicator(line: SpineLine) -> str:
    title, unit = line.indicator.title, line.table.column("value").unit
    modelled = ", illustrative" if line.table.standing == "illustrative" else ""
    small = html.escape(f"{unit}, {line.indicator.period}{modelled}")
    return f'<th scope="row" class="text">{html.escape(title)}<br><small>{small}</small></th>'


def _cell(line: SpineLine, row: int, where: str) -> str:
    table, verdict = line.table, line.verdicts[row]
    value, lower, upper = (table.cell(table.column(k), row) for k in ("value", "lower", "upper"))
    told = f"{where}: {value or 'not known'}"
    if line.indicator.kind != "mean" and lower and value != table.symbol:
        told += f", 95 % {lower} to {upper}"
    told += f"; {verdict}" if verdict else ""
    told += f"; {line.notes[row]}" if line.notes[row] else ""
    shown = f"{html.escape(value) or '–'}{FEW_SIGN if line.notes[row] else ''}"
    said = f'<span class="zw-s-far">{html.escape(verdict)}</span>' if verdict else ""
    return (
        f'<td class="zw-s-{_kind(verdict)}" title="{html.escape(told)}">{shown}'
        f'<span class="zw-s-sign" aria-hidden="true">{SIGNS.get(verdict, "")}</span>{said}</td>'
    )


def _mark(found: Spine, line: SpineLine) -> str:
    """Write the figure compared with, and of which period it is."""
    number = f"{{:,.{line.indicator.decimals}f}}".format
    if line.benchmark:
        title = html.escape(line.benchmark.title)
        return f"<td>{number(line.benchmark.value)}<br><small>{title}</small></td>"
    table = line.table
    all_ = table.cell(table.column("value"), len(found.names) - 1)
    compared = any(word not in ("", NOT_COMPARED) for word in line.verdicts)
    return f"<td>{html.escape(all_) if compared else '–'}</td>"


def _dots(found: Spine, line: SpineLine) -> str:
    """Draw the zones on a line around the figure compared with; nothing that is not shown."""
    values = line.table.column("value").values
    mark = line.benchmark.value if line.benchmark else float(values[-1])
    compared = any(word not in ("", NOT_COMPARED) for word in line.verdicts)
    far = np.nanmax(np.abs(values[:-1] - mark), initial=0) if compared else 0
    if not far > 0:
        return "<td></td>"
    dots = "".join(
        f'<span class="dot zw-s-{_kind(line.verdicts[row])}" '
        f'title="{html.escape(name)}" style="left:{50 + 46 * (values[row] - mark) / far:.1f}%">'
        "</span>"
        for row, name in enumerate(found.names[:-1])
        if not np.isnan(values[row])
    )
    return (
        '<td><span class="zw-s-line" aria-hidden="true"><span class="axis"></span>'
        f'<span class="mark"></span>{dots}</span></td>'
    )


def _mark_title(found: Spine) -> str:
    return f"Compared with: {found.against}"


def _kind(verdict: str) -> str:
    return verdict.replace(" ", "-") or "none"


def _head(title: str, unit: str = "", *, text: bool = False) -> str:
    small = f"<br><small>{html.escape(unit)}</small>" if unit else ""
    return f'<th scope="col"{" class=text" if text else ""}>{html.escape(title)}{small}</th>'


def _key() -> str:
    """Explain signs and colours, as words."""
    parts = "".join(
        f'<span class="zw-s-{word}">{SIGNS[word]} {word}</span>'
        for word in ("better", "worse", "higher", "lower", "similar")
    )
    return (
        f'<p class="zw-note zw-s-key">{parts} than the figure compared with, at 95 %. Where a high '
        "value is neither good nor bad it is only higher or lower. "
        f"{FEW_SIGN} {FEW}, or hard to believe.</p>"
    )
