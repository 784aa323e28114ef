"""What stands behind a value: known, rounded, suppressed, missing or not applicable.

Missing is not zero and suppressed is not missing. A value without its status is a bug.
"""

from enum import IntEnum
from typing import Literal

Standing = Literal["official", "illustrative"]
"""Where a dataset comes from: a source that published it, or a model that made it up."""


class Status(IntEnum):
    """The status of one value, ordered: a total takes the highest of its parts."""

    OK = 0
    ROUNDED = 1
    NOT_APPLICABLE = 2
    MISSING = 3
    SUPPRESSED = 4


SYMBOL: dict[Status, str] = {
    Status.SUPPRESSED: "c",
    Status.MISSING: "",
    Status.NOT_APPLICABLE: "z",
}
"""How a cell of a file says that it holds no number, as the Department for Education writes it."""
