"""The exec runtime: a container is a host process, a sandbox an address and a directory.

Knows nothing of pods' specs nor of the API. All state is in files (records.py), so any later process continues.
"""

from __future__ import annotations

import json
import logging
import os
import posixpath
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from sampan_exec import addresses, logs, processes, programs
from sampan_exec.records import IMAGE_ID, Records, read, write
from sampan_exec.streams import AttachStream, ExecStream
from sampan_exec.watcher import Watcher
from sampan_runtime.contracts import (
    Container,
    ContainerSpec,
    Device,
    Image,
    Mount,
    Resources,
    RuntimeFailure,
    Sandbox,
    SandboxSpec,
    Usage,
)

log = logging.getLogger(__name__)

HERE = Path(__file__).parent
PYTHON = (sys.executable, "-I", "-S")


class ExecRuntime:
    name = "exec"
    sees_mounts = True  # launchers start in the agent's mount namespace
    limits = False  # host processes; without root there is no cgroup to put them in

    def __init__(self, home: Path, network: str = "", host_address: str = "127.0.0.1") -> None:
        """``network``: of pods' addresses; ``host_address``: what pods with the host's network have as theirs."""
        self._home, self._host_address = home, host_address
        self._network = network or addresses.network(str(home))
        self._records = Records(home)
        self._lock = threading.Lock()  # guards the choice of addresses
        self._events: queue.Queue[str | None] = queue.Queue()
        self._sessions: dict[str, set[ExecStream]] = {}
        self._ended: dict[str, threading.Event] = {}
        self._watcher = Watcher(self._container_ended)
        self.has_mounts = subprocess.run([*PYTHON, str(HERE / "rights.py")], stderr=subprocess.DEVNULL).returncode == 0
        if not self.has_mounts:
            log.warning(
                "exec: this user may not have mount namespaces: volumes are not at their container paths; "
                "containers find them below $SAMPAN_MOUNT_ROOT"
            )
        self._take_over()

    def version(self) -> str:
        return "1.0"

    def _take_over(self) -> None:
        """Follow the containers of an earlier agent, end those whose launcher is gone, and remove unfinished
        folders."""
        self._records.remove_unfinished()
        for container in self._records.containers():
            if container.state == "running":
                self._watch(container.id)
            elif not read(self._records.container_folder(container.id) / "exit.json"):
                self._launcher_lost(container.id)

    # sandboxes

    def run_sandbox(self, spec: SandboxSpec) -> Sandbox:
        self._refuse(spec)
        with self._lock:
            taken = {sandbox.ip for sandbox in self._records.sandboxes() if sandbox.ready}
            ip = self._host_address if spec.host_network else addresses.free(self._network, taken)
            sandbox = Sandbox(
                uuid.uuid4().hex, spec.name, spec.namespace, spec.uid, spec.attempt, True, ip, time.time(), True
            )
            self._records.add_sandbox(sandbox, spec)
        if spec.dns_servers:
            lines = [f"nameserver {server}" for server in spec.dns_servers]
            lines += [f"search {' '.join(spec.dns_searches)}"] if spec.dns_searches else []
            lines += [f"options {' '.join(spec.dns_options)}"] if spec.dns_options else []
            (self._records.sandbox_folder(sandbox.id) / "resolv.conf").write_text("\n".join(lines) + "\n")
        return sandbox

    def stop_sandbox(self, sandbox_id: str) -> None:
        for container in self._records.containers():
            if container.sandbox_id == sandbox_id:
                self.stop_container(container.id, 0)
        self._records.set_ready(sandbox_id, False)

    def remove_sandbox(self, sandbox_id: str) -> None:
        self.stop_sandbox(sandbox_id)
        for container in self._records.containers():
            if container.sandbox_id == sandbox_id:
                self.remove_container(container.id)
        self._records.remove(self._records.sandbox_folder(sandbox_id))

    def sandboxes(self, pod_uid: str = "") -> list[Sandbox]:
        return [one for one in self._records.sandboxes() if not pod_uid or one.uid == pod_uid]

    # containers

    def create_container(self, sandbox_id: str, spec: ContainerSpec) -> str:
        sandbox = self._records.sandbox(sandbox_id)
        if sandbox is None:
            raise RuntimeFailure("CreateContainerError", f"no such sandbox: {sandbox_id}")
        if {spec.seccomp, spec.apparmor} - {"", "unconfined"}:
            raise RuntimeFailure("CreateContainerError", "the exec runtime does not load seccomp or AppArmor profiles")
        identifier = uuid.uuid4().hex
        plan = self._plan(sandbox, spec, self._records.container_folder(identifier))
        folder = self._records.container_folder(identifier)
        for place in (folder, folder / "work", folder / "root"):
            place.mkdir(parents=True)
        if plan["user"] is not None and os.geteuid() == 0:
            os.chown(folder / "work", plan["user"], plan["group"])
        if not self.has_mounts:
            _link_mounts(spec, folder / "mounts")
        write(folder / "spec.json", plan)
        record = {
            "id": identifier, "sandbox_id": sandbox_id, "pod_uid": sandbox.uid, "name": spec.name,
            "attempt": spec.attempt, "image": spec.image, "image_id": IMAGE_ID, "created": time.time(),
        }  # fmt: skip
        write(folder / "container.json", record)
        return identifier

    def _plan(self, sandbox: Sandbox, spec: ContainerSpec, folder: Path) -> dict[str, Any]:
        hostname = self._records.hostname(sandbox.id) or sandbox.name
        env = programs.environment(spec, hostname=hostname, folder=self._home)
        if not self.has_mounts:
            env["SAMPAN_MOUNT_ROOT"] = str(folder / "mounts")
        user = programs.identity(spec)
        covered = {mount.container_path for mount in spec.mounts}
        shared = [mount for mount in self._records.mounts(sandbox.id) if mount.container_path not in covered]
        return {
            "argv": programs.argv(spec),
            "env": env,
            "cwd": spec.working_dir or str(folder / "work"),
            "hostname": hostname,
            "mounts": [(one.host_path, one.container_path, one.read_only) for one in [*shared, *_bound(spec)]],
            "root": str(folder / "root"),
            "namespaces": self.has_mounts,
            "user": user[0] if user else None,
            "group": user[1] if user else None,
            "groups": list(spec.groups),
            "privileged": spec.privileged,
            "no_new_privileges": not spec.allow_privilege_escalation,
            "stdin": spec.stdin,
            "stdin_once": spec.stdin_once,
            "tty": spec.tty,
        }

    def start_container(self, container_id: str) -> None:
        folder = self._records.container_folder(container_id)
        reading, writing = os.pipe()
        with (folder / "launcher.log").open("wb") as errors:
            process = subprocess.Popen(
                [*PYTHON, str(HERE / "launcher.py"), str(folder), str(writing)],
                stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, env={}, cwd="/",
                pass_fds=(writing,), start_new_session=True,
            )  # fmt: skip
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            said = pipe.read()
        process.returncode = 0  # the watcher collects it; Popen shall not, nor warn that it still runs
        report = json.loads(said) if said else {"error": (folder / "launcher.log").read_text()[-500:] or "unknown"}
        if "error" in report:
            _collect(process.pid)
            message = f'failed to start container "{container_id[:12]}": {report["error"]}'
            write(
                folder / "exit.json", {"code": 128, "finished": time.time(), "reason": "StartError", "message": message}
            )
            raise RuntimeFailure("RunContainerError", message)
        self._watch(container_id)

    def _watch(self, container_id: str) -> None:
        self._ended[container_id] = threading.Event()
        state = read(self._records.container_folder(container_id) / "state.json")
        self._watcher.add(container_id, state["launcher"])

    def _container_ended(self, container_id: str) -> None:
        container = self._records.container(container_id)
        if container and not read(self._records.container_folder(container_id) / "exit.json"):
            self._launcher_lost(container_id)
        for session in list(self._sessions.get(container_id, ())):
            session.close()
        if event := self._ended.pop(container_id, None):
            event.set()
        self._events.put(container.pod_uid if container else "")

    def _launcher_lost(self, container_id: str) -> None:
        """The launcher was killed: its container must not run on unsupervised."""
        state = read(self._records.container_folder(container_id) / "state.json")
        if not state:
            return  # it was never started
        if processes.start_time(state["pid"]) == state["start_time"]:
            for pid in processes.tree(state["pid"]):
                processes.send(pid, signal.SIGKILL)
        lost = {"code": 137, "finished": time.time(), "message": "the process beside the container was killed"}
        write(self._records.container_folder(container_id) / "exit.json", lost)

    def stop_container(self, container_id: str, grace: int) -> None:
        state = read(self._records.container_folder(container_id) / "state.json")
        if not state or processes.start_time(state["launcher"]) != state["launcher_start"]:
            return
        if container_id not in self._ended:
            self._watch(container_id)  # its launcher reported after an earlier agent was gone
        ended = self._ended.get(container_id)
        if ended is None:
            return
        for number, patience in ((signal.SIGTERM, float(grace)), (signal.SIGKILL, 30.0)):
            if number is signal.SIGTERM and grace <= 0:
                continue
            if processes.start_time(state["pid"]) == state["start_time"]:
                processes.send(state["pid"], number)
            if ended.wait(patience):
                return
        raise RuntimeFailure("KillContainerError", f"container {container_id[:12]} does not end")

    def _refuse(self, spec: SandboxSpec) -> None:
        if spec.own_users:
            raise RuntimeFailure("CreatePodSandboxError", "the exec runtime has no user namespaces for pods")
        if spec.handler:
            raise RuntimeFailure("CreatePodSandboxError", f"no runtime for {spec.handler!r} is configured")

    def update_container(self, container_id: str, resources: Resources) -> None:
        raise RuntimeFailure("UpdateContainerError", "the exec runtime does not limit what containers use")

    def remove_container(self, container_id: str) -> None:
        self.stop_container(container_id, 0)
        self._records.remove(self._records.container_folder(container_id))

    def containers(self, pod_uid: str = "") -> list[Container]:
        return self._records.containers(pod_uid)

    # images: the host is the only one

    def image(self, reference: str) -> Image | None:
        return Image(IMAGE_ID, (reference,), 0)

    def images(self) -> list[Image]:
        return []

    def pull(self, reference: str, credentials: Sequence[Mapping[str, str]] = ()) -> Image:
        return Image(IMAGE_ID, (reference,), 0)

    def remove_image(self, reference: str) -> None:
        return None

    def save_image(self, reference: str) -> Iterator[bytes]:
        text = f"image {reference} cannot be a volume: the exec runtime has no images, only programs of the host"
        raise RuntimeFailure("CreateContainerError", text)

    # inside a container

    def exec(self, container_id: str, command: Sequence[str], *, stdin: bool, tty: bool) -> ExecStream:
        container = self._records.container(container_id)
        if container is None or container.state != "running":
            raise RuntimeFailure("ExecError", f"container {container_id[:12]} does not run")
        folder = self._records.container_folder(container_id)
        plan = {
            **read(folder / "spec.json"),
            "argv": list(command),
            "tty": tty,
            "pid": read(folder / "state.json")["pid"],
            "agent": os.getpid(),
        }
        if tty:
            plan["env"].setdefault("TERM", "xterm")
        root = f"/proc/{plan['pid']}/root" if tty and self.has_mounts else ""
        told = os.memfd_create("plan")  # not an argument: every user of the machine sees those, and secrets are in it
        try:
            with open(told, "w", closefd=False) as file:
                json.dump(plan, file)
            os.lseek(told, 0, os.SEEK_SET)
            argv = [*PYTHON, str(HERE / "enter.py"), str(told)]
            stream = ExecStream(argv, stdin=stdin, tty=tty, root=root, passed=told)
        finally:
            os.close(told)
        self._sessions.setdefault(container_id, set()).add(stream)
        stream.when_closed(lambda: self._sessions.get(container_id, set()).discard(stream))
        return stream

    def exec_sync(self, container_id: str, command: Sequence[str], timeout: float) -> tuple[int, bytes]:
        stream = self.exec(container_id, command, stdin=False, tty=False)
        late = threading.Event()

        def give_up() -> None:
            late.set()
            stream.kill()

        timer = threading.Timer(timeout, give_up)
        timer.daemon = True
        timer.start()
        try:
            said = b"".join(data for _, data in stream.output())
            code = stream.exit_code()
        finally:
            timer.cancel()
            stream.close()
        if late.is_set():
            raise TimeoutError(f"command {list(command)} did not end within {timeout:g} s")
        return code, said

    def attach(self, container_id: str, *, stdin: bool, tty: bool) -> AttachStream:
        return AttachStream(self._records.container_folder(container_id), stdin=stdin)

    def logs(self, container_id: str, *, follow: bool, since: int, tail: int) -> Iterator[logs.Line]:
        folder = self._records.container_folder(container_id)
        if not folder.exists():
            raise RuntimeFailure("LogsError", f"no logs of container {container_id[:12]}: it has been removed")
        return logs.read(folder, follow=follow, since=since, tail=tail)

    def dial(self, sandbox_id: str, port: int) -> int:
        sandbox = self._records.sandbox(sandbox_id)
        if sandbox is None:
            raise RuntimeFailure("DialError", f"no such sandbox: {sandbox_id}")
        return socket.create_connection((sandbox.ip, port), timeout=10).detach()

    def usage(self) -> list[Usage]:
        found = []
        for container in self._records.containers():
            if container.state == "running":
                state = read(self._records.container_folder(container.id) / "state.json")
                found.append(Usage(container.id, *processes.usage(state["pid"]), time.time()))
        return found

    # the runtime itself

    def events(self) -> Iterator[str]:
        while (uid := self._events.get()) is not None:
            yield uid

    def close(self) -> None:
        """Stop watching; containers keep running."""
        self._watcher.close()
        self._events.put(None)
        for sessions in list(self._sessions.values()):
            for session in list(sessions):
                session.close()


def _bound(spec: ContainerSpec) -> list[Mount | Device]:
    """What is bound into the container: a device like any file."""
    return [*spec.mounts, *spec.devices]


def _link_mounts(spec: ContainerSpec, root: Path) -> None:
    for mount in _bound(spec):
        place = root / posixpath.normpath(f"/{mount.container_path}").lstrip("/")  # never above ``root``
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.is_symlink() and not place.exists():
            place.symlink_to(mount.host_path)


def _collect(pid: int) -> None:
    try:
        os.waitpid(pid, 0)
    except ChildProcessError:
        return
