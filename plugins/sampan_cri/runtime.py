"""The cri runtime: what the node agent asks, asked of a CRI runtime in its own terms.

The runtime is the truth; sandboxes and containers are found again by their labels. The configuration of a sandbox is
kept in a file, because CRI wants it again with each container. Knows nothing of pods' specs nor of the API.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import math
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from sampan_cri import image_archive, logs, netns, processes, removal, translation
from sampan_cri.client import PATIENCE, Client, CriFailure, is_missing
from sampan_cri.events import Feed
from sampan_cri.messages import MESSAGES
from sampan_cri.statuses import Statuses
from sampan_cri.streams import SpdyStream, kinds
from sampan_cri.translation import CLUSTER, RUNNING, Fields
from sampan_grpc.wire import decode, encode
from sampan_runtime import log_files
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

PULL_PATIENCE = 3600.0  # seconds for one image
DIAL_PATIENCE = 10.0
SPARE = 5.0  # seconds that a late command gets to end once it was killed


class CriRuntime:
    name = "cri"
    limits = True
    sees_mounts = True
    takes_cdi = True

    def __init__(self, home: str, client: Client, *, logs: str = "") -> None:
        self._home, self._client = Path(os.path.abspath(home)), client
        self._logs = Path(logs) if logs else self._home / "logs"
        self._cluster = hashlib.sha256(str(self._home).encode()).hexdigest()[:16]
        self.engine = str(client.call("Version")["runtime_name"])
        self._statuses = Statuses(client, self._cluster)
        self._feeds: list[Feed] = []
        self._pids: dict[str, int] = {}  # container that was not started yet → its most processes
        self._rotation = _rotation(self._statuses, client)
        self._rotation.start()

    def version(self) -> str:
        return str(self._client.call("Version")["runtime_version"])

    def problem(self) -> str:
        """As kubelet words it. Source: kubelet's runtimeState."""
        conditions = (self._client.call("Status")["status"] or {}).get("conditions") or ()
        words = {"RuntimeReady": "container runtime not ready", "NetworkReady": "container runtime network not ready"}
        return ", ".join(
            f"{words[one['type']]}: {one['type']}=false reason:{one['reason']} message:{one['message']}"
            for one in conditions if one["type"] in words and not one["status"]
        )  # fmt: skip

    # sandboxes

    def run_sandbox(self, spec: SandboxSpec) -> Sandbox:
        if spec.own_users:
            raise RuntimeFailure("CreatePodSandboxError", "user namespaces are not there with the cri runtime yet")
        folder = logs.folder_of(self._logs, spec)
        folder.mkdir(parents=True, exist_ok=True)
        config = translation.sandbox_config(spec, cluster=self._cluster, home=str(self._home), logs=str(folder))
        made = self._client.call(
            "RunPodSandbox", reason="CreatePodSandboxError", config=config, runtime_handler=spec.handler
        )["pod_sandbox_id"]
        try:
            self._kept(made).parent.mkdir(exist_ok=True)
            self._kept(made).write_bytes(encode(MESSAGES, "SandboxConfig", config))
            return self._statuses.sandbox(made).sandbox
        except BaseException:
            self.remove_sandbox(made)
            raise

    def stop_sandbox(self, sandbox_id: str) -> None:
        self._unless_missing("StopPodSandbox", "KillPodSandboxError", pod_sandbox_id=sandbox_id)

    def remove_sandbox(self, sandbox_id: str) -> None:
        for item in self._client.call("ListContainers", filter={"pod_sandbox_id": sandbox_id})["containers"]:
            self.remove_container(item["id"])
        removal.remove(
            lambda: self.stop_sandbox(sandbox_id),
            lambda: self._unless_missing("RemovePodSandbox", "RemovePodSandboxError", pod_sandbox_id=sandbox_id),
        )
        with contextlib.suppress(OSError, ValueError):
            folder = decode(MESSAGES, "SandboxConfig", self._kept(sandbox_id).read_bytes())["log_directory"]
            os.rmdir(folder)  # where no container of another sandbox of the pod has logs in it
        self._kept(sandbox_id).unlink(missing_ok=True)
        self._statuses.forget(sandbox_id)

    def sandboxes(self, pod_uid: str = "") -> list[Sandbox]:
        return self._statuses.sandboxes(pod_uid)

    def _kept(self, sandbox_id: str) -> Path:
        """The file with the sandbox's configuration."""
        return self._home / "sandboxes" / sandbox_id

    # containers

    def create_container(self, sandbox_id: str, spec: ContainerSpec) -> str:
        try:
            sandbox = decode(MESSAGES, "SandboxConfig", self._kept(sandbox_id).read_bytes())
        except OSError as error:
            raise RuntimeFailure("CreateContainerError", f"the sandbox's configuration is gone: {error}") from error
        path = logs.path_of(spec.name, spec.attempt)
        (Path(sandbox["log_directory"]) / path).parent.mkdir(parents=True, exist_ok=True)
        config = translation.container_config(
            spec, sandbox, log_path=path, seccomp=self._seccomp(spec.seccomp), swap=processes.swap_is_counted()
        )
        made = self._client.call(
            "CreateContainer", reason="CreateContainerError", pod_sandbox_id=sandbox_id, config=config,
            sandbox_config=sandbox,
        )["container_id"]  # fmt: skip
        self._pids[made] = spec.pids_limit
        return str(made)

    def _seccomp(self, profile: str) -> str:
        """The file with a profile that is given as text; each is written once."""
        if profile in ("", "unconfined"):
            return ""
        path = self._home / "seccomp" / f"{hashlib.sha256(profile.encode()).hexdigest()[:32]}.json"
        if not path.exists():
            path.parent.mkdir(exist_ok=True)
            half = path.with_suffix(f".{threading.get_ident()}")
            half.write_text(profile)
            half.replace(path)
        return str(path)

    def start_container(self, container_id: str) -> None:
        self._client.call("StartContainer", reason="RunContainerError", container_id=container_id)
        if limit := self._pids.pop(container_id, 0):
            self._limit_processes(container_id, limit)

    def _limit_processes(self, container_id: str, most: int) -> None:
        """Raises RuntimeFailure where it cannot be kept: the container is stopped then."""
        try:
            pid = self._statuses.container(container_id).pid
            if processes.limit_number(pid, most):
                return
            text = "the kernel does not count processes"
        except (OSError, ValueError) as error:
            if self._has_ended(container_id):
                return
            text = str(error)
        self.stop_container(container_id, 0)
        raise RuntimeFailure("RunContainerError", f"the limit of {most} processes cannot be set: {text}")

    def stop_container(self, container_id: str, grace: int) -> None:
        self._unless_missing(
            "StopContainer", "KillContainerError", container_id=container_id, timeout=grace, patience=grace + PATIENCE
        )

    def remove_container(self, container_id: str) -> None:
        try:
            path = self._statuses.container(container_id).log_path
        except RuntimeFailure as error:
            log.debug("cri: %s is removed without its log: %s", container_id[:12], error)
            path = ""
        removal.remove(
            lambda: self.stop_container(container_id, 0),
            lambda: self._unless_missing("RemoveContainer", "RemoveContainerError", container_id=container_id),
        )
        self._statuses.forget(container_id)
        if path:
            logs.remove(Path(path), self._logs)

    def update_container(self, container_id: str, resources: Resources) -> None:
        linux = translation.resources(resources, swap=processes.swap_is_counted())
        self._client.call(
            "UpdateContainerResources", reason="UpdateContainerError", container_id=container_id, linux=linux
        )
        self._statuses.forget(container_id)

    def containers(self, pod_uid: str = "") -> list[Container]:
        return self._statuses.containers(pod_uid)

    # images

    def image(self, reference: str) -> Image | None:
        found = self._client.call("ImageStatus", reason="ImageInspectError", image={"image": reference})["image"]
        return translation.image(found) if found else None

    def images(self) -> list[Image]:
        listed = self._client.call("ListImages", reason="ImageInspectError")["images"]
        return [translation.image(one) for one in listed]

    def pull(self, reference: str, credentials: Sequence[Mapping[str, str]] = ()) -> Image:
        failure: RuntimeFailure | None = None
        for credential in (*credentials, None):
            auth = translation.credentials(credential) if credential else None
            try:
                self._client.call(
                    "PullImage", reason="ErrImagePull", patience=PULL_PATIENCE, image={"image": reference}, auth=auth
                )
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

    def remove_image(self, reference: str) -> None:
        self._client.call("RemoveImage", reason="ImageRemoveError", image={"image": reference})

    def save_image(self, reference: str) -> Iterator[bytes]:
        return image_archive.save(self._client, reference)

    # inside a container

    def exec(self, container_id: str, command: Sequence[str], *, stdin: bool, tty: bool) -> SpdyStream:
        url = self._client.call(
            "Exec", reason="ExecError", container_id=container_id, cmd=list(command), stdin=stdin, tty=tty,
            stdout=True, stderr=not tty,
        )["url"]  # fmt: skip
        return SpdyStream(url, kinds(stdin=stdin, tty=tty))

    def exec_sync(self, container_id: str, command: Sequence[str], timeout: float) -> tuple[int, bytes]:
        """A late command is killed with all that it has started: the runtime would end its own process alone."""
        begun = int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK")) - 1
        answer: Future[Fields] = Future()
        threading.Thread(
            target=self._exec_sync, args=(container_id, command, timeout, answer), name="cri-exec", daemon=True
        ).start()
        try:
            found = answer.result(timeout)
        except TimeoutError:
            self._end_late(container_id, command, begun)
            with contextlib.suppress(TimeoutError, RuntimeFailure):
                answer.result(SPARE)
            raise TimeoutError(f"command {list(command)} did not end within {timeout:g} s") from None
        except CriFailure as error:
            if error.code == "DEADLINE_EXCEEDED":
                raise TimeoutError(f"command {list(command)} did not end within {timeout:g} s") from error
            raise
        return found["exit_code"], found["stdout"] + found["stderr"]

    def _exec_sync(self, container_id: str, command: Sequence[str], timeout: float, answer: Future[Fields]) -> None:
        try:
            answer.set_result(
                self._client.call(
                    "ExecSync", reason="ExecError", patience=timeout + SPARE, container_id=container_id,
                    cmd=list(command), timeout=math.ceil(timeout) + 1,
                )
            )  # fmt: skip
        except BaseException as error:
            answer.set_exception(error)

    def _end_late(self, container_id: str, command: Sequence[str], begun: int) -> None:
        try:
            pid = self._statuses.container(container_id).pid
            if pid:
                processes.kill_late(pid, command, begun)
        except (RuntimeFailure, OSError, ValueError) as error:
            log.debug("cri: a late command in %s is left to the runtime: %s", container_id[:12], error)

    def attach(self, container_id: str, *, stdin: bool, tty: bool) -> SpdyStream:
        url = self._client.call(
            "Attach", reason="AttachError", container_id=container_id, stdin=stdin, tty=tty, stdout=True,
            stderr=not tty,
        )["url"]  # fmt: skip
        code = lambda: self._statuses.container(container_id).container.exit_code  # noqa: E731  # asked at the end
        return SpdyStream(url, kinds(stdin=stdin, tty=tty), code=code)

    def logs(self, container_id: str, *, follow: bool, since: int, tail: int) -> Iterator[tuple[int, int, bytes]]:
        path = self._statuses.container(container_id).log_path
        if not path:
            raise RuntimeFailure("LogsError", f"container {container_id[:12]} has no log")
        return log_files.read(
            Path(path), follow=follow, since=since, tail=tail, ended=lambda: self._has_ended(container_id)
        )

    def _has_ended(self, container_id: str) -> bool:
        try:
            return self._statuses.container(container_id).state != RUNNING
        except CriFailure as error:
            return error.code != "UNAVAILABLE"  # while the runtime restarts, the container may run on
        except RuntimeFailure:
            return True

    def dial(self, sandbox_id: str, port: int) -> int:
        known = self._statuses.sandbox(sandbox_id)
        if known.network:
            with contextlib.suppress(PermissionError, FileNotFoundError):
                return netns.dial(known.network, port, DIAL_PATIENCE)
        return netns.connect(known.sandbox.ip or "localhost", port, DIAL_PATIENCE)

    def usage(self) -> list[Usage]:
        labels = {CLUSTER: self._cluster}
        found = self._client.call("ListContainerStats", reason="StatsError", filter={"label_selector": labels})
        now = time.time()
        return [usage for one in found["stats"] if (usage := translation.usage(one, now))]

    # the runtime itself

    def events(self) -> Iterator[str]:
        feed = Feed(self._client, self._statuses)
        self._feeds.append(feed)
        return feed.uids()

    def close(self) -> None:
        """Close the connection; containers keep running."""
        for feed in self._feeds:
            feed.close()
        self._rotation.close()
        self._client.close()

    def _unless_missing(self, method: str, reason: str, *, patience: float = PATIENCE, **fields: Any) -> None:
        try:
            self._client.call(method, reason=reason, patience=patience, **fields)
        except CriFailure as error:
            if not is_missing(error):
                raise


def _rotation(statuses: Statuses, client: Client) -> logs.Rotation:
    return logs.Rotation(
        statuses.running_logs, lambda identifier: client.call("ReopenContainerLog", container_id=identifier)
    )
