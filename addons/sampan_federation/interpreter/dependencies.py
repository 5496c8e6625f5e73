"""What an object needs beside it: ConfigMaps, Secrets, ServiceAccounts, claims of a pod template, and others by kind.

Source: Karmada's documentation, "Propagating dependencies", and InterpretDependency of the built-in interpreter. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sampan.contracts.kinds import Object
from sampan_federation.interpreter import kinds
from sampan_federation.interpreter.kinds import kind_of
from sampan_machinery.metadata import get_path

#: Volume sources with a reference to a Secret, and the field with its name.
_SECRET_VOLUMES = {
    "secret": ("secretName",),
    "azureFile": ("secretName",),
    "cephfs": ("secretRef", "name"),
    "csi": ("nodePublishSecretRef", "name"),
    "flexVolume": ("secretRef", "name"),
    "iscsi": ("secretRef", "name"),
    "rbd": ("secretRef", "name"),
    "scaleIO": ("secretRef", "name"),
    "storageos": ("secretRef", "name"),
}


def dependencies_of(obj: Object) -> list[Object]:
    """References as in Karmada's DependentObjectReference, sorted, each once."""
    namespace = obj["metadata"].get("namespace", "")
    kind = kind_of(obj)
    if kind == kinds.INGRESS:
        named = {("Secret", each.get("secretName") or "") for each in get_path(obj, "spec", "tls", default=[])}
        return _references(namespace, named)
    if kind == kinds.SERVICE_IMPORT:
        return _of_import(namespace, obj["metadata"]["name"])
    path = kinds.TEMPLATES.get(kind)
    if path is None:
        return []
    named = set(_of_pod(get_path(obj, *path, "spec") or {}))
    if kind == kinds.STATEFUL_SET:  # its own claims are made on the member, whatever their volumes are called
        templates = get_path(obj, "spec", "volumeClaimTemplates", default=[])
        named -= {("PersistentVolumeClaim", get_path(each, "metadata", "name")) for each in templates}
    return _references(namespace, named)


def _references(namespace: str, named: set[tuple[str, str]]) -> list[Object]:
    return [
        {"apiVersion": "v1", "kind": kind, "namespace": namespace, "name": name} for kind, name in sorted(named) if name
    ]


def _of_import(namespace: str, name: str) -> list[Object]:
    derived = f"derived-{name}"
    selector = {"matchLabels": {"kubernetes.io/service-name": derived}}
    return [
        {"apiVersion": "v1", "kind": "Service", "namespace": namespace, "name": derived},
        {
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "namespace": namespace,
            "labelSelector": selector,
        },
    ]  # fmt: skip


def _of_pod(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for each in spec.get("imagePullSecrets") or ():
        yield "Secret", each.get("name") or ""
    account = spec.get("serviceAccountName") or ""
    if account != "default":
        yield "ServiceAccount", account
    for field in ("containers", "initContainers", "ephemeralContainers"):
        for container in spec.get(field) or ():
            yield from _of_container(container)
    for volume in spec.get("volumes") or ():
        yield from _of_volume(volume)


def _of_container(container: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for each in container.get("envFrom") or ():
        yield "ConfigMap", get_path(each, "configMapRef", "name", default="")
        yield "Secret", get_path(each, "secretRef", "name", default="")
    for each in container.get("env") or ():
        yield "ConfigMap", get_path(each, "valueFrom", "configMapKeyRef", "name", default="")
        yield "Secret", get_path(each, "valueFrom", "secretKeyRef", "name", default="")


def _of_volume(volume: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield "ConfigMap", get_path(volume, "configMap", "name", default="")
    yield "PersistentVolumeClaim", get_path(volume, "persistentVolumeClaim", "claimName", default="")
    for source, path in _SECRET_VOLUMES.items():
        yield "Secret", get_path(volume, source, *path, default="")
    for each in get_path(volume, "projected", "sources", default=[]):
        yield "ConfigMap", get_path(each, "configMap", "name", default="")
        yield "Secret", get_path(each, "secret", "name", default="")
