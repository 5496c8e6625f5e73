"""A pod's volumes as directories of this machine, and which of them a container gets where.

What the API holds comes through ``Lookup`` and ``Token``; mounting is only done for memory-backed emptyDirs. Claims
are followed to their volumes in claims.py and persistent.py.
"""

from __future__ import annotations

import base64
import logging
import os
import shutil
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path
from typing import TypeVar

from sampan.contracts.kinds import Object
from sampan_node.pod.environment import ConfigProblem, Lookup, expand_strictly, field_value, resource_value
from sampan_node.volumes import atomic, claims, mounting, ownership, persistent
from sampan_node.volumes.claims import MountProblem
from sampan_node.volumes.ephemeral import memory_size
from sampan_node.volumes.expansion import Expansions
from sampan_node.volumes.hostpaths import host_path
from sampan_node.volumes.mounted import PluginVolumes
from sampan_node.volumes.subpaths import SubPaths
from sampan_podspec.claims import ClaimUse, claim_uses
from sampan_runtime.contracts import Device, Mount
from sampan_volumes.contracts import MountedVolume, VolumeFailure, VolumeMounter

log = logging.getLogger(__name__)

#: (pod, projection) -> token; the projection is serviceAccountToken's
Token = Callable[[Object, Object], str]

_T = TypeVar("_T")
IMAGE = "image"
_CHANGING = ("configMap", "secret", "downwardAPI", "projected")


def has_changing(pod: Object) -> bool:
    """Whether a volume of the pod shows objects that may change."""
    return any(kind in volume for volume in pod["spec"].get("volumes") or () for kind in _CHANGING)


def may_be_mounted(pod: Object, kinds: Collection[str]) -> bool:
    """Whether a volume of the pod may be one that plugins mount; ``kinds`` are the types that they mount."""
    wanted = ("persistentVolumeClaim", "ephemeral", *kinds) if kinds else ()
    return any(kind in volume for volume in pod["spec"].get("volumes") or () for kind in wanted)


class Volumes:
    """``memory``: whether the runtime finds a memory volume that is mounted here. ``node``: this node's name.
    ``mounters``: by the type that they mount. ``given``: names of volumes whose files have their group.
    ``expansions``: those of the pod's claims."""

    def __init__(
        self, folder: Path, lookup: Lookup, token: Token, allocatable: Mapping[str, str], *, memory: bool = True,
        node: str = "", mounters: Mapping[str, VolumeMounter] | None = None, given: set[str] | None = None,
        expansions: Expansions | None = None,
    ) -> None:  # fmt: skip
        self.plugins = PluginVolumes(folder, mounters or {}, expansions)
        self._given = set() if given is None else given
        self._folder, self._lookup, self._token, self._allocatable = folder, lookup, token, allocatable
        self._memory, self._node = memory and os.geteuid() == 0, node

    def set_up(self, pod: Object) -> dict[str, Path]:
        """Make or refresh every volume; name -> host path. Raises MountProblem."""
        claimed = {use.volume: use for use in claim_uses(pod)}
        return {
            volume["name"]: self._named(pod, volume, claimed.get(volume["name"]))
            for volume in pod["spec"].get("volumes") or ()
        }

    def refresh(self, pod: Object) -> None:
        """Write again what shows objects that may have changed. Raises MountProblem."""
        for volume in pod["spec"].get("volumes") or ():
            if any(kind in volume for kind in _CHANGING):
                self._named(pod, volume, None)

    def follow(self, pod: Object) -> None:
        """Let plugins write again what may have changed, and volumes grow, while the pod runs. Raises MountProblem."""
        claimed = {use.volume: use for use in claim_uses(pod)}
        for volume in pod["spec"].get("volumes") or ():
            if self.plugins.is_here(volume["name"]):
                self._guarded(volume["name"], partial(self._follow, pod, volume, claimed.get(volume["name"])))

    def _follow(self, pod: Object, volume: Object, use: ClaimUse | None) -> None:
        if use is None:
            source: Object = next((body for key, body in volume.items() if key != "name"), {}) or {}
            self.plugins.refresh(pod, volume["name"], source, None, bool(source.get("readOnly")))
            return
        found = claims.find(pod, use, self._lookup, self._node)
        kind = persistent.kind_of(found)
        self.plugins.refresh(pod, use.volume, found.volume["spec"].get(kind) or {}, found.volume, use.read_only)
        self.plugins.expand(pod, use, found)

    def _named(self, pod: Object, volume: Object, use: ClaimUse | None) -> Path:
        return self._guarded(volume["name"], partial(self._set_up, pod, volume, use))

    def _set_up(self, pod: Object, volume: Object, use: ClaimUse | None) -> Path:
        return self._claimed(pod, use) if use is not None else self._one(pod, volume)

    @staticmethod
    def _guarded(name: str, do: Callable[[], _T]) -> _T:
        try:
            return do()
        except (OSError, ConfigProblem, VolumeFailure) as error:
            raise MountProblem(f'MountVolume.SetUp failed for volume "{name}" : {error}') from error

    def _claimed(self, pod: Object, use: ClaimUse) -> Path:
        found = claims.find(pod, use, self._lookup, self._node)
        mounting_it = partial(self.plugins.mount, pod, use.volume)
        mounted = persistent.set_up(found, mounting_it, read_only=use.read_only)
        self.plugins.expand(pod, use, found)
        return self._owned(pod, use.volume, mounted, read_only=use.read_only)

    def _owned(self, pod: Object, name: str, mounted: MountedVolume, *, read_only: bool) -> Path:
        """Its files given to the pod's fsGroup, one time for each pod: it may take long."""
        if mounted.give_to_group and name not in self._given:
            ownership.apply(mounted.path, pod["spec"].get("securityContext") or {}, read_only=read_only)
            self._given.add(name)
        return mounted.path

    def _one(self, pod: Object, volume: Object) -> Path:
        group = (pod["spec"].get("securityContext") or {}).get("fsGroup") if os.geteuid() == 0 else None
        if "hostPath" in volume:
            return host_path(volume["hostPath"])
        kind = next((key for key in ("emptyDir", IMAGE, *_CHANGING) if key in volume), "")
        if not kind:
            other = next((key for key in volume if key != "name"), "none")
            read_only = bool((volume.get(other) or {}).get("readOnly"))
            mounted = self.plugins.mount(pod, volume["name"], other, volume.get(other) or {}, None, read_only)
            return self._owned(pod, volume["name"], mounted, read_only=read_only)
        place = self.place_of(kind, str(volume["name"]))
        if kind == "emptyDir":
            source = volume["emptyDir"] or {}
            size = memory_size(pod, source, self._allocatable) if source.get("medium") == "Memory" else 0
            return empty_dir(place, source, group, memory=self._memory, size=size)
        if kind == IMAGE:
            return place  # unpacked before the first container that mounts it starts
        atomic.write(place, self._files(pod, volume[kind], kind), group=group)
        return place

    def place_of(self, kind: str, name: str) -> Path:
        return self._folder / kind / name

    def _files(self, pod: Object, source: Object, kind: str) -> dict[str, atomic.File]:
        mode = source.get("defaultMode", 0o644)
        if kind != "projected":
            return self._projection(pod, source, kind, mode)
        found: dict[str, atomic.File] = {}
        for projection in source.get("sources") or ():
            for part, body in projection.items():
                found |= self._projection(pod, body, part, mode)
        return found

    def _projection(self, pod: Object, body: Object, kind: str, mode: int) -> dict[str, atomic.File]:
        if kind == "serviceAccountToken":
            return {body["path"]: token_file(pod, self._token(pod, body).encode(), mode)}
        if kind == "downwardAPI":
            return {item["path"]: self._downward(pod, item, mode) for item in body.get("items") or ()}
        if kind in ("configMap", "secret"):
            return self._keys(body, kind, mode)
        return {}

    def _downward(self, pod: Object, item: Object, mode: int) -> atomic.File:
        if "fieldRef" in item:
            text = field_value(pod, item["fieldRef"]["fieldPath"])
        else:
            text = resource_value(pod, {}, item["resourceFieldRef"], self._allocatable)
        return atomic.File(text.encode(), item.get("mode", mode))

    def _keys(self, body: Object, kind: str, mode: int) -> dict[str, atomic.File]:
        name = body.get("name") or body.get("secretName", "")
        obj = self._lookup("ConfigMap" if kind == "configMap" else "Secret", name)
        if obj is None and not body.get("optional"):
            raise ConfigProblem(f'{kind.lower()} "{name}" not found')
        data = data_of(obj or {}, secret=kind == "secret")
        if not body.get("items"):
            return {key: atomic.File(value, mode) for key, value in data.items()}
        found = {}
        for item in body["items"]:
            if item["key"] in data:
                found[item["path"]] = atomic.File(data[item["key"]], item.get("mode", mode))
            elif not body.get("optional"):
                raise ConfigProblem(f"references non-existent {kind.lower()} key: {item['key']}")
        return found

    def remove(self) -> None:
        """Unmount and delete all. Raises VolumeFailure, OSError where that has to be tried again."""
        self.plugins.unmount()
        if mounting.unmount_below(self._folder):
            shutil.rmtree(self._folder, ignore_errors=True)


def token_file(pod: Object, token: bytes, mode: int) -> atomic.File:
    """For the pod's one user alone, where it has one; only root can give a file away. Source: KEP-1205."""
    common = pod["spec"].get("securityContext") or {}
    users = {
        (one.get("securityContext") or {}).get("runAsUser", common.get("runAsUser"))
        for field in ("initContainers", "containers") for one in pod["spec"].get(field) or ()
    }  # fmt: skip
    user = users.pop() if len(users) == 1 else None
    if os.geteuid() != 0 or (user is None and common.get("fsGroup") is None):
        return atomic.File(token, mode)
    return atomic.File(token, 0o600, -1 if user is None else user)


def data_of(obj: Object, *, secret: bool) -> dict[str, bytes]:
    if secret:
        return {key: base64.b64decode(value) for key, value in (obj.get("data") or {}).items()}
    found = {key: value.encode() for key, value in (obj.get("data") or {}).items()}
    return found | {key: base64.b64decode(value) for key, value in (obj.get("binaryData") or {}).items()}


def empty_dir(place: Path, source: Object, group: int | None, *, memory: bool, size: int = 0) -> Path:
    """A directory that every user may write to; in memory, of so many bytes at most, where the medium says so and a
    tmpfs can be mounted."""
    fresh = not place.exists()
    place.mkdir(parents=True, exist_ok=True)
    if source.get("medium") == "Memory" and memory and not os.path.ismount(place):
        mounting.mount_memory(place, f"size={size},mode=777" if size else "mode=777")
    if fresh:
        place.chmod(0o777)
        if group is not None:
            os.chown(place, -1, group)
            place.chmod(0o2777)
    return place


def image_volumes(pod: Object) -> dict[str, Object]:
    """Name -> source."""
    return {volume["name"]: volume[IMAGE] for volume in pod["spec"].get("volumes") or () if IMAGE in volume}


def never_written(pod: Object) -> set[str]:
    """Names of volumes that containers may only read: what is in them is the node's to write, or the pod says so."""
    kinds = (IMAGE, *_CHANGING)
    found = {volume["name"] for volume in pod["spec"].get("volumes") or () if any(kind in volume for kind in kinds)}
    return found | {use.volume for use in claim_uses(pod) if use.read_only}


def container_mounts(
    container: Object, paths: Mapping[str, Path], env: Mapping[str, str], subpaths: SubPaths, *,
    read_only: Collection[str] = (), images: Collection[str] = (),
) -> list[Mount]:  # fmt: skip
    """Where the container's volumeMounts come from; ``read_only`` names volumes that are so anyway, ``images`` those in
    which no sub-path is made.

    Raises ConfigProblem for a sub-path that leaves its volume.
    """
    found = []
    for mount in container.get("volumeMounts") or ():
        if mount["name"] not in paths:
            raise ConfigProblem(f"volume {mount['name']} is not of this pod")
        source = paths[mount["name"]]
        propagation = {"HostToContainer": "slave", "Bidirectional": "shared"}.get(
            mount.get("mountPropagation", ""), "private"
        )
        sub = mount.get("subPath") or ""
        if mount.get("subPathExpr"):
            sub = expand_strictly(mount["subPathExpr"], env)
        if sub:
            try:
                source = subpaths.pin(source, sub, shared=propagation != "private", make=mount["name"] not in images)
            except OSError as error:
                raise ConfigProblem(
                    f'failed to prepare subPath for volumeMount "{mount["name"]}" of container "{container["name"]}": '
                    f"{sub}: {error.strerror or error}"
                ) from error
        only_read = bool(mount.get("readOnly")) or mount["name"] in read_only
        found.append(Mount(str(source), mount["mountPath"], only_read, propagation))
    return found


def container_devices(container: Object, paths: Mapping[str, Path], read_only: Collection[str] = ()) -> list[Device]:
    """Where the container's volumeDevices come from. Raises ConfigProblem."""
    found = []
    for device in container.get("volumeDevices") or ():
        if device["name"] not in paths:
            raise ConfigProblem(f"volume {device['name']} is not of this pod")
        found.append(Device(str(paths[device["name"]]), device["devicePath"], device["name"] in read_only))
    return found


def unmount_all(folder: Path) -> None:
    """Whatever is left mounted below the directory."""
    mounting.unmount_below(folder)
