"""Build a pack from the files of a folder: recognise, read, convert, check, write.

`build_pack` is the front. What is particular to units, counts or plans stands in the module of
that name; `gather` reads, `assemble` writes, `folder` puts the pack in its place.
"""

from layers.build.faults import BuildError
from layers.build.make import Built, build_pack
from layers.build.options import Options
from layers.build.work import Progress

__all__ = ["BuildError", "Built", "Options", "Progress", "build_pack"]
