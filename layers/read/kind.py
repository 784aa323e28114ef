"""Kinds of files, from `geo.read.kind`, for the readers of layers."""

from geo.read.kind import Kind, Peek, column_of, fold

__all__ = ["Kind", "Peek", "column_of", "fold"]
