"""Reads earlier revisions through the API, as its user. Works on any Kubernetes as far back as its store reaches, with
the times that objects themselves hold; a sampan server adds revisions of deleted objects and the time of each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from sampan.contracts.resources import Object, Resource
from sampan.errors import BadRequest, Expired, NotFound, SampanError
from sampan_client import Client
from sampan_client.paths import path_of
from sampan_machinery import bounds
from sampan_machinery.metadata import get_path, parse_time
from sampan_machinery.selectors import escape

PAGE = 500
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


@dataclass(frozen=True)
class Revision:
    """An object as one write left it; ``object`` None: the write deleted it."""

    number: int
    at: float  # seconds since the epoch, 0 where it is not known
    object: Object | None


class NoHistory(SampanError):
    """The server does not say which revision belongs to a moment."""


def revision_of(client: Client, when: str) -> int:
    """``when``: 10m (that long ago), a time (RFC 3339), or @N for a revision. Raises Expired, BadRequest, NoHistory."""
    if when.startswith("@") and when[1:].isdigit():
        return int(when[1:])
    ago = bounds.seconds(when)
    if not ago:
        try:
            parse_time(when)
        except (ValueError, BadRequest):
            raise BadRequest(
                f"--at is 30s, 10m or 2h ago, a time like 2026-01-31T12:00:00Z, or @REVISION, not {when!r}"
            ) from None
    try:
        query: dict[str, object] = {"ago": ago} if ago else {"at": when}
        found: int = _ask(client, "/history/revision", query)["revision"]
    except NotFound:
        raise NoHistory("this server does not know when its revisions were written; give one as @REVISION") from None
    return found


def items_at(
    client: Client, resource: Resource, revision: int, namespace: str = "", *, labels: str = "", fields: str = "",
) -> list[Object]:  # fmt: skip
    """The collection as of that revision, in pages. Raises Expired where it is not kept."""
    found: list[Object] = []
    for page in _pages(client, resource, revision, namespace, labels, fields, "application/json"):
        for item in page.get("items") or ():
            found.append({"kind": resource.kind, "apiVersion": resource.api_version, **item})
    return found


def table_at(
    client: Client, resource: Resource, revision: int, namespace: str = "", *, labels: str = "", fields: str = "",
) -> Object:  # fmt: skip
    """The same as the server's Table."""
    whole: Object = {}
    for page in _pages(client, resource, revision, namespace, labels, fields, TABLE):
        if whole:
            whole["rows"] += page.get("rows") or []
        else:
            whole = {**page, "rows": list(page.get("rows") or ())}
    return whole


def object_at(client: Client, resource: Resource, name: str, namespace: str, revision: int) -> Object | None:
    found = items_at(client, resource, revision, namespace, fields=f"metadata.name={escape(name)}")
    return found[0] if found else None


def revisions(client: Client, resource: Resource, name: str, namespace: str, most: int) -> Iterator[Revision]:
    """The newest first; ends where the store has no more."""
    query = {
        "group": resource.group, "version": resource.version, "resource": resource.plural, "kind": resource.kind,
        "namespace": namespace, "name": name, "limit": most,
    }  # fmt: skip
    try:
        known = _ask(client, "/history/versions", query)["versions"]
    except NotFound:
        yield from _stepping(client, resource, name, namespace, most)
        return
    for each in known:
        if each["deleted"]:
            yield Revision(each["revision"], each["time"], None)
            continue
        try:
            found = object_at(client, resource, name, namespace, each["revision"])
        except Expired:
            return
        if found is not None:
            yield Revision(each["revision"], each["time"], found)


def _stepping(client: Client, resource: Resource, name: str, namespace: str, most: int) -> Iterator[Revision]:
    """From each revision to the one before it; a server of another make tells nothing of deleted objects."""
    found: Object | None = {
        "kind": resource.kind,
        "apiVersion": resource.api_version,
        **client.get(resource, name, namespace),
    }
    for _ in range(most):
        if found is None:
            return
        number = int(found["metadata"]["resourceVersion"])
        yield Revision(number, 0.0, found)
        if number <= 1:
            return
        try:
            found = object_at(client, resource, name, namespace, number - 1)
        except Expired:
            return


def _pages(
    client: Client, resource: Resource, revision: int, namespace: str, labels: str, fields: str, accept: str
) -> Iterator[Object]:  # fmt: skip
    query: dict[str, object] = {
        "labelSelector": labels, "fieldSelector": fields, "limit": PAGE, "resourceVersion": revision,
        "resourceVersionMatch": "Exact",
    }  # fmt: skip
    while True:
        page = msgspec.json.decode(
            client.request("GET", path_of(resource, namespace), query=query, headers={"Accept": accept}).body
        )
        yield page
        more = get_path(page, "metadata", "continue", default="")
        if not more:
            return
        query = {"labelSelector": labels, "fieldSelector": fields, "limit": PAGE, "continue": more}


def _ask(client: Client, path: str, query: dict[str, object]) -> Object:
    found: Object = msgspec.json.decode(client.request("GET", path, query=query).body)
    return found
