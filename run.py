"""Set up and start Zonewright with nothing but Python: `python run.py`, `python run.py test`.

`python run.py check` runs lint, format, types and import contracts. With a pack behind it,
`python run.py check PACK`, it is the tool's own check of that pack.

The first start makes `.venv` and installs what `requirements.lock` pins; later ones install
nothing until that file changes. Further words go on to the tool or to pytest.
"""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
OLDEST = (3, 11)
CHECKS = (
    ("-m", "ruff", "check"),
    ("-m", "ruff", "format", "--check"),
    ("-m", "mypy"),
    ("-c", "from importlinter.cli import lint_imports_command as lint; lint()"),
)


def main(words: list[str]) -> int:
    """Install what is wanting, then run the app, the tests, or a command of `zonewright`."""
    if sys.version_info < OLDEST:
        _say(f"Zonewright needs Python 3.11 or newer; this is {sys.version.split()[0]}.")
        return 1
    first = words[0] if words else "app"
    developing = first == "test" or words == ["check"]
    failed = _install("requirements-test.lock" if developing else "requirements.lock")
    if failed:
        return failed
    if first == "test":
        return _run("-m", "pytest", *words[1:])
    if words == ["check"]:
        return max(_run(*check) for check in CHECKS)
    return _run("-m", "cli", *(words or ["app"]))


def _install(lock: str) -> int:
    """Install the pins of `lock` and the project itself, unless that has been done."""
    pins = (ROOT / lock).read_bytes() + (ROOT / "pyproject.toml").read_bytes()
    stamp = VENV / f"{lock}.installed"
    digest = hashlib.sha256(pins).hexdigest()
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == digest:
        return 0
    if not PYTHON.exists():
        _say(f"Making {VENV} ...")
        venv.create(VENV, with_pip=True, clear=True)
    _say(f"Installing what {lock} pins; this is done once ...")
    pip = ("-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    code = _run(*pip, "--require-hashes", "-r", str(ROOT / lock))
    code = code or _run(*pip, "--no-deps", "--no-build-isolation", "-e", str(ROOT))
    if code:
        _say("The packages could not be installed. Does this machine reach a package registry?")
        return code
    stamp.write_text(digest)
    return 0


def _say(text: str) -> None:
    """Tell the person, not the file that a command's output may go to."""
    print(text, file=sys.stderr, flush=True)


def _run(*words: str) -> int:
    try:
        return subprocess.run([str(PYTHON), *words], cwd=ROOT, check=False).returncode
    except KeyboardInterrupt:  # the person closed the app: no traceback
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
