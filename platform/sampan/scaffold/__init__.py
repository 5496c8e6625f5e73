"""Beginnings of a stranger's plugin: what ``sampan plugins new`` writes, and the templates it is written from."""

from sampan.scaffold.writing import KINDS, write

__all__ = ["KINDS", "write"]
