"""Read layers from files: packs, and what people download or export from their systems."""

from layers.read.pack import BOUNDARIES, SETTINGS, read_name, read_pack

__all__ = ["BOUNDARIES", "SETTINGS", "read_name", "read_pack"]
