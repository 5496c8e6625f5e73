"""Keeps the status of Cluster objects: probes each member, and looks from time to time at what it has."""

from __future__ import annotations

import contextlib
from collections.abc import Hashable
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import AlreadyExists, NotFound, StatusError
from sampan_federation.controllers import Context, Enqueue
from sampan_federation.members import probing
from sampan_federation.members.health import COMPLETE, READY, Probe, Standing, judge
from sampan_federation.members.summaries import summarize
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

#: What reading an answer raises that has another shape than the API's.
NONSENSE = (AttributeError, KeyError, TypeError, ValueError)
LONG, RARELY = 120.0, 3  # seconds without an answer, and how many times rarer probes are then
FINALIZER = "karmada.io/cluster-controller"


class Membership:
    """Satisfies ``Controller``. Keys: names of clusters."""

    name = "members"
    workers = 8  # a probe waits for its member

    def __init__(self, context: Context) -> None:
        self._context = context
        self._clusters = context.caches.of(CLUSTERS)
        self._namespaces = context.caches.of(NAMESPACES)
        self._standing: dict[str, Standing] = {}
        self._looked: dict[str, float] = {}
        self._tokens = Tokens(context)
        self._enqueue: Enqueue = lambda key: None

    def start(self, enqueue: Enqueue) -> None:
        self._enqueue = enqueue
        self._clusters.on_change(self._changed)

    def handle(self, key: Hashable) -> float | None:
        cluster = self._clusters.get(str(key))
        if cluster is None:
            self._standing.pop(str(key), None)
            self._looked.pop(str(key), None)
            self._tokens.forget(str(key))
            return None
        if is_deleting(cluster):
            return self._leave(cluster)
        self._prepare(cluster)
        if (cluster.get("spec") or {}).get("syncMode") == "Pull":
            return None  # its agent says how it is
        self._tokens.renew(cluster)
        return self._context.settings.probe_seconds * (RARELY if self._update(cluster) else 1)

    def close(self) -> None:
        return None

    def _update(self, cluster: Object) -> bool:
        """Returns whether it has not answered for so long that it is to be asked more rarely: a probe of a machine that
        is gone holds a worker until its deadline."""
        name, now = cluster["metadata"]["name"], self._context.clock()
        found = self._probe(name)
        standing = self._standing.setdefault(name, Standing())
        standing.saw(found, now)
        status: dict[str, Any] = copy(cluster.get("status") or {})
        settings = self._context.settings
        verdict = judge(
            status, found, standing, now,
            failure_seconds=settings.failure_seconds, success_seconds=settings.success_seconds,
        )  # fmt: skip
        if verdict is not None:
            set_condition(
                status, READY, verdict.status, reason=verdict.reason, message=verdict.message, now=now_text(now)
            )
        due = now - self._looked.get(name, float("-inf")) >= settings.summary_seconds
        if found.healthy and (due or not condition_is(status, COMPLETE)):
            self._looked[name] = now
            self._look(cluster, status, now)
        if status != (cluster.get("status") or {}):
            self._context.host.patch(CLUSTERS, name, {"status": status}, subresource="status")
        return not found.online and now - (standing.bad_since or now) > LONG

    def _probe(self, name: str) -> Probe:
        try:
            client = self._context.members.probe(name)
        except (ConnectionError, StatusError) as error:
            return Probe(False, False, str(error)[:500])
        found = probing.probe(client)
        if found.online and not found.healthy and "Unauthorized" in found.words:
            self._context.members.forget(name)  # the Secret may have changed
        return found

    def _look(self, cluster: Object, status: dict[str, Any], now: float) -> None:
        """What the member serves and has. Of what cannot be asked for, the last answer stays."""
        name, at = cluster["metadata"]["name"], now_text(now)
        try:
            client = self._context.members.client(name)
            status["kubernetesVersion"] = probing.version(client)
            kinds, complete = probing.enablements(client)
            if kinds and (complete or not status.get("apiEnablements")):
                status["apiEnablements"] = kinds
            reason = "FullAPIEnablements" if complete else "PartialAPIEnablements"
            words = "" if complete else "some groups of its API do not answer; those that are known count as served"
            set_condition(status, COMPLETE, "True" if complete else "False", reason=reason, message=words, now=at)
            models = (cluster.get("spec") or {}).get("resourceModels") or ()
            status["nodeSummary"], status["resourceSummary"] = summarize(
                probing.nodes(client), probing.pods(client), models
            )
        except (StatusError, ConnectionError, *NONSENSE) as error:
            reason, words = "UnknownAPIEnablements", f"the member could not be asked: {error}"[:1024]
            if not condition_is(status, COMPLETE):
                set_condition(status, COMPLETE, "False", reason=reason, message=words, now=at)
        for condition in status.get("conditions") or ():
            condition.setdefault("message", "")

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
