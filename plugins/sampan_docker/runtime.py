"""The docker runtime: a pod is a sandbox container and the containers that join its namespaces.

State is rebuilt from labels; the daemon is the truth. Knows nothing of pods' specs nor of the API.
"""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sampan_docker import cgroups, pause, podnetwork, processes, translation
from sampan_docker.engine import ask, connect, is_missing, open_logs, shares_mounts
from sampan_docker.podnetwork import PodNetwork
from sampan_docker.streams import SocketStream, log_lines
from sampan_runtime.contracts import (
    Container,
    ContainerSpec,
    Image,
    Resources,
    RuntimeFailure,
    Sandbox,
    SandboxSpec,
    Usage,
)

log = logging.getLogger(__name__)

PAUSE = "sampan/pause:1"
PATIENCE = 30  # seconds for the daemon beyond what a stop's grace allows


class DockerRuntime:
    name = "docker"
    limits = True

    def __init__(self, home: str, client: Any | None = None, network: PodNetwork | None = None) -> None:
        """``network``: that of pods, None for Docker's usual bridge."""
        self._client = client or connect()
        self._home = os.path.abspath(home)
        self.sees_mounts = shares_mounts()
        if os.geteuid() == 0 and not self.sees_mounts:
            log.warning(
                "docker: the daemon is not in this process's mount namespace: it gets sub-paths of volumes by their "
                "checked path, which a container could swap in that moment, and memory volumes are on disk"
            )
        self._cluster = hashlib.sha256(os.path.abspath(home).encode()).hexdigest()[:16]
        self._digests: dict[str, str] = {}
        self._closed = threading.Event()
        self._event_stream: Any = None
        self._network = network
        if network is not None and network.pods:
            podnetwork.ensure(self._client, network, self._cluster, self._home)
        if self.image(PAUSE) is None:
            ask("CreatePodSandboxError", self._client.import_image_from_data,
                pause.archive(platform.machine()), repository="sampan/pause", tag="1",
                changes=['CMD ["/pause"]'])  # fmt: skip

    def version(self) -> str:
        return str(ask("RuntimeError", self._client.version)["Version"])

    # sandboxes

    def run_sandbox(self, spec: SandboxSpec) -> Sandbox:
        self._refuse(spec)
        body: dict[str, Any] = {
            "Image": PAUSE,
            "Cmd": ["/pause"],
            "Labels": translation.sandbox_labels(spec, self._cluster, self._home),
            "HostConfig": translation.sandbox_host_config(spec, self._bridge()),
        }
        if not spec.host_network:
            body["Hostname"] = spec.hostname[:64]
            body["ExposedPorts"] = {key: {} for key in body["HostConfig"]["PortBindings"]}
        body["Labels"][translation.HANDLER] = spec.handler
        body["Labels"][translation.SHARED_PID] = str(spec.share_process_namespace).lower()
        body["Labels"][translation.HOST_PID] = str(spec.host_pid).lower()
        name = f"sampan_{spec.name[:40]}_{spec.uid[:8]}_{spec.attempt}_{os.urandom(3).hex()}"
        made = ask("CreatePodSandboxError", self._client.create_container_from_config, body, name)["Id"]
        try:
            ask("CreatePodSandboxError", self._client.start, made)
        except RuntimeFailure:
            self._remove(made)
            raise
        return translation.sandbox(self._inspect(made))

    def _bridge(self) -> str:
        """The network of pods, in Docker's words."""
        return self._network.name if self._network is not None and self._network.pods else "bridge"

    def remove_network(self) -> None:
        """What this home's pods had as their network; for `sampan down`."""
        if self._network is not None:
            podnetwork.remove(self._client, self._network.name)

    def _refuse(self, spec: SandboxSpec) -> None:
        """What the daemon would not do, or not say."""
        if spec.own_users:
            text = "user namespaces are not there with Docker, which maps the users of all containers or of none"
            raise RuntimeFailure("CreatePodSandboxError", text)
        if spec.handler:
            known = ask("CreatePodSandboxError", self._client.info).get("Runtimes") or {}
            if spec.handler not in known:
                raise RuntimeFailure("CreatePodSandboxError", f"no runtime for {spec.handler!r} is configured")

    def stop_sandbox(self, sandbox_id: str) -> None:
        for container in self._list(f"{translation.SANDBOX}={sandbox_id}"):
            if container["State"] == "running":
                self.stop_container(container["Id"], 0)
        self._stop(sandbox_id, 1)

    def remove_sandbox(self, sandbox_id: str) -> None:
        for container in self._list(f"{translation.SANDBOX}={sandbox_id}"):
            self._remove(container["Id"])
        self._remove(sandbox_id)

    def sandboxes(self, pod_uid: str = "") -> list[Sandbox]:
        found = [self._inspect_maybe(one["Id"]) for one in self._of_pod("sandbox", pod_uid)]
        return [translation.sandbox(one) for one in found if one]

    # containers

    def create_container(self, sandbox_id: str, spec: ContainerSpec) -> str:
        labels = self._inspect(sandbox_id)["Config"]["Labels"]
        shared = {
            "share_pid": labels.get(translation.SHARED_PID) == "true",
            "host_pid": labels.get(translation.HOST_PID) == "true",
        }
        body = translation.create_body(
            spec,
            translation.container_labels(spec, labels, sandbox_id),
            translation.container_host_config(spec, sandbox_id, host=shared),
        )
        if handler := labels.get(translation.HANDLER):
            body["HostConfig"]["Runtime"] = handler
        name = f"sampan_{spec.name[:30]}_{labels[translation.POD][:30]}_{spec.attempt}_{os.urandom(4).hex()}"
        made = ask("CreateContainerError", self._client.create_container_from_config, body, name)
        return str(made["Id"])

    def start_container(self, container_id: str) -> None:
        ask("RunContainerError", self._client.start, container_id)

    def stop_container(self, container_id: str, grace: int) -> None:
        self._stop(container_id, grace)

    def remove_container(self, container_id: str) -> None:
        self._remove(container_id)

    def update_container(self, container_id: str, resources: Resources) -> None:
        shares, quota, memory = resources.kernel()
        wanted: dict[str, int] = {"cpu_shares": shares}
        if quota:
            wanted |= {"cpu_period": 100_000, "cpu_quota": quota}
        if memory:
            wanted |= {"mem_limit": memory, "memswap_limit": memory}
        ask("UpdateContainerError", self._client.update_container, container_id, **wanted)

    def containers(self, pod_uid: str = "") -> list[Container]:
        found = [self._inspect_maybe(one["Id"]) for one in self._of_pod("container", pod_uid)]
        return [translation.container(one, self._digests_of(one)) for one in found if one]

    def _digests_of(self, inspected: Mapping[str, Any]) -> Mapping[str, str]:
        identifier = inspected["Image"]
        if identifier not in self._digests:
            try:
                digests = self._client.inspect_image(identifier).get("RepoDigests") or [identifier]
            except Exception:  # the image may be removed while its container exists; then its id is shown
                digests = [identifier]
            self._digests[identifier] = digests[0]
        return self._digests

    # images

    def image(self, reference: str) -> Image | None:
        try:
            found = ask("ImageInspectError", self._client.inspect_image, reference)
        except RuntimeFailure as error:
            if is_missing(error):
                return None
            raise
        return _image(found)

    def images(self) -> list[Image]:
        listed = ask("ImageInspectError", self._client.images)
        return [Image(one["Id"], tuple(one.get("RepoTags") or ()), one.get("Size", 0)) for one in listed]

    def pull(self, reference: str, credentials: Sequence[Mapping[str, str]] = ()) -> Image:
        failure: RuntimeFailure | None = None
        for credential in (*credentials, None):
            try:
                self._pull(reference, credential)
                break
            except RuntimeFailure as error:
                failure = failure or error
        else:
            assert failure is not None
            raise failure
        found = self.image(reference)
        if found is None:
            raise RuntimeFailure("ErrImagePull", f"image {reference} was pulled and is not there")
        return found

    def _pull(self, reference: str, credential: Mapping[str, str] | None) -> None:
        name, tag = split_reference(reference)
        progress = ask(
            "ErrImagePull", self._client.pull, name, tag=tag, stream=True, decode=True,
            auth_config=dict(credential) if credential else {},
        )  # fmt: skip
        steps: list[dict[str, Any]] = ask("ErrImagePull", list, progress)
        for step in steps:
            if "error" in step:
                raise RuntimeFailure("ErrImagePull", step["error"])

    def remove_image(self, reference: str) -> None:
        ask("ImageRemoveError", self._client.remove_image, reference)

    def save_image(self, reference: str) -> Iterator[bytes]:
        chunks = self._client.get_image(reference)
        while chunk := ask("CreateContainerError", next, chunks, b""):  # the SDK asks only when the first is wanted
            yield chunk

    # inside a container

    def exec(self, container_id: str, command: Sequence[str], *, stdin: bool, tty: bool) -> SocketStream:
        return self._exec(container_id, command, stdin=stdin, tty=tty)[1]

    def _exec(self, container_id: str, command: Sequence[str], *, stdin: bool, tty: bool) -> tuple[str, SocketStream]:
        made = ask("ExecError", self._client.exec_create, container_id, list(command), stdin=stdin, tty=tty)["Id"]
        connection = ask("ExecError", self._client.exec_start, made, tty=tty, socket=True)
        return made, SocketStream(
            connection,
            tty=tty,
            code=lambda: self._exec_code(made),
            resize=lambda width, height: self._client.exec_resize(made, height=height, width=width),
        )

    def _exec_code(self, exec_id: str) -> int:
        for _ in range(50):  # the stream ends a moment before the daemon knows the code
            found = ask("ExecError", self._client.exec_inspect, exec_id)
            if not found["Running"]:
                return int(found["ExitCode"] or 0)
            time.sleep(0.02)
        return 137

    def exec_sync(self, container_id: str, command: Sequence[str], timeout: float) -> tuple[int, bytes]:
        made, stream = self._exec(container_id, command, stdin=False, tty=False)
        late = threading.Event()

        def give_up() -> None:
            late.set()
            self._end_exec(made, container_id)
            stream.close()

        timer = threading.Timer(timeout, give_up)
        timer.daemon = True
        timer.start()
        try:
            said = b"".join(data for _, data in stream.output())
        finally:
            timer.cancel()
            stream.close()
        if late.is_set():
            raise TimeoutError(f"command {list(command)} did not end within {timeout:g} s")
        return stream.exit_code(), said

    def _end_exec(self, exec_id: str, container_id: str) -> None:
        """Kill a command that is late: the daemon would let it run for ever, and the next probe starts one more."""
        try:
            pid = int(ask("ExecError", self._client.exec_inspect, exec_id)["Pid"])
            processes.kill_in(container_id, pid)
        except (RuntimeFailure, OSError) as error:
            log.debug("docker: a late command in %s runs on: %s", container_id[:12], error)

    def attach(self, container_id: str, *, stdin: bool, tty: bool) -> SocketStream:
        query = {"stdin": int(stdin), "stdout": 1, "stderr": 1, "stream": 1}
        connection = ask("AttachError", self._client.attach_socket, container_id, params=query)
        return SocketStream(
            connection,
            tty=tty,
            code=lambda: int(self._inspect(container_id)["State"]["ExitCode"]),
            resize=lambda width, height: self._client.resize(container_id, height=height, width=width),
        )

    def logs(self, container_id: str, *, follow: bool, since: int, tail: int) -> Iterator[tuple[int, int, bytes]]:
        tty = bool(self._inspect(container_id)["Config"]["Tty"])
        return log_lines(open_logs(self._client, container_id, follow=follow, since=since, tail=tail), tty=tty)

    def dial(self, sandbox_id: str, port: int) -> int:
        ip = translation.sandbox(self._inspect(sandbox_id)).ip or "127.0.0.1"
        return socket.create_connection((ip, port), timeout=10).detach()

    def usage(self) -> list[Usage]:
        found = []
        for one in self._list(f"{translation.SORT}=container", running=True):
            try:
                used = cgroups.usage(one["Id"]) or self._stats(one["Id"])
            except RuntimeFailure as error:
                log.debug("docker: %s ended while it was measured: %s", one["Id"][:12], error)
                continue
            found.append(Usage(one["Id"], *used, time.time()))
        return found

    def _stats(self, container_id: str) -> tuple[int, int]:
        told = ask("StatsError", self._client.stats, container_id, stream=False, one_shot=True)
        memory = told["memory_stats"]
        detail = memory.get("stats") or {}
        idle = detail.get("total_inactive_file", detail.get("inactive_file", 0))  # version 1 and 2 of cgroups
        return int(told["cpu_stats"]["cpu_usage"]["total_usage"]), max(0, int(memory.get("usage", 0)) - int(idle))

    # the runtime itself

    def events(self) -> Iterator[str]:
        """Pod uids from the daemon's event stream; "" whenever the stream had to be opened again."""
        wanted = {"label": f"{translation.CLUSTER}={self._cluster}", "type": "container"}
        wait = 0.2
        while not self._closed.is_set():
            try:
                self._event_stream = self._client.events(decode=True, filters=wanted)
                yield ""
                wait = 0.2
                for event in self._event_stream:
                    if event.get("Action") in ("start", "die", "destroy", "oom", "create"):
                        yield event["Actor"]["Attributes"].get(translation.UID, "")
            except Exception as error:  # the SDK raises its own, requests', urllib3's and socket errors here
                if not self._closed.is_set():
                    log.warning("docker: lost the event stream, asking again: %s", error)
            self._closed.wait(wait)
            wait = min(wait * 2, 5)

    def close(self) -> None:
        """Close the connection; containers keep running."""
        self._closed.set()
        if self._event_stream is not None:
            try:
                self._event_stream.close()
            except Exception as error:
                log.debug("docker: closing the event stream: %s", error)
        self._client.close()

    def _of_pod(self, sort: str, pod_uid: str) -> list[dict[str, Any]]:
        wanted = [f"{translation.SORT}={sort}", *([f"{translation.UID}={pod_uid}"] if pod_uid else [])]
        return self._list(*wanted)

    def _list(self, *wanted: str, running: bool = False) -> list[dict[str, Any]]:
        labels = [f"{translation.CLUSTER}={self._cluster}", *wanted]
        found: list[dict[str, Any]] = ask(
            "RuntimeError", self._client.containers, all=not running, filters={"label": labels}
        )
        return found

    def _inspect(self, identifier: str) -> dict[str, Any]:
        found: dict[str, Any] = ask("RuntimeError", self._client.inspect_container, identifier)
        return found

    def _inspect_maybe(self, identifier: str) -> dict[str, Any] | None:
        try:
            return self._inspect(identifier)
        except RuntimeFailure as error:
            if is_missing(error):
                return None
            raise

    def _stop(self, identifier: str, grace: int) -> None:
        try:
            if grace > 0:
                ask("KillContainerError", self._client.stop, identifier, timeout=grace)
            else:
                self._kill(identifier)
        except RuntimeFailure as error:
            if not is_missing(error):
                raise

    def _kill(self, identifier: str) -> None:
        try:
            ask("KillContainerError", self._client.kill, identifier)
        except RuntimeFailure as error:
            if getattr(error.__cause__, "status_code", None) != 409:  # it does not run
                raise
        ask("KillContainerError", self._client.wait, identifier, timeout=PATIENCE)

    def _remove(self, identifier: str) -> None:
        try:
            ask("RemoveContainerError", self._client.remove_container, identifier, force=True, v=True)
        except RuntimeFailure as error:
            if not is_missing(error) and getattr(error.__cause__, "status_code", None) != 409:
                raise


def _image(found: Mapping[str, Any]) -> Image:
    digests = found.get("RepoDigests") or [found["Id"]]
    user = (found.get("Config") or {}).get("User", "")
    return Image(digests[0], tuple(found.get("RepoTags") or ()), found.get("Size", 0), user)


def split_reference(reference: str) -> tuple[str, str]:
    """(repository, tag or digest) as the pull endpoint wants them; no tag means latest."""
    name, at, digest = reference.partition("@")
    if at:
        return name, digest
    head, colon, tag = reference.rpartition(":")
    if colon and "/" not in tag:
        return head, tag
    return reference, "latest"
