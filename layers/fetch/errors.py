"""What can go wrong on the way to a public service."""

from collections.abc import Callable
from pathlib import Path

from geo.errors import WriteError, ZonewrightError


class FetchError(ZonewrightError):
    """Public data that cannot be fetched, or is not what it should be."""


class NotThereError(FetchError):
    """An address that answers, and says that nothing is there."""


class TooMuchError(FetchError):
    """A question whose answer is larger than the service gives at once."""


class PassingFault(Exception):  # noqa: N818  it is caught and tried again, nobody sees it
    """What may be gone at the next attempt.

    Parameters
    ----------
    reason
        What happened, as the end of a sentence that begins with the host: 'did not answer'.
    wait_seconds
        What the service asked us to wait, None where it asked nothing.
    otherwise
        Makes what is raised when the last attempt ends so, from the text of the refusal.
    """

    def __init__(
        self,
        reason: str,
        *,
        wait_seconds: float | None = None,
        otherwise: Callable[..., FetchError] = FetchError,
    ) -> None:
        """Name the fault."""
        super().__init__(reason)
        self.reason = reason
        self.wait_seconds = wait_seconds
        self.otherwise = otherwise


def unwritable(path: Path, error: OSError) -> WriteError:
    """Make the refusal for a file that the disk does not take."""
    return WriteError(
        f"{path} cannot be written ({error.strerror}).",
        remedy="Is the disk full, or the folder somebody else's? Name another as --out.",
    )
