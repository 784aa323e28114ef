"""Groups of small areas that are taken at once: by the names of MSOAs, or by a plan."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.coarse import ALONE, MSOA, CoarseUnits, coarse_of, coarse_units
from geo.errors import GeographyError
from geo.plan import Plan
from layers.pack import Pack

MSOAS = {"dorset": 54, "bcp": 48, "kirklees": 59, "durham": 66}
"""Counted from the names in the boundaries: no small area stands alone."""


def test_a_small_area_is_in_the_msoa_that_its_name_begins_with() -> None:
    found = coarse_units(["West Dorset 003B", "Purbeck 001A", "West Dorset 003A"])
    assert found.key == MSOA
    assert found.names == ("Purbeck 001", "West Dorset 003")
    assert found.group.tolist() == [1, 0, 1]
    assert found.note == ""


@pytest.mark.parametrize(
    "name",
    ["", "A", "003A", " 003A", "Purbeck 03A", "Purbeck 003", "Purbeck 003a", "Purbeck 003AB",
     "Purbeck 003A ", "Purbeck003A", "Purbeck 003A\n", "Purbeck ٠٠٣A"],
)  # fmt: skip
def test_a_name_of_another_form_tells_no_msoa(name: str) -> None:
    found = coarse_units([name, "Purbeck 001C"])
    assert found.group.tolist() == [ALONE, 0]
    assert found.alone == (name,)


def test_units_without_an_msoa_are_named_at_most_three() -> None:
    found = coarse_units([*(f"Ward {n}" for n in range(5)), "Purbeck 001C"])
    assert found.note == (
        "MSOAs: 5 small areas are in none and taken alone: Ward 0, Ward 1, Ward 2 and 2 more."
    )


def test_names_that_tell_nothing_make_no_group() -> None:
    assert len(coarse_units(["North", "South"])) == 0
    assert len(coarse_units([])) == 0


def test_every_small_area_of_the_packs_that_ship_has_an_msoa(shipped: Pack) -> None:
    found = coarse_units(shipped.geography.names)
    assert len(found) == MSOAS[shipped.authority.key]
    assert not found.alone
    sizes = np.bincount(found.group)
    assert sizes.min() >= 1
    assert sizes.max() <= 10, "an MSOA has four to six small areas, now and then more"


@given(st.lists(st.from_regex(r"[A-C] 00[1-3][A-D]?", fullmatch=True), max_size=30), st.randoms())
def test_the_order_of_units_does_not_matter(names: list[str], shuffled: object) -> None:
    order = list(range(len(names)))
    shuffled.shuffle(order)  # type: ignore[attr-defined]
    one, other = coarse_units(names), coarse_units([names[i] for i in order])
    assert one.names == other.names
    assert one.group[order].tolist() == other.group.tolist()


def test_zones_of_a_plan_are_groups_and_those_without_units_drop_out() -> None:
    plan = Plan(("a", "b", "c"), ("Empty", "North", "None", "South"), np.array([3, 1, -1]))
    found = coarse_of(plan, key="wards", title="Wards", names=["Ay", "Bee", "Sea"])
    assert found.names == ("North", "South")
    assert found.group.tolist() == [1, 0, ALONE]
    assert found.alone == ("Sea",)


def test_a_plan_groups_the_units_as_its_zones_do(shipped: Pack) -> None:
    for entry in shipped.plans:
        found = coarse_of(
            entry.plan, key=entry.key, title=entry.title, names=shipped.geography.names
        )
        for i, name in enumerate(found.names):
            members = np.array(entry.plan.units, dtype=object)[found.group == i]
            assert tuple(members) == entry.plan.members(name)


def test_a_plan_without_zones_makes_no_group() -> None:
    plan = Plan(("a",), (), np.array([-1]))
    assert len(coarse_of(plan, key="k", title="Wards", names=["Ay"])) == 0


def test_names_of_other_units_are_refused() -> None:
    plan = Plan(("a",), ("North",), np.array([0]))
    with pytest.raises(GeographyError, match="There are 2 names for 1 units"):
        coarse_of(plan, key="k", title="Wards", names=["Ay", "Bee"])


@pytest.mark.parametrize(
    ("names", "group", "alone", "found"),
    [
        (("A", "A"), [0, 1], (), "name one twice"),
        (("A",), [0, 1], (), "a unit of none of them"),
        (("A",), [-2, 0], (), "a unit of none of them"),
        (("A",), [0, -1], (), "leave 1 units out and name 0"),
    ],
)
def test_a_grouping_that_contradicts_itself_is_refused(
    names: tuple[str, ...], group: list[int], alone: tuple[str, ...], found: str
) -> None:
    with pytest.raises(GeographyError, match=found):
        CoarseUnits("k", "Wards", names, np.array(group, dtype=np.int32), alone)


def test_a_grouping_cannot_be_changed() -> None:
    found = coarse_units(["Purbeck 001C"])
    with pytest.raises(ValueError, match="read-only"):
        found.group[0] = 3
    assert repr(found) == "<CoarseUnits msoa, 1 groups of 1 units>"
