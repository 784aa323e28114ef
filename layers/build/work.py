"""What goes along from step to step of a build: choices, faults, notes and accounts."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from geo.ledger import Ledger
from geo.read.file import File
from layers.build.faults import Faults
from layers.build.options import Options
from layers.read.recognise import Found
from layers.source import Source

Value = TypeVar("Value")
Progress = Callable[[str, int, int], None]
"""Told a step, how many are done, and how many there are."""


class Work:
    """The notes of one build; it changes as the build goes on and is never kept."""

    def __init__(self, found: Sequence[Found], options: Options, faults: Faults) -> None:
        """Begin with what the files were recognised as."""
        self.found, self.options, self.faults = found, options, faults
        self.notes: list[str] = []
        self.ledgers: list[Ledger] = []
        self.sources: list[Source] = []

    def files(self, *kinds: str) -> list[File]:
        """List the files of some kinds, in their order."""
        return [entry.file for entry in self.found if entry.kind and entry.kind.key in kinds]

    def read(self, kind: str, what: str, read: Callable[[File], Value]) -> Value | None:
        """Read the one file of a kind and take over its account; None where there is none.

        Several files of the kind, or one that cannot be read, are faults.
        """
        files = self.files(kind)
        if len(files) > 1:
            names = ", ".join(file.name for file in files)
            self.faults.add(f"{len(files)} files are {what}: {names}. Keep one.")
        if len(files) != 1:
            return None
        return self.take(self.faults.attempt(lambda: read(files[0])))

    def take(self, value: Value | None, *, source: str = "") -> Value | None:
        """Take over the account, the source and the notes of what was read, and give it back."""
        if value is None:
            return None
        told: Any = value
        self.ledgers.append(told.ledger)
        if getattr(told, "source", None) is not None:
            self.sources.append(told.source)
        self.note(source or told.ledger.source, getattr(told, "notes", ()))
        return value

    def note(self, about: str, notes: Sequence[str]) -> None:
        """Keep notes, each with what it is about, each once."""
        for note in notes:
            line = f"{about}: {note}"
            if line not in self.notes:
                self.notes.append(line)
