"""How Python's collector of cyclic garbage is kept from going through the whole app at every step.

Streamlit has it go through all objects after every run of a page, and what the page showed last
reaches the browser only then. With the libraries and packs of this app loaded that takes 100 to
200 ms, to find again that they are still there. So what outlived a slow collection is set aside.
Objects set aside are freed as ever when nothing refers to them; only rings of them would stay. So
everything is looked through again once an hour.
"""

import gc
import time
from collections.abc import Callable
from typing import Any

SLOW_S = 0.04
"""A collection of this length is worth its result being kept."""

AGAIN_AFTER_S = 3600.0


class SetAside:
    """Watches collections, as an entry of `gc.callbacks`; sets aside what outlived a slow one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Set nothing aside yet."""
        self._clock = clock
        self._began = self._whole = clock()

    def __call__(self, phase: str, info: dict[str, Any]) -> None:
        """Look at one collection: Python calls this before and after each."""
        if info["generation"] < 2:
            return
        now = self._clock()
        if phase == "start":
            if now - self._whole > AGAIN_AFTER_S:
                gc.unfreeze()
                self._whole = now
            self._began = self._clock()
        elif now - self._began > SLOW_S:
            gc.freeze()


def set_aside() -> None:
    """Set aside, from now on, what outlives slow collections of this process."""
    if not any(isinstance(one, SetAside) for one in gc.callbacks):
        gc.callbacks.append(SetAside())
