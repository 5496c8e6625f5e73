"""What both say that they serve: what both have is compared, what one lacks is named by group."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from differing import Difference, contents
from targets import Target

Resources = dict[str, dict[str, Any]]


def compare(server: Target, peer: Target) -> Iterator[Difference]:
    """All differences in the discovery of each group version that both serve, and the groups that one lacks."""
    ours, peers = _versions(server), _versions(peer)
    yield from _missing("groups", ours, peers)
    for path in sorted(ours & peers):
        mine, others = _resources(server, path), _resources(peer, path)
        yield from _missing(path, set(mine), set(others))
        for name in sorted(mine.keys() & others.keys()):
            yield from contents(f"discover {name}", "discovery", mine[name], others[name])


def _missing(where: str, ours: set[str], peers: set[str]) -> Iterator[Difference]:
    for word, names in (("lacks", peers - ours), ("adds", ours - peers)):
        if names:
            listed = ", ".join(sorted(names))
            yield Difference(f"discover {where}", "discovery", "", f"{word} {listed}", listed, listed)


def _versions(target: Target) -> set[str]:
    found = {"/api/v1"}
    for group in _get(target, "/apis").get("groups") or ():
        found |= {f"/apis/{version['groupVersion']}" for version in group["versions"]}
    return found


def _resources(target: Target, path: str) -> Resources:
    found = {}
    for resource in _get(target, path).get("resources") or ():
        for name in ("verbs", "shortNames", "categories"):
            if name in resource:
                resource[name] = sorted(resource[name])
        resource.pop("storageVersionHash", None)  # of the names of upstream's types
        found[resource["name"]] = resource
    return found


def _get(target: Target, path: str) -> dict[str, Any]:
    answer = target.ask("GET", path, {"Accept": "application/json"}, None)
    found: dict[str, Any] = json.loads(answer.body)
    return found
