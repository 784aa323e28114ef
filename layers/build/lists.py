"""The lists of a pack that is built: schools, pyramids, postcodes, and case lists as counts."""

from pathlib import PurePosixPath

from geo.errors import named
from geo.geography import Geography
from geo.postcodes import Postcodes
from geo.read.postcodes import read_postcodes
from layers.build.district import Chosen
from layers.build.work import Work
from layers.measures import Measures
from layers.places import Schools
from layers.pyramids import Pyramids
from layers.read.cases import read_cases
from layers.read.pyramids import read_pyramids
from layers.read.schools import read_schools
from layers.series import Series

CASES = ("ssd_contacts", "ssd_cin_episodes", "ssd_cin_assessments", "ssd_cp_plans",
         "ssd_cla_episodes", "ssd_address")  # fmt: skip
YEAR = 12


def build_postcodes(chosen: Chosen, work: Work) -> Postcodes | None:
    """Read postcodes, those that have ended too; None where no file has them.

    Only the authority's, unless there are lists of cases or counts by postcode: to tell a home in
    another authority from an unknown one, all postcodes are needed.
    """
    files = work.files("postcodes")
    if not files:
        return None
    whole = bool(work.files(*CASES, "postcode_counts") or work.options.cases)
    districts = None if whole else chosen.codes or None
    return work.take(work.faults.attempt(lambda: read_postcodes(files, districts=districts)))


def build_schools(chosen: Chosen, postcodes: Postcodes | None, work: Work) -> Schools | None:
    """Read the authority's open schools."""
    districts = chosen.codes or None
    return work.read(
        "gias_schools",
        "registers of schools",
        lambda file: read_schools(file, districts=districts, postcodes=postcodes),
    )


def build_pyramids(schools: Schools | None, work: Work) -> Pyramids | None:
    """Read the list of pyramids; a list without a register of schools is a fault."""
    files = work.files("pyramids")
    if files and schools is None:
        work.faults.add(
            f"{files[0].name} lists pyramids, but no register of schools says where they stand. "
            "Add the GIAS download (edubasealldata)."
        )
        return None
    urns = schools.urns if schools else None
    return work.read("pyramids", "lists of pyramids", lambda f: read_pyramids(f, schools=urns))


def build_series(geography: Geography, postcodes: Postcodes | None, work: Work) -> Series | None:
    """Count case lists per small area and month; nothing of a child is kept."""
    mapped = work.options.cases
    named = [entry.file for entry in work.found if _base(entry.file.name) in mapped]
    listed = (*work.files(*CASES), *named)
    # a workbook is found once a sheet; two uploads of one name are two files
    files = list({(file.name, file.opener): file for file in listed}.values())
    if not files:
        return None
    return work.take(
        work.faults.attempt(
            lambda: read_cases(
                files,
                units=geography.units,
                mapping=mapped,
                postcodes=postcodes,
                vintage=geography.vintage,
            )
        )
    )


def with_series(measures: Measures, series: Series) -> Measures:
    """Add the last twelve months of a series to the counts, stocks as they stood at their end.

    A measure that a table of counts has already stays as it was; `series_notes` says so.
    """
    months = series.months[-YEAR:]
    added = series.to_measures(months[0], months[-1])
    for measure, values, status in zip(added.measures, added.values, added.status, strict=True):
        if not measures.has(measure.key):
            measures = measures.joined(measure, values, status=status)
    return measures


def series_notes(measures: Measures, series: Series) -> tuple[str, ...]:
    """Say what of a series is no year, and what of it is not among the counts."""
    notes = []
    months = series.months[-YEAR:]
    if len(months) < YEAR:
        notes.append(
            f"Counts of the case lists are of {len(months)} months, not of a year: rates made of "
            "them are no yearly rates."
        )
    both = [measure.title for measure in series.measures if measures.has(measure.key)]
    if both:
        notes.append(
            f"{named(both)}: a table of counts has them too, and was taken; what the case lists "
            "hold stands in the monthly counts only."
        )
    return tuple(notes)


def _base(name: str) -> str:
    return PurePosixPath(name).name
