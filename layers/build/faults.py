"""Faults: everything that is wrong with the files, gathered before it is said."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from geo.errors import PackError, ZonewrightError

Value = TypeVar("Value")


class BuildError(PackError):
    """Files that cannot be used, each with what is wrong and what to do."""

    def __init__(self, faults: Sequence[str]) -> None:
        """Say all faults, a line each."""
        lines = "\n".join(f"- {fault}" for fault in faults)
        count = "One file" if len(faults) == 1 else f"{len(faults)} files"
        super().__init__(
            f"{count} cannot be used, and nothing was built:\n{lines}\n",
            remedy="Correct them, or take them out of the folder, and build again.",
        )
        self.faults = tuple(faults)


class Faults:
    """What went wrong so far; work goes on until somebody asks."""

    def __init__(self) -> None:
        """Begin without any."""
        self._lines: list[str] = []

    def attempt(self, read: Callable[[], Value]) -> Value | None:
        """Do it and give what it gives, or note the refusal and give None."""
        try:
            return read()
        except ZonewrightError as refusal:
            self.add(str(refusal))
            return None

    def add(self, text: str) -> None:
        """Note a fault, once."""
        if text not in self._lines:
            self._lines.append(text)

    def raise_any(self) -> None:
        """Refuse when there is a fault.

        Raises
        ------
        BuildError
            With all of them.
        """
        if self._lines:
            raise BuildError(self._lines)
