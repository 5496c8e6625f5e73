"""Objects as text, and what differs between two. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, NamedTuple

from sampan_machinery import yamlout

CONTEXT = 3  # lines around a change
ADDED, REMOVED, SAME, PLACE = "+", "-", " ", "@"
HIDDEN, OTHER = "(hidden)", "(hidden, another value)"


class Line(NamedTuple):
    sign: str
    text: str


def text_of(obj: Mapping[str, Any], *, managed: bool = False) -> str:
    """As YAML; the bookkeeping of server-side apply is left out unless asked for."""
    return yamlout.encode(obj if managed else without_managed(obj)).decode()


def without_managed(obj: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {key: value for key, value in (obj.get("metadata") or {}).items() if key != "managedFields"}
    return {**obj, "metadata": metadata}


def hidden_secret(obj: Mapping[str, Any]) -> dict[str, Any]:
    """A Secret whose values are not to be read over a shoulder; its keys stay."""
    if obj.get("kind") != "Secret":
        return dict(obj)
    metadata = dict(obj.get("metadata") or {})
    annotations = metadata.get("annotations") or {}
    if annotations:
        metadata["annotations"] = {
            key: HIDDEN if key == "kubectl.kubernetes.io/last-applied-configuration" else value
            for key, value in annotations.items()
        }
    return {**obj, "metadata": metadata, "data": dict.fromkeys(obj.get("data") or {}, HIDDEN)}


def hidden_secrets(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both without their values, where they are Secrets; which of them differ is still to be seen."""
    old, new = hidden_secret(before), hidden_secret(after)
    if after.get("kind") == "Secret":
        was = before.get("data") or {}
        new["data"] = {
            key: HIDDEN if was.get(key) == value else OTHER for key, value in (after.get("data") or {}).items()
        }
    return old, new


def diff(before: str, after: str) -> list[Line]:
    """Changed lines with their context; [] for equal texts."""
    found = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=CONTEXT)
    lines = list(found)[2:]
    return [Line(line[:1], line if line.startswith("@@") else line[1:]) for line in lines]


def of_objects(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Line]:
    """What a write would change, without what every write changes."""
    return diff(text_of(_settled(before)), text_of(_settled(after)))


def _settled(obj: Mapping[str, Any]) -> dict[str, Any]:
    found = without_managed(obj)
    found["metadata"] = {
        key: value for key, value in found["metadata"].items() if key not in ("resourceVersion", "generation")
    }
    return found
