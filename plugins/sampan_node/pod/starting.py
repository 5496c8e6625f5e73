"""Starts one container: image, volumes, environment, create, start, each with upstream's events."""

from __future__ import annotations

import time
from pathlib import Path

from sampan.contracts.kinds import Object
from sampan_node.devices import NOTHING, Granted, with_devices
from sampan_node.host import Host
from sampan_node.pod import environment, specs, termination
from sampan_node.pod.environment import ConfigProblem
from sampan_node.pod.machine import PodMemory
from sampan_node.volumes import unpacking
from sampan_node.volumes.expansion import Expansions
from sampan_node.volumes.subpaths import SubPaths
from sampan_node.volumes.volumes import (
    IMAGE,
    Volumes,
    container_devices,
    container_mounts,
    image_volumes,
    never_written,
)
from sampan_runtime.contracts import Image, Mount, RuntimeFailure, Sandbox


class Starter:
    def __init__(self, host: Host, memory: PodMemory) -> None:
        self._host, self._memory = host, memory
        self._given: set[str] = set()
        self._expansions = Expansions(host.client, host.tell)
        self.pulled: dict[str, str] = {}  # container -> the image last looked for: its own, or that of a volume

    def volumes(self, pod: Object, folder: Path) -> Volumes:
        namespace = pod["metadata"]["namespace"]
        return Volumes(
            folder / "volumes", lambda kind, name: self._host.lookup(namespace, kind, name), self._host.token,
            self._host.allocatable, memory=self._host.runtime.sees_mounts, node=self._host.name,
            mounters=self._host.mounters, given=self._given, expansions=self._expansions,
        )  # fmt: skip

    def start(
        self, pod: Object, container: Object, attempt: int, sandbox: Sandbox, folder: Path, *,
        granted: Granted = NOTHING,
    ) -> str:  # fmt: skip
        """The id of the started container; ``granted``: its devices. Raises RuntimeFailure with a Waiting reason, or
        MountProblem."""
        policy = container.get("imagePullPolicy") or ("Always" if container["image"].endswith(":latest") else "")
        image = self._image(pod, container, container["image"], policy)
        volumes = self.volumes(pod, folder)
        self._image_volumes(pod, container, volumes)
        paths = volumes.set_up(pod)
        try:
            env = self._environment(pod, container)
            mounts = self._mounts(pod, container, attempt, sandbox, folder, paths, env)
            devices = container_devices(container, paths, never_written(pod))
            spec = specs.container_spec(
                pod, container, attempt, env=env, mounts=mounts, devices=devices, image_user=image.user,
                profiles=self._host.home / "seccomp", pids_limit=self._host.pids_limit,
            )  # fmt: skip
        except ConfigProblem as error:
            self._event(pod, container, "Warning", "Failed", f"Error: {error}")
            raise RuntimeFailure("CreateContainerConfigError", str(error)) from error
        try:
            spec = with_devices(spec, granted, self._host.runtime)
            created = self._host.runtime.create_container(sandbox.id, spec)
            self._event(pod, container, "Normal", "Created", "Container created")
            self._host.runtime.start_container(created)
        except RuntimeFailure as error:
            self._event(pod, container, "Warning", "Failed", f"Error: {error}")
            raise
        self._event(pod, container, "Normal", "Started", "Container started")
        return created

    def _environment(self, pod: Object, container: Object) -> dict[str, str]:
        namespace = pod["metadata"]["namespace"]
        return environment.environment(
            pod, container, lookup=lambda kind, name: self._host.lookup(namespace, kind, name),
            services=self._host.services(pod), allocatable=self._host.allocatable,
        )  # fmt: skip

    def _mounts(
        self, pod: Object, container: Object, attempt: int, sandbox: Sandbox, folder: Path, paths: dict[str, Path],
        env: dict[str, str],
    ) -> list[Mount]:  # fmt: skip
        subpaths = SubPaths(folder, container["name"], seen=self._host.runtime.sees_mounts)
        subpaths.clear()
        mounts = container_mounts(
            container, paths, env, subpaths, read_only=never_written(pod), images=image_volumes(pod)
        )
        taken = {mount.container_path for mount in mounts}
        message = termination.mount(container, attempt, folder)
        if message.container_path not in taken:
            mounts.append(message)
        if not pod["spec"].get("hostNetwork") and "/etc/hosts" not in taken:
            hosts = folder / "etc-hosts"
            hosts.write_text(specs.hosts_file(pod, sandbox.ip, self._host.options, self._host.named_services(pod)))
            mounts.append(Mount(str(hosts), "/etc/hosts"))
        return mounts

    def _image_volumes(self, pod: Object, container: Object, volumes: Volumes) -> None:
        """Unpack the images that this container mounts and that are not there yet. Raises RuntimeFailure."""
        mounted = {mount["name"] for mount in container.get("volumeMounts") or ()}
        for name, source in image_volumes(pod).items():
            place, reference = volumes.place_of(IMAGE, name), source.get("reference") or ""
            if name not in mounted or place.exists():
                continue
            self._image(pod, container, reference, source.get("pullPolicy") or "")
            try:
                unpacking.unpack(self._host.runtime.save_image(reference), place)
            except (RuntimeFailure, OSError) as error:
                text = f'failed to mount image volume "{name}": {error}'
                self._event(pod, container, "Warning", "Failed", f"Error: {text}")
                raise RuntimeFailure("CreateContainerError", text) from error

    def _image(self, pod: Object, container: Object, reference: str, policy: str) -> Image:
        self.pulled[container["name"]] = reference
        present = self._host.runtime.image(reference)
        if present is not None and (policy != "Always" or present.id == "host"):
            text = f'Container image "{reference}" already present on machine and can be accessed by the pod'
            self._event(pod, container, "Normal", "Pulled", text)
            self._host.images.used(reference)
            return present
        if policy == "Never":
            text = f'Container image "{reference}" is not present with pull policy of Never'
            self._event(pod, container, "Warning", "ErrImageNeverPull", text)
            raise RuntimeFailure("ErrImageNeverPull", text)
        self._event(pod, container, "Normal", "Pulling", f'Pulling image "{reference}"')
        begin = time.monotonic()
        try:
            pulled = self._host.runtime.pull(reference, self._host.credentials(pod, reference))
        except RuntimeFailure as error:
            self._event(pod, container, "Warning", "Failed", f'Failed to pull image "{reference}": {error}')
            self._event(pod, container, "Warning", "Failed", "Error: ErrImagePull")
            raise
        self._host.images.pulled(reference)
        seconds = time.monotonic() - begin
        text = f'Successfully pulled image "{reference}" in {seconds:.3g}s. Image size: {pulled.size} bytes.'
        self._event(pod, container, "Normal", "Pulled", text)
        return pulled

    def _event(self, pod: Object, container: Object, type: str, reason: str, message: str) -> None:
        self._host.tell(pod, type, reason, message, container=container["name"])
