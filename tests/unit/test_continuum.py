"""The continuum of need: steps that count each child once."""

from dataclasses import replace

import pytest

from geo.errors import LayerError
from layers.continuum import Level, check_levels
from layers.pack import Pack

FIRST = Level("one", "1 Universal", "children_universal", 0.9, "drawn")
SECOND = Level("two", "2 In need", "cin", 0.1, "drawn")


@pytest.mark.parametrize("share", [-0.1, 1.1, 90])
def test_an_ideal_share_is_a_share(share: float) -> None:
    with pytest.raises(LayerError, match=r"'1 Universal' is .*Give it as 0 to 1"):
        replace(FIRST, ideal_share=share)


@pytest.mark.parametrize("field", ["key", "title", "measure"])
def test_a_level_has_a_key_a_title_and_a_measure(field: str) -> None:
    with pytest.raises(LayerError, match=r"lacks a key, a title or a measure"):
        replace(FIRST, **{field: ""})


@pytest.mark.parametrize(
    ("levels", "fault"),
    [
        ((FIRST, replace(SECOND, key="one")), r"the key one"),
        ((FIRST, replace(SECOND, measure="children_universal")), r"the measure children_univ"),
        ((FIRST, replace(SECOND, ideal_share=0.2)), r"add up to 1\.1"),
        ((FIRST, replace(SECOND, ideal_share=0.05)), r"add up to 0\.95"),
    ],
)
def test_levels_that_are_no_staircase_are_refused(levels: tuple[Level, ...], fault: str) -> None:
    with pytest.raises(LayerError, match=fault):
        check_levels(levels)


def test_levels_may_have_ideal_shares_in_part_or_not_at_all() -> None:
    check_levels(())
    check_levels((FIRST, SECOND))
    check_levels((FIRST, replace(SECOND, ideal_share=None)))


def test_every_child_of_a_real_pack_stands_on_one_step(shipped: Pack) -> None:
    assert len(shipped.levels) == (5 if shipped.authority.key == "durham" else 4)
    counted = sum(shipped.measures.counts(level.measure) for level in shipped.levels)
    assert (counted == shipped.measures.counts("children")).all()
