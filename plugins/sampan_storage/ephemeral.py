"""A claim for each ephemeral volume of a pod, owned by the pod so that it goes with it. Pure.

Keys are the claims' names: pods without such volumes cost nothing. Source: upstream's ephemeral volume controller, its
wording too (KEP-1698).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Create, Emit, Key, Observed
from sampan.errors import StatusError
from sampan_machinery.metadata import controller_of, controller_ref, copy, is_deleting
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PODS
from sampan_podspec.claims import claim_uses, ephemeral_claim, foreign_claim


def decide(key: Key, observed: Observed) -> list[Action]:
    claim = observed.get(CLAIMS, key.name, key.namespace)
    owner = None if claim is None else controller_of(claim)
    found = _user(key, observed, (owner or {}).get("uid"))
    if found is None:
        return []
    pod, volume = found
    if claim is None:
        return [_create(pod, volume)]
    why = foreign_claim(pod, claim)
    return [_event(pod, volume, why)] if why else []


def _user(key: Key, observed: Observed, uid: str | None) -> tuple[Object, Object] | None:
    """The pod whose ephemeral volume has the claim's name, and that volume; of several the claim's owner."""
    found = [
        (pod, volume)
        for pod in observed.list(PODS, key.namespace)
        for volume in pod["spec"].get("volumes") or ()
        if volume.get("ephemeral") is not None
        and ephemeral_claim(pod["metadata"]["name"], volume["name"]) == key.name
        and not is_deleting(pod)
    ]
    return next((pair for pair in found if pair[0]["metadata"]["uid"] == uid), found[0] if found else None)


def _create(pod: Object, volume: Object) -> Create:
    template = volume["ephemeral"].get("volumeClaimTemplate") or {}
    meta = template.get("metadata") or {}
    claim: Object = {
        "apiVersion": CLAIMS.api_version,
        "kind": CLAIMS.kind,
        "metadata": {
            "name": ephemeral_claim(pod["metadata"]["name"], volume["name"]),
            "namespace": pod["metadata"]["namespace"],
            "ownerReferences": [controller_ref(pod, api_version="v1", kind="Pod")],
            **{field: dict(meta[field]) for field in ("annotations", "labels") if meta.get(field)},
        },
        "spec": copy(template.get("spec") or {}),
    }

    def refused(error: StatusError) -> Iterator[Action]:
        yield _event(pod, volume, f"create PVC {claim['metadata']['name']}: {error}")

    return Create(CLAIMS, claim, on_failure=refused)


def _event(pod: Object, volume: Object, why: str) -> Emit:
    about = {"apiVersion": "v1", "kind": "Pod", **pod}
    return Emit(about, "Warning", "FailedBinding", f"ephemeral volume {volume['name']}: {why}")


def keys_of_pod(pod: Object, observed: Observed) -> Iterable[Key]:
    return [Key(pod["metadata"]["namespace"], use.claim) for use in claim_uses(pod) if use.ephemeral]
