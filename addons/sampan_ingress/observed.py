"""The objects that the controller watches, indexed the way ``building`` needs them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sampan.contracts.kinds import Object

TLS_SECRETS = "type=kubernetes.io/tls"  # no other Secret is ever asked for
SERVICE_LABEL = "kubernetes.io/service-name"
OLD_CLASS = "kubernetes.io/ingress.class"


class Key(NamedTuple):
    """Namespace and name."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def key_in(text: str) -> Key:
    """``namespace/name``, as settings have it."""
    namespace, _, name = text.partition("/")
    return Key(namespace, name)


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
        by_service.setdefault(service_of(one), []).append(one)
    return Observed(
        ours(ingresses, classes, controller=controller),
        {key_of(one): one for one in services},
        by_service,
        {key_of(one): one for one in secrets},
    )


def named_by(ingresses: Iterable[Object]) -> tuple[set[Key], set[Key]]:
    """The Services and the Secrets that these Ingresses name: changes of others are of no interest."""
    services, secrets = set(), set()
    for ingress in ingresses:
        namespace, spec = key_of(ingress).namespace, ingress.get("spec") or {}
        paths = (path for rule in spec.get("rules") or () for path in (rule.get("http") or {}).get("paths") or ())
        for backend in (spec.get("defaultBackend"), *(path.get("backend") for path in paths)):
            services.add(Key(namespace, str(((backend or {}).get("service") or {}).get("name"))))
        secrets |= {Key(namespace, str(entry.get("secretName"))) for entry in spec.get("tls") or ()}
    return services, secrets


def service_of(slice_: Object) -> Key:
    """The Service that an EndpointSlice is of; with an empty name where it is of none."""
    metadata = slice_["metadata"]
    return Key(metadata.get("namespace", ""), (metadata.get("labels") or {}).get(SERVICE_LABEL) or "")


def ours(ingresses: Iterable[Object], classes: Iterable[Object], *, controller: str) -> tuple[Object, ...]:
    """Those whose class names this controller, by field or by the old annotation; oldest first, then by name."""
    names = {one["metadata"]["name"] for one in classes if (one.get("spec") or {}).get("controller") == controller}
    found = (one for one in ingresses if class_of(one) in names and not one["metadata"].get("deletionTimestamp"))
    return tuple(sorted(found, key=lambda one: (one["metadata"].get("creationTimestamp") or "", key_of(one))))


def class_of(ingress: Object) -> str:
    named = (ingress.get("spec") or {}).get("ingressClassName")
    return str(named or (ingress["metadata"].get("annotations") or {}).get(OLD_CLASS) or "")
