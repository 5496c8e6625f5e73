"""Starting one container: image, volumes, environment, create, start, each with the events users know."""

from __future__ import annotations

import time
from pathlib import Path

from sampan.contracts.kinds import Object
from sampan.contracts.runtime import Image, Mount, RuntimeFailure, Sandbox
from sampan_node import environment, specs, termination
from sampan_node.environment import ConfigProblem
from sampan_node.host import Host
from sampan_node.machine import Memory
from sampan_node.subpaths import SubPaths
from sampan_node.volumes import Volumes, container_mounts, never_written


class Starter:
    def __init__(self, host: Host, memory: Memory) -> None:
        self._host, self._memory = host, memory

    def volumes(self, pod: Object, folder: Path) -> Volumes:
        namespace = pod["metadata"]["namespace"]
        return Volumes(
            folder / "volumes", lambda kind, name: self._host.lookup(namespace, kind, name), self._host.token,
            self._host.allocatable,
        )  # fmt: skip

    def start(self, pod: Object, container: Object, attempt: int, sandbox: Sandbox, folder: Path) -> str:
        """The id of the started container. Raises RuntimeFailure with a Waiting reason, or MountProblem."""
        image = self._image(pod, container)
        paths = self.volumes(pod, folder).set_up(pod)
        try:
            env = self._environment(pod, container)
            mounts = self._mounts(pod, container, attempt, sandbox, folder, paths, env)
            spec = specs.container_spec(pod, container, attempt, env=env, mounts=mounts, image_user=image.user)
        except ConfigProblem as error:
            self._event(pod, container, "Warning", "Failed", f"Error: {error}")
            raise RuntimeFailure("CreateContainerConfigError", str(error)) from error
        try:
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
        subpaths = SubPaths(folder, container["name"])
        subpaths.clear()
        mounts = container_mounts(container, paths, env, subpaths, read_only=never_written(pod))
        taken = {mount.container_path for mount in mounts}
        message = termination.mount(container, attempt, folder)
        if message.container_path not in taken:
            mounts.append(message)
        if not pod["spec"].get("hostNetwork") and "/etc/hosts" not in taken:
            hosts = folder / "etc-hosts"
            hosts.write_text(specs.hosts_file(pod, sandbox.ip, self._host.options, self._host.named_services()))
            mounts.append(Mount(str(hosts), "/etc/hosts"))
        return mounts

    def _image(self, pod: Object, container: Object) -> Image:
        reference = container["image"]
        policy = container.get("imagePullPolicy") or ("Always" if reference.endswith(":latest") else "IfNotPresent")
        present = self._host.runtime.image(reference)
        if present is not None and (policy != "Always" or present.id == "host"):
            text = f'Container image "{reference}" already present on machine and can be accessed by the pod'
            self._event(pod, container, "Normal", "Pulled", text)
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
        seconds = time.monotonic() - begin
        text = f'Successfully pulled image "{reference}" in {seconds:.3g}s. Image size: {pulled.size} bytes.'
        self._event(pod, container, "Normal", "Pulled", text)
        return pulled

    def _event(self, pod: Object, container: Object, type: str, reason: str, message: str) -> None:
        self._host.tell(pod, type, reason, message, container=container["name"])
