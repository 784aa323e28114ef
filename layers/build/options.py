"""What the person may say about a build beyond the files and the authority."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from layers.cases import CaseMapping
from layers.pack import Rule


@dataclass(frozen=True)
class Options:
    """Choices with the usual answer as default.

    Parameters
    ----------
    key
        Name of the pack in addresses and on the command line; made of the name by default.
    name
        What the authority is called on screen; as the files have it by default.
    zone_word
        Its own word for one zone.
    default_plan
        Key of the plan that pages open on; zones of the authority's own, else wards.
    vintage
        Of the small areas; the latest that has boundaries by default.
    disclosure
        The rule for small counts.
    counts
        File name -> column -> measure, for counts whose columns are not to be guessed.
    cases
        File name -> what the columns of a case list are.
    overwrite
        Lose changes that were made by hand to files of the last build.
    """

    key: str = ""
    name: str = ""
    zone_word: str = ""
    default_plan: str = ""
    vintage: Literal["", "2011", "2021"] = ""
    disclosure: Rule = "dfe"
    counts: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: MappingProxyType({}))
    cases: Mapping[str, CaseMapping] = field(default_factory=lambda: MappingProxyType({}))
    overwrite: bool = False
