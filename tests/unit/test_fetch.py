import csv
import datetime as dt
import io
import json
import os
import random
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from fetch_server import (
    PublicServices,
    Reply,
    busy,
    error_inside,
    half_json,
    incident,
    remembered,
    reset,
    serving,
    slow,
    square,
    truncated,
)
from geo.errors import ReadError, WriteError, ZonewrightError
from geo.ledger import Account
from geo.read import read_boundaries
from geo.read.table import open_table
from layers.fetch import (
    VARIABLE,
    Addresses,
    Fetched,
    FetchError,
    Wanted,
    fetch,
    read_addresses,
    verify,
)
from layers.fetch.police import COLUMNS, cover, read_incidents
from layers.fetch.web import Request, Web, parse_json

CODE, OTHER = "E06000998", "E06000999"
WEST, SOUTH = -2.5, 50.7
FILE_7 = "\ufeffLSOA code (2021),LSOA name (2021)\r\nE01000001,A\r\n".encode()
SCHOOLS = "URN,EstablishmentName\r\n100000,St Mary\u2019s\r\n".encode("cp1252")
WORKBOOK = b"PK\x03\x04" + bytes(range(256)) * 2000

OWN = """
[limits]
read_seconds = 0.25
connect_seconds = 2
largest_file_bytes = 2000000

[hosts]
"127.0.0.1" = 1000.0

[ons]
root = "{url}/arcgis"
page_rows = 4
codes_per_query = 7

[police]
root = "{url}/api"
months = 3

[gias]
url = "{url}/gias/edubasealldata{{date}}.csv"

[deprivation.2021]
url = "{url}/iod/File_7.csv"

[population.2021]
url = "{url}/sape/people.xlsx"

[nomis]
root = "{url}/nomis"
codes_per_query = 5
page_rows = 8
"""


class FakeClock:
    """A clock that waits in no time."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.waits: list[float] = []

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.seconds += seconds

    def now(self) -> dt.datetime:
        return dt.datetime(2026, 1, 31, 12, tzinfo=dt.UTC) + dt.timedelta(seconds=self.seconds)


def lsoas(code: str) -> list[str]:
    first = 1 if code == CODE else 101
    return [f"E01{n:06d}" for n in range(first, first + 12)]


def small_services() -> PublicServices:
    """Two districts of twelve squares, an LSOA each, in two wards."""
    services = PublicServices()
    districts, wards, areas, lookup, older = [], [], [], [], []
    for place, code in enumerate((CODE, OTHER)):
        x = WEST + place * 0.2
        name = f"Small {place}"
        district = {"LAD25CD": code, "LAD25NM": name}
        districts.append({"properties": district, "geometry": square(x, SOUTH, 0.12)})
        for n, lsoa in enumerate(lsoas(code)):
            ward = {"WD25CD": f"E05{place}0000{n % 2}", "WD25NM": f"Ward {n % 2}"}
            at = square(x + 0.01 * n, SOUTH)
            area = {"LSOA21CD": lsoa, "LSOA21NM": f"{name} {n:03d}"}
            areas.append({"properties": area, "geometry": at})
            lookup.append({"properties": {**area, **ward, **district}})
            same = {"LSOA11CD": lsoa, "LSOA11NM": area["LSOA21NM"], "CHGIND": "U", **area}
            older.append({"properties": {**same, "LAD22CD": code, "LAD22NM": name}})
            if n < 2:
                ward_row = {**ward, "LAD25CD": code}
                wards.append({"properties": ward_row, "geometry": square(x, SOUTH)})
            services.nomis += [
                {"DATE_NAME": "2024", "GEOGRAPHY_CODE": lsoa, "C_AGE": age, "OBS_VALUE": 10}
                for age in (200, 101)
            ]
    services.layers = {
        "LAD_MAY_2025_UK_BGC_V2": districts,
        "WD_MAY_2025_UK_BGC_V2": wards,
        "Lower_layer_Super_Output_Areas_December_2021_Boundaries_EW_BGC_V5": areas,
        "LSOA21_WD25_LAD25_EW_LU_v2": lookup,
        "LSOA11_LSOA21_LAD22_EW_LU_v5": older,
    }
    services.incidents = {
        month: [incident(100 * m + n, WEST + 0.01 * n + 0.005, SOUTH + 0.05, month=month)
                for n in range(12)]
        for m, month in enumerate(("2025-01", "2025-02", "2025-03", "2025-04"))
    }  # fmt: skip
    services.files = {
        "/gias/edubasealldata20260130.csv": SCHOOLS,
        "/iod/File_7.csv": FILE_7,
        "/sape/people.xlsx": WORKBOOK,
    }
    return services


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv(VARIABLE, raising=False)


@pytest.fixture
def services() -> Iterator[PublicServices]:
    with serving(small_services()) as served:
        yield served


def addresses_of(services: PublicServices, folder: Path, more: str = "") -> Addresses:
    own = folder / "own.toml"
    own.write_text(OWN.format(url=services.url) + more, encoding="utf-8")
    return read_addresses(own)


@pytest.fixture
def addresses(services: PublicServices, tmp_path: Path) -> Addresses:
    return addresses_of(services, tmp_path)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def run(
    addresses: Addresses, out: Path, *what: str, codes: tuple[str, ...] = (CODE,), **more: object
) -> Fetched:
    months = more.pop("months", ())
    more.setdefault("clock", FakeClock())
    wanted = Wanted(codes, what=what or ("boundaries", "lookups"), months=months)
    return fetch(wanted, out, addresses=addresses, **more)


def finished_files(folder: Path) -> set[str]:
    return {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}


Spoil = Callable[[Reply], Reply]
EVERYTHING = ("boundaries", "lookups", "asb", "schools", "deprivation", "population", "nomis")


def test_everything_is_fetched_and_read_by_our_readers(
    addresses: Addresses, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = run(addresses, out, *EVERYTHING, codes=(CODE, OTHER), months=("2025-01", "2025-02"))
    assert len(result.fetched) == len(finished_files(out)) - 2  # journal and manifest
    for code in (CODE, OTHER):
        areas = read_boundaries(out / f"boundaries/LSOA21_{code}.geojson", vintage="2021")
        assert areas.units == tuple(lsoas(code))
        assert areas.names[0].startswith("Small")
        for name in ("LSOA11_LSOA21_LAD22", "LSOA21_WD25_LAD25"):
            table = open_table(out / f"lookups/{name}_{code}.csv")
            assert set(table.whole(Account("lookup"))["LSOA21CD"]) == set(lsoas(code))
        people = open_table(out / f"population/NM_2014_1_{code}.csv").whole(Account("people"))
        assert len(people) == 24
        wards = read_boundaries(out / f"boundaries/WD25_{code}.geojson")
        assert len(wards) == 2
    assert (out / "schools/edubasealldata20260130.csv").read_bytes() == SCHOOLS
    assert (out / "population/sapelsoasyoa20222024.xlsx").read_bytes() == WORKBOOK
    assert next((out / "deprivation").iterdir()).read_bytes() == FILE_7
    street = open_table(out / "police/2025-01/2025-01-e06000998-street.csv")
    assert street.columns == COLUMNS
    assert len(street.whole(Account("street"))) == 12


def test_the_police_reader_reads_what_was_fetched(addresses: Addresses, tmp_path: Path) -> None:
    police = pytest.importorskip("layers.read.police")
    run(addresses, tmp_path / "out", "asb", months=("2025-01", "2025-02"))
    street = police.read_street(tmp_path / "out" / "police")
    assert street.ledger.used == 24


def test_the_manifest_says_where_each_file_is_from(addresses: Addresses, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run(addresses, out, "boundaries", "schools")
    files = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["files"]
    assert {f["file"] for f in files} == finished_files(out) - {"journal.jsonl", "manifest.json"}
    assert all(f["sha256"] and f["licence"] and f["attribution"] and f["when"] for f in files)
    assert all(f["bytes"] == (out / f["file"]).stat().st_size for f in files)
    assert {s.publisher for s in result.sources} == {
        "Office for National Statistics", "Department for Education",
    }  # fmt: skip
    assert verify(out) == tuple(sorted(result.fetched, key=lambda e: e.file))


def test_a_second_run_asks_for_nothing(
    services: PublicServices, addresses: Addresses, tmp_path: Path
) -> None:
    months = ("2025-01",)
    first = run(addresses, tmp_path / "out", *EVERYTHING, months=months)
    asked = len(services.asked)
    second = run(addresses, tmp_path / "out", *EVERYTHING, months=months)
    assert len(services.asked) == asked
    assert second.fetched == ()
    assert second.kept == first.fetched


def test_refresh_fetches_anew_and_replaces_the_older_extract(
    services: PublicServices, addresses: Addresses, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run(addresses, out, "schools", "lookups")
    services.files["/gias/edubasealldata20260131.csv"] = SCHOOLS + b"100001,New\r\n"
    again = run(addresses, out, "schools", "lookups", refresh=True)
    assert again.kept == ()
    assert [p.name for p in (out / "schools").iterdir()] == ["edubasealldata20260131.csv"]
    assert verify(out)


def test_another_address_fetches_that_file_anew(services: PublicServices, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(addresses_of(services, tmp_path), out, "deprivation", "lookups")
    services.files["/iod/corrected.csv"] = FILE_7 + b"E01000002,B\r\n"
    moved = addresses_of(services, tmp_path).model_dump()
    moved["deprivation"]["2021"]["url"] = f"{services.url}/iod/corrected.csv"
    again = run(Addresses.model_validate(moved), out, "deprivation", "lookups")
    assert [e.piece.split("/")[0] for e in again.fetched] == ["deprivation"]


# Faults. Each ends in the right answer, or in one message that says what to do.

PASSING = {
    "503": busy(503),
    "502": busy(502),
    "429": busy(429, "7"),
    "429 with a date": busy(429, "Sat, 31 Jan 2026 12:00:07 GMT"),
    "429 with nonsense": busy(429, "soon"),
    "truncated": truncated,
    "half JSON": half_json,
    "error inside": error_inside,
    "slow": slow(0.5),
    "reset": reset,
}


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("place", ["returnCountOnly", "'resultOffset': '4'", "LSOA21_WD25"])
def test_a_fault_that_passes_leaves_no_trace(
    services: PublicServices, addresses: Addresses, tmp_path: Path, fault: str, place: str
) -> None:
    services.fault(place, PASSING[fault])
    result = run(addresses, tmp_path / "out")
    areas = read_boundaries(tmp_path / "out" / f"boundaries/LSOA21_{CODE}.geojson")
    assert areas.units == tuple(lsoas(CODE))
    assert [e.rows for e in result.fetched if "LSOA" in e.file] == [12, 12, 12]
    assert services.faults[0].times == 0


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (busy(503), r"127.0.0.1 is too busy \(status 503\); it was tried 5 times"),
        (busy(404), r"has nothing at /arcgis/Lower_.*\(status 404\).*\[ons.lsoa21_boundaries\]"),
        (busy(403), r"refuses /arcgis/Lower_layer.*\(status 403\).*`service` under"),
        (busy(429, "3600"), r"asks us to come back in 3,600 seconds"),
        (truncated, r"broke off in the middle of an answer; it was tried 5 times"),
        (half_json, r"no JSON"),
        (error_inside, r"an error inside \(code 500\); it was tried 5 times"),
        (slow(0.5), r"did not answer in time; it was tried 5 times"),
        (reset, r"cannot be reached, or hung up"),
        (lambda _: Reply(body=b"[]"), r"no page of features"),
        (lambda _: Reply(body=b"{}"), r"gave no count"),
        (lambda _: Reply(body=b"[" * 200_000), r"no JSON"),
        (lambda _: Reply(body=b'{"error": {"code": 400, "message": "Invalid URL"}}'),
         r"has no service Lower_layer.*change `service` under \[ons.lsoa21_boundaries\]"),
    ],
)  # fmt: skip
def test_a_fault_that_stays_is_one_message_and_keeps_what_is_here(
    services: PublicServices, addresses: Addresses, tmp_path: Path, spoil: Spoil, says: str
) -> None:
    services.fault("Lower_layer", spoil, times=99)
    out = tmp_path / "out"
    with pytest.raises(FetchError, match=says) as caught:
        run(addresses, out)
    assert caught.value.remedy
    assert f"lookups/LSOA21_WD25_LAD25_{CODE}.csv" in finished_files(out)
    assert not any("LSOA21_E" in file for file in finished_files(out) if "boundaries" in file)
    assert verify(out)
    services.faults.clear()
    again = run(addresses, out)
    assert {e.piece for e in again.kept} >= {f"lookups/LSOA21_WD25_LAD25_{CODE}.csv"}


def test_a_repeated_page_is_asked_for_again_and_refused_when_it_stays(
    services: PublicServices, addresses: Addresses, tmp_path: Path
) -> None:
    place = "'orderByFields': 'LSOA21CD'"
    services.fault(place, remembered([]), times=2)
    run(addresses, tmp_path / "out", "lookups")
    assert services.faults[0].times == 0
    services.fault(place, remembered([]), times=99)
    with pytest.raises(FetchError, match="gave the same rows twice; it was tried 5 times"):
        run(addresses, tmp_path / "other", "lookups")


def test_a_page_without_its_mark_is_followed_up_by_the_count(
    services: PublicServices, addresses: Addresses, tmp_path: Path
) -> None:
    def unmarked(reply: Reply) -> Reply:
        page = json.loads(reply.body)
        page.pop("exceededTransferLimit", None)
        page.get("properties", {}).pop("exceededTransferLimit", None)
        return Reply(body=json.dumps(page).encode())

    services.fault("resultOffset", unmarked, times=999)
    run(addresses, tmp_path / "out")
    assert len(read_boundaries(tmp_path / "out" / f"boundaries/LSOA21_{CODE}.geojson")) == 12


def test_a_row_that_a_page_lost_is_asked_for_and_one_that_never_comes_is_told(
    services: PublicServices, addresses: Addresses, tmp_path: Path
) -> None:
    def short(reply: Reply) -> Reply:
        page = json.loads(reply.body)
        page["features"] = page["features"][:-1]
        return Reply(body=json.dumps(page).encode())

    services.fault("'resultOffset': '8'", short, times=99)
    run(addresses, tmp_path / "out", "lookups")
    assert {e.rows for e in verify(tmp_path / "out")} == {12}
    services.faults.clear()
    services.fault("returnCountOnly", lambda _: Reply(body=b'{"count": 13}'), times=99)
    with pytest.raises(FetchError, match=r"says that it has 13 rows for this, and gave 1\b"):
        run(addresses, tmp_path / "other", "lookups")


def test_a_service_that_ignores_the_question_is_refused(
    services: PublicServices, addresses: Addresses, tmp_path: Path
) -> None:
    def all_rows(reply: Reply) -> Reply:
        rows = json.loads(reply.body)
        for row in rows.get("features", []):
            row["attributes"]["LAD25CD"] = OTHER
        return Reply(body=json.dumps(rows).encode())

    services.fault("LSOA21_WD25", all_rows, times=99)
    with pytest.raises(FetchError, match=f"rows that were not asked for: {OTHER}"):
        run(addresses, tmp_path / "out", "lookups")


def test_a_column_that_is_gone_names_the_setting(
    services: PublicServices, addresses: Addresses, tmp_path: Path
) -> None:
    def renamed(reply: Reply) -> Reply:
        return Reply(body=reply.body.replace(b"WD25NM", b"WD26NM"))

    services.fault("LSOA21_WD25", renamed, times=99)
    with pytest.raises(FetchError, match=r"gives no column WD25NM.*\[ons.lsoa21_wards\]"):
        run(addresses, tmp_path / "out", "lookups")


def test_a_small_area_without_boundary_is_named(
    services: PublicServices, addresses: Addresses, tmp_path: Path
) -> None:
    layer = "Lower_layer_Super_Output_Areas_December_2021_Boundaries_EW_BGC_V5"
    services.layers[layer].pop(3)
    with pytest.raises(FetchError, match="has nothing for E01000004"):
        run(addresses, tmp_path / "out")


def test_an_address_that_is_unknown_is_one_message(
    services: PublicServices, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    addresses = addresses_of(services, tmp_path).model_dump()
    addresses["ons"]["root"] = "http://services.zonewright.invalid/arcgis"
    known = Addresses.model_validate(addresses)
    with pytest.raises(FetchError, match=r"invalid is not known on this .*\[ons.districts\]"):
        run(known, tmp_path / "out")


def test_a_host_where_nobody_listens_is_one_message(tmp_path: Path) -> None:
    with serving(small_services()) as closed:
        addresses = addresses_of(closed, tmp_path)
    with pytest.raises(FetchError, match=r"cannot be reached, or hung up; it was tried 5 times"):
        run(addresses, tmp_path / "out")


# Files.


def test_a_broken_download_goes_on_where_it_broke_off(
    services: PublicServices, addresses: Addresses, tmp_path: Path
) -> None:
    services.fault("/sape", truncated, times=2)
    run(addresses, tmp_path / "out", "population")
    assert (tmp_path / "out/population/sapelsoasyoa20222024.xlsx").read_bytes() == WORKBOOK
    ranges = [a.headers.get("Range") for a in services.asked if a.path.startswith("/sape")]
    assert ranges[0] is None
    assert all(text is not None for text in ranges[1:])


def test_a_later_run_goes_on_too(
    services: PublicServices, addresses: Addresses, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    services.fault("/sape", truncated, times=1)
    services.fault("/sape", busy(503), times=4)
    with pytest.raises(FetchError, match="too busy"):
        run(addresses, out, "population")
    part = out / "population/sapelsoasyoa20222024.xlsx.part"
    half = part.stat().st_size
    assert 0 < half < len(WORKBOOK)
    run(addresses, out, "population")
    assert services.asked[-1].headers["Range"] == f"bytes={half}-"
    assert finished_files(out / "population") == {"sapelsoasyoa20222024.xlsx"}


def test_a_file_that_changed_meanwhile_is_begun_anew(
    services: PublicServices, addresses: Addresses, tmp_path: Path
) -> None:
    services.fault("/sape", truncated, times=1)
    services.fault("/sape", busy(503), times=4)
    with pytest.raises(FetchError, match="too busy"):
        run(addresses, tmp_path / "out", "population")
    services.files["/sape/people.xlsx"] = b"PK" + b"new" * 1000
    run(addresses, tmp_path / "out", "population")
    fetched = tmp_path / "out/population/sapelsoasyoa20222024.xlsx"
    assert fetched.read_bytes() == services.files["/sape/people.xlsx"]


def test_a_server_that_cannot_go_on_is_asked_for_the_whole(
    services: PublicServices, addresses: Addresses, tmp_path: Path
) -> None:
    services.resumable = False
    services.fault("/sape", truncated, times=2)
    run(addresses, tmp_path / "out", "population")
    assert (tmp_path / "out/population/sapelsoasyoa20222024.xlsx").read_bytes() == WORKBOOK
    assert not any("Range" in a.headers for a in services.asked)


def test_a_part_that_is_whole_already_is_begun_anew(
    services: PublicServices, addresses: Addresses, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run(addresses, out, "population")
    final = out / "population/sapelsoasyoa20222024.xlsx"
    etag = services._file(WORKBOOK, {}).headers["ETag"]
    final.rename(f"{final}.part")
    note = {"url": f"{services.url}/sape/people.xlsx", "validator": etag}
    Path(f"{final}.part.json").write_text(json.dumps(note), encoding="utf-8")
    run(addresses, out, "population")
    assert final.read_bytes() == WORKBOOK
    assert verify(out)


def test_the_newest_extract_of_the_last_days_is_taken(
    services: PublicServices, addresses: Addresses, tmp_path: Path
) -> None:
    result = run(addresses, tmp_path / "out", "schools")
    assert [a.path[-12:] for a in services.asked] == ["20260131.csv", "20260130.csv"]
    assert result.fetched[0].vintage == "2026-01-30"
    services.files.clear()
    with pytest.raises(FetchError, match=r"last 14 days.*`url` under \[gias\]"):
        run(addresses, tmp_path / "other", "schools")


@pytest.mark.parametrize("what", ["schools", "deprivation", "population"])
def test_a_page_in_place_of_a_file_is_refused(
    services: PublicServices, addresses: Addresses, tmp_path: Path, what: str
) -> None:
    page = b"<!DOCTYPE html><p>URN, LSOA code (2021), PK: this has moved</p>"
    services.files = dict.fromkeys(services.files, page)
    setting = r"\[gias\]" if what == "schools" else rf"\[{what}.2021\]"
    with pytest.raises(FetchError, match=rf"its first line has no .*`url` under {setting}"):
        run(addresses, tmp_path / "out", what)
    assert not any((tmp_path / "out").rglob("*.csv"))


def test_a_file_of_implausible_size_is_refused(
    services: PublicServices, addresses: Addresses, tmp_path: Path
) -> None:
    services.files["/sape/people.xlsx"] = b"PK" + bytes(2_000_001)
    with pytest.raises(FetchError, match="more than is plausible"):
        run(addresses, tmp_path / "out", "population")
    assert not any((tmp_path / "out").rglob("*.part"))


@pytest.mark.parametrize(
    "target",
    ["file:///etc/passwd", "ftp://127.0.0.1/a", "http://169.254.169.254/", "//example.org/x"],
)
def test_a_redirect_may_not_lead_astray(
    services: PublicServices, addresses: Addresses, tmp_path: Path, target: str
) -> None:
    services.redirects["/iod/File_7.csv"] = target
    with pytest.raises(FetchError, match="which is no address of ours"):
        run(addresses, tmp_path / "out", "deprivation")


def test_a_redirect_on_a_known_host_is_followed_but_not_in_circles(
    services: PublicServices, addresses: Addresses, tmp_path: Path
) -> None:
    services.files["/iod/new.csv"] = FILE_7
    services.redirects["/iod/File_7.csv"] = "/iod/new.csv"
    run(addresses, tmp_path / "out", "deprivation")
    services.redirects["/iod/new.csv"] = "/iod/File_7.csv"
    with pytest.raises(FetchError, match="sends in circles"):
        run(addresses, tmp_path / "other", "deprivation")


# Police.


def test_identical_incidents_are_kept_and_those_of_two_quarters_once(
    services: PublicServices, addresses: Addresses, tmp_path: Path
) -> None:
    middle = [incident(7000 + n, WEST + 0.06, SOUTH + 0.06) for n in range(5)]
    rng = np.random.default_rng(5)
    spread = rng.uniform(0, 0.12, (400, 2))
    rows = [incident(n, WEST + x, SOUTH + y) for n, (x, y) in enumerate(spread)]
    services.incidents["2025-01"] = rows + middle
    services.most_incidents = 60
    result = run(addresses, tmp_path / "out", "asb", months=("2025-01",))
    street = next(e for e in result.fetched if e.file.startswith("police"))
    assert street.rows == 405
    text = (tmp_path / "out" / street.file).read_text(encoding="utf-8")
    assert text.count(f"{WEST + 0.06:.6f},{SOUTH + 0.06:.6f}") == 5
    assert services.count("crimes-street/") > 4


def test_a_number_given_twice_in_one_answer_is_two_incidents(
    services: PublicServices, addresses: Addresses, tmp_path: Path
) -> None:
    services.incidents["2025-01"] = [incident(1, WEST + 0.05, SOUTH + 0.05)] * 2
    result = run(addresses, tmp_path / "out", "asb", months=("2025-01",))
    assert result.fetched[-1].rows == 2


def test_a_police_service_that_is_down_is_told_after_few_requests(
    services: PublicServices, addresses: Addresses, tmp_path: Path
) -> None:
    services.fault("crimes-street/", busy(503), times=999)
    with pytest.raises(FetchError, match=r"too busy \(status 503\).*\[police\]"):
        run(addresses, tmp_path / "out", "asb", months=("2025-01",))
    assert services.count("crimes-street/") <= 10


def test_a_long_question_is_posted(services: PublicServices, tmp_path: Path) -> None:
    addresses = addresses_of(services, tmp_path).model_dump()
    addresses["police"]["longest_url"] = 100
    run(Addresses.model_validate(addresses), tmp_path / "out", "asb", months=("2025-01",))
    crimes = [a for a in services.asked if "crimes-street/" in a.path]
    assert [a.method for a in crimes] == ["POST"]


def test_months_default_to_the_newest_and_unknown_ones_are_named(
    addresses: Addresses, tmp_path: Path
) -> None:
    result = run(addresses, tmp_path / "out", "asb")
    months = [e.vintage for e in result.fetched if e.file.startswith("police")]
    assert months == ["2025-04", "2025-03", "2025-02"]
    with pytest.raises(FetchError, match=r"has no 2019-01\..*2025-01 to 2025-04"):
        run(addresses, tmp_path / "out", "asb", months=("2019-01",))
    assert result.notes


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({}, "no list of incidents"),
        ([{"category": "anti-social-behaviour"}], "without number"),
        ([incident(1, 0, 0, month="2024-01")], "another month"),
        ([{**incident(1, 0, 0), "category": "burglary"}], "another month or kind"),
    ],
)
def test_an_answer_that_is_no_incidents_is_refused(
    services: PublicServices, addresses: Addresses, tmp_path: Path, answer: object, says: str
) -> None:
    spoilt = Reply(body=json.dumps(answer).encode())
    services.fault("crimes-street/", lambda _: spoilt, times=99)
    with pytest.raises(FetchError, match=says):
        run(addresses, tmp_path / "out", "asb", months=("2025-01",))


def star(corners: int, seed: int) -> shapely.Polygon:
    """Draw a ragged island near Dorset."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    radius = rng.uniform(0.05, 0.3, corners)
    return shapely.Polygon(
        np.column_stack([-2.3 + 1.5 * radius * np.cos(angle), 50.8 + radius * np.sin(angle)])
    )


@settings(max_examples=8)
@given(corners=st.integers(3, 900), seed=st.integers(0, 99))
def test_a_cover_contains_the_outline_and_has_few_corners(corners: int, seed: int) -> None:
    islands = shapely.MultiPolygon([star(corners, seed), shapely.Point(-1.2, 50.7).buffer(0.001)])
    outline = shapely.make_valid(islands)
    pieces = cover(outline)
    assert shapely.union_all(pieces).covers(outline)
    assert all(len(piece.exterior.coords) <= 151 for piece in pieces)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), most=st.integers(10, 80))
def test_no_incident_is_lost_or_doubled_however_often_the_area_is_cut(
    services: PublicServices, addresses: Addresses, seed: int, most: int
) -> None:
    rng = np.random.default_rng(seed)
    outline = shapely.box(-2.5, 50.7, -2.2, 50.9)
    x, y = rng.uniform(-2.5, -2.2, 300), rng.uniform(50.7, 50.9, 300)
    services.most_incidents = most
    services.incidents["2025-01"] = [
        incident(n, *at) for n, at in enumerate(zip(x, y, strict=True))
    ]
    web = Web(addresses, clock=FakeClock(), rng=random.Random(seed))
    found = read_incidents(web, addresses.police, cover(outline), "2025-01")
    web.close()
    assert sorted(row["id"] for row in found) == list(range(300))


# Nomis.


def test_a_table_that_ends_without_a_word_is_noticed(
    services: PublicServices, addresses: Addresses, tmp_path: Path
) -> None:
    services.nomis_cap = 3
    result = run(addresses, tmp_path / "out", "nomis")
    assert result.fetched[-1].rows == 24
    services.fault("nomis", lambda r: Reply(body=b"\n".join(r.body.split(b"\n")[:1])), after=1)
    with pytest.raises(FetchError, match=r"Nomis gave 3 of 10 rows, for 2 of 5 small areas"):
        run(addresses, tmp_path / "other", "nomis")


@pytest.mark.parametrize(
    "body", [b"\xff\xfe", b"<html>", b"A,B\n1,2\n", b'GEOGRAPHY_CODE,RECORD_COUNT\n"E01', b""]
)
def test_an_answer_that_is_no_table_is_refused(
    services: PublicServices, addresses: Addresses, tmp_path: Path, body: bytes
) -> None:
    services.fault("nomis", lambda _: Reply(body=body), times=99)
    with pytest.raises(FetchError, match=r"no table|broken|Nomis gave"):
        run(addresses, tmp_path / "out", "nomis")


# Pace and patience.


def test_requests_to_a_host_keep_their_distance(services: PublicServices, tmp_path: Path) -> None:
    addresses = addresses_of(services, tmp_path).model_dump()
    addresses["hosts"]["127.0.0.1"] = 4.0
    clock = FakeClock()
    times = []
    services.fault("", lambda reply: times.append(clock.seconds) or reply, times=99)
    run(Addresses.model_validate(addresses), tmp_path / "out", clock=clock)
    assert len(times) > 5
    assert np.diff(times).min() >= 0.25 - 1e-9


def test_a_wait_that_is_asked_for_is_kept_with_jitter(
    services: PublicServices, addresses: Addresses
) -> None:
    services.fault("dates", busy(429, "30"))
    services.fault("dates", busy(503))
    clock = FakeClock()
    web = Web(addresses, clock=clock, rng=random.Random(1))
    web.ask(Request(f"{services.url}/api/crimes-street-dates", "x"), parse_json)
    web.close()
    long = [wait for wait in clock.waits if wait > 1]
    assert 30 < long[0] <= 32
    assert 4 <= long[1] <= 6


def test_an_answer_that_drips_is_given_up(services: PublicServices, tmp_path: Path) -> None:
    settings = addresses_of(services, tmp_path).model_dump()
    settings["limits"]["answer_seconds"] = 10

    class Dripping(FakeClock):
        def monotonic(self) -> float:
            self.seconds += 11
            return self.seconds

    with pytest.raises(FetchError, match="took more than 10 seconds"):
        run(Addresses.model_validate(settings), tmp_path / "out", "population", clock=Dripping())


# A run that breaks off.

SCRIPT = """
import sys
from layers.fetch import Wanted, fetch, read_addresses
fetch(Wanted((sys.argv[1],), what=("asb",), months=tuple(sys.argv[4:])), sys.argv[2],
      addresses=read_addresses(sys.argv[3]))
"""


def test_a_killed_run_leaves_nothing_half_done_and_the_next_goes_on(
    services: PublicServices, addresses: Addresses, tmp_path: Path
) -> None:
    months = sorted(services.incidents)
    reached = threading.Event()

    def hang(reply: Reply) -> Reply:
        reached.set()
        return Reply(reply.status, reply.body, wait_seconds=0.2)

    services.fault("'date': '2025-03'", hang, times=9)
    out = tmp_path / "out"
    words = [sys.executable, "-c", SCRIPT, CODE, str(out), str(tmp_path / "own.toml"), *months]
    root = Path(__file__).resolve().parents[2]
    started = subprocess.Popen(words, cwd=root, env=os.environ)
    assert reached.wait(60)
    started.kill()
    started.wait()
    services.faults.clear()
    done = {p.name[:7] for p in out.rglob("*-street.csv")}
    assert done == {"2025-01", "2025-02"}
    with (out / "journal.jsonl").open("a", encoding="utf-8") as journal:
        journal.write('{"piece": "broken of')
    services.asked.clear()
    run(addresses, out, "asb", months=tuple(months))
    asked = {a.params["date"] for a in services.asked if "date" in a.params}
    assert asked == {"2025-03", "2025-04"}
    assert len(verify(out)) == 5
    assert run(addresses, out, "asb", months=tuple(months)).fetched == ()


def test_a_run_killed_between_journal_and_file_is_mended(
    services: PublicServices, addresses: Addresses, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    run(addresses, out, "deprivation")
    final = next((out / "deprivation").iterdir())
    before = final.read_bytes()
    services.files["/iod/File_7.csv"] = FILE_7 + b"E01000002,B\r\n"
    run(addresses, out, "deprivation", refresh=True)
    final.write_bytes(before)  # as if the second file had not got its name
    assert run(addresses, out, "deprivation").fetched
    assert final.read_bytes() == services.files["/iod/File_7.csv"]


def test_a_changed_file_is_told_and_not_undone(addresses: Addresses, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(addresses, out, "lookups")
    file = out / f"lookups/LSOA21_WD25_LAD25_{CODE}.csv"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(FetchError, match=r"the checksum differs\): lookups/LSOA21_WD25.*--refresh"):
        verify(out)
    with pytest.raises(FetchError, match="checksum differs"):
        run(addresses, out, "lookups")
    assert file.read_text(encoding="utf-8") == "mine"
    run(addresses, out, "lookups", refresh=True)
    assert verify(out)
    file.unlink()
    with pytest.raises(FetchError, match="No longer in"):
        verify(out)
    assert [e.file for e in run(addresses, out, "lookups").fetched] == [
        file.relative_to(out).as_posix()
    ]


def test_a_file_of_somebody_else_is_not_written_over(addresses: Addresses, tmp_path: Path) -> None:
    out = tmp_path / "out"
    mine = out / "schools/edubasealldata20260130.csv"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine", encoding="utf-8")
    with pytest.raises(FetchError, match="was not fetched there"):
        run(addresses, out, "schools")
    assert mine.read_text(encoding="utf-8") == "mine"


def test_a_journal_cannot_lead_out_of_the_folder(addresses: Addresses, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(addresses, out, "deprivation")
    line = json.loads((out / "journal.jsonl").read_text(encoding="utf-8"))
    evil = [{**line, "file": "../own.toml"}, {**line, "file": "/etc/passwd"}, [], {"piece": 1}]
    with (out / "journal.jsonl").open("a", encoding="utf-8") as journal:
        journal.writelines(f"{json.dumps(entry)}\n" for entry in evil)
    assert len(verify(out)) == 1


def test_a_folder_that_cannot_be_written_is_told(addresses: Addresses, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(WriteError, match="cannot be written"):
        run(addresses, tmp_path / "file")


@pytest.mark.parametrize("what", ["population", "boundaries"])
def test_a_full_disk_is_told_and_the_next_run_goes_on(
    addresses: Addresses, tmp_path: Path, what: str
) -> None:
    resource = pytest.importorskip("resource")  # a limit on the size of files plays the full disk
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000 if what == "population" else 300, hard))
    try:
        with pytest.raises(WriteError, match=r"cannot be written .* --out"):
            run(addresses, tmp_path / "out", what)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    run(addresses, tmp_path / "out", what)
    assert verify(tmp_path / "out")


def test_progress_is_told_step_by_step(addresses: Addresses, tmp_path: Path) -> None:
    heard: list[tuple[str, int, int]] = []
    run(
        addresses,
        tmp_path / "out",
        "lookups",
        "population",
        progress=lambda *news: heard.append(news),
    )
    assert heard[0][0] == f"1 of 3: lookups/LSOA21_WD25_LAD25_{CODE}.csv"
    assert heard[-1] == ("3 of 3: population/sapelsoasyoa20222024.xlsx", 1, 1)
    assert any(0 < done < total == len(WORKBOOK) for _, done, total in heard)
    assert sum(news[1:] == (1, 1) for news in heard) == 3


# What is asked for, and the addresses.


@pytest.mark.parametrize(
    ("codes", "says"),
    [
        (("Dorset",), "Dorset is no code of an English district.*E06000059"),
        (("W06000001",), "is no code of an English"),
        (("../../etc",), "is no code of an English"),
        (("E10000009",), "E10000009 is a county; its districts were wanted"),
        ((), "There is no code"),
        ((CODE, CODE), "named twice"),
    ],
)
def test_codes_that_cannot_be_are_refused(codes: tuple[str, ...], says: str) -> None:
    with pytest.raises(FetchError, match=says):
        Wanted(codes)


def test_codes_that_do_not_exist_are_named(addresses: Addresses, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"no district E06000029, E07000048 in May 2025"):
        run(addresses, tmp_path / "out", codes=(CODE, "E06000029", "E07000048"))


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"what": ("houses",)}, "no 'houses' to fetch.*asb, schools"),
        ({"what": ()}, "Nothing is asked for"),
        ({"vintage": "2001"}, "no LSOAs of 2001"),
        ({"what": ("nomis",), "vintage": "2011"}, "2021 only"),
        ({"months": ("2025-1",)}, "2025-1 is no month"),
    ],
)
def test_what_cannot_be_fetched_is_refused_at_once(more: dict[str, object], says: str) -> None:
    with pytest.raises(FetchError, match=says):
        Wanted((CODE,), **more)


def test_older_small_areas_come_through_the_lookup(
    services: PublicServices, tmp_path: Path
) -> None:
    older = [
        {
            "properties": {"LSOA11CD": code, "LSOA11NM": f"Small {code}"},
            "geometry": square(WEST + 0.01 * n, SOUTH),
        }
        for n, code in enumerate(lsoas(CODE))
    ]
    services.layers["LSOA_Dec_2011_Boundaries_Generalised_Clipped_BGC_EW_V3"] = older
    wanted = Wanted((CODE,), what=("boundaries",), vintage="2011")
    out = tmp_path / "out"
    fetch(wanted, out, addresses=addresses_of(services, tmp_path), clock=FakeClock())
    areas = read_boundaries(out / f"boundaries/LSOA11_{CODE}.geojson", vintage="2011")
    assert areas.units == tuple(lsoas(CODE))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[ons.districts]\nservice = '../x'", r"own.toml: \[ons.districts\] service"),
        ("[gias]\nurl = 'file:///etc/passwd'", r"\[gias\] url: an address that begins with https"),
        ("[gias]\nurl = 'https://me:pw@host/x'", r"\[gias\] url"),
        ("[gias]\nfile = '../../x.csv'", r"\[gias\] file: a plain file name"),
        ("[gias]\nadress = 'x'", r"\[gias\] adress: Extra"),
        ("[ons.districts]\nkeys = ['X']", "it lacks X"),
        ("[limits]\nattempts = 0", r"\[limits\] attempts"),
        ("[limits", "own.toml is no TOML"),
    ],
)
def test_addresses_that_cannot_be_are_refused(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ReadError, match=says):
        read_addresses(tmp_path / "own.toml")


def test_addresses_that_are_not_there_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "none.toml"))
    with pytest.raises(ReadError, match=r"none\.toml cannot be opened"):
        read_addresses()


def test_an_own_file_changes_only_what_it_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own.toml").write_text("[ons.districts]\nservice = 'LAD_2027'", encoding="utf-8")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "own.toml"))
    own, shipped = read_addresses().model_dump(), read_addresses(os.devnull).model_dump()
    assert own["ons"]["districts"].pop("service") == "LAD_2027"
    shipped["ons"]["districts"].pop("service")
    assert own == shipped


def test_nothing_is_asked_of_the_network_at_import() -> None:
    code = "import socket; del socket.getaddrinfo, socket.create_connection\nimport layers.fetch"
    root = Path(__file__).resolve().parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0


# Random faults: whatever comes, the answer is right or refused in words.

FAULTS = st.sampled_from([*PASSING.values(), busy(404), busy(400), lambda _: Reply(body=b"\x00")])


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(faults=st.lists(st.tuples(st.integers(0, 25), FAULTS), max_size=6))
def test_whatever_faults_come_the_files_are_right_or_refused(
    services: PublicServices,
    addresses: Addresses,
    tmp_path_factory: pytest.TempPathFactory,
    faults: list[tuple[int, Spoil]],
) -> None:
    quick = [pair for pair in faults if pair[1] is not PASSING["slow"]]
    services.faults.clear()
    for after, spoil in quick:
        services.fault("", spoil, after=after)
    out = tmp_path_factory.mktemp("out")
    wanted = ("boundaries", "lookups", "schools", "deprivation", "population", "nomis")
    with suppress(ZonewrightError):
        run(addresses, out, *wanted)
    services.faults.clear()
    verify(out)
    run(addresses, out, *wanted)
    assert read_boundaries(out / f"boundaries/LSOA21_{CODE}.geojson").units == tuple(lsoas(CODE))
    assert (out / "population/sapelsoasyoa20222024.xlsx").read_bytes() == WORKBOOK
    assert not list(out.rglob("*.part"))


def spoilt_bytes(rng: random.Random) -> Spoil:
    """Change, take out or double a few bytes of an answer."""

    def spoil(reply: Reply) -> Reply:
        body = bytearray(reply.body)
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(body) + 1)
            to = at + rng.choice([0, 1, 1, 30])
            body[at:to] = rng.choice([b"", bytes([rng.randrange(256)]), bytes(body[at:to]) * 2])
        return Reply(reply.status, bytes(body), reply.headers)

    return spoil


def spoilt_values(rng: random.Random) -> Spoil:
    """Put something else in one place of a JSON answer."""
    odd = [None, True, [], {}, "", "\ud800", -1, 1e999, 10**400, "E06", [[[]]], {"type": "Point"}]

    def walk(value: object) -> object:
        if rng.random() < 0.03:
            return rng.choice(odd)
        if isinstance(value, dict):
            return {k: walk(v) for k, v in value.items() if rng.random() > 0.01}
        if isinstance(value, list):
            return [walk(v) for v in value]
        return value

    def spoil(reply: Reply) -> Reply:
        try:
            value = json.loads(reply.body)
        except ValueError:
            return spoilt_bytes(rng)(reply)
        return Reply(reply.status, json.dumps(walk(value)).encode(), reply.headers)

    return spoil


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(case=(429, 11, True))
@given(case=st.tuples(st.integers(0, 100_000), st.integers(0, 14), st.booleans()))
def test_whatever_an_answer_holds_nothing_but_our_own_refusals_come_of_it(
    services: PublicServices,
    addresses: Addresses,
    tmp_path_factory: pytest.TempPathFactory,
    case: tuple[int, int, bool],
) -> None:
    seed, after, values = case
    rng = random.Random(seed)
    services.faults.clear()
    spoil = spoilt_values(rng) if values else spoilt_bytes(rng)
    services.fault("", spoil, times=99, after=after)
    with suppress(ZonewrightError):
        run(addresses, tmp_path_factory.mktemp("out"), *EVERYTHING, months=("2025-01",))


# Real files, served page by page as the services would.

DORSET = "E06000059"


@pytest.fixture
def dorset_services(real_data: Path) -> Iterator[PublicServices]:
    services = PublicServices()
    ons = real_data / "ons"
    areas = json.loads((ons / f"LSOA21_BGC_{DORSET}.geojson").read_text(encoding="utf-8"))
    rows = [{k: f[k] for k in ("properties", "geometry")} for f in areas["features"]]
    outline = shapely.union_all([shapely.geometry.shape(r["geometry"]) for r in rows])
    district = {"LAD25CD": DORSET, "LAD25NM": "Dorset"}
    wards = json.loads((ons / "ward25_bgc_dorset_bcp.geojson").read_text(encoding="utf-8"))
    ward_rows = [f for f in wards["features"] if f["properties"]["LAD25CD"] == DORSET]
    ward = {k: v for k, v in ward_rows[0]["properties"].items() if k.startswith("WD")}
    with (ons / "LSOA11_LSOA21_LAD22_EW_LU.csv").open(encoding="utf-8-sig", newline="") as stream:
        older = [{"properties": row} for row in csv.DictReader(stream)]
    services.layers = {
        "LAD_MAY_2025_UK_BGC_V2": [
            {"properties": district, "geometry": shapely.geometry.mapping(outline)}
        ],
        "WD_MAY_2025_UK_BGC_V2": ward_rows,
        "Lower_layer_Super_Output_Areas_December_2021_Boundaries_EW_BGC_V5": rows,
        "LSOA21_WD25_LAD25_EW_LU_v2": [
            {"properties": {**row["properties"], **ward, **district}} for row in rows
        ],
        "LSOA11_LSOA21_LAD22_EW_LU_v5": older,
    }
    services.files = {
        "/gias/edubasealldata20260130.csv": next((real_data / "schools").iterdir()).read_bytes(),
        "/iod/File_7.csv": next((real_data / "iod").iterdir()).read_bytes(),
        "/sape/people.xlsx": (
            real_data / "population" / "sape23dt2_mid2020_lsoa11.xlsx"
        ).read_bytes(),
    }
    services.incidents = {"2025-01": real_incidents(real_data)}
    with serving(services) as served:
        yield served


def real_incidents(real_data: Path) -> list[dict[str, object]]:
    path = real_data / "police/2025-01/2025-01-dorset-street.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [r for r in csv.DictReader(stream) if r["Crime type"] == "Anti-social behaviour"]
    return [
        incident(n, float(row["Longitude"]), float(row["Latitude"]))
        for n, row in enumerate(rows)
        if row["Longitude"]
    ]


@pytest.mark.real_data
def test_real_files_come_through_unharmed(
    dorset_services: PublicServices, real_data: Path, tmp_path: Path
) -> None:
    services = dorset_services
    services.most_incidents = 200
    settings = addresses_of(services, tmp_path).model_dump()
    settings["ons"] |= {"page_rows": 100, "codes_per_query": 150}
    settings["limits"]["read_seconds"] = 20
    services.fault("'resultOffset': '100'", truncated, times=2)
    services.fault("/sape", truncated)
    what = ("boundaries", "lookups", "asb", "schools", "deprivation", "population")
    out = tmp_path / "out"
    known = Addresses.model_validate(settings)
    run(known, out, *what, codes=(DORSET,), months=("2025-01",))
    fetched = read_boundaries(out / f"boundaries/LSOA21_{DORSET}.geojson", vintage="2021")
    given_ = read_boundaries(real_data / f"ons/LSOA21_BGC_{DORSET}.geojson")
    order = np.argsort(given_.units)
    assert fetched.units == tuple(np.array(given_.units)[order])
    assert shapely.equals_exact(fetched.shapes, np.asarray(given_.shapes)[order], 0.011).all()
    lookup = open_table(out / f"lookups/LSOA11_LSOA21_LAD22_{DORSET}.csv")
    real = open_table(real_data / "ons/LSOA11_LSOA21_LAD22_EW_LU.csv")
    assert lookup.columns == real.columns
    rows = real.whole(Account("real"))
    assert len(lookup.whole(Account("lookup"))) == rows["LSOA21CD"].isin(fetched.units).sum()
    for path, content in services.files.items():
        assert content in {p.read_bytes() for p in out.rglob("*") if p.suffix in {".csv", ".xlsx"}}
        assert path
    schools = open_table(next((out / "schools").iterdir()))
    assert schools.encoding in {"cp1252", "utf-8"}
    assert "IDACI" not in schools.columns


@pytest.mark.real_data
def test_every_real_incident_of_the_authority_is_fetched_once(
    dorset_services: PublicServices, tmp_path: Path
) -> None:
    services = dorset_services
    services.most_incidents = 150
    settings = addresses_of(services, tmp_path).model_dump()
    settings["limits"]["read_seconds"] = 20
    known = Addresses.model_validate(settings)
    run(known, tmp_path / "out", "asb", codes=(DORSET,), months=("2025-01",))
    street = tmp_path / "out/police/2025-01/2025-01-e06000059-street.csv"
    rows = list(csv.DictReader(io.StringIO(street.read_text(encoding="utf-8"))))
    outline = shapely.geometry.shape(services.layers["LAD_MAY_2025_UK_BGC_V2"][0]["geometry"])
    shapely.prepare(outline)

    def inside(places: list[tuple[float, float]]) -> list[tuple[float, float]]:
        return sorted(p for p in places if shapely.intersects_xy(outline, *p))

    wanted = [
        (float(r["location"]["longitude"]), float(r["location"]["latitude"]))
        for r in services.incidents["2025-01"]
    ]
    got = [(float(r["Longitude"]), float(r["Latitude"])) for r in rows]
    assert inside(got) == inside(wanted)
    assert len(inside(got)) > 300
