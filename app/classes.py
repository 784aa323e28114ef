"""Classes of a choropleth: where one colour ends and the next begins."""

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

Method = Literal["Quantiles", "Natural breaks", "Equal interval"]
METHODS: tuple[Method, ...] = ("Natural breaks", "Quantiles", "Equal interval")


@dataclass(frozen=True, eq=False)
class Classes:
    """The class of each value, and the bounds of each class.

    Parameters
    ----------
    of
        Per value the position of its class, -1 where it has no number.
    bounds
        Per class the lowest and highest value that lies in it.
    counts
        How many values each class holds.
    """

    of: npt.NDArray[np.int64]
    bounds: tuple[tuple[float, float], ...]
    counts: tuple[int, ...]


def classify(values: npt.NDArray[np.float64], *, method: Method, k: int) -> Classes:
    """Sort values into at most `k` classes.

    Fewer distinct values than classes give one class a value. mapclassify finds the breaks; it
    is loaded here because it takes a second that a page without a choropleth need not wait for.
    """
    known = ~np.isnan(values)
    distinct = np.unique(values[known])
    of = np.full(values.shape, -1, dtype=np.int64)
    if not len(distinct):
        return Classes(of, (), ())
    upper = _upper_bounds(values[known], distinct, method, k)
    found = np.minimum(np.searchsorted(upper, values[known]), len(upper) - 1)
    # a class that holds nothing, as equal intervals may make, takes no colour and no line
    held, of[known] = np.unique(found, return_inverse=True)
    members = [values[of == c] for c in range(len(held))]
    bounds = tuple((float(m.min()), float(m.max())) for m in members)
    return Classes(of, bounds, tuple(len(m) for m in members))


def _upper_bounds(
    values: npt.NDArray[np.float64], distinct: npt.NDArray[np.float64], method: Method, k: int
) -> npt.NDArray[np.float64]:
    if len(distinct) <= k:
        return distinct
    import mapclassify  # noqa: PLC0415  see above

    with warnings.catch_warnings():
        # it warns that it would be faster with numba, which a few hundred values do not need
        warnings.simplefilter("ignore", UserWarning)
        bins = _bins(mapclassify, values, method, k)
    upper = np.unique(np.asarray(bins, dtype=np.float64))
    upper[-1] = distinct[-1]  # the last break is the highest value, whatever rounding did to it
    return upper


def _bins(mapclassify: Any, values: npt.NDArray[np.float64], method: Method, k: int) -> Any:
    if method == "Quantiles":
        return mapclassify.Quantiles(values, k=k).bins
    if method == "Equal interval":
        return mapclassify.EqualInterval(values, k=k).bins
    return mapclassify.FisherJenks(values, k=k).bins
