"""The composite need index: its value, what makes it up, and how far its ranks hold."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.composite import Component, Missing, Scale, need_index, rank_stability
from geo.errors import LayerError
from layers.indicators import Kind

NAN = float("nan")
SCALES: tuple[Scale, ...] = ("z", "rank")


def part(
    key: str,
    x: Sequence[float],
    n: Sequence[float] | None = None,
    *,
    kind: Kind = "rate",
    low: bool = False,
) -> Component:
    people = np.full(len(x), 1000.0) if n is None else np.array(n, float)
    return Component(key, key, np.array(x, float), people, kind, "low" if low else "high")


def rng() -> np.random.Generator:
    return np.random.default_rng(20_170_901)


POOR, ABSENT = part("poor", [300, 200, 100]), part("absent", [20, 60, 40])
EVEN = {"poor": 1.0, "absent": 1.0}

columns = st.lists(
    st.tuples(*[st.integers(0, 400)] * 3, *[st.integers(400, 900)] * 3), min_size=2, max_size=7
)
weightings = st.tuples(*[st.floats(0.01, 10)] * 3).map(lambda w: dict(zip("abc", w, strict=True)))


def parts(rows: list[tuple[int, ...]]) -> list[Component]:
    side = np.array(rows, dtype=float).T
    return [part(key, side[i], side[i + 3]) for i, key in enumerate("abc")]


# the index


def test_an_index_of_three_zones_by_hand() -> None:
    found = need_index([POOR, ABSENT], {"poor": 3, "absent": 1})
    z = np.sqrt(1.5)  # values 1, 0, -1 have a standard deviation of sqrt(2/3)
    np.testing.assert_allclose(found.standardised, [[z, 0, -z], [-z, z, 0]], atol=1e-12)
    assert found.weights.tolist() == [0.75, 0.25]
    assert found.value == pytest.approx([z / 2, z / 4, -0.75 * z])
    assert found.rank.tolist() == [1, 2, 3]
    assert found.covered.tolist() == [1, 1, 1]


def test_a_z_score_weighs_zones_by_their_people() -> None:
    found = need_index([part("a", [30, 10], [100, 300])], {"a": 1})
    # the authority has 40 of 400; 0.1 +- and its spread over people is sqrt(.25 .04 + .75 .00444)
    spread = np.sqrt(0.25 * 0.2**2 + 0.75 * (0.1 - 10 / 300) ** 2)
    assert found.value == pytest.approx([0.2 / spread, (10 / 300 - 0.1) / spread])


def test_places_run_from_0_to_1_and_ties_share_theirs() -> None:
    found = need_index([part("a", [5, 7, 5, 9])], {"a": 1}, scale="rank")
    assert found.value == pytest.approx([0.5 / 3, 2 / 3, 0.5 / 3, 1])
    assert found.rank.tolist() == [3, 2, 3, 1]


@pytest.mark.parametrize("scale", SCALES)
@given(rows=columns, weights=weightings)
def test_contributions_sum_to_the_value(
    scale: Scale, rows: list[tuple[int, ...]], weights: dict[str, float]
) -> None:
    found = need_index(parts(rows), weights, scale=scale)
    assert found.contributions.sum(axis=0) == pytest.approx(found.value)
    assert found.weights.sum() == pytest.approx(1)


@pytest.mark.parametrize("scale", SCALES)
@given(rows=columns, weights=weightings, factor=st.floats(0.001, 1000))
def test_only_the_proportions_of_weights_matter(
    scale: Scale, rows: list[tuple[int, ...]], weights: dict[str, float], factor: float
) -> None:
    one = need_index(parts(rows), weights, scale=scale)
    other = need_index(parts(rows), {k: w * factor for k, w in weights.items()}, scale=scale)
    assert other.value == pytest.approx(one.value, abs=1e-9)


@pytest.mark.parametrize("scale", SCALES)
@given(rows=columns, weights=weightings, data=st.data())
def test_the_order_of_zones_does_not_matter(
    scale: Scale, rows: list[tuple[int, ...]], weights: dict[str, float], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(rows))))
    one = need_index(parts(rows), weights, scale=scale)
    other = need_index(parts([rows[at] for at in order]), weights, scale=scale)
    assert other.value == pytest.approx(one.value[list(order)], abs=1e-9)


@pytest.mark.parametrize("scale", SCALES)
def test_a_component_where_low_is_need_turns_round(scale: Scale) -> None:
    high = need_index([POOR], {"poor": 1}, scale=scale)
    low = need_index([part("poor", [300, 200, 100], low=True)], {"poor": 1}, scale=scale)
    assert low.rank.tolist() == high.rank[::-1].tolist()


def test_a_component_that_is_the_same_everywhere_parts_no_zones() -> None:
    flat = part("flat", [1, 3, 7], [10, 30, 70])
    assert need_index([flat], {"flat": 1}).value.tolist() == [0, 0, 0]
    assert need_index([flat], {"flat": 1}, scale="rank").rank.tolist() == [1, 1, 1]


def test_one_zone_has_an_index_of_nothing_to_compare_with() -> None:
    assert need_index([part("a", [5])], {"a": 1}).value.tolist() == [0]
    assert need_index([part("a", [5])], {"a": 1}, scale="rank").value.tolist() == [0.5]


@pytest.mark.parametrize("scale", SCALES)
def test_a_zone_that_lacks_a_component_is_left_out_or_reweighted_as_asked(scale: Scale) -> None:
    lacking = part("absent", [20, NAN, 40])
    out = need_index([POOR, lacking], EVEN, scale=scale)
    assert np.isnan(out.value).tolist() == np.isnan(out.rank).tolist() == [False, True, False]
    again = need_index([POOR, lacking], EVEN, scale=scale, missing="reweight")
    assert again.covered.tolist() == [1, 0.5, 1]
    assert again.value[1] == pytest.approx(again.standardised[0, 1])


def test_a_component_of_no_weight_adds_nothing_even_where_it_is_missing() -> None:
    lacking = part("absent", [20, NAN, 40])
    found = need_index([POOR, lacking], {"poor": 2, "absent": 0})
    assert found.value.tolist() == need_index([POOR], {"poor": 1}).value.tolist()


@pytest.mark.parametrize("missing", ["leave out", "reweight"])
def test_a_zone_that_has_nothing_has_no_index(missing: Missing) -> None:
    found = need_index(
        [part("a", [NAN, 3]), part("b", [4, 3], [0, 9])], {"a": 1, "b": 1}, missing=missing
    )
    assert np.isnan(found.value).tolist() == [True, False]
    assert found.covered.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"poor": 1}, "do not fit at absent"),
        ({**EVEN, "neet": 1}, "do not fit at neet"),
        ({"poor": 0, "absent": 0}, "not all are 0"),
        ({"poor": -1, "absent": 2}, "The weights are -1, 2"),
        ({"poor": NAN, "absent": 2}, "The weights are nan"),
    ],
)
def test_weights_that_do_not_fit_are_refused(weights: dict[str, float], message: str) -> None:
    with pytest.raises(LayerError, match=message):
        need_index([POOR, ABSENT], weights)


def test_components_that_do_not_fit_are_refused() -> None:
    with pytest.raises(LayerError, match="the components none"):
        need_index([], {})
    with pytest.raises(LayerError, match="each once"):
        need_index([POOR, POOR], {"poor": 1})
    with pytest.raises(LayerError, match="not of the same zones"):
        need_index([POOR, part("absent", [1, 2])], EVEN)


@pytest.mark.parametrize(
    ("x", "n", "kind", "message"),
    [
        ([1, 2], [3], "rate", "2 numerators and 1 denominators"),
        ([-1], [3], "rate", "A count is -1"),
        ([4], [3], "proportion", "more cases"),
        ([1e16], [3], "rate", "above 1e"),
    ],
)
def test_counts_that_are_none_are_refused(
    x: list[float], n: list[float], kind: Kind, message: str
) -> None:
    with pytest.raises(LayerError, match=message):
        part("a", x, n, kind=kind)


def test_a_component_keeps_its_own_copy() -> None:
    x = np.array([1.0, 2])
    kept = Component("a", "a", x, np.array([10.0, 10]), "rate")
    x[0] = 9
    assert kept.values.tolist() == [0.1, 0.2]


# how far ranks hold


def test_zones_that_lead_in_everything_keep_their_ranks_whatever_the_weights() -> None:
    twice = part("absent", [60, 40, 20])
    found = rank_stability([POOR, twice], EVEN, rng=rng(), top=1, draws=300)
    assert found.in_top.tolist() == [1, 0, 0]
    assert found.kept.tolist() == [1, 1, 1]
    assert (found.lower.tolist(), found.upper.tolist()) == ([1, 2, 3], [1, 2, 3])
    assert found.same_top == 1


def test_a_rank_that_hangs_on_the_weights_is_seen_to() -> None:
    # the first leads by one component, the second by the other, and both alike
    found = rank_stability(
        [part("a", [90, 50, 10]), part("b", [50, 90, 10])],
        {"a": 1, "b": 1},
        rng=rng(),
        top=1,
        draws=2000,
    )
    assert found.in_top[:2] == pytest.approx([0.5, 0.5], abs=0.04)
    assert found.in_top[2] == 0
    assert (found.lower.tolist(), found.upper.tolist()) == ([1, 1, 3], [2, 2, 3])


def test_the_closer_the_drawn_weights_the_firmer_the_ranks() -> None:
    close, loose = (
        rank_stability([POOR, ABSENT], {"poor": 5, "absent": 4}, rng=rng(), concentration=c)
        for c in (2000, 5)
    )
    assert (close.kept >= loose.kept).all()
    assert close.kept.min() > loose.kept.min()


def test_counts_drawn_by_chance_swap_close_zones_as_often_as_theory_has_it() -> None:
    # two Poisson counts of 100 and 110: the first is the higher in 24 % of draws, ties apart
    found = rank_stability(
        [part("a", [100, 110])], {"a": 1}, rng=rng(), vary="counts", draws=4000, top=1
    )
    assert found.kept[0] == pytest.approx(0.76, abs=0.04)


def test_large_counts_hold_where_small_ones_do_not() -> None:
    small, large = (
        rank_stability(
            [part("a", np.array([6, 5, 4]) * size, np.full(3, 100 * size))],
            {"a": 1},
            rng=rng(),
            vary="counts",
            draws=400,
        )
        for size in (1, 1000)
    )
    assert large.kept.tolist() == [1, 1, 1]
    assert (small.kept < 0.9).all()


def test_a_mean_does_not_vary_by_chance_and_a_proportion_stays_one() -> None:
    score = part("imd", [500, 400, 300], [10.5, 10, 10], kind="mean")
    share = part("share", [10.5, 0, 10], [10.5, 10, 10], kind="proportion")
    fixed = rank_stability([score], {"imd": 1}, rng=rng(), vary="counts", draws=50)
    assert fixed.kept.tolist() == [1, 1, 1]
    ends = rank_stability([share], {"share": 1}, rng=rng(), vary="counts", draws=50)
    assert ends.kept.tolist() == [1, 1, 1]


@settings(max_examples=25)
@given(rows=columns, weights=weightings, vary=st.sampled_from(["weights", "counts", "both"]))
def test_stability_is_made_of_shares_and_of_ranks(
    rows: list[tuple[int, ...]], weights: dict[str, float], vary: str
) -> None:
    found = rank_stability(parts(rows), weights, rng=rng(), vary=vary, draws=20, top=2)
    again = rank_stability(parts(rows), weights, rng=rng(), vary=vary, draws=20, top=2)
    for share in (found.in_top, found.kept):
        assert ((share >= 0) & (share <= 1)).all()
    assert ((found.lower >= 1) & (found.lower <= found.upper) & (found.upper <= len(rows))).all()
    assert found.in_top.sum() >= min(2, len(rows)) - 1e-9
    assert again.kept.tolist() == found.kept.tolist()


def test_a_zone_without_an_index_has_no_rank_in_any_draw() -> None:
    lacking = part("absent", [20, NAN, 40])
    found = rank_stability(
        [POOR, lacking],
        {"poor": 1, "absent": 1e-9},  # so small a weight is drawn as 0 now and then
        rng=rng(),
        draws=50,
        vary="both",
    )
    assert np.isnan(found.in_top).tolist() == np.isnan(found.upper).tolist() == [False, True, False]
    assert found.upper[2] == 2


def test_zones_without_any_index_have_no_stability() -> None:
    found = rank_stability([part("a", [NAN, NAN])], {"a": 1}, rng=rng(), draws=5, vary="counts")
    assert np.isnan(found.kept).all()
    assert np.isnan(found.same_top)


@pytest.mark.parametrize("wrong", [{"draws": 0}, {"top": 0}, {"concentration": 0}])
def test_no_draws_no_top_or_no_concentration_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(LayerError, match="All three are above 0"):
        rank_stability([POOR], {"poor": 1}, rng=rng(), **wrong)
