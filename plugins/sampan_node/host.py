"""What all pod workers of this node share, and how they fetch what pods refer to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sampan.contracts.kinds import Object, Resource
from sampan.contracts.options import ClusterOptions
from sampan.errors import NotFound
from sampan_client.informers import Informer
from sampan_machinery.metadata import parse_time
from sampan_machinery.resources import (
    CONFIG_MAPS,
    NODES,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    RUNTIME_CLASSES,
    SECRETS,
    SERVICE_ACCOUNTS,
    SERVICES,
)
from sampan_node.admission import PodAdmission
from sampan_node.clock import Clock
from sampan_node.devices import PodDevices
from sampan_node.guards import SandboxGuards
from sampan_node.housekeeping.images import PulledImages
from sampan_node.pod import registries
from sampan_node.references import Reference, References
from sampan_node.staticpods.mirrors import is_static
from sampan_podspec.containers import walk
from sampan_runtime.contracts import Runtime, RuntimeFailure
from sampan_volumes.contracts import VolumeMounter

FRESH = 2.0  # seconds that a fetched object serves other containers too
LOOKED_UP: Mapping[str, Resource] = {
    one.kind: one for one in (CONFIG_MAPS, SECRETS, PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES, NODES)
}


class EventRecorder(Protocol):
    def event(self, about: Object, type: str, reason: str, message: str, *, field: str = "") -> None: ...


@dataclass
class Host:
    client: Any  # sampan_client.Client, or a fake with the same methods
    runtime: Runtime
    events: EventRecorder
    clock: Clock
    pool: ThreadPoolExecutor
    home: Path
    name: str
    ip: str
    allocatable: Mapping[str, str]
    sysctls: Sequence[str] = ()  # those that pods may set beside the safe ones
    pids_limit: int = 0  # processes of one container
    options: ClusterOptions = field(default_factory=ClusterOptions)
    informer: Callable[..., Any] = Informer
    guards: SandboxGuards = field(default_factory=SandboxGuards)
    devices: PodDevices = field(default_factory=PodDevices)
    mounters: Mapping[str, VolumeMounter] = field(default_factory=dict)
    provided: Callable[[Object, str], Sequence[Mapping[str, str]]] = lambda pod, image: ()  # by the node's programs
    _cache: dict[tuple[str, str, str], tuple[float, Object | None]] = field(default_factory=dict)
    _changes: int = 0
    _tokens: dict[tuple[str, str, str], tuple[float, str]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.admission = PodAdmission(self.allocatable, self.sysctls)
        self.images = PulledImages(self.home / "pulled-images.json")
        self.references = References(self.client, self._changed, informer=self.informer)

    def _changed(self, one: Reference) -> None:
        with self._lock:
            self._cache.pop((one.kind, one.namespace, one.name), None)
            self._changes += 1

    def tell(self, pod: Object, type: str, reason: str, message: str, *, container: str = "") -> None:
        """An Event about the pod, or about one of its containers; or about another object, with its kind."""
        about: Object = {"kind": "Pod", "apiVersion": "v1", **pod}
        self.events.event(about, type, reason, message, field=field_path(pod["spec"], container) if container else "")

    def lookup(self, namespace: str, kind: str, name: str) -> Object | None:
        """An object of one of LOOKED_UP, at most FRESH seconds old; None when there is none."""
        resource = LOOKED_UP[kind]
        key = kind, namespace if resource.namespaced else "", name
        with self._lock:
            found, changes = self._cache.get(key), self._changes
        if found is None or time.time() - found[0] > FRESH:
            found = time.time(), self._get(resource, name, key[1])
            with self._lock:
                self._cache = {k: v for k, v in self._cache.items() if time.time() - v[0] <= FRESH}
                if changes == self._changes:  # what was on its way while something changed may be old
                    self._cache[key] = found
        return found[1]

    def _get(self, resource: Resource, name: str, namespace: str) -> Object | None:
        try:
            got: Object = self.client.get(resource, name, namespace)
        except NotFound:
            return None
        return {"kind": resource.kind, **got}

    def named_services(self, pod: Object | None = None) -> list[Object]:
        """Services that pods have to find without DNS: all where none can be reached, none elsewhere."""
        if self.options.dns_reachable or (pod is not None and is_static(pod)):
            return []
        return list(self.client.list(SERVICES).items)

    def services(self, pod: Object) -> list[Object]:
        """Services whose environment variables the pod gets: its namespace's, and the API server's; none for a static
        pod, which starts without an API."""
        if is_static(pod):
            return []
        namespace = pod["metadata"]["namespace"]
        found: dict[str, Object] = {}
        kubernetes = self._get(SERVICES, "kubernetes", "default")
        if kubernetes:
            found["kubernetes"] = kubernetes
        if pod["spec"].get("enableServiceLinks", True):
            for service in self.client.list(SERVICES, namespace).items:
                found[service["metadata"]["name"]] = service
        return list(found.values())

    def token(self, pod: Object, projection: Object) -> str:
        """A service-account token bound to the pod; a new one once four fifths of its life are over."""
        meta = pod["metadata"]
        key = meta["uid"], projection["path"], projection.get("audience", "")
        with self._lock:
            found = self._tokens.get(key)
        if found and time.time() < found[0]:
            return found[1]
        lifetime = projection.get("expirationSeconds", 3600)
        request: Object = {
            "kind": "TokenRequest",
            "apiVersion": "authentication.k8s.io/v1",
            "metadata": {},
            "spec": {
                "audiences": [projection["audience"]] if projection.get("audience") else [],
                "expirationSeconds": lifetime,
                "boundObjectRef": {"kind": "Pod", "apiVersion": "v1", "name": meta["name"], "uid": meta["uid"]},
            },
        }
        account = pod["spec"].get("serviceAccountName") or "default"
        answer = self.client.create(
            SERVICE_ACCOUNTS, request, meta["namespace"], subresource="token", name=account
        )["status"]  # fmt: skip
        expires = (
            parse_time(answer["expirationTimestamp"]) if answer.get("expirationTimestamp") else time.time() + lifetime
        )
        renew = time.time() + (expires - time.time()) * 0.8
        with self._lock:
            self._tokens[key] = renew, answer["token"]
        return str(answer["token"])

    def service_account(self, namespace: str, name: str) -> Object:
        """Raises NotFound."""
        found: Object = self.client.get(SERVICE_ACCOUNTS, name, namespace)
        return found

    def runtime_handler(self, pod: Object) -> str:
        """The handler of the pod's RuntimeClass, "" for none. Raises RuntimeFailure for a class that does not exist."""
        name = pod["spec"].get("runtimeClassName")
        if not name:
            return ""
        found = self._get(RUNTIME_CLASSES, name, "")
        if found is None:
            raise RuntimeFailure("CreatePodSandboxError", f'RuntimeClass "{name}" not found')
        return str(found["handler"])

    def forget(self, uid: str) -> None:
        self.guards.forget(uid)
        with self._lock:
            self._tokens = {key: value for key, value in self._tokens.items() if key[0] != uid}

    def credentials(self, pod: Object, image: str) -> Sequence[Mapping[str, str]]:
        """Registry credentials that fit the image: of the pod's imagePullSecrets, then of the node's programs."""
        namespace, found = pod["metadata"]["namespace"], []
        for ref in pod["spec"].get("imagePullSecrets") or ():
            found += registries.of_secret(self.lookup(namespace, "Secret", ref.get("name", "")), image)
        return [*found, *self.provided(pod, image)]


def field_path(spec: Object, container: str) -> str:
    """Where the container is in its pod, as Events say it: spec.containers{web}."""
    return next((f"spec.{field}{{{container}}}" for field, one in walk(spec) if one["name"] == container), "")
