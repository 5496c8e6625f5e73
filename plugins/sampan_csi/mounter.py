"""Volumes of CSI drivers for pods of this node: staged one time on the node, published for each pod.

What was done is noted in files beside the mounts before it is done, so that it can be taken back after a restart and
when the pod is known no more. Source: kubelet's CSI plugin (meaning); CSI specification, volume lifecycle.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import NotFound, StatusError
from sampan_csi.drivers import Driver, Drivers
from sampan_csi.messages import ACCESS_MODES, NODE, STAGE_UNSTAGE, VOLUME_MOUNT_GROUP
from sampan_csi.mounts import is_mounted
from sampan_machinery.metadata import get_path
from sampan_machinery.resources import CSI_DRIVERS, NODES, SECRETS, VOLUME_ATTACHMENTS
from sampan_volumes.contracts import MountedVolume, VolumeFailure, VolumeUse

DATA, MOUNT, STAGED = "vol_data.json", "mount", "globalmount"
_EACH = f"*/volumes/csi/*/{DATA}"  # below the folder of all pods


class CsiMounter:
    kind = "csi"

    def __init__(self, drivers: Drivers, client: Any, home: Path, node: str) -> None:
        self._drivers, self._client, self._node = drivers, client, node
        self._staging, self._pods = home / "csi", home / "pods"
        self._locks: dict[str, threading.Lock] = {}
        self._lock, self._telling = threading.Lock(), threading.Lock()
        self._told: list[str] | None = None

    def mount(self, use: VolumeUse, folder: Path) -> MountedVolume:
        source, driver = use.source, self._drivers.get(use.source["driver"])
        about = self._driver_object(driver.name)
        _check_lifecycle(about, inline=use.volume is None)
        if get_path(about, "spec", "tokenRequests", default=None):
            raise VolumeFailure(f"driver {driver.name} wants tokens of service accounts, which this node agent has not")
        handle = source.get("volumeHandle") or ephemeral_handle(use.pod, folder.name)
        target = folder / MOUNT
        mounted = MountedVolume(target, owns_group(about, use) and VOLUME_MOUNT_GROUP not in driver.capabilities)
        if is_mounted(target):
            return mounted
        with self._of(handle):
            context = self._publish_context(about, driver.name, handle) if use.volume is not None else {}
            request = {
                "volume_id": handle, "publish_context": context, "volume_capability": capability(use, driver),
            }  # fmt: skip
            attributes = source.get("volumeAttributes") or {}
            place = self._staging_place(driver, use, handle)
            folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            is_attached = use.volume is not None and _attaches(about)
            _note(folder, driver=driver.name, handle=handle, staged=str(place or ""), attached="yes" * is_attached)
            self._tell_in_use()
            if place is not None:
                self._stage(driver, use, {**request, "volume_context": attributes}, place)
            secrets = self._secrets(use, "nodePublishSecretRef")
            driver.channel.call(
                NODE, "NodePublishVolume", **request, staging_target_path=str(place or ""), target_path=str(target),
                readonly=use.read_only or bool(source.get("readOnly")),
                volume_context={**attributes, **pod_info(use, about)},
                secrets=secrets,
            )  # fmt: skip
        return mounted

    def unmount(self, folder: Path) -> None:
        noted = _noted(folder)
        if noted is None:
            return
        driver = self._drivers.get(noted["driver"])
        with self._of(noted["handle"]):
            target = folder / MOUNT
            driver.channel.call(NODE, "NodeUnpublishVolume", volume_id=noted["handle"], target_path=str(target))
            _remove_empty(target)
            (folder / DATA).unlink()
            if noted["staged"] and not any(noted["handle"] == other["handle"] for other in self._others(noted)):
                staged = noted["staged"]
                driver.channel.call(
                    NODE, "NodeUnstageVolume", volume_id=noted["handle"], staging_target_path=staged
                )  # fmt: skip
                _remove_empty(Path(staged))

        self._tell_in_use()

    def close(self) -> None:
        self._drivers.close()

    def _tell_in_use(self) -> None:
        """In the Node's status: what must not be detached, though its pod may be gone from the API already."""
        with self._telling:
            noted = [one for path in self._pods.glob(_EACH) if (one := _noted(path.parent)) and one["attached"]]
            names = sorted({f"kubernetes.io/csi/{one['driver']}^{one['handle']}" for one in noted})
            if names == self._told:
                return
            patch = {"status": {"volumesInUse": names or None}}
            try:
                self._client.patch(NODES, self._node, patch, subresource="status")
            except StatusError as error:
                raise VolumeFailure(f"cannot tell which volumes are in use: {error}") from error
            self._told = names

    def _staging_place(self, driver: Driver, use: VolumeUse, handle: str) -> Path | None:
        """Where the volume is staged; None for a driver that does not stage, and for a pod's own volume."""
        if use.volume is None or STAGE_UNSTAGE not in driver.capabilities:
            return None
        return self._staging / driver.name / hashlib.sha256(handle.encode()).hexdigest() / STAGED

    def _stage(self, driver: Driver, use: VolumeUse, request: dict[str, Any], place: Path) -> None:
        place.mkdir(mode=0o750, parents=True, exist_ok=True)
        secrets = self._secrets(use, "nodeStageSecretRef")
        driver.channel.call(NODE, "NodeStageVolume", **request, staging_target_path=str(place), secrets=secrets)

    def _secrets(self, use: VolumeUse, field: str) -> dict[str, str]:
        """What the Secret that the volume names there holds; a pod's own volume names one of the pod's namespace."""
        reference = use.source.get(field)
        if not reference:
            return {}
        namespace = reference.get("namespace") or use.pod["metadata"]["namespace"]
        try:
            found = self._client.get(SECRETS, reference["name"], namespace)
        except StatusError as error:
            raise VolumeFailure(f"failed to get secret {namespace}/{reference['name']}: {error}") from error
        return {key: base64.b64decode(value).decode() for key, value in (found.get("data") or {}).items()}

    def _publish_context(self, about: Object, driver: str, handle: str) -> dict[str, str]:
        """What attaching gave; raises VolumeFailure until it is attached."""
        if not _attaches(about):
            return {}
        name = attachment_name(handle, driver, self._node)
        try:
            found = self._client.get(VOLUME_ATTACHMENTS, name)
        except StatusError as error:
            raise VolumeFailure(f"volume {handle} has GET error for volume attachment {name}: {error}") from error
        if not get_path(found, "status", "attached", default=False):
            why = get_path(found, "status", "attachError", "message", default="") or "it is not attached yet"
            raise VolumeFailure(f"volume attachment {name} of volume {handle}: {why}")
        return dict(get_path(found, "status", "attachmentMetadata", default=None) or {})

    def _driver_object(self, name: str) -> Object:
        try:
            found: Object = self._client.get(CSI_DRIVERS, name)
        except NotFound:
            return {}
        return found

    def _of(self, handle: str) -> threading.Lock:
        """One call at a time for a volume, as the specification asks."""
        with self._lock:
            return self._locks.setdefault(handle, threading.Lock())

    def _others(self, noted: dict[str, str]) -> Iterator[dict[str, str]]:
        """What is noted of this driver's volumes of all pods."""
        for path in self._pods.glob(_EACH):
            other = _noted(path.parent)
            if other is not None and other["driver"] == noted["driver"]:
                yield other


def _attaches(about: Object) -> bool:
    """As upstream, a driver that says nothing of itself attaches."""
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
    mount: dict[str, Any] = {
        "fs_type": use.source.get("fsType") or "", "mount_flags": list(spec.get("mountOptions") or ()),
    }  # fmt: skip
    group = (use.pod["spec"].get("securityContext") or {}).get("fsGroup")
    if group is not None and VOLUME_MOUNT_GROUP in driver.capabilities:
        mount["volume_mount_group"] = str(group)
    return {"mount": mount, "access_mode": {"mode": ACCESS_MODES.get(mode, 1)}}


def pod_info(use: VolumeUse, about: Object) -> dict[str, str]:
    """For drivers that want to know whose volume it is."""
    if not get_path(about, "spec", "podInfoOnMount", default=False):
        return {}
    meta, prefix = use.pod["metadata"], "csi.storage.k8s.io/"
    return {
        f"{prefix}pod.name": meta["name"], f"{prefix}pod.namespace": meta["namespace"],
        f"{prefix}pod.uid": meta["uid"],
        f"{prefix}serviceAccount.name": use.pod["spec"].get("serviceAccountName") or "",
        f"{prefix}ephemeral": str(use.volume is None).lower(),
    }  # fmt: skip


def owns_group(about: Object, use: VolumeUse) -> bool:
    """Whether the node gives the volume's files to the pod's fsGroup: what the driver's fsGroupPolicy says."""
    policy = get_path(about, "spec", "fsGroupPolicy", default="") or "ReadWriteOnceWithFSType"
    if policy != "ReadWriteOnceWithFSType":
        return bool(policy == "File")
    modes = get_path(use.volume or {}, "spec", "accessModes", default=()) or ()
    return bool(use.source.get("fsType")) and "ReadWriteOnce" in modes


def _check_lifecycle(about: Object, *, inline: bool) -> None:
    wanted = "Ephemeral" if inline else "Persistent"
    modes = get_path(about, "spec", "volumeLifecycleModes", default=None) or ["Persistent"]
    if wanted not in modes:
        raise VolumeFailure(f"volume mode {wanted!r} not supported by driver (only supports {', '.join(modes)})")


def _note(folder: Path, **facts: str) -> None:
    """Whole or not at all, also where the machine stops meanwhile."""
    fresh = folder / f"{DATA}.tmp"
    with fresh.open("w") as file:
        json.dump(facts, file)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(folder / DATA)


def _noted(folder: Path) -> dict[str, str] | None:
    try:
        found: dict[str, str] = json.loads((folder / DATA).read_bytes())
    except FileNotFoundError:
        return None
    return found


def _remove_empty(place: Path) -> None:
    """What the driver may have left of the directory; never what is in it."""
    try:
        place.rmdir()
    except FileNotFoundError:
        return
    except NotADirectoryError:
        place.unlink()
