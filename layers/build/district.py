"""Who a pack is about: the districts that a name or codes stand for, and which units are theirs.

Small areas carry no district in their code. Files that name both (a lookup, the Indices of
Deprivation, boundaries with a LAD column) tell it; where none does, the names of the small areas
do (`Dorset 007A`), and that is said.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from geo.errors import PackError, named

DISTRICT = re.compile(r"[EW]0[6-9]\d{6}")
_NUMBERED = re.compile(r"^(?P<district>.+) \d{3}[A-Z]{1,2}$")
_TITLES = re.compile(
    r"\b(metropolitan|borough|city|county|district|council|unitary|authority|of|the)\b"
)


@dataclass(frozen=True)
class Membership:
    """Which district (code) each unit of one vintage belongs to, as one source has it."""

    vintage: str
    districts: Mapping[str, str]
    source: str


@dataclass(frozen=True)
class Chosen:
    """The authority of a pack.

    Parameters
    ----------
    codes
        Its districts.
    name
        As the person gave it, or of the districts.
    units
        Vintage -> its units, as far as files tell.
    notes
        How units were found where no file tells their district.
    """

    codes: tuple[str, ...]
    name: str
    units: Mapping[str, frozenset[str]]
    notes: tuple[str, ...] = ()


def choose_authority(
    authority: str,
    memberships: Sequence[Membership],
    *,
    names: Mapping[str, str],
    labels: Mapping[str, Mapping[str, str]],
) -> Chosen:
    """Find the districts that `authority` means, and their units.

    Parameters
    ----------
    authority
        A district's name, or codes of districts separated by commas (`E06000059,E06000058`).
    memberships
        What the files tell; the first that knows a unit is believed.
    names
        Code -> name of districts.
    labels
        Vintage -> unit -> name of the unit, from boundaries; used where no file tells districts.

    Raises
    ------
    PackError
        When no file knows the name, several districts bear it, or no unit is theirs.
    """
    parts = [part.strip() for part in authority.split(",") if part.strip()]
    if not parts:
        raise PackError("No authority was named.", remedy="Give its name or its codes (E06000059).")
    known = {code: name for code, name in names.items() if name}
    if all(DISTRICT.fullmatch(part.upper()) for part in parts):
        codes = tuple(dict.fromkeys(part.upper() for part in parts))
        name = ", ".join(known.get(code, code) for code in codes)
    else:
        codes, name = _by_name(authority.strip(), known, labels)
    units = _units(codes, memberships)
    if units:
        return Chosen(codes, name, units)
    return _by_label(codes, name, known, labels)


def _by_name(
    wanted: str, known: Mapping[str, str], labels: Mapping[str, Mapping[str, str]]
) -> tuple[tuple[str, ...], str]:
    codes = [code for code, name in known.items() if name.casefold() == wanted.casefold()]
    codes = codes or [code for code, name in known.items() if _folded(name) == _folded(wanted)]
    if len(codes) == 1:
        return (codes[0],), known[codes[0]]
    if len(codes) > 1:
        raise PackError(
            f"'{wanted}' is the name of {len(codes)} districts: {named(codes)}.",
            remedy="Give the code of the one you mean.",
        )
    numbered = _label_districts(labels)
    if _folded(wanted) in {_folded(name) for name in numbered}:
        return (), wanted
    told = sorted({*known.values(), *numbered})
    near = get_close_matches(wanted, told, n=3, cutoff=0.5) or told
    raise PackError(
        f"No file tells of a district '{wanted}'"
        + (f"; they tell of {named(near)}." if near else "; none of them names districts."),
        remedy="Give its code (E06000059) or its name as the files have it, and add a lookup of "
        "small areas to districts.",
    )


def _units(codes: tuple[str, ...], memberships: Sequence[Membership]) -> dict[str, frozenset[str]]:
    """Gather the units of the districts; the first file that knows a unit is believed."""
    told: dict[str, dict[str, str]] = defaultdict(dict)
    for membership in memberships:
        for unit, district in membership.districts.items():
            told[membership.vintage].setdefault(unit, district)
    units = {
        vintage: frozenset(unit for unit, district in of.items() if district in codes)
        for vintage, of in told.items()
    }
    return {vintage: held for vintage, held in units.items() if held}


def _by_label(
    codes: tuple[str, ...],
    name: str,
    known: Mapping[str, str],
    labels: Mapping[str, Mapping[str, str]],
) -> Chosen:
    wanted = {_folded(known.get(code, name)) for code in codes} or {_folded(name)}
    units = {
        vintage: frozenset(unit for unit, label in of.items() if _district_of(label) in wanted)
        for vintage, of in labels.items()
    }
    units = {vintage: held for vintage, held in units.items() if held}
    if not units:
        raise PackError(
            f"No small area of {name} stands in the files.",
            remedy="Add its boundaries, and a lookup of small areas to districts.",
        )
    counts = ", ".join(f"{len(held)} of {vintage}" for vintage, held in units.items())
    note = f"No file tells the district of small areas; {counts} were taken by their names."
    return Chosen(codes, name, units, (note,))


def _district_of(label: str) -> str:
    match = _NUMBERED.match(label)
    return _folded(match["district"]) if match else ""


def _label_districts(labels: Mapping[str, Mapping[str, str]]) -> Iterable[str]:
    matches = [_NUMBERED.match(label) for of in labels.values() for label in of.values()]
    return dict.fromkeys(match["district"] for match in matches if match)


def _folded(name: str) -> str:
    """Make names comparable: 'Durham County Council' and 'County Durham' are one.

    >>> _folded("Kirklees Council") == _folded("Kirklees")
    True
    """
    words = re.findall(r"[a-z]+", _TITLES.sub(" ", name.casefold().replace("&", "and")))
    return " ".join(sorted(words))
