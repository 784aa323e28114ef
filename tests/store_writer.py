"""Writers to be killed: for each line read, fork one that adds to a scenario until it is killed.

It stands in a process of its own, so that a kill costs a fork and not a start of Python, and
nothing but what is on the disk survives it. `ack CLIENT N` is printed only when the store has said
that step N is saved.
"""

import os
import sys
from itertools import count

from analysis.events import Edit, Event, Lock, Redo, Undo
from store.database import open_database
from store.scenarios import Appended, Store

UNITS = tuple(f"E0100000{n}" for n in range(1, 10))
ZONES = ("North", "Middle", "South")


def main() -> None:
    """Fork a writer for each line `CLIENT URL [SCENARIO]`; say its id, and when it is gone."""
    for line in sys.stdin:
        client, url, *scenario = line.split()
        child = os.fork()
        if child == 0:
            try:
                write(url, client, *scenario)
            finally:
                os._exit(1)
        say(f"pid {child}")
        os.waitpid(child, 0)
        say(f"gone {client}")


def write(url: str, client: str, scenario: str = "") -> None:
    """Add steps, two at a time, and say each that is saved; without a scenario, only open it."""
    store = Store(open_database(url))
    if not scenario:
        return
    for n in count(1, 2):
        sent = [(n, step(n)), (n + 1, step(n + 1))]
        answer = store.append(scenario, client, sent, who=client)
        if isinstance(answer, Appended):
            say(f"ack {client} {answer.ack}")


def step(n: int) -> Event:
    """Give the nth step of a writer: mostly moves, and one of everything else."""
    other: dict[int, Event] = {
        3: Undo(), 5: Redo(), 7: Lock(on=True, units=UNITS[:1]), 8: Lock(on=False, units=UNITS[:1]),
    }  # fmt: skip
    return other.get(n % 10) or Edit.move(UNITS[n % 7 : n % 7 + 2], to=ZONES[n % 3])


def say(words: str) -> None:
    """Write a line at once and whole."""
    os.write(1, f"{words}\n".encode())


if __name__ == "__main__":
    main()
