"""How much memory and time a police file of 2 GB takes: `python benchmarks/big_file.py`.

Writes the file to a folder of its own, reads it in a process of its own, and removes it. Another
size in MB may be given: `python benchmarks/big_file.py 500`. Prints and asserts nothing.
"""

import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

MB = 2**20
RSS_UNIT_BYTES = 1 if sys.platform == "darwin" else 1024


def main(size_mb: int) -> None:
    """Write, read and report."""
    from bad_files import write_big_street  # noqa: PLC0415  the path to it is made above

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "2025-01-dorset-street.csv"
        rows = write_big_street(path, size_mb * MB)
        print(f"{path.stat().st_size / MB:,.0f} MB, {rows:,} rows", flush=True)
        context = multiprocessing.get_context("spawn")  # forked, it would inherit this one's peak
        reader = context.Process(target=_read, args=(path,))
        reader.start()
        reader.join()


def _read(path: Path) -> None:
    from layers.read.police import read_street  # noqa: PLC0415  counted in the process's memory

    before_mb = _peak_mb()
    start = time.perf_counter()
    ledger = read_street(path).ledger
    seconds = time.perf_counter() - start
    print(f"{ledger}")
    print(f"{seconds:.1f} s; peak {_peak_mb():,.0f} MB, of which imports {before_mb:,.0f} MB")


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * RSS_UNIT_BYTES / MB


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2048)
