"""What an extension server says it has, in the form of aggregated discovery (KEP-3352). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

MOST = 10_000  # resources in one document


def resources(document: Any, group: str, version: str) -> list[dict[str, Any]]:
    """An APIResourceList as APIResourceDiscovery objects; raises ValueError for what is none."""
    entries = document.get("resources") if isinstance(document, Mapping) else None
    if not isinstance(document, Mapping) or document.get("kind") != "APIResourceList":
        raise ValueError("the answer is not an APIResourceList")
    found: dict[str, dict[str, Any]] = {}
    below: list[Mapping[str, Any]] = []
    for entry in (entries or ())[:MOST]:
        if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
            raise ValueError("a resource has no name")
        if "/" in entry["name"]:
            below.append(entry)
        else:
            found[entry["name"]] = _resource(entry, group, version)
    for entry in below:
        parent, _, name = entry["name"].partition("/")
        # As upstream: a subresource whose parent is not served has a parent without a kind.
        main = found.setdefault(parent, {"resource": parent, "scope": _scope(entry), "verbs": []})
        sub = {"subresource": name, "responseKind": _kind(entry, group, version), "verbs": _words(entry.get("verbs"))}
        main.setdefault("subresources", []).append(sub)
    return list(found.values())


def _resource(entry: Mapping[str, Any], group: str, version: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "resource": entry["name"],
        "responseKind": _kind(entry, group, version),
        "scope": _scope(entry),
        "singularResource": str(entry.get("singularName") or ""),
        "verbs": _words(entry.get("verbs")),
    }
    for name in ("shortNames", "categories"):
        if words := _words(entry.get(name)):
            found[name] = words
    return found


def _scope(entry: Mapping[str, Any]) -> str:
    return "Namespaced" if entry.get("namespaced") else "Cluster"


def _kind(entry: Mapping[str, Any], group: str, version: str) -> dict[str, str]:
    return {
        "group": str(entry.get("group") or group),
        "version": str(entry.get("version") or version),
        "kind": str(entry.get("kind") or ""),
    }


def _words(given: Any) -> list[str]:
    return [str(word) for word in given] if isinstance(given, Sequence) and not isinstance(given, str) else []
