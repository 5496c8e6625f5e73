"""metrics.k8s.io/v1beta1 as answers to requests: paths and queries in, code and object out. Knows no sockets.

Besides the standard's own: ``…/pods/<name>/history`` and ``nodes/<name>/history`` with ``since``, ``until`` (seconds
since the epoch, or durations ago such as 90m), ``step`` (a duration) and ``container``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from sampan.contracts.kinds import Object
from sampan.errors import BadRequest, MethodNotAllowed, NotFound, ServiceUnavailable
from sampan_machinery import selectors
from sampan_machinery.metadata import now_text
from sampan_machinery.tables import to_table
from sampan_metrics import objects
from sampan_metrics.durations import duration, moment
from sampan_metrics.history import History, Row
from sampan_metrics.resources import API_VERSION, GROUP
from sampan_metrics.usage import LatestUsage

Query = Mapping[str, Sequence[str]]
ROOT = f"/apis/{API_VERSION}"


class MetadataInformer(Protocol):
    """What an informer of metadata offers."""

    def get(self, name: str, namespace: str = "") -> Object | None: ...

    def list(self, namespace: str = "") -> list[Object]: ...


class Api:
    def __init__(
        self,
        known: LatestUsage,
        nodes: MetadataInformer,
        pods: MetadataInformer,
        history: History | None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._known, self._nodes, self._pods, self._history, self._clock = known, nodes, pods, history, clock

    def answer(self, method: str, path: str, query: Query, accept: str) -> Object:
        """The object that path means; raises a StatusError."""
        if method not in ("GET", "HEAD"):
            raise MethodNotAllowed("the server does not allow this method on the requested resource")
        if path in ("/apis", "/apis/"):
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [objects.group()]}
        if path == f"/apis/{GROUP}":
            return objects.group()
        if path == ROOT:
            return objects.discovery()
        if not path.startswith(ROOT + "/"):
            raise NotFound("the server could not find the requested resource")
        found = self._resource(path.removeprefix(ROOT).strip("/").split("/"), query)
        return self._as_table(found, query) if "as=Table" in accept else found

    def _resource(self, parts: list[str], query: Query) -> Object:
        if _one(query, "watch").lower() in ("1", "t", "true"):
            raise MethodNotAllowed("metrics cannot be watched: ask again")
        match parts:
            case ["nodes"]:
                return objects.listed("NodeMetrics", self._all_nodes(query))
            case ["nodes", name]:
                return self._node(name)
            case ["nodes", name, "history"]:
                return self._rows({"node": name}, query)
            case ["pods"]:
                return objects.listed("PodMetrics", self._all_pods("", query))
            case ["namespaces", namespace, "pods"]:
                return objects.listed("PodMetrics", self._all_pods(namespace, query))
            case ["namespaces", namespace, "pods", name]:
                return self._pod(namespace, name)
            case ["namespaces", namespace, "pods", name, "history"]:
                return self._rows({"namespace": namespace, "pod": name}, query)
        raise NotFound("the server could not find the requested resource")

    def _all_nodes(self, query: Query) -> list[Object]:
        found = []
        for node in _selected(self._nodes.list(), query):
            usage = self._known.node(node["metadata"]["name"])
            if usage is not None:
                found.append(objects.node_metrics(node["metadata"], usage))
        return found

    def _all_pods(self, namespace: str, query: Query) -> list[Object]:
        found = []
        for pod in _selected(self._pods.list(namespace), query):
            usages = self._known.pod(pod["metadata"]["namespace"], pod["metadata"]["name"])
            if usages:
                found.append(objects.pod_metrics(pod["metadata"], usages))
        return found

    def _node(self, name: str) -> Object:
        node, usage = self._nodes.get(name), self._known.node(name)
        if node is None or usage is None:
            raise NotFound(f'nodemetrics.{GROUP} "{name}" not found', group=GROUP, kind="nodemetrics", name=name)
        return objects.node_metrics(node["metadata"], usage)

    def _pod(self, namespace: str, name: str) -> Object:
        pod, usages = self._pods.get(name, namespace), self._known.pod(namespace, name)
        if pod is None or not usages:
            full = f"{namespace}/{name}"
            raise NotFound(f'podmetrics.{GROUP} "{full}" not found', group=GROUP, kind="podmetrics", name=full)
        return objects.pod_metrics(pod["metadata"], usages)

    def _rows(self, whose: Mapping[str, str], query: Query) -> Object:
        if self._history is None:
            raise ServiceUnavailable("no history is kept: the add-on's setting history is false")
        now = self._clock()
        rows = self._history.query(
            since=moment(_one(query, "since") or "1h", now), until=moment(_one(query, "until") or "0s", now),
            step=int(duration(_one(query, "step") or "0s")), container=_one(query, "container"), **whose,
        )  # fmt: skip
        return {
            "kind": "UsageHistory", "apiVersion": API_VERSION, "metadata": {"name": whose.get("pod") or whose["node"]},
            "items": [_shown(row) for row in rows],
        }  # fmt: skip

    def _as_table(self, found: Object, query: Query) -> Object:
        if found["kind"] == "UsageHistory":
            return found
        items = found.get("items", [found])
        include = _one(query, "includeObject") or "Metadata"
        return to_table(objects.COLUMNS, items, now=self._clock(), include=include)


def _shown(row: Row) -> Object:
    shown = {
        "timestamp": now_text(row.at), "node": row.node, "usage": objects.amounts(row.cpu / 1e9, row.memory),
        "most": objects.amounts(row.cpu_most / 1e9, row.memory_most),
    }  # fmt: skip
    return {**shown, "container": row.container} if row.container else shown


def _one(query: Query, name: str) -> str:
    values = query.get(name)
    return values[0] if values else ""


def _selected(found: Sequence[Object], query: Query) -> list[Object]:
    """Those that both selectors take, by namespace and name; raises BadRequest."""
    labels = selectors.parse_labels(_one(query, "labelSelector"))
    fields = selectors.parse_fields(_one(query, "fieldSelector"))
    for requirement in fields.requirements:
        if requirement.key not in ("metadata.name", "metadata.namespace"):
            raise BadRequest(f"field label not supported: {requirement.key}")
    taken = []
    for obj in found:
        meta = obj["metadata"]
        named = {"metadata.name": meta["name"], "metadata.namespace": meta.get("namespace", "")}
        if labels.matches(meta.get("labels") or {}) and fields.matches(named):
            taken.append(obj)
    return sorted(taken, key=lambda obj: (obj["metadata"].get("namespace", ""), obj["metadata"]["name"]))
