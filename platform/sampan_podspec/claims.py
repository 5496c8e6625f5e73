"""Which PersistentVolumeClaims a pod uses, and on which nodes their volumes can be used. Pure; for the scheduler's
filters, the controllers of claims and the node agent. Source: core/v1 Volume, KEP-1698 (generic ephemeral volumes).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sampan_machinery.metadata import get_path, is_controlled_by
from sampan_podspec.node_affinity import term_matches


class ClaimUse(NamedTuple):
    """A volume of a pod that is a claim."""

    volume: str  # the volume's name in the pod
    claim: str
    ephemeral: bool  # made from the pod's template, and owned by the pod
    read_only: bool


def claim_uses(pod: Mapping[str, Any]) -> Iterator[ClaimUse]:
    """In the order of the pod's volumes."""
    for volume in pod["spec"].get("volumes") or ():
        if (source := volume.get("persistentVolumeClaim")) is not None:
            yield ClaimUse(volume["name"], source.get("claimName") or "", False, bool(source.get("readOnly")))
        elif volume.get("ephemeral") is not None:
            yield ClaimUse(volume["name"], ephemeral_claim(pod["metadata"]["name"], volume["name"]), True, False)


def ephemeral_claim(pod: str, volume: str) -> str:
    """The name of the claim that is made for an ephemeral volume."""
    return f"{pod}-{volume}"


def foreign_claim(pod: Mapping[str, Any], claim: Mapping[str, Any]) -> str:
    """Why the claim is not that of the pod's ephemeral volume, in upstream's words; "" where it is."""
    mine, other = pod["metadata"], claim["metadata"]
    if is_controlled_by(claim, pod):
        return ""
    names = f"{other['namespace']}/{other['name']} was not created for pod {mine['namespace']}/{mine['name']}"
    return f"PVC {names} (pod is not owner)"


def usable_on(volume: Mapping[str, Any], labels: Mapping[str, str], node: str) -> bool:
    """Whether the PersistentVolume's node affinity lets it be used on that node."""
    required = get_path(volume, "spec", "nodeAffinity", "required", default=None)
    if required is None:
        return True
    return any(term_matches(term, labels, node) for term in required.get("nodeSelectorTerms") or ())
