"""What a driver is asked with: capabilities, names, facts about the pod. Pure. Source: kubelet's CSI plugin."""

from __future__ import annotations

import hashlib
from typing import Any

from sampan.contracts.kinds import Object
from sampan_csi.drivers import Driver
from sampan_csi.messages import ACCESS_MODES, VOLUME_MOUNT_GROUP
from sampan_machinery.metadata import get_path
from sampan_volumes.contracts import VolumeFailure, VolumeUse

PREFIX = "csi.storage.k8s.io/"


def attaches(about: Object) -> bool:
    """Whether the volumes of a driver, a CSIDriver or {}, are attached; as upstream, one that says nothing of itself
    attaches."""
    return get_path(about, "spec", "attachRequired", default=True) is not False


def attachment_name(handle: str, driver: str, node: str) -> str:
    """Source: upstream's getAttachmentName."""
    return f"csi-{hashlib.sha256(f'{handle}{driver}{node}'.encode()).hexdigest()}"


def ephemeral_handle(pod: Object, volume: str) -> str:
    """Source: upstream's makeVolumeHandle."""
    return f"csi-{hashlib.sha256((pod['metadata']['uid'] + volume).encode()).hexdigest()}"


def capability(use: VolumeUse, driver: Driver) -> dict[str, Any]:
    spec = (use.volume or {}).get("spec") or {}
    mode = next(iter(spec.get("accessModes") or ("ReadWriteOnce",)))
    access = {"access_mode": {"mode": ACCESS_MODES.get(mode, 1)}}
    if use.block:
        return {"block": {}, **access}
    mount: dict[str, Any] = {
        "fs_type": use.source.get("fsType") or "", "mount_flags": list(spec.get("mountOptions") or ()),
    }  # fmt: skip
    group = (use.pod["spec"].get("securityContext") or {}).get("fsGroup")
    if group is not None and VOLUME_MOUNT_GROUP in driver.capabilities:
        mount["volume_mount_group"] = str(group)
    return {"mount": mount, **access}


def pod_info(use: VolumeUse, about: Object) -> dict[str, str]:
    """For drivers that want to know whose volume it is."""
    if not get_path(about, "spec", "podInfoOnMount", default=False):
        return {}
    meta = use.pod["metadata"]
    return {
        f"{PREFIX}pod.name": meta["name"], f"{PREFIX}pod.namespace": meta["namespace"],
        f"{PREFIX}pod.uid": meta["uid"],
        f"{PREFIX}serviceAccount.name": use.pod["spec"].get("serviceAccountName") or "",
        f"{PREFIX}ephemeral": str(use.volume is None).lower(),
    }  # fmt: skip


def owns_group(about: Object, use: VolumeUse) -> bool:
    """Whether the node gives the volume's files to the pod's fsGroup: what the driver's fsGroupPolicy says."""
    if use.block:
        return False
    policy = get_path(about, "spec", "fsGroupPolicy", default="") or "ReadWriteOnceWithFSType"
    if policy != "ReadWriteOnceWithFSType":
        return bool(policy == "File")
    modes = get_path(use.volume or {}, "spec", "accessModes", default=()) or ()
    return bool(use.source.get("fsType")) and "ReadWriteOnce" in modes


def check_lifecycle(about: Object, *, inline: bool) -> None:
    """Raises VolumeFailure where the driver does not serve volumes of this life."""
    wanted = "Ephemeral" if inline else "Persistent"
    modes = get_path(about, "spec", "volumeLifecycleModes", default=None) or ["Persistent"]
    if wanted not in modes:
        raise VolumeFailure(f"volume mode {wanted!r} not supported by driver (only supports {', '.join(modes)})")
