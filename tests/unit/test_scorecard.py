"""The outcome scorecard: three questions, their outcomes, and what an entry is held against."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from analysis.scorecard import NO_OUTCOME, QUESTIONS, mark_of, scorecard
from layers.indicators import Benchmark, Indicator, Part, Target
from layers.pack import Authority

AUTHORITY = Authority("a", "A", (), "zone", "2011", "dfe", (), (), ())


def indicator(key: str, part: Part, outcome: str = "") -> Indicator:
    return Indicator(
        key, key, "x", "n", 100, "proportion", "low", "need", 1, "2016-17", "drawn", "official",
        part=part, outcome=outcome,
    )  # fmt: skip


def test_indicators_stand_by_question_and_by_outcome() -> None:
    given_ = [
        indicator("late", "how well", "In time"),
        indicator("many", "how much", "Safe"),
        indicator("safe", "better off", "Safe"),
        indicator("more", "how much", "In time"),
        indicator("also", "how much", "Safe"),
        indicator("none", ""),
    ]
    much, well, better = scorecard(given_, AUTHORITY)
    assert [q.title for q in (much, well, better)] == list(QUESTIONS.values())
    assert [(o, [e.indicator.key for e in entries]) for o, entries in much.outcomes] == [
        ("Safe", ["many", "also"]),
        ("In time", ["more"]),
    ]
    assert [e.indicator.key for e in well.entries] == ["late"]
    assert [e.indicator.key for e in better.entries] == ["safe"]


def test_a_question_that_nothing_answers_is_there_and_empty() -> None:
    assert [question.entries for question in scorecard([], AUTHORITY)] == [(), (), ()]


def test_indicators_without_an_outcome_come_last() -> None:
    much, _, _ = scorecard([indicator("a", "how much"), indicator("b", "how much", "B")], AUTHORITY)
    assert [outcome for outcome, _ in much.outcomes] == ["B", NO_OUTCOME]


def test_an_own_target_goes_before_a_benchmark() -> None:
    found = replace(indicator("a", "how much"), benchmarks=(Benchmark("England", 30, "dfe"),))
    assert mark_of(indicator("a", "how much"), AUTHORITY) is None
    assert mark_of(found, AUTHORITY) == Benchmark("England", 30, "dfe")
    own = replace(AUTHORITY, targets=(Target("a", 0.2, "low", "drawn"),))
    assert mark_of(found, own) == Benchmark("Own target", 20, "drawn")


@given(st.lists(st.tuples(st.sampled_from(["", *QUESTIONS]), st.sampled_from(["", "A", "B"]))))
def test_every_indicator_with_a_part_stands_once(rows: list[tuple[Part, str]]) -> None:
    given_ = [indicator(str(at), part, outcome) for at, (part, outcome) in enumerate(rows)]
    found = [e.indicator.key for question in scorecard(given_, AUTHORITY) for e in question.entries]
    assert sorted(found) == sorted(i.key for i in given_ if i.part)
