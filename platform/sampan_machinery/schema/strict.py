"""Finds fields that a kind does not have and fields given twice: what ``fieldValidation`` warns of or refuses.

The slow, second pass beside decoding; paths and order are those of upstream's strict decoder (sigs.k8s.io/json):
document order, lists with their index, nothing inside an unknown field, each message once and at most a hundred.
"""

from __future__ import annotations

import json
from typing import Any

from sampan_machinery.types import Node

LIMIT = 100


class Pairs(list[tuple[str, Any]]):
    """A JSON object with its keys as written, repeated ones too."""


def read_pairs(body: bytes) -> Any:
    """The JSON value with every object as Pairs. Raises ValueError, RecursionError.

    What is in unknown fields may be anything that Go's scanner passes over: bytes that are not UTF-8 (each U+FFFD), and
    numbers that no type holds. Numbers stay text, for only the names of fields are looked at.
    """
    return json.loads(body.decode(errors="replace"), object_pairs_hook=Pairs, parse_int=str, parse_float=str)


def problems(value: Any, root: Node) -> list[str]:
    """Sentences such as ``unknown field "spec.replicaz"``. ``value`` is a dict, or what ``read_pairs`` gave."""
    found: dict[str, None] = {}
    _look(value, root, "", found)
    return list(found)[:LIMIT]


def duplicates(value: Any) -> list[str]:
    """The same of a document whose type is not known: keys given twice only."""
    found: dict[str, None] = {}
    waiting = [("", value)]
    while waiting:
        path, each = waiting.pop()
        if isinstance(each, Pairs):
            seen = set()
            for name, child in each:
                here = f"{path}.{name}" if path else name
                if name in seen:
                    found[f'duplicate field "{here}"'] = None
                seen.add(name)
                waiting.append((here, child))
        elif isinstance(each, list):
            waiting.extend((f"{path}[{index}]", child) for index, child in enumerate(each))
    return list(found)[:LIMIT]


def _look(value: Any, node: Node, path: str, found: dict[str, None]) -> None:
    if isinstance(value, Pairs):
        _look_into_object(value, node, path, found)
    elif isinstance(value, dict):
        _look_into_object(value.items(), node, path, found)
    elif isinstance(value, list) and node.shape == "list":
        item = node.item()
        if item.shape not in {"scalar", "any"}:
            for index, element in enumerate(value):
                _look(element, item, f"{path}[{index}]", found)


def _look_into_object(pairs: Any, node: Node, path: str, found: dict[str, None]) -> None:
    if node.shape not in {"struct", "map"}:
        return
    seen = set()
    for name, value in pairs:
        child = node.field(name)
        here = f"{path}.{name}" if path else name
        if child is None:
            found[f'unknown field "{here}"'] = None
            continue
        if name in seen:
            found[f'duplicate field "{here}"'] = None
        seen.add(name)
        _look(value, child, here, found)
