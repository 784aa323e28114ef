"""Reading a table of street crime: ours against pandas, four columns of twelve.

ZONEWRIGHT_BENCH_ROWS sets the size (200,000 by default; 1,000,000 rows are 240 MB). Ours also
tells the encoding from all bytes, checks every row and gives each its line.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from geo.ledger import Account
from geo.read.table import open_table

ROWS = int(os.environ.get("ZONEWRIGHT_BENCH_ROWS", "200000"))
WANTED = ["Month", "Longitude", "LSOA code", "Crime type"]
HEADER = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,"
    "Crime type,Last outcome category,Context\n"
)


@pytest.fixture(scope="module", params=["plain", "quoted"])
def street(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("street") / f"{request.param}.csv"
    place = "On or near High Street"
    if request.param == "quoted":
        place = f'"{place}, ""Old"" side"'
    with path.open("w") as stream:
        stream.write(HEADER)
        for i in range(ROWS):
            stream.write(
                f"{i:064x},2025-{i % 12 + 1:02},Any Police,Any Police,-2.{i % 999983:06},"
                f"50.{i % 999979:06},{place},E0102{i % 9973:04},Anywhere {i % 300:03}A,"
                "Anti-social behaviour,Under investigation and no suspect was identified,\n"
            )
    return path


def ours(path: Path) -> int:
    account = Account("street")
    for frame in open_table(path).chunks(account, columns=WANTED):
        account.use(len(frame))
    return account.close().used


def with_pandas(path: Path) -> int:
    return len(pd.read_csv(path, usecols=WANTED, dtype="str", keep_default_na=False))


@pytest.mark.parametrize("read", [ours, with_pandas])
def test_bench_street(street: Path, read: Callable[[Path], int], benchmark: Any) -> None:
    assert benchmark.pedantic(read, args=(street,), rounds=3) == ROWS
