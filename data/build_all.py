"""Rebuild everything that ships under `data/`: `python -m data.build_all [--wheels FOLDER]`."""

from data import build_bcp, build_boundaries, build_dorset, build_durham, build_kirklees
from data.build_command import run
from data.build_registry import Wheels


def build(wheels: Wheels) -> None:
    """Build the boundaries, then each pack."""
    for module in (build_boundaries, build_dorset, build_bcp, build_durham, build_kirklees):
        module.build(wheels)


if __name__ == "__main__":
    run(build, what="the boundaries and all four packs")
