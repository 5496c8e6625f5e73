"""Scaffold of a third-party plugin: the templates of ``sampan plugins new``."""

from sampan_operate.scaffold.writing import KINDS, write

__all__ = ["KINDS", "write"]
