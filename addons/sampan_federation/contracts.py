"""What a plugin says about a kind."""

from __future__ import annotations

from typing import Any, Protocol

#: Methods that a KindInterpreter may have, with what each is given and returns. It may change objects: they are copies.
METHODS = {
    "replicas": "(obj) -> int, or (int, requirements): how many pods, and what each needs",
    "revise": "(obj, number) -> obj with that many replicas",
    "retain": "(desired, observed) -> desired with what the member owns",
    "health": "(observed) -> bool",
    "reflect": "(observed) -> the part of its status to report, or None",
    "aggregate": "(obj, items) -> the status of the host's object; items as in ResourceBinding.status.aggregatedStatus",
    "dependencies": "(obj) -> list of {apiVersion, kind, namespace, name}",
}


class KindInterpreter(Protocol):
    """One kind. It has any of the methods in METHODS; what it does not have is left to the built-in rules."""

    api_version: str  # example.com/v1
    kind: str


def wrong_with(interpreter: Any) -> str:
    """Why it is none, "" where it is one."""
    if not all(isinstance(getattr(interpreter, name, None), str) for name in ("api_version", "kind")):
        return f"a KindInterpreter has texts api_version and kind, {repr(interpreter)[:60]} has not"
    if not any(callable(getattr(interpreter, name, None)) for name in METHODS):
        return f"the KindInterpreter of {interpreter.kind} has none of the methods {', '.join(METHODS)}"
    return ""
