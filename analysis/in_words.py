"""What a plan does beside another, in plain sentences made of the protected figures.

A figure that is suppressed is said to be so, and one that is not known as well. A change that
chance alone could make is called that, whichever way it goes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from analysis.assumptions import Assumptions
from analysis.capacity import recorded_fte
from analysis.comparing import Compared, Match
from analysis.scenario import Evaluation, Scenario
from analysis.table import Table
from analysis.tables_compare import is_within_chance
from geo.errors import MOST_NAMED, named
from geo.plan import Plan
from layers.pack import Pack
from layers.status import Status


@dataclass(frozen=True)
class Words:
    """What is to be said of one plan beside the first.

    Parameters
    ----------
    title
        The plan's.
    sentences
        The most telling first: who changes team, then how equal the plan is, then its lines.
    """

    title: str
    sentences: tuple[str, ...]


def in_words(compared: Compared, table: Table, plan: int) -> Words:
    """Say what a later plan does beside the first.

    Parameters
    ----------
    table
        `metrics_table` of what is compared.
    plan
        The position of the later plan.
    """
    match, later = compared.sides.matches[plan - 1], compared.evaluations[plan]
    tell = _Teller(compared, table, plan)
    sentences = [
        tell.who_moves(match),
        tell.cases_move(match),
        tell.spread("referral", "Referral spread"),
        tell.spread("load", "The spread of cases per worker"),
        tell.spread("oe", "The spread of referrals against need", or_nothing=True),
        tell.difference("pyramids_split", "school pyramid", "is split", "are split"),
        tell.lines(),
        tell.difference("stray_pieces", "piece of a zone", "lies apart", "lie apart"),
        _assumptions(compared, plan),
        *_zones(compared, match),
        *compared.notes_of(plan),
        *_unstaffed(compared, plan),
        _empty(later),
        _unassigned(later),
    ]
    return Words(compared.titles[plan], tuple(sentence for sentence in sentences if sentence))


def staff_in_words(scenario: Scenario, pack: Pack) -> tuple[str, ...]:
    """Say whose staff the zones of a plan from a file have, and whose is in none of them.

    Parameters
    ----------
    scenario
        As `analysis.comparing.brought` gives it.
    """
    zones, title = scenario.baseline.plan.zones, scenario.baseline.title
    fte = recorded_fte(pack.staffing, scenario.baseline.key, zones, Assumptions())
    staffed = {zone for zone, count in zip(zones, fte.tolist(), strict=True) if count >= 0}
    if not staffed:
        return ()
    now = dict(zip(zones, scenario.was.zones, strict=True))
    has = [zone for zone in zones if zone in staffed and now[zone] in scenario.plan.zones]
    lost = [zone for zone in zones if zone in staffed and zone not in has]
    under = [f"{now[zone]} that of {zone}" for zone in has if now[zone] != zone]
    other = f": {_listed(under)}" if under else ""
    said = [f"A file holds no staff; its zones are taken to have that of '{title}'{other}."]
    if lost:
        verb = "is" if len(lost) == 1 else "are"
        said.append(f"The staff of {_listed(lost)} {verb} in none of its zones.")
    return tuple(said)


def counted(count: float, one: str, many: str = "", *, none: str = "no") -> str:
    """Write a count with its noun.

    >>> counted(0, "child", "children"), counted(1, "child"), counted(1129, "child", "children")
    ('no children', '1 child', '1,129 children')
    """
    number = round(count)
    noun = one if number == 1 else many or f"{one}s"
    return f"{number:,} {noun}" if number else f"{none} {noun}"


@dataclass(frozen=True)
class _Figure:
    """A figure before or after: its number, how it is written, and what stands behind it."""

    value: float
    text: str
    status: int

    @property
    def is_known(self) -> bool:
        return self.status < Status.NOT_APPLICABLE and bool(np.isfinite(self.value))


@dataclass(frozen=True, eq=False)
class _Teller:
    """Makes the sentences of one plan from the figures of the table."""

    compared: Compared
    table: Table
    plan: int

    def who_moves(self, match: Match) -> str:
        """Say how many children change team, and in how many small areas."""
        children = self._figure("children_moved")
        areas = counted(len(match.moved), "small area")
        if not match.moved:
            return "No child changes team: every small area stays in its zone."
        if children.status == Status.SUPPRESSED:
            return (
                f"{_first_up(areas)} {_verb(len(match.moved))} zone; how many children change "
                "team is not shown, as the count is small."
            )
        if not children.is_known:
            return (
                f"{_first_up(areas)} {_verb(len(match.moved))} zone; how many children change "
                "team is not known."
            )
        number = round(children.value)
        if not number:
            return f"No child changes team, though {areas} {_verb(len(match.moved))} zone."
        return (
            f"{_first_up(counted(number, 'child', 'children'))}{self._share(children.value)} "
            f"{_verb(number)} team, in {areas}."
        )

    def cases_move(self, match: Match) -> str:
        """Say how many open cases change team; nothing where none are counted."""
        cases = self._figure("cases_moved")
        if not match.moved or cases.status in (Status.MISSING, Status.NOT_APPLICABLE):
            return ""
        if cases.status == Status.SUPPRESSED:
            return "How many open cases change team is not shown, as the count is small."
        number = round(cases.value)
        about = "About " if cases.status == Status.ROUNDED else ""
        words = counted(number, "open case")
        return f"{about}{words if about else _first_up(words)} {_verb(number)} team."

    def spread(self, what: str, name: str, *, or_nothing: bool = False) -> str:
        """Say how a spread changes, and how much of it chance alone could make.

        One that is not known is said to be so, or with `or_nothing` passed over.
        """
        before, after = (self._figure(f"{what}_cv", row) for row in (0, self.plan))
        if Status.SUPPRESSED in (before.status, after.status):
            return f"How {_first_down(name)} changes is not shown: it follows from small counts."
        if not (before.is_known and after.is_known):
            return "" if or_nothing else self._unknown(what, name)
        if what.endswith("load") and (apart := self._of_other_zones()):
            return f"{name} is {before.text} % and {after.text} %, but {apart}."
        return self._change(what, name, before, after)

    def _change(self, what: str, name: str, before: _Figure, after: _Figure) -> str:
        noise = [self._figure(f"{what}_noise", row) for row in (0, self.plan)]
        how = self._how(what, before, after)
        known = all(floor.is_known for floor in noise)
        chance = f", {_of_chance(after, noise[1])}" if known else ""
        if how == "stays":
            return f"{name} stays at {after.text} %{chance}."
        pair = f"from {before.text} % to {after.text} %"
        if not known:
            return f"{name} goes {pair}; what chance alone could do is not known."
        if how == "goes":
            return f"{name} goes {pair}, a change that chance alone could make."
        return f"{name} {how} {pair}{chance}."

    def _of_other_zones(self) -> str:
        """Say whose zones without staff are left out, where they are so of one plan only."""
        facts = [self.compared.evaluations[row].facts for row in (0, self.plan)]
        if facts[0].without_staff == facts[1].without_staff:
            return ""
        out = [
            f"without {_listed(one.without_staff)} in '{self.compared.titles[row]}'"
            for row, one in zip((0, self.plan), facts, strict=True)
            if one.without_staff
        ]
        return f"{' and '.join(out)}, where no staff is recorded: that is no comparison"

    def _how(self, what: str, before: _Figure, after: _Figure) -> str:
        """Give the verb: a change claims a direction only where chance could not make it."""
        if before.text == after.text:
            return "stays"
        if is_within_chance(self.table, f"{what}_cv", 0, self.plan):
            return "goes"
        return "falls" if after.value < before.value else "rises"

    def difference(self, key: str, noun: str, verb: str, verbs: str) -> str:
        """Say how many more or fewer there are than in the first plan; nothing without change."""
        was, now = (self._figure(key, row) for row in (0, self.plan))
        if not (was.is_known and now.is_known):
            return ""
        more = round(now.value) - round(was.value)
        if not more:
            return ""
        word = "more" if more > 0 else "fewer"
        first, *rest = noun.split(" of ")
        many = " of ".join([f"{first}s", *rest])
        words = f"{noun} {verb}" if abs(more) == 1 else f"{many} {verbs}"
        return f"{abs(more):,} {word} {words}: {now.text}, against {was.text}."

    def lines(self) -> str:
        """Say how much longer or shorter the lines between zones are."""
        was, now = (self._figure("cut_length_km", row) for row in (0, self.plan))
        if not (was.is_known and now.is_known) or was.text == now.text:
            return ""
        longer = now.value > was.value
        by = f"{abs(now.value - was.value):,.1f}"
        return (
            f"The lines between zones are {by} km {'longer' if longer else 'shorter'}: "
            f"{now.text} km, against {was.text} km."
        )

    def _unknown(self, what: str, name: str) -> str:
        """Say for which plan a spread is not known, and why where that is plain."""
        rows = [row for row in (0, self.plan) if not self._figure(f"{what}_cv", row).is_known]
        whose = " and ".join(f"'{self.compared.titles[row]}'" for row in rows)
        unstaffed = [np.isnan(self.compared.evaluations[row].facts.fte).all() for row in rows]
        if what == "load" and all(unstaffed):
            return f"{name} cannot be compared: no staff recorded for {whose}."
        return f"{name} cannot be compared: it is not known for {whose}."

    def _share(self, children: float) -> str:
        """Say what share of all children that is; nothing where their number is not to be told."""
        measures = self.compared.evaluations[0].facts.measures
        whole = float(np.nansum(measures.counts("children")))
        if measures.measure("children").sensitive or not whole:
            return ""
        share = 100 * children / whole
        return f" ({share:.1f} % of all)" if share >= 0.05 else " (less than 0.1 % of all)"

    def _figure(self, key: str, row: int | None = None) -> _Figure:
        at = self.plan if row is None else row
        column = next((c for c in self.table.columns if c.key == key), None)
        if column is None:
            return _Figure(float("nan"), "", int(Status.MISSING))
        return _Figure(
            float(column.values[at]), self.table.cell(column, at), int(column.status[at])
        )


def _of_chance(spread: _Figure, noise: _Figure) -> str:
    """Say how much of a spread could be chance: of one no wider than chance makes it, all."""
    if spread.value <= noise.value:
        return f"all of which could be chance ({noise.text} %)"
    return f"of which {noise.text} % could be chance"


def _assumptions(compared: Compared, plan: int) -> str:
    """Say which assumptions differ from those of the first plan; loads are not like for like."""
    first, later = (compared.evaluations[at].facts.assumptions for at in (0, plan))
    was, now = first.to_dict(), later.to_dict()
    differing = [words for name, words in _ASSUMED.items() if was[name] != now[name]]
    if not differing:
        return ""
    return (
        f"It makes other assumptions than '{compared.titles[0]}' about {_listed(differing)}: cases "
        f"per worker are not like for like."
    )


_ASSUMED = {
    "staff": "what staff do when a line moves",
    "weights": "what cases weigh",
    "newly_qualified": "what a newly qualified worker holds",
    "fte": "the staff of zones",
}
"""The assumptions that figures of a comparison follow from, and how a sentence names them."""


def _zones(compared: Compared, match: Match) -> list[str]:
    """Say how many zones there are where that changes, and which are new, gone or renamed."""
    was, now = (int((plan.sizes > 0).sum()) for plan in (match.before, match.after))
    sentences = []
    if was != now:
        sentences.append(
            f"It has {counted(now, 'zone')} with small areas, '{compared.titles[0]}' {was:,}: "
            f"where zones are fewer, spreads and lines are smaller by nature."
        )
    come = _unless_empty(match.new, match.after, match.before)
    left = _unless_empty(match.gone, match.before, match.after)
    for zones, word in ((come, "new"), (left, "gone")):
        if zones:
            sentences.append(f"{_listed(zones)} {'is' if len(zones) == 1 else 'are'} {word}.")
    pairs = [f"{new} with {old}" for old, new in match.renamed.items()]
    if pairs:
        sentences.append(f"Matched by the children they share: {_listed(pairs)}.")
    return sentences


def _unless_empty(zones: Sequence[str], plan: Plan, other: Plan) -> list[str]:
    """Leave out the empty zones whose name the other plan has: they neither come nor go."""
    size = dict(zip(plan.zones, plan.sizes.tolist(), strict=True))
    return [zone for zone in zones if size[zone] or zone not in other.zones]


def _unstaffed(compared: Compared, plan: int) -> list[str]:
    """Name the zones without recorded staff, where others have some."""
    said = []
    for at in (0, plan):
        facts = compared.evaluations[at].facts
        zones = facts.without_staff
        if zones and (facts.fte > 0).any():
            said.append(
                f"No staff recorded for {_listed(zones)} in '{compared.titles[at]}': its spread of "
                "cases per worker is that of the other zones."
            )
    return said


def _empty(evaluation: Evaluation) -> str:
    plan = evaluation.plan
    empty = [zone for zone, size in zip(plan.zones, plan.sizes, strict=True) if not size]
    return f"No small area is left in {_listed(empty)}." if empty else ""


def _unassigned(evaluation: Evaluation) -> str:
    count = len(evaluation.plan.unassigned)
    verb = "is" if count == 1 else "are"
    return f"{_first_up(counted(count, 'small area'))} {verb} in no zone." if count else ""


def _listed(parts: Sequence[str]) -> str:
    """Join names of a sentence: at most three, then how many more."""
    if len(parts) > MOST_NAMED:
        return named(parts)
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def _verb(number: float) -> str:
    return "changes" if number == 1 else "change"


def _first_up(words: str) -> str:
    return words[:1].upper() + words[1:]


def _first_down(words: str) -> str:
    return words[:1].lower() + words[1:]
