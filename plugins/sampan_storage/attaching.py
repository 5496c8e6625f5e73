"""VolumeAttachments: one for each CSI volume and node whose pods use it, where its driver wants to attach. Pure.

A volume is detached when the last pod of the node that uses it is gone from the API and the node does not name it in
``status.volumesInUse`` any more, or the node is gone. Source: upstream's attach/detach controller, its wording too.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Create, Emit, Key, Observed, Remove
from sampan_machinery.metadata import get_path, is_deleting
from sampan_machinery.resources import CSI_DRIVERS, NODES, PODS, VOLUME_ATTACHMENTS
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_machinery.resources import PERSISTENT_VOLUMES as VOLUMES
from sampan_podspec.claims import claim_uses

OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"  # what is mounted there does not count any more
_SHARED = frozenset(("ReadOnlyMany", "ReadWriteMany"))


class Use(NamedTuple):
    """A CSI volume that a pod on a node uses."""

    attachment: str
    pod: Object
    volume: Object


def attachment_name(handle: str, driver: str, node: str) -> str:
    """Source: upstream's getAttachmentName."""
    return f"csi-{hashlib.sha256(f'{handle}{driver}{node}'.encode()).hexdigest()}"


def decide(key: Key, observed: Observed) -> list[Action]:
    found = observed.get(VOLUME_ATTACHMENTS, key.name)
    pods = observed.list(PODS)
    if found is not None:
        node = get_path(found, "spec", "nodeName", default="")
        pods = [pod for pod in pods if pod["spec"].get("nodeName") == node]
    uses = [use for pod in pods for use in uses_of(pod, observed) if use.attachment == key.name]
    if found is None:
        return list(_attach(uses[0], observed)) if uses else []
    if not uses:
        return [_detach(found)] if _is_ours(found, observed) and not _is_kept(found, observed) else []
    return list(_told(found, uses))


def _attach(use: Use, observed: Observed) -> Iterator[Action]:
    volume, node = use.volume, use.pod["spec"]["nodeName"]
    name = volume["metadata"]["name"]
    if _SHARED.isdisjoint(get_path(volume, "spec", "accessModes", default=()) or ()):
        elsewhere = sorted(
            other["spec"]["nodeName"] for other in observed.list(VOLUME_ATTACHMENTS)
            if get_path(other, "spec", "source", "persistentVolumeName", default="") == name
            and other["spec"]["nodeName"] != node
        )  # fmt: skip
        if elsewhere:
            text = (
                f'Multi-Attach error for volume "{name}" Volume is already exclusively attached to one node and can\'t'
            )
            yield _event(use.pod, "Warning", "FailedAttachVolume", f"{text} be attached to another")
            return
    yield Create(
        VOLUME_ATTACHMENTS,
        {
            "apiVersion": VOLUME_ATTACHMENTS.api_version, "kind": VOLUME_ATTACHMENTS.kind,
            "metadata": {"name": use.attachment},
            "spec": {
                "attacher": volume["spec"]["csi"]["driver"], "nodeName": node,
                "source": {"persistentVolumeName": name},
            },
        },
    )  # fmt: skip


def _is_kept(attachment: Object, observed: Observed) -> bool:
    """Whether it goes already, or may not yet: the node has it mounted."""
    spec = attachment["spec"]
    node = observed.get(NODES, spec["nodeName"]) or {}
    taints = get_path(node, "spec", "taints", default=()) or ()
    if is_deleting(attachment) or any(taint.get("key") == OUT_OF_SERVICE for taint in taints):
        return is_deleting(attachment)
    volume = observed.get(VOLUMES, spec["source"]["persistentVolumeName"]) or {}
    name = f"kubernetes.io/csi/{spec['attacher']}^{get_path(volume, 'spec', 'csi', 'volumeHandle', default='')}"
    return name in (get_path(node, "status", "volumesInUse", default=()) or ())


def _is_ours(attachment: Object, observed: Observed) -> bool:
    """Whether it is what this controller makes; those of users and other controllers are theirs to delete."""
    spec = attachment["spec"]
    volume = observed.get(VOLUMES, (spec.get("source") or {}).get("persistentVolumeName") or "")
    source = get_path(volume or {}, "spec", "csi", default=None)
    if source is None:
        return False
    name = attachment_name(source["volumeHandle"], source["driver"], spec["nodeName"])
    return bool(name == attachment["metadata"]["name"])


def _detach(attachment: Object) -> Remove:
    meta = attachment["metadata"]
    return Remove(VOLUME_ATTACHMENTS, meta["name"], uid=meta["uid"])


def _told(attachment: Object, uses: list[Use]) -> Iterator[Action]:
    """What came of it, at the pods that wait for it."""
    name = get_path(attachment, "spec", "source", "persistentVolumeName", default="")
    error = get_path(attachment, "status", "attachError", "message", default="")
    attached = get_path(attachment, "status", "attached", default=False)
    for use in uses:
        if get_path(use.pod, "status", "phase", default="Pending") != "Pending":
            continue
        if attached:
            text = f'AttachVolume.Attach succeeded for volume "{name}"'
            yield _event(use.pod, "Normal", "SuccessfulAttachVolume", text)
        elif error:
            text = f'AttachVolume.Attach failed for volume "{name}" : {error}'
            yield _event(use.pod, "Warning", "FailedAttachVolume", text)


def _event(pod: Object, type: str, reason: str, message: str) -> Emit:
    return Emit({"apiVersion": "v1", "kind": "Pod", **pod}, type, reason, message)


def uses_of(pod: Object, observed: Observed) -> Iterator[Use]:
    node = pod["spec"].get("nodeName")
    for use in claim_uses(pod) if node else ():
        claim = observed.get(CLAIMS, use.claim, pod["metadata"]["namespace"])
        name = get_path(claim or {}, "spec", "volumeName", default="")
        volume = observed.get(VOLUMES, name) if name else None
        source = get_path(volume or {}, "spec", "csi", default=None)
        if volume is None or source is None or not _is_attached_by(source["driver"], observed):
            continue
        yield Use(attachment_name(source["volumeHandle"], source["driver"], node), pod, volume)


def _is_attached_by(driver: str, observed: Observed) -> bool:
    """As upstream, a driver that says nothing of itself attaches."""
    return get_path(observed.get(CSI_DRIVERS, driver) or {}, "spec", "attachRequired", default=True) is not False


def keys_of_pod(pod: Object, observed: Observed) -> Iterable[Key]:
    return {Key("", use.attachment) for use in uses_of(pod, observed)}


def keys_of_claim(claim: Object, observed: Observed) -> Iterable[Key]:
    """Those of the pods that use a claim which has just been bound."""
    meta = claim["metadata"]
    if not get_path(claim, "spec", "volumeName", default=""):
        return []
    pods = (
        pod for pod in observed.list(PODS, meta["namespace"])
        if any(use.claim == meta["name"] for use in claim_uses(pod))
    )  # fmt: skip
    return {key for pod in pods for key in keys_of_pod(pod, observed)}


def keys_of_volume(volume: Object, observed: Observed) -> Iterable[Key]:
    """Those of the claim that it is bound to."""
    if get_path(volume, "spec", "csi", default=None) is None:
        return []
    reference = get_path(volume, "spec", "claimRef", default=None) or {}
    claim = observed.get(CLAIMS, reference.get("name") or "", reference.get("namespace") or "")
    return [] if claim is None else keys_of_claim(claim, observed)


def keys_of_attachment(attachment: Object, observed: Observed) -> Iterable[Key]:
    """Itself, and those of the same volume elsewhere, which may have waited for it to go."""
    name = get_path(attachment, "spec", "source", "persistentVolumeName", default="")
    volume = observed.get(VOLUMES, name) if name else None
    own = Key("", attachment["metadata"]["name"])
    return [own, *(keys_of_volume(volume, observed) if volume is not None else ())]


def keys_of_node(node: Object, observed: Observed) -> Iterable[Key]:
    """The attachments to it."""
    name = node["metadata"]["name"]
    return [
        Key("", attachment["metadata"]["name"])
        for attachment in observed.list(VOLUME_ATTACHMENTS)
        if attachment["spec"]["nodeName"] == name
    ]
