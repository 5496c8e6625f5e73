"""What a schema says of how lists and maps are merged: x-kubernetes-list-type, -list-map-keys, -map-type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sampan.contracts.kinds import Object, Problem
from sampan_machinery import problems
from sampan_machinery.structural.nodes import LIST_KEYS, LIST_TYPE, MAP_TYPE

_ATOMIC = f"must be atomic as item of a list with {LIST_TYPE}=set"
_KEY = f"this property is in {LIST_KEYS}, so it "


def check_map(schema: Object, path: str) -> Iterator[Problem]:
    found = schema.get(MAP_TYPE)
    if found is None:
        return
    yield from _check_type(schema, path, "object", f"must be object if {MAP_TYPE} is specified")
    if found not in ("atomic", "granular"):
        yield problems.unsupported(f"{path}.{MAP_TYPE}", found, ("atomic", "granular"))


def check_list(schema: Object, path: str) -> Iterator[Problem]:
    found, keys = schema.get(LIST_TYPE), schema.get(LIST_KEYS) or ()
    if found is not None:
        wrong = list(_check_type(schema, path, "array", f"must be array if {LIST_TYPE} is specified"))
        yield from wrong
        if not wrong and found == "set":
            yield from _check_set(schema, path)
        if found not in ("atomic", "set", "map"):
            yield problems.unsupported(f"{path}.{LIST_TYPE}", found, ("atomic", "set", "map"))
    if keys and found != "map":
        detail = f"must be map if {LIST_KEYS} is non-empty"
        at = f"{path}.{LIST_TYPE}"
        yield problems.required(at, detail) if found is None else problems.invalid(at, found, detail)
    if found == "map":
        yield from _check_keyed(schema, path, keys)
    if found in ("set", "map") and isinstance(schema.get("items"), dict):
        yield from _check_items(schema["items"], f"{path}.items", found, keys)


def _check_type(schema: Object, path: str, wanted: str, detail: str) -> Iterator[Problem]:
    kind = schema.get("type") or ""
    if kind != wanted:
        yield problems.invalid(f"{path}.type", kind, detail) if kind else problems.required(f"{path}.type", detail)


def _check_set(schema: Object, path: str) -> Iterator[Problem]:
    items = schema.get("items")
    if not isinstance(items, dict):
        return
    if items.get("type") == "array" and items.get(LIST_TYPE, "atomic") != "atomic":
        yield problems.invalid(f"{path}.items.{LIST_TYPE}", items[LIST_TYPE], _ATOMIC)
    if items.get("type") == "object" and items.get(MAP_TYPE) != "atomic":
        yield problems.invalid(f"{path}.items.{MAP_TYPE}", items.get(LIST_TYPE), _ATOMIC)


def _check_keyed(schema: Object, path: str, keys: Any) -> Iterator[Problem]:
    items = schema.get("items")
    if not keys:
        yield problems.required(f"{path}.{LIST_KEYS}", f"must not be empty if {LIST_TYPE} is map")
    if items is None:
        yield problems.required(f"{path}.items", f"must have a schema if {LIST_TYPE} is map")
        return
    if not isinstance(items, dict):
        yield problems.invalid(f"{path}.items", items, f"must only have a single schema if {LIST_TYPE} is map")
        return
    if items.get("type") != "object":
        detail = f"must be object if parent array's {LIST_TYPE} is map"
        yield problems.invalid(f"{path}.items.type", items.get("type") or "", detail)
        return
    seen: set[str] = set()
    for key in keys:
        below = (items.get("properties") or {}).get(key)
        if below is None:
            yield problems.invalid(f"{path}.{LIST_KEYS}", list(keys), "entries must all be names of item properties")
        elif below.get("type") in ("array", "object"):
            detail = f"must be a scalar type if parent array's {LIST_TYPE} is map"
            yield problems.invalid(f"{path}.items.properties[{key}].type", items["type"], detail)
        if key in seen:
            yield problems.invalid(f"{path}.{LIST_KEYS}", list(keys), "must not contain duplicate entries")
        seen.add(key)


def _check_items(items: Object, path: str, kind: str, keys: Any) -> Iterator[Problem]:
    if items.get("nullable"):
        yield problems.forbidden(f"{path}.nullable", f"cannot be nullable when {LIST_TYPE} is {kind}")
    for key in keys if kind == "map" else ():
        below = (items.get("properties") or {}).get(key)
        if below is None:
            continue
        at = f"{path}.properties[{key}]"
        if key not in (items.get("required") or ()) and "default" not in below:
            yield problems.required(f"{at}.default", f"{_KEY}must have a default or be a required property")
        if below.get("nullable"):
            yield problems.forbidden(f"{at}.nullable", f"{_KEY}cannot be nullable")
