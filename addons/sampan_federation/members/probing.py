"""Asks a member how it is and what it has. What it answers is not trusted: every number of entries and every length of
text that gets into the Cluster object is bounded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from sampan.contracts.kinds import Object, Resource
from sampan.errors import InternalError, NotFound, StatusError
from sampan_client import Client
from sampan_client.paths import path_of
from sampan_federation.members.health import Probe
from sampan_machinery.resources import NODES, PODS

_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
MOST_PAGES = 200  # of 500 objects
MOST_VERSIONS, MOST_KINDS, MOST_TEXT = 500, 5000, 253


def probe(client: Client) -> Probe:
    """One request."""
    try:
        try:
            client.request("GET", "/readyz")
        except NotFound:  # an older server
            client.request("GET", "/healthz")
    except StatusError as error:
        return Probe(True, False, str(error)[:500])
    except ConnectionError as error:
        return Probe(False, False, str(error)[:500])
    return Probe(True, True)


def version(client: Client) -> str:
    """The member's gitVersion."""
    return _text(_body(client, "/version").get("gitVersion"))


def enablements(client: Client) -> tuple[list[Object], bool]:
    """(status.apiEnablements, whether that is all)."""
    found: list[Object] = []
    complete = True
    for path in ("/api", "/apis"):
        body = _body(client, path, {"Accept": _AGGREGATED})
        if body.get("kind") == "APIGroupDiscoveryList":
            groups = [_aggregated(group) for group in _maps(body.get("items"))]
            found += [version for versions, _ in groups for version in versions]
            complete = complete and all(current for _, current in groups)
        else:
            complete = _older(client, path, body, found) and complete
    return sorted(_bounded(found), key=lambda each: str(each["groupVersion"])), complete


def listed(
    client: Client, resource: Resource, query: Mapping[str, object], namespace: str = ""
) -> Iterator[Object]:  # fmt: skip
    """All objects of a kind, page by page. Raises StatusError, ConnectionError."""
    return _pages(client, resource, query, namespace)


def nodes(client: Client) -> Iterator[Object]:
    return _pages(client, NODES, {})


def pods(client: Client) -> Iterator[Object]:
    """Those that have not ended."""
    return _pages(client, PODS, {"fieldSelector": "status.phase!=Succeeded,status.phase!=Failed"})


def _aggregated(group: Mapping[str, Any]) -> tuple[list[Object], bool]:
    name, found, current = (group.get("metadata") or {}).get("name") or "", [], True
    for entry in _maps(group.get("versions")):
        kinds = [
            (each.get("resource"), (each.get("responseKind") or {}).get("kind"))
            for each in _maps(entry.get("resources"))
        ]
        found.append(_enablement(f"{name}/{entry.get('version')}" if name else str(entry.get("version")), kinds))
        current = current and entry.get("freshness", "Current") == "Current"
    return found, current


def _older(client: Client, path: str, body: Mapping[str, Any], found: list[Object]) -> bool:
    """The form without aggregation; returns whether all versions answered."""
    versions = list(body.get("versions") or ()) if path == "/api" else []
    for group in _maps(body.get("groups")):
        versions += [each.get("groupVersion") for each in _maps(group.get("versions"))]
    complete = True
    for each in versions[:MOST_VERSIONS]:
        try:
            listed = _body(client, f"{path}/{_text(each)}")
        except StatusError:
            complete = False
            continue
        kinds = [(entry.get("name"), entry.get("kind")) for entry in _maps(listed.get("resources"))]
        found.append(_enablement(_text(each), kinds))
    return complete


def _enablement(group_version: str, kinds: list[tuple[Any, Any]]) -> Object:
    named = [
        {"name": _text(name), "kind": _text(kind)} for name, kind in kinds if name and kind and "/" not in str(name)
    ]
    return {"groupVersion": _text(group_version), "resources": sorted(named, key=lambda each: each["name"])}


def _bounded(found: list[Object]) -> list[Object]:
    kept, left = [], MOST_KINDS
    for each in found[:MOST_VERSIONS]:
        resources = each["resources"][:left]
        left -= len(resources)
        kept.append({**each, "resources": resources})
    return kept


def _pages(
    client: Client, resource: Resource, query: Mapping[str, object], namespace: str = ""
) -> Iterator[Object]:  # fmt: skip
    """Page by page; raises InternalError where the member has no end of pages."""
    going: dict[str, object] = {**query, "limit": 500}
    for _ in range(MOST_PAGES):
        body = _decoded(client.request("GET", path_of(resource, namespace), query=going).body)
        yield from _maps(body.get("items"))
        going["continue"] = (body.get("metadata") or {}).get("continue") or ""
        if not going["continue"]:
            return
    raise InternalError(f"the member lists more than {MOST_PAGES * 500} {resource.plural}")


def _body(client: Client, path: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    return _decoded(client.request("GET", path, headers=headers or {}).body)


def _decoded(data: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(data)
    except msgspec.MsgspecError as error:
        raise InternalError(f"the member's answer is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise InternalError("the member's answer is not an object")
    return found


def _maps(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str:
    return str(value or "")[:MOST_TEXT]
