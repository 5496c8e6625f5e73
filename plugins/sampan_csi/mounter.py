"""Volumes of CSI drivers for pods of this node: staged one time on the node, published for each pod.

What was done is noted in files beside the mounts before it is done. Source: kubelet's CSI plugin (meaning); CSI
specification, volume lifecycle.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sampan.contracts.kinds import Object
from sampan.errors import NotFound, StatusError
from sampan_csi import notes
from sampan_csi.channel import CallFailure
from sampan_csi.drivers import Driver, Drivers
from sampan_csi.messages import BYTES, GET_VOLUME_STATS, INODES, NODE, NODE_EXPAND, STAGE_UNSTAGE, VOLUME_MOUNT_GROUP
from sampan_csi.mounts import is_mounted
from sampan_csi.requests import (
    attaches,
    attachment_name,
    capability,
    check_lifecycle,
    ephemeral_handle,
    owns_group,
    pod_info,
)
from sampan_csi.tokens import DriverTokens
from sampan_machinery.metadata import get_path
from sampan_machinery.resources import CSI_DRIVERS, NODES, SECRETS, VOLUME_ATTACHMENTS
from sampan_volumes.contracts import ExpansionFailure, MountedVolume, VolumeFailure, VolumeUsage, VolumeUse

MOUNT, STAGED = "mount", "globalmount"
_EACH = f"*/volumes/csi/*/{notes.DATA}"  # below the folder of all pods
#: A driver's answers after which a volume cannot grow to that size, however often it is tried.
_INFEASIBLE = frozenset(("INVALID_ARGUMENT", "OUT_OF_RANGE", "NOT_FOUND"))


class CsiMounter:
    kind = "csi"

    def __init__(self, drivers: Drivers, client: Any, home: Path, node: str) -> None:
        self._drivers, self._client, self._node = drivers, client, node
        self._tokens = DriverTokens(client)
        self._staging, self._pods = home / "csi", home / "pods"
        self._locks: dict[str, threading.Lock] = {}
        self._lock, self._telling = threading.Lock(), threading.Lock()
        self._told: list[str] | None = None

    def mount(self, use: VolumeUse, folder: Path) -> MountedVolume:
        driver = self._drivers.get(use.source["driver"])
        about = self._driver_object(driver.name)
        check_lifecycle(about, inline=use.volume is None)
        target = folder / MOUNT
        mounted = MountedVolume(target, owns_group(about, use) and VOLUME_MOUNT_GROUP not in driver.capabilities)
        if is_mounted(target):
            return mounted
        handle = _handle(use, folder)
        with self._of(handle):
            request = self._request(use, driver, about, handle)
            place = self._staging_place(driver, use, handle)
            folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            is_attached = use.volume is not None and attaches(about)
            notes.write(
                folder, driver=driver.name, handle=handle, staged=str(place or ""), attached="yes" * is_attached
            )
            self._tell_in_use()
            if place is not None:
                self._stage(driver, use, request, place)
            self._publish(driver, use, about, request, place, folder)
        return mounted

    def refresh(self, use: VolumeUse, folder: Path) -> None:
        """For a driver that wants to be called again and again (``requiresRepublish``)."""
        driver = self._drivers.get(use.source["driver"])
        about = self._driver_object(driver.name)
        if not get_path(about, "spec", "requiresRepublish", default=False) or not is_mounted(folder / MOUNT):
            return
        handle = _handle(use, folder)
        with self._of(handle):
            request = self._request(use, driver, about, handle)
            self._publish(driver, use, about, request, self._staging_place(driver, use, handle), folder)

    def expand(self, use: VolumeUse, folder: Path, size: int) -> None:
        driver = self._drivers.get(use.source["driver"])
        if NODE_EXPAND not in driver.capabilities:
            raise ExpansionFailure(f"NodeExpand is not supported by the CSI driver {driver.name}", infeasible=True)
        handle = _handle(use, folder)
        with self._of(handle):
            try:
                driver.channel.call(
                    NODE, "NodeExpandVolume", volume_id=handle, volume_path=str(folder / MOUNT),
                    capacity_range={"required_bytes": size},
                    staging_target_path=str(self._staging_place(driver, use, handle) or ""),
                    volume_capability=capability(use, driver), secrets=self._secrets(use, "nodeExpandSecretRef"),
                )  # fmt: skip
            except CallFailure as error:
                raise ExpansionFailure(
                    str(error), infeasible=error.code in _INFEASIBLE, in_use=error.code == "FAILED_PRECONDITION"
                ) from error

    def usage(self, folder: Path) -> VolumeUsage | None:
        noted = notes.read(folder)
        if noted is None:
            return None
        driver = self._drivers.get(noted["driver"])
        if GET_VOLUME_STATS not in driver.capabilities:
            return None
        path = str(folder / MOUNT)
        found = driver.channel.call(
            NODE, "NodeGetVolumeStats", volume_id=noted["handle"], volume_path=path, staging_target_path=noted["staged"]
        )["usage"]  # fmt: skip
        return _usage(found)

    def unmount(self, folder: Path) -> None:
        noted = notes.read(folder)
        if noted is None:
            return
        driver = self._drivers.get(noted["driver"])
        with self._of(noted["handle"]):
            target = folder / MOUNT
            driver.channel.call(NODE, "NodeUnpublishVolume", volume_id=noted["handle"], target_path=str(target))
            notes.remove_empty(target)
            others = self._others(noted, folder)
            if noted["staged"] and not any(noted["handle"] == other["handle"] for other in others):
                staged = noted["staged"]
                driver.channel.call(
                    NODE, "NodeUnstageVolume", volume_id=noted["handle"], staging_target_path=staged
                )  # fmt: skip
                notes.remove_empty(Path(staged))
            (folder / notes.DATA).unlink()  # last: what failed before is done again
        self._tell_in_use()

    def close(self) -> None:
        self._drivers.close()

    def _request(self, use: VolumeUse, driver: Driver, about: Object, handle: str) -> dict[str, Any]:
        """What staging and publishing have in common. Raises VolumeFailure until the volume is attached."""
        context = self._publish_context(about, driver.name, handle) if use.volume is not None else {}
        attributes = dict(use.source.get("volumeAttributes") or {})
        return {
            "volume_id": handle, "publish_context": context, "volume_capability": capability(use, driver),
            "volume_context": attributes,
        }  # fmt: skip

    def _publish(
        self, driver: Driver, use: VolumeUse, about: Object, request: dict[str, Any], place: Path | None, folder: Path
    ) -> None:  # fmt: skip
        secrets = self._secrets(use, "nodePublishSecretRef")
        context, secret = self._tokens.context_and_secrets(use.pod, about)
        told = {**request["volume_context"], **pod_info(use, about), **context}
        driver.channel.call(
            NODE, "NodePublishVolume", **{**request, "volume_context": told}, staging_target_path=str(place or ""),
            target_path=str(folder / MOUNT), readonly=use.read_only or bool(use.source.get("readOnly")),
            secrets={**secrets, **secret},
        )  # fmt: skip

    def _tell_in_use(self) -> None:
        """In the Node's status: what must not be detached, though its pod may be gone from the API already."""
        with self._telling:
            noted = [one for path in self._pods.glob(_EACH) if (one := notes.read(path.parent)) and one["attached"]]
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
        if not attaches(about):
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

    def _others(self, noted: dict[str, str], folder: Path) -> Iterator[dict[str, str]]:
        """What is noted of this driver's volumes elsewhere."""
        for path in self._pods.glob(_EACH):
            other = notes.read(path.parent) if path.parent != folder else None
            if other is not None and other["driver"] == noted["driver"]:
                yield other


def _handle(use: VolumeUse, folder: Path) -> str:
    return use.source.get("volumeHandle") or ephemeral_handle(use.pod, folder.name)


def _usage(found: list[dict[str, Any]]) -> VolumeUsage:
    by_unit = {one["unit"]: one for one in found}
    bytes_, inodes = by_unit.get(BYTES), by_unit.get(INODES)
    usage = VolumeUsage()
    if bytes_ is not None:
        usage = usage._replace(capacity=bytes_["total"], used=bytes_["used"], available=bytes_["available"])
    if inodes is not None:
        usage = usage._replace(inodes=inodes["total"], inodes_used=inodes["used"], inodes_free=inodes["available"])
    return usage
