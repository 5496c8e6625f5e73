"""From a claim that a pod uses to the PersistentVolume behind it, with the checks that come before anything is mounted.
Pure, but for what ``Lookup`` reads. Source: kubelet's volume manager, its wording too.
"""

from __future__ import annotations

from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan.errors import StatusError
from sampan_machinery.metadata import get_path, has_finalizer, is_deleting
from sampan_node.pod.environment import Lookup
from sampan_podspec.claims import ClaimUse, foreign_claim, usable_on

PROTECTION = "kubernetes.io/pvc-protection"


class MountProblem(Exception):
    """A volume cannot be set up (now); the event is FailedMount."""


class ClaimedVolume(NamedTuple):
    claim: Object
    volume: Object

    @property
    def name(self) -> str:
        return str(self.volume["metadata"]["name"])

    @property
    def block(self) -> bool:
        return bool(get_path(self.volume, "spec", "volumeMode", default="") == "Block")


def find(pod: Object, use: ClaimUse, lookup: Lookup, node: str) -> ClaimedVolume:
    """The claim and its volume, usable by this pod on this node. Raises MountProblem."""
    claim = _read(lookup, "PersistentVolumeClaim", use.claim, "PVC", use, pod)
    if use.ephemeral and (why := foreign_claim(pod, claim)):
        raise _unprocessed(use, pod, why)
    if is_deleting(claim) and not has_finalizer(claim, PROTECTION):
        raise _unprocessed(use, pod, "PVC is being deleted")
    name = get_path(claim, "spec", "volumeName", default="")
    if get_path(claim, "status", "phase", default="") != "Bound" or not name:
        raise _unprocessed(use, pod, "PVC is not bound")
    volume = _read(lookup, "PersistentVolume", name, f"PV {name}", use, pod)
    owner, uid = get_path(volume, "spec", "claimRef", "uid", default=""), claim["metadata"]["uid"]
    if owner != uid:
        text = f"found PV object {name} but its pv.Spec.ClaimRef.UID {owner} does not point to claim.UID {uid}"
        raise _unprocessed(use, pod, text)
    found = ClaimedVolume(claim, volume)
    _check_mode(pod, use, found)
    if get_path(volume, "spec", "nodeAffinity", default=None) is not None:
        labels = ((lookup("Node", node) or {}).get("metadata") or {}).get("labels") or {}
        if not usable_on(volume, labels, node):
            text = f'MountVolume.NodeAffinity check failed for volume "{name}" : no matching NodeSelectorTerms'
            raise MountProblem(text)
    return found


def _read(lookup: Lookup, kind: str, name: str, what: str, use: ClaimUse, pod: Object) -> Object:
    try:
        found = lookup(kind, name)
    except StatusError as error:  # the node authorizer may not have seen the pod on this node yet
        raise _unprocessed(use, pod, f"failed to fetch {what} from API server: {error}") from error
    if found is None:
        plural = "persistentvolumes" if kind == "PersistentVolume" else "persistentvolumeclaims"
        raise _unprocessed(use, pod, f'failed to fetch {what} from API server: {plural} "{name}" not found')
    return found


def _check_mode(pod: Object, use: ClaimUse, found: ClaimedVolume) -> None:
    field = "volumeMounts" if found.block else "volumeDevices"
    mode = "Block" if found.block else "Filesystem"
    for list_name in ("initContainers", "containers", "ephemeralContainers"):
        for container in pod["spec"].get(list_name) or ():
            if any(one["name"] == use.volume for one in container.get(field) or ()):
                text = f"volume {use.volume} has volumeMode {mode}, but is specified in {field}"
                raise _unprocessed(use, pod, text)


def _unprocessed(use: ClaimUse, pod: Object, why: str) -> MountProblem:
    where = f"{pod['metadata']['namespace']}/{use.claim}"
    volumes = f"unmounted volumes=[{use.volume}], unattached volumes=[], failed to process volumes=[{use.volume}]"
    return MountProblem(f"Unable to attach or mount volumes: {volumes}: error processing PVC {where}: {why}")
