from pathlib import Path

import numpy as np
import pytest

from geo.errors import ReadError
from geo.ledger import Ledger, PassedOver, Rejected, Rejections
from layers.measures import Measure, Measures
from layers.read.kept import read_ledgers, read_series
from layers.series import Series
from layers.source import Source
from layers.write import write_ledgers, write_measures, write_series

LEDGER = Ledger(
    "street files",
    read=10,
    used=5,
    unlocated=2,
    outside=2,
    rejected=Rejections([Rejected(7, "no month", "a.csv")]),
    passed_over=(PassedOver("other types of crime", 90),),
)
UNITS = ("E01000001", "E01000002")


def series() -> Series:
    measures = (
        Measure("referrals", "Referrals", "episodes", "2025", "lists", "official", sensitive=True),
        Measure("open_cp", "Plans", "children", "2025", "lists", "official", sensitive=True),
    )
    counts = np.array([[[1, 0], [0, 0]], [[0, 3], [2, 2]]])
    binned = np.array([[[0, 0, 1], [0, 0, 0]], [[0, 0, 0], [4, 0, 0]]])
    months = ("2025-01", "2025-02")
    source = Source("Case lists", "Small Council", "own", "2025", "lists", "")
    return Series(
        UNITS, months, measures, counts, binned, frozenset({"open_cp"}), LEDGER, source, ("n",)
    )


def test_ledgers_come_back_as_they_were(tmp_path: Path) -> None:
    assert write_ledgers(tmp_path / "ledgers.json", [LEDGER]) == 1
    assert read_ledgers(tmp_path / "ledgers.json") == (LEDGER,)


def test_a_pack_without_ledgers_has_none(tmp_path: Path) -> None:
    assert read_ledgers(tmp_path / "ledgers.json") == ()


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"source": "x"}]', '[{"rejected": 1}]'])
def test_a_broken_account_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "ledgers.json").write_text(text, encoding="utf-8")
    if text == "{}":
        assert read_ledgers(tmp_path / "ledgers.json") == ()
        return
    with pytest.raises(ReadError, match="no account of rows"):
        read_ledgers(tmp_path / "ledgers.json")


def test_monthly_counts_come_back_as_they_were(tmp_path: Path) -> None:
    before = series()
    assert write_series(tmp_path, before) == {"series.parquet": 6, "series.json": 2}
    after = read_series(tmp_path, UNITS)
    assert after is not None
    assert (after.counts == before.counts).all()
    assert (after.binned == before.binned).all()
    assert (after.months, after.measures, after.stocks) == (
        before.months,
        before.measures,
        before.stocks,
    )
    assert (after.ledger, after.source, after.notes) == (LEDGER, before.source, ("n",))


def test_a_pack_without_monthly_counts_has_none(tmp_path: Path) -> None:
    assert read_series(tmp_path, UNITS) is None


def test_monthly_counts_of_other_units_are_refused(tmp_path: Path) -> None:
    write_series(tmp_path, series())
    with pytest.raises(ReadError, match="no monthly counts of this pack"):
        read_series(tmp_path, ("E01000009",))


def test_half_of_the_monthly_counts_is_refused(tmp_path: Path) -> None:
    write_series(tmp_path, series())
    (tmp_path / "series.json").unlink()
    with pytest.raises(ReadError, match="no monthly counts of this pack"):
        read_series(tmp_path, UNITS)


def test_columns_keep_missing_suppressed_and_zero_apart(tmp_path: Path) -> None:
    measure = Measure("pupils", "Pupils", "children", "2025", "census", "official")
    values = np.array([[0.0, np.nan, np.nan, 2.5]])
    status = np.array([[0, 4, 3, 0]], dtype=np.int8)
    units = (*UNITS, "E01000003", "E01000004")
    path = tmp_path / "measures.parquet"
    assert write_measures(path, Measures(units, (measure,), values, status)) == 4
    import pandas as pd  # noqa: PLC0415  only to look at the file

    table = pd.read_parquet(path)
    assert table["pupils:status"].tolist() == [0, 4, 3, 0]
    assert table["pupils"].isna().tolist() == [False, True, True, False]
