"""What the controller sees of the cluster, looked up the way ``building`` asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sampan.contracts.kinds import Object, Resource

INGRESSES = Resource("networking.k8s.io", "v1", "ingresses", "Ingress")
CLASSES = Resource("networking.k8s.io", "v1", "ingressclasses", "IngressClass", False)
SERVICES = Resource("", "v1", "services", "Service")
SLICES = Resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice")
SECRETS = Resource("", "v1", "secrets", "Secret")

TLS_SECRETS = "type=kubernetes.io/tls"  # no other Secret is ever asked for
SERVICE_LABEL = "kubernetes.io/service-name"
OLD_CLASS = "kubernetes.io/ingress.class"


class Key(NamedTuple):
    """Namespace and name."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def key_of(obj: Object) -> Key:
    return Key(obj["metadata"].get("namespace", ""), obj["metadata"]["name"])


@dataclass(frozen=True)
class Observed:
    """Objects are shared with informers: only read."""

    ingresses: Sequence[Object] = ()  # ours alone, see ``ours``
    services: Mapping[Key, Object] = field(default_factory=dict)
    slices: Mapping[Key, Sequence[Object]] = field(default_factory=dict)  # by Service
    secrets: Mapping[Key, Object] = field(default_factory=dict)


def observed(
    ingresses: Iterable[Object],
    classes: Iterable[Object],
    services: Iterable[Object],
    slices: Iterable[Object],
    secrets: Iterable[Object],
    *,
    controller: str,
) -> Observed:
    by_service: dict[Key, list[Object]] = {}
    for one in slices:
        service = (one["metadata"].get("labels") or {}).get(SERVICE_LABEL)
        if service:
            by_service.setdefault(Key(one["metadata"].get("namespace", ""), service), []).append(one)
    return Observed(
        ours(ingresses, classes, controller=controller),
        {key_of(one): one for one in services},
        by_service,
        {key_of(one): one for one in secrets},
    )


def ours(ingresses: Iterable[Object], classes: Iterable[Object], *, controller: str) -> tuple[Object, ...]:
    """Those whose class names this controller, by field or by the old annotation; oldest first, then by name."""
    names = {one["metadata"]["name"] for one in classes if (one.get("spec") or {}).get("controller") == controller}
    found = (one for one in ingresses if class_of(one) in names and not one["metadata"].get("deletionTimestamp"))
    return tuple(sorted(found, key=lambda one: (one["metadata"].get("creationTimestamp") or "", key_of(one))))


def class_of(ingress: Object) -> str:
    named = (ingress.get("spec") or {}).get("ingressClassName")
    return str(named or (ingress["metadata"].get("annotations") or {}).get(OLD_CLASS) or "")
