"""What a pod refers to: the objects that its node must be able to read. Pure; knows no node and no request.

Source: core/v1 PodSpec; the node authorizer's documentation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan_nodeauth.resources import MIRROR
from sampan_podspec.containers import walk

#: Where volume sources that are not of Secrets keep the name of one.
_CREDENTIALS = ("secretRef", "nodePublishSecretRef")


class Reference(NamedTuple):
    """An object of the pod's own namespace."""

    plural: str
    name: str


def of_pod(pod: Object) -> frozenset[Reference]:
    """Everything the pod names. A mirror pod counts as naming nothing: its node creates it, and could name any object
    in it."""
    if MIRROR in (pod["metadata"].get("annotations") or {}):
        return frozenset()
    spec = pod.get("spec") or {}
    found = {Reference("serviceaccounts", spec.get("serviceAccountName") or "")}
    found.update(Reference("secrets", ref.get("name") or "") for ref in spec.get("imagePullSecrets") or ())
    for _, container in walk(spec):
        found.update(_of_environment(container))
    for volume in spec.get("volumes") or ():
        found.update(_of_volume(pod["metadata"]["name"], volume))
    found.update(_of_claims(pod))
    return frozenset(one for one in found if one.name)


def _of_environment(container: Object) -> Iterator[Reference]:
    for source in container.get("envFrom") or ():
        yield Reference("configmaps", (source.get("configMapRef") or {}).get("name") or "")
        yield Reference("secrets", (source.get("secretRef") or {}).get("name") or "")
    for variable in container.get("env") or ():
        source = variable.get("valueFrom") or {}
        yield Reference("configmaps", (source.get("configMapKeyRef") or {}).get("name") or "")
        yield Reference("secrets", (source.get("secretKeyRef") or {}).get("name") or "")


def _of_volume(pod: str, volume: Object) -> Iterator[Reference]:
    for kind, source in volume.items():
        if not isinstance(source, dict):
            continue
        if kind == "configMap":
            yield Reference("configmaps", source.get("name") or "")
        elif kind == "persistentVolumeClaim":
            yield Reference("persistentvolumeclaims", source.get("claimName") or "")
        elif kind == "ephemeral":
            yield Reference("persistentvolumeclaims", f"{pod}-{volume.get('name', '')}")
        elif kind == "projected":
            for part in source.get("sources") or ():
                yield Reference("configmaps", (part.get("configMap") or {}).get("name") or "")
                yield Reference("secrets", (part.get("secret") or {}).get("name") or "")
        else:  # a Secret, or a driver's volume with its credentials in one
            yield Reference("secrets", source.get("secretName") or "")
            for field in _CREDENTIALS:
                yield Reference("secrets", (source.get(field) or {}).get("name") or "")


def _of_claims(pod: Object) -> Iterator[Reference]:
    for claim in (pod.get("spec") or {}).get("resourceClaims") or ():
        yield Reference("resourceclaims", claim.get("resourceClaimName") or "")
    status = pod.get("status") or {}
    for claim in (*(status.get("resourceClaimStatuses") or ()), status.get("extendedResourceClaimStatus") or {}):
        yield Reference("resourceclaims", claim.get("resourceClaimName") or "")
