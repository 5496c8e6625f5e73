"""Who manages an object's replicas, as managedFields of its Scale, and back: for apply on the scale subresource.

Source: apimachinery's scale handler (meaning). Upstream gives a manager that shares the replicas with an applier a
second entry of the same identity; here it keeps its own.
"""

from __future__ import annotations

from typing import Any

from sampan_machinery.apply.fieldset import LEAF, FieldSet, difference, members, union
from sampan_machinery.apply.managers import APPLY, Entry, Identity, Managers, decode, encode

API_VERSION = "autoscaling/v1"
_REPLICAS: FieldSet = {"f:spec": {"f:replicas": LEAF}}


def of_scale(entries: Any, path: tuple[str, ...]) -> list[dict[str, Any]]:
    """managedFields of the Scale: of each manager of the object that has the replicas, at ``path``."""
    return encode({
        _in_scale(identity): Entry(_REPLICAS, entry.time, API_VERSION)
        for identity, entry in (decode(entries, trusted=True) or {}).items() if _has(entry, path)
    })  # fmt: skip


def of_object(entries: Any, scaled: Any, path: tuple[str, ...], api_version: str) -> list[dict[str, Any]]:
    """The object's managedFields after an apply to its Scale left it with ``scaled``."""
    left = decode(scaled, trusted=True) or {}
    found: Managers = {}
    for identity, entry in (decode(entries, trusted=True) or {}).items():
        if _has(entry, path) and left.pop(_in_scale(identity), None) is None:
            entry = entry._replace(fields=difference(entry.fields, _fields(path)))
        if entry.fields:
            found[identity] = entry
    for identity, entry in left.items():
        version = "" if identity.operation == APPLY else api_version
        own = identity._replace(api_version=version)
        before = found[own].fields if own in found else {}
        found[own] = Entry(union(before, _fields(path)), entry.time, api_version)
    return encode(found)


def _in_scale(identity: Identity) -> Identity:
    return identity if identity.operation == APPLY else identity._replace(api_version=API_VERSION)


def _has(entry: Entry, path: tuple[str, ...]) -> bool:
    wanted = next(iter(members(_fields(path))))
    return wanted in set(members(entry.fields))


def _fields(path: tuple[str, ...]) -> FieldSet:
    found: FieldSet = LEAF
    for name in reversed(path):
        found = {f"f:{name}": found}
    return found
