"""Why an object is as it is: pure functions from objects to causes, and reading what they need."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sampan_explain.causes import Cause, Explanation
    from sampan_explain.contracts import Explainer
    from sampan_explain.explaining import explain, gather
    from sampan_explain.objects import Objects, Read, Want
    from sampan_explain.reading import reader_of

__all__ = ["Cause", "Explainer", "Explanation", "Objects", "Read", "Want", "explain", "gather", "reader_of"]

_PLACES = {
    "Cause": "causes", "Explanation": "causes", "Explainer": "contracts", "explain": "explaining",
    "gather": "explaining", "Objects": "objects", "Read": "objects", "Want": "objects", "reader_of": "reading",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import a module when its name is used: every process imports this package for its hook, and few explain."""
    if name in _PLACES:
        return getattr(importlib.import_module(f"sampan_explain.{_PLACES[name]}"), name)
    raise AttributeError(f"module 'sampan_explain' has no attribute {name!r}")
