import pytest

from geo.errors import PackError
from layers.build.district import Membership, choose_authority

DORSET, BCP, DURHAM = "E06000059", "E06000058", "E06000047"
NAMES = {DORSET: "Dorset", BCP: "Bournemouth, Christchurch and Poole", DURHAM: "County Durham"}
NEW = Membership("2021", {"E01000001": DORSET, "E01000002": BCP, "E01000003": DURHAM}, "File 7")
OLD = Membership("2011", {"E01000001": DORSET, "E01000009": DORSET}, "lookup")
LABELS = {"2021": {"E01000001": "Dorset 001A", "E01000004": "North Dorset 002BC"}}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("Dorset", DORSET),
        ("dorset council", DORSET),
        ("Durham County Council", DURHAM),
        ("Bournemouth, Christchurch & Poole", BCP),
        ("E06000047", DURHAM),
        ("e06000047", DURHAM),
    ],
)
def test_an_authority_is_found_by_its_name_or_code(words: str, code: str) -> None:
    assert choose_authority(words, [NEW], names=NAMES, labels={}).codes == (code,)


def test_units_are_told_for_each_vintage_apart() -> None:
    chosen = choose_authority("Dorset", [NEW, OLD], names=NAMES, labels={})
    assert chosen.units == {
        "2021": frozenset({"E01000001"}),
        "2011": frozenset({"E01000001", "E01000009"}),
    }
    assert chosen.name == "Dorset"
    assert chosen.notes == ()


def test_several_districts_make_one_authority() -> None:
    chosen = choose_authority(f"{DORSET}, {BCP}", [NEW], names=NAMES, labels={})
    assert chosen.units["2021"] == {"E01000001", "E01000002"}
    assert chosen.name == "Dorset, Bournemouth, Christchurch and Poole"


def test_names_of_small_areas_tell_where_nothing_else_does() -> None:
    chosen = choose_authority("North Dorset", [], names={}, labels=LABELS)
    assert chosen.units == {"2021": frozenset({"E01000004"})}
    assert "taken by their names" in chosen.notes[0]


def test_an_unknown_name_is_answered_with_names_like_it() -> None:
    with pytest.raises(
        PackError, match=r"No file tells of a district 'Dorsett'; they tell of Dorset"
    ) as refused:
        choose_authority("Dorsett", [NEW], names=NAMES, labels={})
    assert "E06000059" in refused.value.remedy


def test_a_name_of_several_districts_asks_for_the_code() -> None:
    twice = {DORSET: "Dorset", "E10000009": "Dorset"}
    with pytest.raises(PackError, match="name of 2 districts"):
        choose_authority("Dorset", [], names=twice, labels={})


def test_a_code_without_units_is_refused() -> None:
    with pytest.raises(PackError, match="No small area of E06000001"):
        choose_authority("E06000001", [NEW], names=NAMES, labels={})


def test_an_empty_name_is_refused() -> None:
    with pytest.raises(PackError, match="No authority was named"):
        choose_authority(" , ", [NEW], names=NAMES, labels={})
