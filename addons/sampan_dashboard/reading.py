"""Reads for pages: tables, objects page by page, what a page's path names. Raises StatusError as the client does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypedDict

import falcon
import msgspec

from sampan.contracts.kinds import Object, Resource
from sampan.errors import NotFound, StatusError
from sampan_client import Client
from sampan_client.client import Client as _Client
from sampan_client.discovery import Discovered
from sampan_client.paths import path_of
from sampan_dashboard.accounts import Account
from sampan_dashboard.feeds import TABLE
from sampan_dashboard.navigation import ANYWHERE
from sampan_dashboard.web import account_of

PAGE = 250  # objects decoded at one time, which bounds the memory


class Target(NamedTuple):
    """The object that a page is about."""

    account: Account
    kind: Discovered
    namespace: str
    name: str

    @property
    def resource(self) -> Resource:
        return self.kind.resource

    @property
    def client(self) -> _Client:
        return self.account.client

    def get(self) -> Object:
        found = self.client.get(self.resource, self.name, self.namespace)
        found.setdefault("kind", self.resource.kind)
        found.setdefault("apiVersion", self.resource.api_version)
        return found


def kind_of(req: falcon.Request, kind: str) -> tuple[Account, Discovered]:
    """Raises NotFound for a kind that the server does not have."""
    account = account_of(req)
    found = account.kind(kind)
    if found is None:
        raise NotFound(f"the cluster has no kind {kind!r} that can be listed")
    return account, found


def target_of(req: falcon.Request, kind: str, namespace: str, name: str) -> Target:
    account, found = kind_of(req, kind)
    return Target(account, found, "" if namespace == ANYWHERE else namespace, name)


def table(
    client: Client, resource: Resource, namespace: str = "", *, labels: str = "", fields: str = "", limit: int = 0,
    token: str = "", type: Any = dict[str, Any],
) -> Object:  # fmt: skip
    """One page of the server's Table, with the metadata of each object."""
    query: dict[str, object] = {
        "labelSelector": labels, "fieldSelector": fields, "limit": limit or "", "continue": token,
        "includeObject": "Metadata",
    }  # fmt: skip
    answer = client.request("GET", path_of(resource, namespace), query=query, headers={"Accept": TABLE})
    found: Object = msgspec.json.decode(answer.body, type=type)
    return found


class _Metadata(TypedDict, total=False):
    name: Any
    namespace: Any
    uid: Any
    creationTimestamp: Any


class _Partial(TypedDict, total=False):
    metadata: _Metadata | None


class _Row(TypedDict, total=False):
    cells: Any
    object: _Partial | None


class _Table(TypedDict, total=False):
    """What a list shows of a Table; the rest, which is most of it (managed fields), is not decoded."""

    metadata: Any
    columnDefinitions: Any
    rows: list[_Row] | None


def table_pages(
    client: Client, resource: Resource, namespace: str = "", *, labels: str = ""
) -> Iterator[Mapping[str, Any]]:  # fmt: skip
    """All pages of the server's Table."""
    token = ""
    while True:
        page = table(client, resource, namespace, labels=labels, limit=500, token=token, type=_Table)
        yield page
        token = str((page.get("metadata") or {}).get("continue") or "")
        if not token:
            return


def objects(
    client: Client, resource: Resource, namespace: str = "", *, labels: str = "", fields: str = "",
    type: Any = dict[str, Any],
) -> Iterator[Object]:  # fmt: skip
    """Each object, decoded a page at a time. ``type``: of a list, with the fields alone that are wanted."""
    query: dict[str, object] = {"labelSelector": labels, "fieldSelector": fields, "limit": PAGE}
    while True:
        page = msgspec.json.decode(client.request("GET", path_of(resource, namespace), query=query).body, type=type)
        for item in page.get("items") or ():
            item.setdefault("kind", resource.kind)
            item.setdefault("apiVersion", resource.api_version)
            yield item
        query["continue"] = (page.get("metadata") or {}).get("continue") or ""
        if not query["continue"]:
            return


def some(
    client: Client, resource: Resource, namespace: str = "", *, labels: str = "", fields: str = "", most: int = 2000
) -> list[Object]:
    """Up to ``most`` objects; none where the user may not list them or the kind is not there."""
    found: list[Object] = []
    try:
        for obj in objects(client, resource, namespace, labels=labels, fields=fields):
            found.append(obj)
            if len(found) >= most:
                break
    except StatusError as error:
        if error.code not in (403, 404):
            raise
    return found


def namespaces(account: Account) -> list[str]:
    """The names that the user may list; none is no error, for a name can be typed."""
    kind = account.kind("namespaces")
    if kind is None:
        return []
    try:
        found = table(account.client, kind.resource, limit=1000)
    except StatusError:
        return []
    return [str(row["object"]["metadata"]["name"]) for row in found.get("rows") or () if row.get("object")]
