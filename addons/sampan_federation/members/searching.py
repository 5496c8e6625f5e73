"""Objects of several members in one table, asked through the host (clusters/proxy) as its own user.

What a member answers is not trusted: pages, rows and lengths of texts are bounded, and control characters do not reach
the terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import msgspec

from sampan.contracts.kinds import Resource
from sampan.errors import InternalError, NotFound, StatusError
from sampan_client import Client
from sampan_client.discovery import discover, find
from sampan_client.paths import path_of
from sampan_client.transports import Response, Stream, Transport
from sampan_federation.resources import CLUSTERS

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
AT_ONCE = 16  # members asked at the same time
PAGE, MOST_PAGES, MOST_TEXT = 500, 20, 253


class Prefixed:
    """A transport below a path of another one: a member's API behind the host's. Satisfies ``Transport``."""

    def __init__(self, inner: Transport, prefix: str) -> None:
        self.selectable = inner.selectable
        self._inner, self._prefix = inner, prefix

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> Response:
        return self._inner.send(method, self._prefix + path, headers, body)

    def stream(self, path: str, headers: Mapping[str, str], *, longest: int = 0) -> Stream:
        return self._inner.stream(self._prefix + path, headers, longest=longest)

    def close(self) -> None:
        """The inner one is its owner's."""


@dataclass(frozen=True)
class Query:
    """What is looked for."""

    kind: str  # as a person writes it: pods, deploy, deployments.apps
    name: str = ""
    namespace: str = ""  # "": all
    labels: str = ""
    fields: str = ""
    whole: bool = False  # objects with everything, and not their metadata alone


@dataclass
class Found:
    """What one member answers."""

    cluster: str
    columns: list[tuple[str, int]] = field(default_factory=list)  # name, priority (0: always shown)
    rows: list[list[str]] = field(default_factory=list)
    objects: list[dict[str, Any]] = field(default_factory=list)  # each row's
    resource: Resource | None = None
    trouble: str = ""


def through(host: Client, cluster: str) -> Client:
    """A client of the member with the caller's identity; closing it closes nothing."""
    prefix = path_of(CLUSTERS, name=cluster, subresource="proxy")
    return Client(Prefixed(host.transport, prefix), user_agent="sampan-federation-command")


def search(host: Client, clusters: Sequence[str], query: Query) -> list[Found]:
    """Each member's answer, in the order of ``clusters``; what cannot be asked says why."""

    def ask(cluster: str) -> Found:
        try:
            return look(through(host, cluster), cluster, query)
        except (StatusError, ConnectionError) as error:
            return Found(cluster, trouble=clean(str(error)))
        except (AttributeError, KeyError, TypeError, ValueError, msgspec.MsgspecError):
            return Found(cluster, trouble="the member's answer is no list of objects")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(ask, clusters))


def look(member: Client, cluster: str, query: Query) -> Found:
    """Raises NotFound for a kind that the member does not serve."""
    kind = find(discover(member), query.kind)
    if kind is None:
        raise NotFound(f'the cluster does not serve a resource "{query.kind}"')
    found = Found(cluster, resource=kind.resource)
    namespace = query.namespace if kind.resource.namespaced else ""
    fields = ",".join(filter(None, [query.fields, f"metadata.name={query.name}" if query.name else ""]))
    going: dict[str, object] = {
        "limit": PAGE, "labelSelector": query.labels, "fieldSelector": fields,
        "includeObject": "Object" if query.whole else "",
    }  # fmt: skip
    for _ in range(MOST_PAGES):
        asked = {name: value for name, value in going.items() if value}
        answer = member.request(
            "GET", path_of(kind.resource, namespace), query=asked, headers={"Accept": TABLE}
        )  # fmt: skip
        body = msgspec.json.decode(answer.body, type=dict[str, Any])
        _take(found, body)
        going["continue"] = (body.get("metadata") or {}).get("continue") or ""
        if not going["continue"]:
            return found
    raise InternalError(f"it lists more than {PAGE * MOST_PAGES} objects; narrow the search")


def merged(found: Iterable[Found], *, wide: bool = False, namespaces: bool = True) -> list[list[str]]:
    """A header and rows, CLUSTER first; columns are matched by name, for members may be of different versions."""
    answers = [each for each in found if each.rows]
    names = list(
        dict.fromkeys(name for each in answers for name, priority in each.columns if wide or priority == 0)
    )  # fmt: skip
    namespaces = namespaces and any(each.resource is not None and each.resource.namespaced for each in answers)
    lines = [["CLUSTER", *(["NAMESPACE"] if namespaces else []), *(name.upper() for name in names)]]
    for each in answers:
        places = {name: place for place, (name, _) in enumerate(each.columns)}
        for row, obj in zip(each.rows, each.objects, strict=True):
            cells = [row[places[name]] if name in places and places[name] < len(row) else "" for name in names]
            lines.append([each.cluster, *([clean(obj["metadata"].get("namespace", ""))] if namespaces else []), *cells])
    return lines


def clean(value: object) -> str:
    """As it may be printed."""
    text = "" if value is None else str(value)
    return "".join(letter if letter.isprintable() else " " for letter in text[:MOST_TEXT])


def _take(found: Found, body: Mapping[str, Any]) -> None:
    if body.get("kind") != "Table":
        raise InternalError("the member's answer is not a Table")
    if not found.columns:
        found.columns = [(clean(each["name"]), int(each.get("priority") or 0)) for each in body["columnDefinitions"]]
    for row in body.get("rows") or ():
        found.rows.append([clean(cell) for cell in row["cells"]])
        found.objects.append({"metadata": {}, **(row.get("object") or {})})
