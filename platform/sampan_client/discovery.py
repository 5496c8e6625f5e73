"""The kinds of a server. Source: KEP-3352 (aggregated discovery); falls back to the older form."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from sampan.contracts.kinds import Resource
from sampan.errors import StatusError
from sampan_client.client import Client

_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"


class Discovered(NamedTuple):
    """One kind in its group's preferred version."""

    resource: Resource
    verbs: frozenset[str]
    words: frozenset[str] = frozenset()  # singular and short names


def discover(client: Client) -> list[Discovered]:
    """Every kind once, in the preferred version of its group; without subresources. A group that does not answer (an
    aggregated server that is down) is left out; the core group must answer."""
    found: list[Discovered] = []
    for path in ("/api", "/apis"):
        body = msgspec.json.decode(client.request("GET", path, headers={"Accept": _AGGREGATED}).body)
        if body.get("kind") == "APIGroupDiscoveryList":
            found += _aggregated(body)
        elif path == "/api":
            found += _version(client, "", body["versions"][-1], "/api")
        else:
            found += _groups(client, body)
    return found


def find(found: Iterable[Discovered], word: str) -> Discovered | None:
    """The kind that a person means: plural, singular, kind or short name in any case, with the group behind a dot
    (deployments.apps) where the word alone is not clear. The core group comes first, as in kubectl."""
    name, _, group = word.lower().partition(".")
    fitting = [
        each
        for each in found
        if name in {each.resource.plural, each.resource.kind.lower(), *each.words}
        and (not group or each.resource.group == group or each.resource.group.startswith(f"{group}."))
    ]
    return min(fitting, key=lambda each: bool(each.resource.group), default=None)


def _aggregated(body: dict[str, Any]) -> list[Discovered]:
    found: list[Discovered] = []
    for group in body.get("items") or ():
        name, seen = (group.get("metadata") or {}).get("name", ""), set()
        for version in group.get("versions") or ():
            for entry in version.get("resources") or ():
                kind = (entry.get("responseKind") or {}).get("kind", "")
                if not kind or entry["resource"] in seen:
                    continue  # an older version of a known kind
                seen.add(entry["resource"])
                namespaced = entry.get("scope") == "Namespaced"
                resource = Resource(name, version["version"], entry["resource"], kind, namespaced)
                words = frozenset(filter(None, [entry.get("singularResource"), *(entry.get("shortNames") or ())]))
                found.append(Discovered(resource, frozenset(entry.get("verbs") or ()), words))
    return found


def _groups(client: Client, body: dict[str, Any]) -> list[Discovered]:
    found: list[Discovered] = []
    for group in body.get("groups") or ():
        version = group["preferredVersion"]["version"]
        try:
            found += _version(client, group["name"], version, f"/apis/{group['name']}")
        except StatusError:
            continue
    return found


def _version(client: Client, group: str, version: str, root: str) -> list[Discovered]:
    body = msgspec.json.decode(client.request("GET", f"{root}/{version}").body)
    return [
        Discovered(
            Resource(group, version, entry["name"], entry["kind"], bool(entry.get("namespaced"))),
            frozenset(entry.get("verbs") or ()),
            frozenset(filter(None, [entry.get("singularName"), *(entry.get("shortNames") or ())])),
        )
        for entry in body.get("resources") or ()
        if "/" not in entry["name"]
    ]
