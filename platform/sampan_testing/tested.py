"""The cluster that the pytest fixtures hand out: one namespace of a cluster that can travel in time."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sampan.contracts.access import User
from sampan.contracts.kinds import Object, Resource
from sampan.errors import NotFound
from sampan_client import Client
from sampan_machinery.resources import NAMESPACES
from sampan_testing.clocks import RunningClock
from sampan_testing.cluster import MASTERS, PATIENCE, Cluster, start
from sampan_testing.serving import ApiPort

_count = itertools.count(1)


class TestedCluster:
    """``namespace``: this test's own; ``client`` is the administrator's."""

    __test__ = False  # pytest would collect a class of this name

    def __init__(self, cluster: Cluster, folder: Path, namespace: str = "default", port: _Port | None = None) -> None:
        self.cluster, self.namespace = cluster, namespace
        self.client: Client = cluster.client
        self._folder = folder
        self._port = port or _Port(cluster)

    @property
    def clock(self) -> RunningClock:
        """``clock.advance(3600)`` lets an hour pass: timers end in order, and the cluster comes to rest after each."""
        return self.cluster.clock

    @property
    def url(self) -> str:
        """Of the API server's HTTP port, which is opened when it is first asked for."""
        return self._port.open().url

    @property
    def token(self) -> str:
        """The administrator's, for that port."""
        return self._port.open().token

    @property
    def kubeconfig(self) -> str:
        """Path of a kubeconfig for kubectl, kopf and client libraries; its namespace is the test's."""
        path = self._folder / f"kubeconfig-{self.namespace}"
        if not path.exists():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(self._port.open().kubeconfig(self.namespace))
        return str(path)

    def client_as(self, name: str, *groups: str) -> Client:
        """Anybody's client, with the rights that RBAC gives."""
        return self.cluster.client_as(name, *groups)

    def add_node(self, name: str, labels: Mapping[str, str] | None = None) -> Object:
        return self.cluster.add_node(name, labels)

    def until(self, what: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        """The first true answer, within so many seconds of the machine's time."""
        return self.cluster.until(what, seconds)

    def settle(self) -> None:
        """Return when the control plane is at rest: every change seen, every queue empty, only timers left."""
        assert self.cluster.engine is not None
        self.cluster.engine.settle()

    def apply(self, text: str) -> list[Object]:
        """Server-side apply of YAML documents; what names no namespace goes into the test's."""
        import yaml

        return [self._applied(obj) for obj in yaml.safe_load_all(text) if obj]

    def _applied(self, obj: Object) -> Object:
        group, _, version = obj["apiVersion"].rpartition("/")
        served = self.cluster.app.registry.by_kind(group, version, obj["kind"])
        if served is None:
            raise NotFound(f"no kind {obj['kind']} in {obj['apiVersion']}")
        resource: Resource = served.resource
        where = obj["metadata"].get("namespace") or self.namespace if resource.namespaced else ""
        return self.client.patch(
            resource, obj["metadata"]["name"], obj, where, how="apply", field_manager="test", force=True
        )

    @contextmanager
    def in_own_namespace(self) -> Iterator[TestedCluster]:
        """The same cluster in a new namespace, which is deleted in the end."""
        name = f"test-{next(_count)}"
        self.client.create(NAMESPACES, {"metadata": {"name": name}})
        self.settle()
        try:
            yield TestedCluster(self.cluster, self._folder, name, self._port)
        finally:
            self.client.delete(NAMESPACES, name)
            self.settle()

    def close(self) -> None:
        self._port.close()


class _Port:
    """The HTTP port, opened when it is first asked for."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster, self._open = cluster, None

    _open: ApiPort | None

    def open(self) -> ApiPort:
        if self._open is None:
            self._open = ApiPort(self._cluster.app.wsgi, User("kubernetes-admin", (MASTERS, "system:authenticated")))
        return self._open

    def close(self) -> None:
        if self._open is not None:
            self._open.close()


@contextmanager
def started(options: Mapping[str, Any], folder: Path) -> Iterator[TestedCluster]:
    """A cluster with two nodes, unless the options say otherwise."""
    given = {"nodes": 2, **options}
    with start(given.pop("plugins", None), travel=True, **given) as cluster:
        tested = TestedCluster(cluster, folder)
        try:
            yield tested
        finally:
            tested.close()
