"""For whom a node may ask tokens in a pod's name: the audiences of the pod's projected tokens, and those that the
drivers of its CSI volumes want. Source: upstream's NodeRestriction (ServiceAccountNodeAudienceRestriction)."""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.kinds import Object
from sampan.contracts.serving import Reader
from sampan_machinery.resources import CSI_DRIVERS, PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES
from sampan_podspec.claims import claim_uses


def allowed(audience: str, pod: Object, reader: Reader) -> bool:
    return audience in set(_projected(pod)) or audience in set(_of_drivers(pod, reader))


def _projected(pod: Object) -> Iterator[str]:
    for volume in pod["spec"].get("volumes") or ():
        for part in (volume.get("projected") or {}).get("sources") or ():
            if "serviceAccountToken" in part:
                yield (part.get("serviceAccountToken") or {}).get("audience") or ""


def _of_drivers(pod: Object, reader: Reader) -> Iterator[str]:
    for name in _drivers(pod, reader):
        spec = (reader.get(CSI_DRIVERS, name) or {}).get("spec") or {}
        for asked in spec.get("tokenRequests") or ():
            yield asked.get("audience") or ""


def _drivers(pod: Object, reader: Reader) -> Iterator[str]:
    for volume in pod["spec"].get("volumes") or ():
        if name := (volume.get("csi") or {}).get("driver"):
            yield name
    for use in claim_uses(pod):
        claim = reader.get(PERSISTENT_VOLUME_CLAIMS, use.claim, pod["metadata"]["namespace"]) or {}
        named = (claim.get("spec") or {}).get("volumeName")
        volume = (reader.get(PERSISTENT_VOLUMES, named) if named else None) or {}
        if name := ((volume.get("spec") or {}).get("csi") or {}).get("driver"):
            yield name
