"""Postcodes: the small area, district and point of each, current ones and those that ended.

Ended postcodes are kept, since a case list has addresses of its own time. The whole country is 2.7
million postcodes; they are held as sorted arrays, about 30 bytes each.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from geo.errors import GeographyError, VintageError, named
from geo.ledger import Ledger

SHAPE = r"(?:[A-Z]{1,2}[0-9][A-Z0-9]?[0-9][A-Z]{2}|GIR0AA)"
"""What a postcode looks like without its blank."""
NOWHERE = -1

Positions = npt.NDArray[np.int32]

_SHAPE = re.compile(SHAPE)


@dataclass(frozen=True, eq=False, repr=False)
class Codes:
    """A code per postcode, each different code held once.

    Parameters
    ----------
    names
        The different codes.
    position
        Where each postcode's code stands in `names`; -1 where it has none.
    """

    names: tuple[str, ...]
    position: Positions


@dataclass(frozen=True, eq=False, repr=False)
class Postcodes:
    """Postcodes with what is known of each.

    Parameters
    ----------
    keys
        Postcodes in capitals without blanks, as bytes of 7, sorted, each once.
    easting, northing
        Metres in EPSG:27700; NaN where the point is unknown.
    units
        Vintage (`2011`, `2021`) -> the small area of each postcode.
    districts
        Code of the district of each; None where the file tells none.
    ended
        True where the postcode is no longer in use.
    ledger
        Rows of the file; those used are `keys`.
    notes
        What was assumed or mended on the way in.

    Raises
    ------
    GeographyError
        When lengths differ, or the keys are not sorted or repeat.
    """

    keys: npt.NDArray[np.bytes_]
    easting: npt.NDArray[np.float64]
    northing: npt.NDArray[np.float64]
    units: Mapping[str, Codes]
    districts: Codes | None
    ended: npt.NDArray[np.bool_]
    ledger: Ledger
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check once, then freeze the arrays."""
        codes = [c.position for c in (*self.units.values(), self.districts) if c is not None]
        arrays = [self.keys, self.easting, self.northing, self.ended, *codes]
        if len({len(array) for array in arrays}) != 1 or self.ledger.used != len(self.keys):
            raise GeographyError(
                "The postcodes' columns differ in length.",
                remedy="This is a fault of the reader; nothing was used.",
            )
        if (self.keys[1:] <= self.keys[:-1]).any():
            raise GeographyError(
                "The postcodes are not sorted, or one stands twice.",
                remedy="This is a fault of the reader; nothing was used.",
            )
        for array in arrays:
            array.setflags(write=False)

    @property
    def vintages(self) -> tuple[str, ...]:
        """The vintages whose small areas are known."""
        return tuple(self.units)

    def units_of(self, postcodes: Sequence[str], vintage: str) -> list[str]:
        """Give the small area of each postcode; empty where it is unknown or has none.

        Parameters
        ----------
        postcodes
            As people write them: blanks and case do not matter.

        Raises
        ------
        VintageError
            When the file has no codes of that vintage.
        """
        if vintage not in self.units:
            raise VintageError(
                f"The postcodes have no small areas of {vintage or 'an unknown vintage'}.",
                remedy=f"They have {named(self.units) or 'none'}; give a file with a column "
                "lsoa11 or lsoa21.",
            )
        return self._codes_of(self.units[vintage], postcodes)

    def districts_of(self, postcodes: Sequence[str]) -> list[str]:
        """Give the district of each postcode; empty where it is unknown."""
        if self.districts is None:
            return [""] * len(postcodes)
        return self._codes_of(self.districts, postcodes)

    def points_of(self, postcodes: Sequence[str]) -> npt.NDArray[np.float64]:
        """Give easting and northing of each postcode, shape (postcodes, 2); NaN where unknown."""
        place = self._places(postcodes)
        points = np.full((len(place), 2), np.nan)
        known = place != NOWHERE
        points[known, 0] = self.easting[place[known]]
        points[known, 1] = self.northing[place[known]]
        return points

    def has(self, postcodes: Sequence[str]) -> npt.NDArray[np.bool_]:
        """Say of each postcode whether it is here."""
        return np.asarray(self._places(postcodes) != NOWHERE)

    @cached_property
    def nbytes(self) -> int:
        """Bytes that the arrays take."""
        codes = [c.position for c in (*self.units.values(), self.districts) if c is not None]
        arrays = (self.keys, self.easting, self.northing, self.ended, *codes)
        return sum(array.nbytes for array in arrays)

    def _codes_of(self, codes: Codes, postcodes: Sequence[str]) -> list[str]:
        place = self._places(postcodes)
        position = np.full(len(place), NOWHERE, dtype=np.int32)
        known = place != NOWHERE
        position[known] = codes.position[place[known]]
        names = (*codes.names, "")  # -1 is the last
        return [names[i] for i in position.tolist()]

    def _places(self, postcodes: Iterable[str]) -> npt.NDArray[np.intp]:
        wanted = np.array([_key(postcode) for postcode in postcodes], dtype="S7")
        if not len(self.keys):
            return np.full(len(wanted), NOWHERE)
        place = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        return np.where(self.keys[place] == wanted, place, NOWHERE)

    def __len__(self) -> int:
        """Count the postcodes."""
        return len(self.keys)

    def __repr__(self) -> str:
        """Show the size: `<Postcodes, 21034 of them, 6120 ended>`."""
        return f"<Postcodes, {len(self)} of them, {int(self.ended.sum())} ended>"


def normal_postcode(text: str) -> str:
    """Write a postcode in capitals without blanks; empty when it cannot be one.

    >>> normal_postcode(" dt1 1xj ")
    'DT11XJ'
    >>> normal_postcode("unknown")
    ''
    """
    joined = "".join(text.split()).upper()
    return joined if _SHAPE.fullmatch(joined) else ""


def _key(postcode: str) -> bytes:
    # What is no postcode becomes the empty key, which no file has.
    return normal_postcode(postcode).encode("ascii")
