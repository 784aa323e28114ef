"""Suppression of small counts: what is hidden, why, and what is left for all to see."""

import numpy as np
import pytest

from analysis.disclosure import (
    DFE,
    NHS,
    POLICIES,
    Policy,
    Suppressed,
    cell_text,
    mask_rates,
    protect,
    suppress,
)
from geo.errors import LayerError
from layers.status import Status

NAN = float("nan")
OK, ROUNDED, NA, MISSING, SUPPRESSED = Status


def shown(result: Suppressed, policy: Policy = DFE) -> str:
    """Write cells as a row of text, their totals behind bars."""
    cells = " ".join(
        cell_text(value, status, symbol=policy.symbol) or "_"
        for value, status in zip(result.values, result.status, strict=True)
    )
    return cells if result.totals is None else f"{cells} | {shown(result.totals, policy)}"


@pytest.mark.parametrize(
    ("counts", "text"),
    [
        ([0, 6, 40], "0 6 40 | 46"),  # a true zero is shown
        ([1, 5, 40], "c c 40 | 46"),  # both ends of the range are small
        ([3, 40, 8, 0], "c 40 c 0 | 51"),  # one alone would follow from the total
        ([3, 8, 8], "c c 8 | 19"),  # of two alike, the first
        ([1, 1, 9, 20], "c c c 20 | 31"),  # 2 over two cells can only be 1 and 1
        ([5, 5, 9, 20], "c c c 20 | 39"),  # 10 over two small cells can only be 5 and 5
        ([5, 5], "c c | c"),  # nothing else to hide but the total
        ([3], "c | c"),
        ([3, 0, 0], "c 0 0 | c"),  # the total is as small as the count
        ([0, 0], "0 0 | 0"),
        ([], " | 0"),
    ],
)
def test_small_counts_and_what_gives_them_away_are_hidden(counts: list[float], text: str) -> None:
    assert shown(suppress(counts)) == text


@pytest.mark.parametrize(
    ("counts", "groups", "text"),
    [
        # the small count must not follow from its zone's total
        ([3, 9, 50, 60], [0, 0, 1, 1], "c c 50 60 | 12 110 | 122"),
        # a zone's own small total must not follow from the others', nor from their cells
        ([30, 40, 2, 50, 60], [0, 0, 1, 2, 2], "c 40 c 50 60 | c c 110 | 182"),
        # two zones that add up to 4 with four small cells are all ones
        ([1, 1, 1, 1, 50], [0, 0, 1, 1, 2], "c c c c c | c c c | 54"),
        # units in no zone add up to a total of their own
        ([3, 9, 20], [0, 0, -1], "c c 20 | 12 20 | 32"),
        # a zone without units
        ([8, 9], [0, 2], "8 9 | 8 0 9 | 17"),
    ],
)
def test_totals_per_zone_do_not_give_cells_away(
    counts: list[float], groups: list[int], text: str
) -> None:
    assert shown(suppress(counts, groups=groups)) == text


def test_empty_zones_at_the_end_have_a_total_too() -> None:
    assert shown(suppress([8, 9], groups=[0, 1], group_count=3)) == "8 9 | 8 9 0 | 17"


def test_missing_stays_missing_and_leaves_no_total() -> None:
    assert shown(suppress([NAN, 3, 9])) == "_ c 9 | _"
    assert suppress([NAN, 3, 9]).status.tolist() == [MISSING, SUPPRESSED, OK]


def test_what_came_suppressed_stays_so_even_with_a_number() -> None:
    result = suppress([4, 30], status=[SUPPRESSED, OK])
    assert np.isnan(result.values[0])
    assert result.status.tolist() == [SUPPRESSED, OK]
    assert result.totals is not None
    assert result.totals.status.tolist() == [SUPPRESSED]


def test_what_does_not_apply_is_no_small_count() -> None:
    assert shown(suppress([NAN, 30], status=[NA, OK])) == "z 30 | z"


@pytest.mark.parametrize("count", [0.4, 5.5])
def test_a_share_of_a_child_is_small_too(count: float) -> None:
    assert np.isnan(suppress([count, 40, 50]).values[0])


def test_the_health_rule_rounds_what_it_shows() -> None:
    result = suppress([3, 7, 8, 12, 0], policy=NHS)
    assert shown(result, NHS) == "* * 10 10 0 | 30"
    assert result.status.tolist() == [SUPPRESSED, SUPPRESSED, ROUNDED, ROUNDED, OK]


def test_suppression_does_not_change_its_argument() -> None:
    counts, status = np.array([3.0, 40]), np.array([0, 4])
    suppress(counts, status=status)
    assert (counts.tolist(), status.tolist()) == ([3, 40], [0, 4])


def test_a_negative_count_is_refused() -> None:
    with pytest.raises(LayerError, match="negative"):
        suppress([-1])


@pytest.mark.parametrize("status", [[0], [0, 0, 0]])
def test_a_status_must_stand_by_every_count(status: list[int]) -> None:
    with pytest.raises(LayerError, match="2 counts"):
        suppress([1, 2], status=status)


@pytest.mark.parametrize(
    ("groups", "count"), [([0], None), ([0, -2], None), ([0, 3], 3), ([0, 1, 2], None)]
)
def test_groups_that_do_not_fit_are_refused(groups: list[int], count: int | None) -> None:
    with pytest.raises(LayerError, match="for 2 counts"):
        suppress([1, 2], groups=groups, group_count=count)


@pytest.mark.parametrize(("low", "high", "round_to"), [(0, 5, 1), (6, 5, 1), (1, 5, 0)])
def test_a_rule_that_hides_zeros_or_nothing_is_refused(low: int, high: int, round_to: int) -> None:
    with pytest.raises(LayerError, match="Suppress from 1 upwards"):
        Policy("odd", low, high, "c", round_to)


def test_the_rules_are_found_by_the_name_in_an_authoritys_settings() -> None:
    assert POLICIES == {"dfe": DFE, "nhs": NHS}


def test_only_sensitive_columns_are_protected() -> None:
    table = protect({"children": [3, 40, NAN], "open_cases": [3, 40, 9]}, {"open_cases"})
    assert table["children"].values.tolist()[:2] == [3, 40]
    assert table["children"].status.tolist() == [OK, OK, MISSING]
    assert shown(table["open_cases"]) == "c 40 c | 52"


def test_a_sensitive_column_that_is_not_there_is_refused() -> None:
    with pytest.raises(LayerError, match="no column 'opencases' to protect"):
        protect({"open_cases": [3]}, {"opencases"})


@pytest.mark.parametrize(
    ("numerator", "denominator", "status"),
    [
        (OK, OK, OK),
        (OK, ROUNDED, ROUNDED),
        (SUPPRESSED, OK, SUPPRESSED),
        (OK, SUPPRESSED, SUPPRESSED),
        (MISSING, SUPPRESSED, SUPPRESSED),
        (NA, OK, NA),
    ],
)
def test_a_rate_is_shown_only_where_both_counts_are(
    numerator: Status, denominator: Status, status: Status
) -> None:
    masked = mask_rates([42.9], [numerator], [denominator])
    assert masked.status.tolist() == [status]
    assert np.isnan(masked.values[0]) == (status >= NA)


def test_a_rate_over_nobody_is_missing() -> None:
    assert mask_rates([NAN], [OK], [OK]).status.tolist() == [MISSING]


@pytest.mark.parametrize(
    ("values", "status"), [([NAN], [OK]), ([3.0], [SUPPRESSED]), ([1.0, 2.0], [OK])]
)
def test_a_number_and_its_status_may_not_contradict_each_other(
    values: list[float], status: list[int]
) -> None:
    with pytest.raises(LayerError, match=r"contradicts|2 values and 1 statuses"):
        Suppressed(np.array(values), np.array(status, dtype=np.int8))


@pytest.mark.parametrize(
    ("value", "status", "text"),
    [
        (1234.0, OK, "1,234"),
        (0.0, OK, "0"),
        (15.0, ROUNDED, "15"),
        (NAN, SUPPRESSED, "*"),
        (NAN, MISSING, ""),
        (NAN, NA, "z"),
        (NAN, OK, ""),
    ],
)
def test_a_cell_shows_a_number_or_why_there_is_none(value: float, status: int, text: str) -> None:
    assert cell_text(value, status, symbol="*") == text


def test_a_cell_shows_the_decimals_asked_for() -> None:
    assert cell_text(42.94, OK, decimals=1) == "42.9"
