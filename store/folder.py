"""Where the tool keeps its own files, and who is at work."""

import getpass
import os
from pathlib import Path

STORE_VARIABLE = "ZONEWRIGHT_STORE"
USER_VARIABLE = "ZONEWRIGHT_USER"


def store_folder() -> Path:
    """Say where registers and scenarios are kept."""
    named = os.environ.get(STORE_VARIABLE, "")
    return Path(named) if named else Path.home() / "Zonewright" / "store"


def user_name() -> str:
    """Say who is at work: ZONEWRIGHT_USER, or else who is logged in to this computer."""
    named = os.environ.get(USER_VARIABLE, "").strip()
    if named:
        return named
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # no such thing in some containers
        return "unknown"
