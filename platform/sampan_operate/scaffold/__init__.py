"""The beginnings of a third-party plugin: what ``sampan plugins new`` writes, and the templates it is written from."""

from sampan_operate.scaffold.writing import KINDS, write

__all__ = ["KINDS", "write"]
