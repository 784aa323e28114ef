"""Packs of 2025 built from published files, against what was published of the authorities.

Indices of Deprivation 2025, average score of the district (file 10); mid-2020 estimates by single
year of age; data.police.uk, January to December 2025 (Dorset Police) and January to June (Durham).
"""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.aggregate import aggregate
from analysis.rates import indicator_values
from layers.build import Built, build_pack
from layers.check import check_pack

pytestmark = pytest.mark.real_data

NAMES = {
    "dorset": "Dorset",
    "bcp": "Bournemouth, Christchurch and Poole",
    "durham": "County Durham",
    "kirklees": "Kirklees",
}
UNITS = {"dorset": 223, "bcp": 240, "durham": 330, "kirklees": 260}
WARDS = {"dorset": 52, "bcp": 33, "durham": 51, "kirklees": 23}
IMD = {"dorset": 16.268, "bcp": 17.513, "durham": 28.808, "kirklees": 25.805}
CHILDREN = {"dorset": 67_698, "bcp": 76_352, "durham": 101_979, "kirklees": 100_020}
ASB = {"dorset": 5087, "bcp": 8619, "durham": 5598, "kirklees": None}
SCHOOLS = {"dorset": 184, "kirklees": 202}


@pytest.fixture(scope="module", params=list(NAMES))
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = real_folder()
    return build_pack(
        folder,
        authority=NAMES[request.param],
        out=tmp_path_factory.mktemp("built") / request.param,
    )


def real_folder() -> Path:
    import os  # noqa: PLC0415  only these tests ask the environment themselves

    folder = os.environ.get("ZONEWRIGHT_REAL_DATA")
    if not folder:
        pytest.skip("ZONEWRIGHT_REAL_DATA names no folder of real input")
    return Path(folder)


def key(built: Built) -> str:
    return built.pack.folder.name


def test_the_pack_is_sound_and_stands_on_areas_of_2021(built: Built) -> None:
    pack = built.pack
    assert check_pack(pack, today=date(2026, 1, 31)).faults == ()
    assert (pack.authority.vintage, len(pack.geography)) == ("2021", UNITS[key(built)])
    assert len(pack.plan("wards").plan.zones) <= WARDS[key(built)]
    assert not pack.plan("wards").plan.unassigned


def test_the_average_deprivation_score_is_the_published_one(built: Built) -> None:
    pack = built.pack
    imd = pack.indicator("imd")
    totals = aggregate(pack.plan("wards").plan, pack.measures)
    x, n = (totals.counts(k).sum() for k in (imd.numerator, imd.denominator))
    assert indicator_values(imd, [x], [n]).value[0] == pytest.approx(IMD[key(built)], abs=5e-4)


def test_children_of_2011_areas_keep_the_authoritys_total(built: Built, real_data: Path) -> None:
    assert built.pack.measures.counts("children").sum() == CHILDREN[key(built)]
    ages = pd.read_excel(
        real_data / "population" / "sape23dt2_mid2020_lsoa11.xlsx",
        header=None,
        engine="calamine",
    )
    head = int(np.flatnonzero(ages[0] == "LSOA Code")[0])
    names = [str(name).removesuffix(".0") for name in ages.iloc[head]]
    table = ages.iloc[head + 1 :].set_axis(names, axis=1)
    lookup = pd.read_csv(real_data / "ons" / "LSOA11_LSOA21_LAD22_EW_LU.csv")
    mine = set(lookup.loc[lookup["LAD22NM"] == NAMES[key(built)], "LSOA11CD"])
    young = table.loc[table["LSOA Code"].isin(mine), [str(age) for age in range(18)]]
    assert young.to_numpy(dtype=float).sum() == CHILDREN[key(built)]


def test_incidents_are_those_of_the_authority(built: Built) -> None:
    incidents = built.pack.incidents
    wanted = ASB[key(built)]
    if wanted is None:
        assert incidents is None  # the files hold no month of West Yorkshire Police
        assert any("its own police force" in note for note in built.notes)
        return
    assert incidents is not None
    assert incidents.ledger.used == wanted
    assert len(incidents.months) == (6 if key(built) == "durham" else 12)


def test_open_schools_arrive_with_their_places(built: Built) -> None:
    schools = built.pack.schools
    assert schools is not None
    assert len(schools) == SCHOOLS.get(key(built), len(schools))
    assert {school.placed for school in schools} == {"GIAS"}


def test_every_file_was_recognised(built: Built) -> None:
    loose = [entry.file.name for entry in built.found if entry.kind is None]
    assert loose == ["README.md"]


def test_the_ledgers_add_up_to_the_rows_of_the_files(built: Built, real_data: Path) -> None:
    street = next(entry for entry in built.ledgers if "street" in entry.source)
    files = sorted((real_data / "police").rglob("*-street.csv"))
    assert street.rows == sum(len(pd.read_csv(path, usecols=["Month"])) for path in files)
    for ledger in built.ledgers:
        parts = ledger.used + ledger.unlocated + ledger.outside + len(ledger.rejected)
        assert parts == ledger.read
