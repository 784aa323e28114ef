"""The time, in one place, so that a test need not wait."""

import datetime as dt
import time
from typing import Protocol


class Clock(Protocol):
    """What tells the time and waits."""

    def monotonic(self) -> float:
        """Give seconds that only ever grow."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def now(self) -> dt.datetime:
        """Give the time of day, in UTC."""
        ...


class SystemClock:
    """The clock of this computer."""

    def monotonic(self) -> float:
        """Give seconds that only ever grow."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def now(self) -> dt.datetime:
        """Give the time of day, in UTC."""
        return dt.datetime.now(dt.UTC)
