"""Read case lists into counts per small area and month, and keep nothing of any child.

The lists are those of the Standard Safeguarding Dataset (SSD), or any list whose columns the
person maps. Identifiers, days and postcodes live in local variables while the import runs. They
reach no value, no file, no log and no message: a fault of the files is raised anew with a text of
our own, without the exception that came before it, because those quote cells and hold their rows.
"""

import calendar
import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pandera.pandas as pa

from geo.errors import ReadError, VintageError
from geo.ledger import Account
from geo.read.file import File, list_files
from geo.read.kind import Kind, Peek, column_of
from geo.read.sheet import SHEETS
from geo.read.table import RawTable, list_sheets, open_table
from layers.cases import (
    NEVER,
    WITH_END,
    Addresses,
    CaseKind,
    CaseMapping,
    Cases,
    Tally,
    bin_place,
    is_rereferral,
    measure_of,
    periods_of_care,
    place_events,
    places_of,
)
from layers.measures import Counted
from layers.read.dates import parse_dates
from layers.read.own import PostcodeUnits
from layers.read.schema import keep_valid
from layers.series import (
    BINS,
    NO_FIXED_ABODE,
    OUT_OF_AREA,
    UNKNOWN,
    Series,
    months_between,
)
from layers.source import Source

MOST_MONTHS = 120
"""A series goes back ten years at most, unless `first` says otherwise."""
TABLES = (".csv", ".txt", ".tsv", *SHEETS)

Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Spec:
    """What the columns of one SSD table are called, the present name first."""

    key: str
    title: str
    kind: CaseKind | None
    date: tuple[str, ...]
    person: tuple[str, ...]
    end: tuple[str, ...] = ()
    nfa: tuple[str, ...] = ()
    postcode: tuple[str, ...] = ()
    place_type: tuple[str, ...] = ()

    def is_in(self, columns: Sequence[str]) -> bool:
        """Say whether a table with these columns is of this kind."""
        needed = [self.date, self.person, *([self.postcode] if self.postcode else [])]
        return all(column_of(columns, *aliases) is not None for aliases in needed)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that a column of it may have."""
        return (*self.date, *self.person, *self.end, *self.nfa, *self.postcode, *self.place_type)


ADDRESS = Spec(
    key="ssd_address",
    title="SSD addresses",
    kind=None,
    date=("addr_address_start_date", "addr_address_start"),
    person=("addr_person_id",),
    end=("addr_address_end_date", "addr_address_end"),
    postcode=("addr_address_postcode",),
    place_type=("addr_address_type",),
)
SPECS: tuple[Spec, ...] = (
    Spec(
        key="ssd_contacts",
        title="SSD contacts",
        kind="contact",
        date=("cont_contact_date", "cont_contact_start"),
        person=("cont_person_id",),
    ),
    Spec(
        key="ssd_cin_episodes",
        title="SSD child in need episodes (referrals)",
        kind="referral",
        date=("cine_referral_date",),
        person=("cine_person_id",),
        end=("cine_close_date",),
        nfa=("cine_referral_nfa",),
    ),
    Spec(
        key="ssd_cin_assessments",
        title="SSD assessments",
        kind="assessment",
        date=("cina_assessment_start_date", "asmt_start_date"),
        person=("cina_person_id", "asmt_person_id"),
    ),
    Spec(
        key="ssd_cp_plans",
        title="SSD child protection plans",
        kind="cp",
        date=("cppl_cp_plan_start_date", "cppl_cp_plan_start"),
        person=("cppl_person_id",),
        end=("cppl_cp_plan_end_date", "cppl_cp_plan_end"),
    ),
    Spec(
        key="ssd_cla_episodes",
        title="SSD looked-after episodes",
        kind="cla",
        date=("clae_cla_episode_start_date", "clae_cla_episode_start"),
        person=("clae_person_id",),
        end=("clae_cla_episode_ceased", "clae_cla_episode_ceased_date"),
    ),
    ADDRESS,
)


def _kind_of(spec: Spec) -> Kind:
    def matches(peek: Peek) -> bool:
        return spec.is_in(peek.columns)

    wants = f"columns {spec.person[0]}, {spec.date[0]}"
    return Kind(spec.key, spec.title, wants, matches)


KINDS: tuple[Kind, ...] = tuple(_kind_of(spec) for spec in SPECS)


def read_cases(
    sources: Path | str | File | Sequence[File],
    *,
    units: Sequence[str],
    mapping: CaseMapping | Sequence[CaseMapping] | Mapping[str, CaseMapping] = (),
    postcodes: PostcodeUnits | None = None,
    vintage: str = "2021",
    as_of: dt.date | None = None,
    first: str | None = None,
) -> Series:
    """Count case lists per small area and month.

    A case is placed by the home address valid on the day it began (stocks: on the day they are
    taken; looked-after children: on the day they came into care). Referrals, contacts and starts
    are counted by month, children open at the end of each month once. A case that ended on a day
    is not open at the end of it. A referral is a re-referral within 12 months of an earlier one
    of the same child. What is in none of `units` stands in the bins 'no fixed abode', 'out of
    area' and 'unknown'.

    Parameters
    ----------
    sources
        A folder, a zip, a file or uploads; every sheet of a workbook is looked at.
    units
        Codes of the authority's small areas.
    mapping
        What the columns of lists that are not of the SSD say: of any list that has the column of
        the date, or, by the name of the file without its folder, of that file only.
    postcodes
        Turns home postcodes into small areas of `vintage`.
    as_of
        The day the lists were drawn; by default the latest start in them up to today. What starts
        later is rejected, what ends later is still open.
    first
        The first month to count, `YYYY-MM`; by default that of the earliest start, at most ten
        years back. Cases over before it are passed over.

    Raises
    ------
    ReadError
        When no list is recognised, none can be read, or postcodes are needed and not given. The
        text never quotes a cell or an unknown column.
    """
    wishes = _Wishes(tuple(units), _mappings(mapping), postcodes, vintage, as_of, first)
    try:
        return _import(sources, wishes)
    except _RefusalError as fault:
        plain = ReadError(fault.found, remedy=fault.remedy)
    except Exception:  # noqa: BLE001  whatever it was may quote a cell; its text must not get out
        plain = ReadError(
            "The case lists could not be read; the reason is not shown because it may quote them.",
            remedy="Export them again, as CSV in UTF-8 with one row of column names.",
        )
    # Raised here, not in the handler: no earlier exception, with its rows, hangs on to this one.
    raise plain


class _RefusalError(ReadError):
    """A refusal whose text is ours and safe to show."""


class _Wishes(NamedTuple):
    units: tuple[str, ...]
    mappings: tuple[tuple[str, CaseMapping], ...]
    postcodes: PostcodeUnits | None
    vintage: str
    as_of: dt.date | None
    first: str | None

    def mappings_of(self, file: File) -> tuple[CaseMapping, ...]:
        """Give the mappings that hold for a file: its own and those of no file."""
        own = ("", PurePosixPath(file.name).name)
        return tuple(mapping for name, mapping in self.mappings if name in own)


class _List(NamedTuple):
    """One table as it is read: text cells under our own names."""

    file: str
    kind: CaseKind | None
    rows: pd.DataFrame
    names: Mapping[str, str]


class _Dated(NamedTuple):
    """A list with its days, and which cells hold none."""

    entry: _List
    start: pd.Series
    end: pd.Series
    bad_start: pd.Series
    bad_end: pd.Series


class _Span(NamedTuple):
    """The months that are counted and the day the lists were drawn."""

    months: tuple[str, ...]
    as_of: np.datetime64

    @property
    def begin(self) -> np.datetime64:
        return np.datetime64(self.months[0], "D")

    def stock_days(self) -> npt.NDArray[np.datetime64]:
        """Give the last day of each month; of the last one, the day the lists were drawn."""
        starts = np.array(self.months, dtype="datetime64[M]")
        ends = (starts + 1).astype("datetime64[D]") - np.timedelta64(1, "D")
        return np.minimum(ends, self.as_of)


def _mappings(
    mapping: CaseMapping | Sequence[CaseMapping] | Mapping[str, CaseMapping],
) -> tuple[tuple[str, CaseMapping], ...]:
    """Give each mapping with the file it is for, '' for any: two lists may share a column."""
    if isinstance(mapping, Mapping):
        return tuple(mapping.items())
    several = (mapping,) if isinstance(mapping, CaseMapping) else mapping
    return tuple(("", entry) for entry in several)


def _import(sources: Path | str | File | Sequence[File], wishes: _Wishes) -> Series:
    files = _files(sources)
    name = files[0].name if len(files) == 1 else f"{len(files)} case lists"
    account, notes = Account(name), list[str]()
    lists = [entry for file in files for entry in _lists(file, wishes, account, notes)]
    if not any(entry.kind for entry in lists):
        raise _RefusalError(
            f"{name}: no case list was recognised.",
            remedy="Give SSD tables (ssd_contacts, ssd_cin_episodes, ssd_cp_plans, "
            "ssd_cla_episodes, ssd_address), or say which columns hold the date and the person.",
        )
    dated = [_dated(entry, notes) for entry in lists]
    span = _span(dated, wishes)
    kept = [_kept(entry, span, account) for entry in dated]
    person_of = _numbered(kept)
    places = [_own_places(entry.entry, wishes, notes) for entry in kept]
    addresses = _addresses(kept, person_of, places, account, notes=notes)
    count = _Count(addresses, span, account, name, len(wishes.units))
    tallies: list[Tally] = []
    known: dict[CaseKind, Cases] = {}
    ends: dict[CaseKind, bool] = {}
    for kind in dict.fromkeys(entry.kind for entry in lists if entry.kind):
        own = [i for i, entry in enumerate(kept) if entry.entry.kind == kind]
        known[kind] = _cases([(kept[i], person_of[i], places[i]) for i in own])
        ends[kind] = any("end" in kept[i].entry.names for i in own)
        tallies += _tallies(kind, known[kind], count, has_end=ends[kind])
    if ends.get("referral"):
        held = [known[kind] for kind in ("cp", "cla") if ends.get(kind)]
        tallies.append(_in_need_only(known["referral"], held, count))
    if not len(addresses.person) and any(place is None for place in places):
        notes.append("No home address was given; cases that name no place count as unknown.")
    notes += _assumptions(kept, span)
    return _series(tallies, wishes, span, account, notes)


def _files(sources: Path | str | File | Sequence[File]) -> tuple[File, ...]:
    """List the tables; a fault of an archive may be shown, it names files only."""
    given: Iterable[Path | str | File]
    given = [sources] if isinstance(sources, str | Path | File) else sources
    try:
        found = [file for source in given for file in list_files(source)]
    except ReadError as error:
        raise _RefusalError(error.found, remedy=error.remedy) from None
    tables = tuple(file for file in found if file.suffix in TABLES)
    if not tables:
        raise _RefusalError(
            "There is no table among the files.", remedy="Give CSV files or workbooks."
        )
    return tables


def _lists(file: File, wishes: _Wishes, account: Account, notes: list[str]) -> Iterator[_List]:
    """Read those tables of a file that are case lists or addresses."""
    found = False
    for sheet in _sheets(file):
        try:
            table = open_table(file, sheet=sheet)
        except ReadError as error:
            if sheet is None:
                raise _unreadable(file, error) from None
            continue  # a cover sheet is no table
        names, kind = _recognised(table, wishes.mappings_of(file))
        if not names:
            continue
        found = True
        try:
            rows = table.whole(account, columns=list(dict.fromkeys(names.values())))
        except ReadError as error:
            raise _unreadable(file, error) from None
        notes += [note for note in table.notes if not _quotes(note, table)]
        columns = {ours: rows[theirs] for ours, theirs in names.items()}
        yield _List(file.name, kind, pd.DataFrame(columns), names)
    if not found:
        notes.append(f"{file.name} holds no case list and was left alone.")


def _unreadable(file: File, error: ReadError) -> _RefusalError:
    """Say that a table is none, in words of our own: those of the fault may quote a cell."""
    line = re.search(r"line ([0-9]+)", error.found)
    return _RefusalError(
        f"{file.name}{f', line {line[1]},' if line else ''} cannot be read as a table.",
        remedy="Is it whole, and not open elsewhere? Save it again as 'CSV UTF-8', with one row "
        "of column names, each once.",
    )


def _sheets(file: File) -> tuple[str | None, ...]:
    try:
        return list_sheets(file) or (None,)
    except ReadError as error:
        raise _unreadable(file, error) from None


def _quotes(note: str, table: RawTable) -> bool:
    """Say whether a note repeats a column's name that is not known to be one.

    A list without a header has a child's row there.
    """
    known = {name for spec in SPECS for name in spec.names}
    return any(column and column in note for column in table.columns if column not in known)


def _recognised(
    table: RawTable, mappings: Sequence[CaseMapping]
) -> tuple[dict[str, str], CaseKind | None]:
    """Find our names of a table's columns, and its kind (None for addresses)."""
    for mapping in mappings:
        if column_of(table.columns, mapping.date) is not None:
            return _mapped(table, mapping), mapping.kind
    for spec in SPECS:
        if spec.is_in(table.columns):
            fields = ("date", "end", "person", "nfa", "postcode", "place_type")
            found = {field: column_of(table.columns, *getattr(spec, field)) for field in fields}
            return {f: column for f, column in found.items() if column is not None}, spec.kind
    return {}, None


def _mapped(table: RawTable, mapping: CaseMapping) -> dict[str, str]:
    wanted = {
        field: getattr(mapping, field)
        for field in ("date", "end", "person", "nfa", "postcode", "unit")
        if getattr(mapping, field)
    }
    found = {field: column_of(table.columns, column) for field, column in wanted.items()}
    absent = [wanted[field] for field, column in found.items() if column is None]
    if absent:
        raise _RefusalError(
            f"{table.file.name} has {len(table.columns)} columns but no '{absent[0]}'.",
            remedy="Correct the mapping, or the file's row of column names.",
        )
    return {field: column for field, column in found.items() if column is not None}


def _dated(entry: _List, notes: list[str]) -> _Dated:
    rows = entry.rows
    start = parse_dates(rows["date"])
    notes += [f"{entry.file}, {entry.names['date']}: {note}" for note in start.notes]
    ends, bad_end = np.full(len(rows), NEVER), np.zeros(len(rows), dtype=bool)
    if "end" in rows.columns:
        end = parse_dates(rows["end"])
        notes += [f"{entry.file}, {entry.names['end']}: {note}" for note in end.notes]
        ends = np.where(np.isnat(end.values), NEVER, end.values)
        bad_end = ~end.ok
    return _Dated(
        entry,
        pd.Series(start.values, index=rows.index),
        pd.Series(ends, index=rows.index),
        pd.Series(~start.ok, index=rows.index),
        pd.Series(bad_end, index=rows.index),
    )


def _span(dated: Sequence[_Dated], wishes: _Wishes) -> _Span:
    """Settle the day the lists were drawn and the months that are counted."""
    starts = pd.concat([entry.start for entry in dated if entry.entry.kind]).dropna()
    days = starts.to_numpy().astype("datetime64[D]")
    today = np.datetime64(wishes.as_of or dt.datetime.now(tz=dt.UTC).date(), "D")
    days = days[days <= today]
    if not len(days):
        raise _RefusalError(
            "No row of the case lists has a date on which it began.",
            remedy="Check which column holds it; write dates as 2024-05-31 or 31/05/2024.",
        )
    as_of = today if wishes.as_of else days.max()
    last = as_of.astype("datetime64[M]")
    earliest = max(days.min().astype("datetime64[M]"), last - (MOST_MONTHS - 1))
    first = _month(wishes.first) if wishes.first else earliest
    if first > last:
        raise _RefusalError(
            "The first month lies after the day the lists were drawn.",
            remedy="Name an earlier one.",
        )
    return _Span(months_between(str(first), str(last)), as_of)


def _month(text: str) -> np.datetime64:
    if not re.fullmatch(r"(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])", text):
        raise _RefusalError("The first month is none.", remedy="Write it as 2024-04.")
    return np.datetime64(text, "M")


def _kept(dated: _Dated, span: _Span, account: Account) -> _Dated:
    """Reject the rows that cannot be counted, and give the others."""
    entry = dated.entry
    rows = keep_valid(entry.rows, _schema(dated, span), account, file=entry.file)
    kept = rows.index
    end = dated.end.loc[kept].mask(dated.end.loc[kept] > pd.Timestamp(span.as_of), NEVER)
    return _Dated(
        entry._replace(rows=rows),
        dated.start.loc[kept],
        end,
        dated.bad_start.loc[kept],
        dated.bad_end.loc[kept],
    )


def _schema(dated: _Dated, span: _Span) -> pa.DataFrameSchema:
    """Make the checks of one list; what they say names columns, never cells."""
    names, is_address = dated.entry.names, dated.entry.kind is None
    late = dated.start > pd.Timestamp(span.as_of)
    blank = dated.start.isna() & ~dated.bad_start
    checks = [_check(dated.bad_start, f"'{names['date']}' is no date")]
    if not is_address:  # an address without a first day holds since ever
        checks.append(_check(blank, f"'{names['date']}' is blank"))
        checks.append(_check(late, f"'{names['date']}' is after the lists were drawn"))
    columns = {"date": pa.Column(checks=checks)}
    if "end" in names:
        backward = dated.end < dated.start
        columns["end"] = pa.Column(
            checks=[
                _check(dated.bad_end, f"'{names['end']}' is no date"),
                _check(backward, f"'{names['end']}' lies before '{names['date']}'"),
            ]
        )
    if "person" in names:
        columns["person"] = pa.Column(
            checks=pa.Check.str_length(min_value=1, error=f"'{names['person']}' is blank")
        )
    return pa.DataFrameSchema(columns)


def _check(wrong: pd.Series, reason: str) -> pa.Check:
    return pa.Check(lambda cells: ~wrong.loc[cells.index], error=reason)


def _numbered(kept: Sequence[_Dated]) -> list[Places]:
    """Give each person a number, the same in all lists; without persons each row is one."""
    rows = [dated.entry.rows for dated in kept]
    told = [part["person"] for part in rows if "person" in part.columns]
    texts = pd.concat(told).to_numpy(dtype=object) if told else np.zeros(0, dtype=object)
    numbers, distinct = pd.factorize(texts)
    given, free, found = 0, len(distinct), list[Places]()
    for part in rows:
        if "person" in part.columns:
            found.append(numbers[given : given + len(part)].astype(np.int64))
            given += len(part)
        else:
            found.append(np.arange(free, free + len(part), dtype=np.int64))
            free += len(part)
    return found


def _own_places(entry: _List, wishes: _Wishes, notes: list[str]) -> Places | None:
    """Place rows by a small area or postcode of their own; None where they have neither."""
    if "unit" in entry.rows.columns:
        return _places_of_units(entry.rows["unit"].tolist(), wishes.units)
    if "postcode" not in entry.rows.columns:
        return None
    codes, distinct = pd.factorize(entry.rows["postcode"].to_numpy(dtype=object))
    texts = [_bare(str(text)) for text in distinct]
    if wishes.postcodes is None:
        raise _RefusalError(
            "The case lists name postcodes, and there is no directory of postcodes.",
            remedy="Give the ONS Postcode Directory as well.",
        )
    try:
        found = wishes.postcodes.units_of(texts, wishes.vintage)
    except VintageError as error:  # its text is about vintages only
        raise _RefusalError(error.found, remedy=error.remedy) from None
    strange = [
        not unit and not _special(text) and _POSTCODE.fullmatch(text) is not None
        for unit, text in zip(found, texts, strict=True)
    ]
    absent = int(np.array(strange, dtype=bool)[codes].sum())
    if absent:
        notes.append(
            f"{entry.file}: the postcodes of {absent:,} rows are not in the directory, so these "
            f"count as unknown; where it was cut to one authority they may be out of area."
        )
    return _with_special(places_of(list(found), wishes.units), texts)[codes]


_POSTCODE = re.compile(r"[A-Z]{1,2}[0-9][0-9A-Z]?[0-9][A-Z]{2}")


def _places_of_units(cells: Sequence[str], units: Sequence[str]) -> Places:
    """Place rows by a code of their own; what is no code is unknown, not out of area."""
    codes = [cell if re.fullmatch(r"[A-Z][0-9]{8}", cell) else "" for cell in cells]
    return _with_special(places_of(codes, units), [_bare(cell) for cell in cells])


def _with_special(places: Places, texts: Sequence[str]) -> Places:
    """Put what is written in place of a postcode or code in its bin."""
    special = [_special(text) for text in texts]
    bins = [bin_place(name) if name else place for name, place in zip(special, places, strict=True)]
    return np.array(bins, dtype=np.int64)


def _bare(cell: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", cell.upper())


def _special(text: str) -> str:
    """Tell the bin of what is written in place of a postcode; '' where it may be a postcode.

    The NHS writes ZZ99 3VZ for no fixed abode and ZZ99 3WZ for unknown; others are countries.
    """
    if text in {"NFA", "ZZ993VZ"} or text.startswith(("NOFIXED", "OFNOFIXED")):
        return NO_FIXED_ABODE
    if not text or text == "ZZ993WZ":
        return UNKNOWN
    if text.startswith("ZZ99") or text in {"OOA", "OUTOFAREA", "OUTSIDEAREA"}:
        return OUT_OF_AREA
    return ""


def _addresses(
    kept: Sequence[_Dated],
    person_of: Sequence[Places],
    places: Sequence[Places | None],
    account: Account,
    *,
    notes: list[str],
) -> Addresses:
    """Gather the home addresses of all lists of addresses; placements are left out."""
    found = [_no_addresses()]
    for dated, person, place in zip(kept, person_of, places, strict=True):
        if dated.entry.kind is not None or place is None:
            continue
        is_home = np.ones(len(person), dtype=bool)
        if "place_type" in dated.entry.rows.columns:
            types = dated.entry.rows["place_type"]
            is_home = ~types.str.contains(_PLACEMENT, case=False, regex=True).to_numpy(dtype=bool)
        else:
            notes.append(
                f"{dated.entry.file} does not say which addresses are placements; looked-after "
                f"children may be counted where they are placed and not where their home is."
            )
        account.pass_over(int((~is_home).sum()), "a placement, which is no home address")
        account.pass_over(int(is_home.sum()), "an address, which places the cases")
        start = dated.start.fillna(pd.Timestamp("1900-01-01")).to_numpy().astype("datetime64[D]")
        end = dated.end.to_numpy().astype("datetime64[D]")
        found.append(Addresses(person[is_home], start[is_home], end[is_home], place[is_home]))
    return Addresses(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


_PLACEMENT = r"placement|foster|residential|secure|children.?s home"


def _no_addresses() -> Addresses:
    none, never = np.zeros(0, dtype=np.int64), np.zeros(0, dtype="datetime64[D]")
    return Addresses(none, never, never, none)


def _cases(lists: Sequence[tuple[_Dated, Places, Places | None]]) -> Cases:
    """Put the lists of one kind together: each with its persons and, where it has them, places."""
    kept = [dated for dated, _, _ in lists]
    own = [place for _, _, place in lists if place is not None]
    if own and len(own) != len(lists):
        raise _RefusalError(
            "Some lists of one kind name postcodes or small areas and others do not.",
            remedy="Read them one after the other.",
        )
    nfa = [
        entry.entry.rows["nfa"].str.casefold().isin(["y", "yes", "1", "true"]).to_numpy(dtype=bool)
        if "nfa" in entry.entry.rows.columns
        else np.zeros(len(entry.start), dtype=bool)
        for entry in kept
    ]
    return Cases(
        np.concatenate([person for _, person, _ in lists]),
        np.concatenate([e.start.to_numpy().astype("datetime64[D]") for e in kept]),
        np.concatenate([e.end.to_numpy().astype("datetime64[D]") for e in kept]),
        np.concatenate(nfa),
        np.concatenate(own) if own else None,
    )


class _Count(NamedTuple):
    """What counting one kind of case needs beside the cases."""

    addresses: Addresses
    span: _Span
    account: Account
    source: str
    units: int

    def flow(
        self,
        what: tuple[str, str, Counted],
        day: npt.NDArray[np.datetime64],
        place: Places,
        *,
        among: npt.NDArray[np.bool_] | None = None,
    ) -> Tally:
        """Count events into months and places."""
        first = np.datetime64(self.span.months[0], "M")
        month = (day.astype("datetime64[M]") - first).astype(np.int64)
        width = self.units + len(BINS)
        inside = (month >= 0) & (month < len(self.span.months))
        if among is not None:
            inside &= among
        column = np.where(place >= 0, place, self.units - 1 - place)
        cells = month[inside] * width + column[inside]
        counts = np.bincount(cells, minlength=len(self.span.months) * width)
        shaped = counts.reshape(len(self.span.months), width).astype(np.int64)
        return Tally(measure_of(*what, self.source), shaped, is_stock=False)


_FLOWS: Mapping[CaseKind, tuple[str, str, Counted]] = {
    "contact": ("contacts", "Contacts", "episodes"),
    "assessment": ("assessments", "Assessments started", "episodes"),
    "referral": ("referrals", "Referrals", "episodes"),
    "cp": ("cp_starts", "Child protection plans started", "children"),
    "cla": ("cla_starts", "Children who started to be looked after", "children"),
}
_STOCKS: Mapping[CaseKind, tuple[str, str, Counted]] = {
    "referral": ("cin", "Children in need", "children"),
    "cp": ("open_cp", "Children on a child protection plan", "children"),
    "cla": ("open_cla", "Children looked after", "children"),
}
_ENDS: Mapping[CaseKind, tuple[str, str, Counted]] = {
    "referral": ("cin_ends", "Children who stopped being in need", "children"),
    "cp": ("cp_ends", "Child protection plans ended", "children"),
    "cla": ("cla_ends", "Children who ceased to be looked after", "children"),
}
_IN_NEED_ONLY: tuple[str, str, Counted] = (
    "open_cin",
    "Children in need on no plan and not looked after",
    "children",
)
_AGAIN: tuple[str, str, Counted] = ("rereferrals", "Re-referrals within 12 months", "episodes")
_NFA: tuple[str, str, Counted] = ("referrals_nfa", "Referrals with no further action", "episodes")


def _tallies(kind: CaseKind, cases: Cases, count: _Count, *, has_end: bool) -> list[Tally]:
    """Count one kind, and enter each of its rows in the account by where it began."""
    period, whole = np.arange(len(cases.person)), cases
    if kind == "cla":
        period, whole = periods_of_care(cases)
    place = _placed(whole, whole.start, count.addresses)
    _enter(kind, cases, place[period], count)
    tallies = [count.flow(_FLOWS[kind], whole.start, place)]
    if kind == "referral":
        again = is_rereferral(whole.person, whole.start)
        tallies.append(count.flow(_AGAIN, whole.start, place, among=again))
        tallies.append(count.flow(_NFA, whole.start, place, among=whole.nfa))
    if kind in WITH_END and has_end:
        ended = (whole.end < NEVER) & ~whole.nfa
        at_end = place if kind == "cla" else _placed(whole, whole.end, count.addresses)
        tallies.append(count.flow(_ENDS[kind], whole.end, at_end, among=ended))
        tallies.append(_stock(kind, whole, place, count))
    return tallies


def _placed(cases: Cases, day: npt.NDArray[np.datetime64], addresses: Addresses) -> Places:
    if cases.place is not None:
        return cases.place
    return place_events(cases.person, day, addresses)


def _enter(kind: CaseKind, cases: Cases, place: Places, count: _Count) -> None:
    last = cases.end if kind in WITH_END else cases.start
    counted = np.maximum(last, cases.start) >= count.span.begin
    count.account.pass_over(int((~counted).sum()), f"over before {count.span.months[0]}")
    outside = counted & (place == bin_place(OUT_OF_AREA))
    used = counted & (place >= 0)
    count.account.use(int(used.sum()))
    count.account.outside(int(outside.sum()))
    count.account.unlocate(int((counted & ~used & ~outside).sum()))


def _stock(kind: CaseKind, cases: Cases, place: Places, count: _Count) -> Tally:
    """Count the children open at the end of each month, each once."""
    row, day = _open_at(cases, count.span)
    at = place[row]
    if kind != "cla" and cases.place is None:
        at = place_events(cases.person[row], day, count.addresses)
    return count.flow(_STOCKS[kind], day, at)._replace(is_stock=True)


def _in_need_only(cases: Cases, held: Sequence[Cases], count: _Count) -> Tally:
    """Count the children in need who are in none of the lists `held` on the day.

    With children on a plan and looked after they add up to the open cases, each child once.
    """
    row, day = _open_at(cases, count.span)
    taken = np.zeros(len(row), dtype=bool)
    here = pd.MultiIndex.from_arrays([cases.person[row], day])
    for others in held:
        other, when = _open_at(others, count.span)
        taken |= here.isin(pd.MultiIndex.from_arrays([others.person[other], when]))
    row, day = row[~taken], day[~taken]
    place = _placed(cases, cases.start, count.addresses)[row]
    if cases.place is None:
        place = place_events(cases.person[row], day, count.addresses)
    return count.flow(_IN_NEED_ONLY, day, place)._replace(is_stock=True)


def _open_at(cases: Cases, span: _Span) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.datetime64]]:
    """Give the rows that are open at the end of each month, one a child and day, and the day."""
    rows, days = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype="datetime64[D]")]
    latest_first = np.argsort(cases.start, kind="stable")[::-1]
    for day in span.stock_days():
        is_open = (cases.start <= day) & (cases.end > day) & ~cases.nfa
        candidates = latest_first[is_open[latest_first]]
        _, each = np.unique(cases.person[candidates], return_index=True)
        rows.append(candidates[each])
        days.append(np.full(len(each), day))
    return np.concatenate(rows), np.concatenate(days)


def _assumptions(kept: Sequence[_Dated], span: _Span) -> list[str]:
    notes = []
    kinds = {entry.entry.kind for entry in kept}
    notes += _late_lists(kept, span)
    last = span.as_of.astype(dt.date)
    if last.day != calendar.monthrange(last.year, last.month)[1]:
        notes.append(f"The last month, {span.months[-1]}, is counted up to the latest day only.")
    if "referral" in kinds:
        notes.append(
            "Re-referrals of the first 12 months of the list are too few where earlier referrals "
            "are not in it."
        )
    if "cla" in kinds:
        notes.append("Looked-after children are counted at their home on coming into care.")
    return notes


def _late_lists(kept: Sequence[_Dated], span: _Span) -> list[str]:
    """Say which lists begin after the first month: that they hold nothing before is not none."""
    earliest: dict[CaseKind, pd.Timestamp] = {}
    for dated in kept:
        if dated.entry.kind and len(dated.start):
            start = dated.start.min()
            earliest[dated.entry.kind] = min(start, earliest.get(dated.entry.kind, start))
    return [
        f"{_FLOWS[kind][1]}: the lists begin in {start:%Y-%m}; 0 in a month before it means that "
        "nothing was listed, not that nothing happened."
        for kind, start in earliest.items()
        if start >= pd.Timestamp(span.begin) + pd.DateOffset(months=1)
    ]


def _series(
    tallies: Sequence[Tally],
    wishes: _Wishes,
    span: _Span,
    account: Account,
    notes: Sequence[str],
) -> Series:
    counts = np.array([tally.counts for tally in tallies])
    units = len(wishes.units)
    ledger = account.close()
    return Series(
        units=wishes.units,
        months=span.months,
        measures=tuple(tally.measure for tally in tallies),
        counts=counts[:, :, :units].copy(),
        binned=counts[:, :, units:].copy(),
        stocks=frozenset(tally.measure.key for tally in tallies if tally.is_stock),
        ledger=ledger,
        source=Source(
            title="Case lists of the authority",
            publisher="The authority itself",
            licence="Not for publication; only counts were kept",
            vintage=f"{span.months[0]} to {span.months[-1]}",
            via=ledger.source,
            attribution="",
        ),
        notes=tuple(dict.fromkeys(notes)),
    )
