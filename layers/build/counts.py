"""Put the counts of many files on the units of one pack.

Each file is cut to the authority, converted where its codes are of another vintage, and laid on
the pack's units; a unit that a file does not have is missing, not 0. Of a measure that several
files have, the latest is taken and the others are named.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from geo.errors import VintageError, named
from geo.ledger import Ledger
from geo.vintages import NEW, VintageLookup, vintage_of
from layers.build.district import Chosen
from layers.convert import convert_counts
from layers.counts import UnitCounts
from layers.measures import Measure, Measures
from layers.status import Status

PEOPLE = ("persons", "imd_people", "total")
"""Measures that can weigh the parts of a split small area, the best first."""
UNTOLD = "period not told"
"""What stands in place of a period that a table does not tell."""


@dataclass(frozen=True)
class BuiltCounts:
    """Counts on the units of the pack, the account of every file, and how it was done."""

    measures: Measures
    ledgers: tuple[Ledger, ...]
    notes: tuple[str, ...]


def build_counts(
    files: Sequence[UnitCounts],
    units: tuple[str, ...],
    *,
    vintage: str,
    chosen: Chosen,
    lookup: VintageLookup | None,
) -> BuiltCounts:
    """Lay the counts of `files` on `units`.

    Parameters
    ----------
    vintage
        Of `units`.
    lookup
        Between vintages; needed when a file's codes are of the other one.

    Raises
    ------
    VintageError
        When codes are of another vintage and there is no lookup, or a file mixes two vintages.
    """
    mine = [_cut(file, vintage, chosen, lookup) for file in files]
    ledgers = tuple(_cut_ledger(file, cut) for file, cut in zip(files, mine, strict=True))
    same = [file for file in mine if file.vintage == vintage]
    people = _people(same)
    others = [
        _converted(f, vintage, lookup, people)
        for f in mine
        if f.vintage != vintage and (f.measures.units or lookup is None)
    ]
    laid = [_laid(file, units) for file in (*same, *others) if file.measures.units]
    measures, notes = _latest(laid, units)
    told = [f"{f.ledger.source}: {note}" for f in (*same, *others) for note in f.notes]
    absent = [note for f in (*same, *others) for note in _without_rows(f, units)]
    return BuiltCounts(measures, ledgers, (*told, *absent, *notes))


def _cut(
    file: UnitCounts, vintage: str, chosen: Chosen, lookup: VintageLookup | None
) -> UnitCounts:
    """Keep the authority's units, and say which vintage they are of where the file does not."""
    codes = file.measures.units
    own = [code for code in codes if any(code in held for held in chosen.units.values())]
    told = vintage_of(own, lookup)
    _require_one_vintage(file, own, told, lookup)
    found = file.vintage or told
    found = vintage if found in ("", "both") else found
    wanted = chosen.units.get(found, frozenset())
    keep = [i for i, code in enumerate(codes) if code in wanted]
    measures = Measures(
        tuple(codes[i] for i in keep),
        file.measures.measures,
        file.measures.values[:, keep],
        file.measures.status[:, keep],
    )
    districts = tuple(file.districts[i] for i in keep) if file.districts else ()
    rows = tuple(file.rows[i] for i in keep) if file.rows else ()
    return replace(file, measures=measures, vintage=found, districts=districts, rows=rows)


def _require_one_vintage(
    file: UnitCounts, codes: Sequence[str], told: str, lookup: VintageLookup | None
) -> None:
    """Refuse codes of two vintages: half of them would seem to be another authority's."""
    if told != "mixed" or lookup is None:
        return
    ended = sorted(set(codes) - lookup.codes[NEW])
    raise VintageError(
        f"{file.ledger.source} mixes codes of 2011 and of 2021: {named(ended)} ended in 2021, and "
        "others began then.",
        remedy="Export it again by areas of one vintage.",
    )


def _cut_ledger(file: UnitCounts, cut: UnitCounts) -> Ledger:
    """Count rows of other authorities as outside, where it is known which rows are a unit's."""
    ledger, all_units, kept = file.ledger, len(file.measures.units), len(cut.measures.units)
    if file.rows:
        kept = sum(cut.rows)
        return replace(ledger, used=kept, outside=ledger.outside + ledger.used - kept)
    if ledger.used != all_units:  # rows of postcodes: others are outside already
        return ledger
    away = all_units - kept
    return replace(ledger, used=kept, outside=ledger.outside + away)


def _people(files: Iterable[UnitCounts]) -> dict[str, float]:
    """Give people per unit from the first measure that counts everybody."""
    for key in PEOPLE:
        for file in files:
            if file.measures.has(key):
                counts = file.measures.counts(key)
                pairs = zip(file.measures.units, counts.tolist(), strict=True)
                return {unit: count for unit, count in pairs if not np.isnan(count)}
    return {}


def _converted(
    file: UnitCounts, vintage: str, lookup: VintageLookup | None, people: Mapping[str, float]
) -> UnitCounts:
    if lookup is None:
        raise VintageError(
            f"{file.ledger.source} has codes of {file.vintage}; the pack's are of {vintage}.",
            remedy="Add the lookup of LSOA 2011 to 2021 (ONS Open Geography, "
            "'LSOA (2011) to LSOA (2021) to LAD'), or a file of the other vintage.",
        )
    counted = [measure.counts != "points" for measure in file.measures.measures]
    known = file.measures.values[counted][file.measures.status[counted] == Status.OK]
    whole = bool((known % 1 == 0).all())
    return convert_counts(file, lookup, to=vintage, people=people, whole=whole).counts


def _laid(file: UnitCounts, units: tuple[str, ...]) -> UnitCounts:
    """Put a file's counts in the order of `units`; what it does not have is missing."""
    place = {unit: i for i, unit in enumerate(units)}
    shape = (len(file.measures.measures), len(units))
    values, status = np.full(shape, np.nan), np.full(shape, Status.MISSING, dtype=np.int8)
    here = [i for i, unit in enumerate(file.measures.units) if unit in place]
    at = [place[file.measures.units[i]] for i in here]
    values[:, at] = file.measures.values[:, here]
    status[:, at] = file.measures.status[:, here]
    return replace(
        file,
        measures=Measures(units, file.measures.measures, values, status),
        districts=(),
        rows=(),
    )


def _without_rows(file: UnitCounts, units: Sequence[str]) -> tuple[str, ...]:
    """Say which units a file leaves out: exports often have no row where there is nothing."""
    held = set(file.measures.units)
    absent = [unit for unit in units if unit not in held]
    if not absent or len(absent) == len(units):
        return ()
    text = (
        f"{file.ledger.source}: {len(absent)} of {len(units)} small areas have no row "
        f"({named(absent)}). They are missing, not 0, and zones that hold them have no total; "
        "where there was nothing, add a row with 0."
    )
    return (text,)


def _latest(files: Sequence[UnitCounts], units: tuple[str, ...]) -> tuple[Measures, list[str]]:
    """Take each measure from the file whose period is the latest, and name the others."""
    chosen: dict[str, tuple[Measure, UnitCounts]] = {}
    passed: list[tuple[Measure, UnitCounts]] = []
    for file in files:
        for measure in file.measures.measures:
            here = (measure, file)
            known = chosen.setdefault(measure.key, here)
            if known[1] is file:
                continue
            older, newer = sorted((known, here), key=lambda pair: pair[0].period)
            chosen[measure.key] = newer
            passed.append(older)
    rows = [(measure, file, file.measures.row(key)) for key, (measure, file) in chosen.items()]
    measures = Measures(
        units,
        tuple(replace(m, source=_title(m, file), period=m.period or UNTOLD) for m, file, _ in rows),
        np.array([file.measures.values[row] for _, file, row in rows]).reshape(-1, len(units)),
        np.array([file.measures.status[row] for _, file, row in rows], dtype=np.int8).reshape(
            -1, len(units)
        ),
    )
    notes = [
        f"'{m.key}' ({m.period or 'no period told'}) in {file.ledger.source} was passed over for "
        f"that in {chosen[m.key][1].ledger.source} ({chosen[m.key][0].period})."
        for m, file in passed
    ]
    return measures, notes


def _title(measure: Measure, file: UnitCounts) -> str:
    return f"{file.source.title}, {file.source.publisher}" if file.source.title else measure.source
