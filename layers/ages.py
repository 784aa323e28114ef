"""Ages that a site or a programme is for, as people write them."""

import re

OLDEST = 25
"""What '11+' ends with: services for children and young people reach to 25."""
MOST_YEARS = 130

_SPAN = re.compile(r"^([0-9]{1,3})\s*(?:-|–|to)\s*([0-9]{1,3})$")
_FROM = re.compile(r"^([0-9]{1,3})\s*(?:\+|and over|plus)$")
_ALL = frozenset({"", "all", "any", "all ages"})


def parse_ages(cell: str) -> tuple[int, int] | None:
    """Read ages in years; None for all ages or where nothing is written.

    >>> parse_ages("0 to 5"), parse_ages("11+"), parse_ages("all")
    ((0, 5), (11, 25), None)
    """
    span = _SPAN.match(cell)
    if span:
        return int(span[1]), int(span[2])
    start = _FROM.match(cell)
    return (int(start[1]), max(OLDEST, int(start[1]))) if start else None


def has_ages(cell: str) -> bool:
    """Say whether a cell holds ages, the younger first, or says that it is for all."""
    ages = parse_ages(cell)
    if ages is None:
        return cell.casefold() in _ALL
    return ages[0] <= ages[1] <= MOST_YEARS
