"""Keeps the status of Cluster objects: probes each member, and looks from time to time at what it has."""

from __future__ import annotations

import contextlib
from collections.abc import Hashable
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import AlreadyExists, NotFound
from sampan_federation.controllers import Context, Enqueue
from sampan_federation.members.health import READY
from sampan_federation.members.heartbeats import Heartbeats
from sampan_federation.members.reporting import Reporter
from sampan_federation.members.tokens import Tokens
from sampan_federation.names import execution_namespace
from sampan_federation.resources import CLUSTERS
from sampan_machinery.metadata import (
    add_finalizer,
    condition_is,
    copy,
    is_deleting,
    now_text,
    remove_finalizer,
    set_condition,
)
from sampan_machinery.resources import NAMESPACES

RARELY = 3  # how many times rarer probes are of a member that has not answered for long
FINALIZER = "karmada.io/cluster-controller"


class Membership:
    """Satisfies ``Controller``. Keys: names of clusters."""

    name = "members"
    workers = 8  # a probe waits for its member

    def __init__(self, context: Context) -> None:
        self._context = context
        self._clusters = context.caches.of(CLUSTERS)
        self._namespaces = context.caches.of(NAMESPACES)
        self._reporter = Reporter(context)
        self._heartbeats = Heartbeats(context.host)
        self._tokens = Tokens(context)
        self._enqueue: Enqueue = lambda key: None

    def start(self, enqueue: Enqueue) -> None:
        self._enqueue = enqueue
        self._clusters.on_change(self._changed)

    def handle(self, key: Hashable) -> float | None:
        cluster = self._clusters.get(str(key))
        if cluster is None:
            self._reporter.forget(str(key))
            self._heartbeats.forget(str(key))
            self._tokens.forget(str(key))
            return None
        if is_deleting(cluster):
            return self._leave(cluster)
        self._prepare(cluster)
        if (cluster.get("spec") or {}).get("syncMode") == "Pull":
            self._listen(cluster)  # its agent says how it is
            return self._context.settings.probe_seconds
        self._tokens.renew(cluster)
        return self._context.settings.probe_seconds * (RARELY if self._reporter.update(cluster) else 1)

    def close(self) -> None:
        return None

    def _listen(self, cluster: Object) -> None:
        """A member in pull mode whose agent is silent is lost, as one that does not answer."""
        name, now = cluster["metadata"]["name"], self._context.clock()
        silence = self._heartbeats.silence(name, now)
        if silence < self._context.settings.failure_seconds or not condition_is(cluster.get("status"), READY):
            return
        status: dict[str, Any] = copy(cluster.get("status") or {})
        words = f"its agent has not been heard of for {silence:.0f} s"
        set_condition(status, READY, "Unknown", reason="ClusterNotReachable", message=words, now=now_text(now))
        self._context.host.patch(CLUSTERS, name, {"status": status}, subresource="status")

    def _prepare(self, cluster: Object) -> None:
        """The namespace of its Works, and the finalizer that removes it."""
        name = cluster["metadata"]["name"]
        if self._namespaces.get(execution_namespace(name)) is None:
            namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": execution_namespace(name)}}
            try:
                self._context.host.create(NAMESPACES, namespace)
            except AlreadyExists:
                return
        metadata = copy(cluster["metadata"])
        if add_finalizer({"metadata": metadata}, FINALIZER):
            self._context.host.patch(CLUSTERS, name, {"metadata": _finalizers(metadata)})

    def _leave(self, cluster: Object) -> float | None:
        """Its Works go first; what they made on the member stays there."""
        name = cluster["metadata"]["name"]
        namespace = self._namespaces.get(execution_namespace(name))
        if namespace is not None:
            if not is_deleting(namespace):
                with contextlib.suppress(NotFound):
                    self._context.host.delete(NAMESPACES, execution_namespace(name))
            return 1.0
        metadata = copy(cluster["metadata"])
        if remove_finalizer({"metadata": metadata}, FINALIZER):
            self._context.host.patch(CLUSTERS, name, {"metadata": _finalizers(metadata)})
        return None

    def _changed(self, old: Object | None, new: Object | None) -> None:
        """Changes of the status alone are our own."""
        cluster = new or old
        assert cluster is not None
        if old is None or new is None or _without_status(old) != _without_status(new):
            self._enqueue(cluster["metadata"]["name"])


def _finalizers(metadata: Any) -> dict[str, Any]:
    return {"finalizers": metadata.get("finalizers") or [], "resourceVersion": metadata["resourceVersion"]}


def _without_status(cluster: Object) -> tuple[Any, ...]:
    metadata = cluster["metadata"]
    return (
        metadata.get("uid"),
        metadata.get("generation"),
        metadata.get("deletionTimestamp"),
        metadata.get("finalizers"),
    )
