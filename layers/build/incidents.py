"""The incidents of a pack that is built: months of street-level crime put in its units."""

from dataclasses import dataclass

from geo.geography import Geography
from geo.index import UnitIndex
from geo.vintages import NEW, Change, VintageLookup
from layers.build.work import Work
from layers.incidents import Incidents, Street, place_street
from layers.measures import Measure
from layers.read.police import read_street

YEAR = 12


@dataclass(frozen=True)
class BuiltIncidents:
    """Incidents that were placed, the rows they came from, and what their count is."""

    street: Street
    incidents: Incidents
    measure: Measure


def build_incidents(
    geography: Geography, lookup: VintageLookup | None, work: Work
) -> BuiltIncidents | None:
    """Read and place all street files; None where there are none of this authority.

    An authority without a single incident is one whose police force's files are not there: that is
    not known, which is not 0, and is said.
    """
    files = work.files("police_street")
    if not files:
        return None
    known = lookup.codes if lookup else {}
    street = work.faults.attempt(lambda: read_street(files, known=known))
    if street is None:
        return None
    index = UnitIndex(geography.units, geography.shapes)
    incidents = place_street(
        street, index, vintage=geography.vintage, convert=_certain(geography.vintage, lookup)
    )
    work.ledgers.append(incidents.ledger)
    work.note("Incidents", (*street.notes, *incidents.notes))
    if not incidents.ledger.used:
        none = (
            "None of the files' incidents lies in this authority, so it has no incidents to show. "
            "Add the files of its own police force."
        )
        work.note("Incidents", [none])
        return None
    work.sources.append(street.source)
    work.note("Incidents", _no_year(incidents))
    return BuiltIncidents(street, incidents, _measure(street, incidents))


def _certain(vintage: str, lookup: VintageLookup | None) -> dict[str, str]:
    """Give codes of the other vintage that lie whole in one area of this one."""
    if lookup is None:
        return {}
    kinds = (Change.UNCHANGED, Change.MERGED if vintage == NEW else Change.SPLIT)
    rows = zip(lookup.old, lookup.new, lookup.change, strict=True)
    pairs = [(old, new) for old, new, change in rows if change in kinds]
    return dict(pairs) if vintage == NEW else {new: old for old, new in pairs}


def _no_year(incidents: Incidents) -> tuple[str, ...]:
    """Say where the count is not of twelve months: the police's archive holds three years."""
    months = len(incidents.months)
    if months == YEAR:
        return ()
    told = f"The count of incidents is of {months} months, not of a year"
    return (f"{told}: rates made of it are no yearly rates.",)


def _measure(street: Street, incidents: Incidents) -> Measure:
    first, last = incidents.months[0], incidents.months[-1]
    return Measure(
        key="asb",
        title="Anti-social behaviour incidents",
        counts="incidents",
        period=first if first == last else f"{first} to {last}",
        source=f"{street.source.title}, {street.source.publisher}",
        status="official",
    )
