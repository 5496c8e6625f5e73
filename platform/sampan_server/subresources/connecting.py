"""The options of a request that opens a connection, as the object that admission sees (PodExecOptions …)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sampan.contracts.kinds import Object
from sampan.contracts.serving import Subresource

_NO = ("", "0", "f", "false")


def options(sub: Subresource, query: Mapping[str, Sequence[str]], rest: str) -> Object:
    """Fields that say nothing are left out. A number that is none is left out, too: ``serve`` refuses it."""
    found: Object = {"kind": sub.kind, "apiVersion": f"{sub.group}/{sub.version}" if sub.group else sub.version}
    for name, kind in sub.options.items():
        values = query.get(name) or ()
        value = rest.lstrip("/") if name == "path" else _read(kind, values)
        if value:
            found[name] = value
    return found


def _read(kind: str, values: Sequence[str]) -> Any:
    if kind == "integers":
        return [int(value) for value in values if value.isascii() and value.isdigit() and len(value) < 19]
    if kind == "strings":
        return list(values)
    first = values[0] if values else ""
    return first.lower() not in _NO if kind == "boolean" else first
