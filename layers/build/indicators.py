"""The indicators of a pack that is built: those of the registry whose two counts it has."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from layers.indicators import Benchmark, Indicator
from layers.measures import Measure
from layers.totals import ENGLAND, Total

REGISTRY = Path(__file__).resolve().parent.parent / "registry.toml"


def indicators_of(
    measures: Sequence[Measure], totals: Sequence[Total] = (), *, registry: Path = REGISTRY
) -> tuple[Indicator, ...]:
    """Make the indicators that two of `measures` allow, in the order of the registry.

    Parameters
    ----------
    totals
        Published figures. Where England's of both counts are there, of one period or the nearest
        before the numerator's, England's value becomes a benchmark.
    registry
        The file that names the indicators.
    """
    known = {measure.key: measure for measure in measures}
    return tuple(
        _indicator(entry, known, totals)
        for entry in _registry(registry)
        if entry["numerator"] in known and entry["denominator"] in known
    )


@cache
def _registry(path: Path) -> tuple[Mapping[str, Any], ...]:
    return tuple(tomllib.loads(path.read_text("utf-8"))["indicators"])


def _indicator(
    entry: Mapping[str, Any], known: Mapping[str, Measure], totals: Sequence[Total]
) -> Indicator:
    above, below = known[entry["numerator"]], known[entry["denominator"]]
    modelled = "illustrative" in (above.status, below.status)
    sources = dict.fromkeys((above.source, f"over {below.title.lower()}: {below.source}"))
    same = above.source == below.source
    return Indicator(
        **entry,
        period=above.period,
        source=above.source if same else "; ".join(sources),
        status="illustrative" if modelled else "official",
        benchmarks=_england(entry, totals),
    )


def _england(entry: Mapping[str, Any], totals: Sequence[Total]) -> tuple[Benchmark, ...]:
    x = _newest(totals, entry["numerator"])
    if x is None:
        return ()
    n = _newest(totals, entry["denominator"], until=x.period)
    if n is None or not n.value:
        return ()
    period = x.period if x.period == n.period else f"{x.period}, over {n.period}"
    source = x.source if x.source == n.source else f"{x.source}; {n.source}"
    value = round(x.value / n.value * float(entry["per"]), 4)
    return (Benchmark(f"England {period}", value, source),)


def _newest(totals: Sequence[Total], key: str, *, until: str = "9999") -> Total | None:
    fits = [
        t
        for t in totals
        if t.area == ENGLAND and t.key == key and t.period <= until and not np.isnan(t.value)
    ]
    return max(fits, key=lambda total: total.period, default=None)
