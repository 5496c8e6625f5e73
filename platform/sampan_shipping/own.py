"""Fields that an add-on itself writes into the objects that it ships (a CA bundle, say): they are not edits. Pure.

Recognized by managedFields: the field manager of the add-on's client is sampan-NAME.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import copy, get_path, remove_path, set_path

Path = tuple[str, ...]


def own_paths(live: Mapping[str, Any], addon: str) -> list[Path]:
    """Paths of fields whose last writer was the add-on; fields inside lists are not distinguished and left out."""
    found: list[Path] = []
    for entry in (live.get("metadata") or {}).get("managedFields") or ():
        manager = entry.get("manager") or ""
        if manager == f"sampan-{addon}" and not entry.get("subresource"):
            found += _leaves(entry.get("fieldsV1") or {}, ())
    return found


def without_own(obj: Object, live: Mapping[str, Any], base: Mapping[str, Any], addon: str) -> Object:
    """A copy of ``obj`` (the compared part of ``live``) without the add-on's own fields, except those that it ships."""
    found: Object = copy(obj)
    for path in own_paths(live, addon):
        if get_path(base, *path) is None:
            remove_path(found, path)
            for end in range(len(path) - 1, 0, -1):
                if get_path(found, *path[:end]) == {} and get_path(base, *path[:end]) is None:
                    remove_path(found, path[:end])
    return found


def with_own(obj: Object, live: Mapping[str, Any], addon: str) -> Object:
    """A copy of ``obj`` (which is to be written) with the add-on's own fields of ``live``."""
    found: Object = copy(obj)
    for path in own_paths(live, addon):
        value = get_path(live, *path)
        if value is not None and get_path(found, *path) is None:
            set_path(found, path, copy(value))
    return found


def _leaves(fields: Mapping[str, Any], path: Path) -> Iterator[Path]:
    for key, below in fields.items():
        if not key.startswith("f:"):
            continue
        if any(step.startswith("f:") for step in below):
            yield from _leaves(below, (*path, key[2:]))
        elif not any(step.startswith(("k:", "v:")) for step in below):
            yield (*path, key[2:])
