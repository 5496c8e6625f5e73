"""The runtime's state on disk: one directory per sandbox and per container, whole JSON files in them."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import threading
from pathlib import Path
from typing import Any

from sampan_exec import processes
from sampan_runtime.contracts import Container, Mount, Sandbox, SandboxSpec

IMAGE_ID = "host"


def write(path: Path, data: Any) -> None:
    """Whole or not at all, and for the agent's user alone: environments hold secrets."""
    fresh = path.with_name(f"{path.name}.{threading.get_ident()}")
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(json.dumps(data))
    os.replace(fresh, path)


def read(path: Path) -> dict[str, Any]:
    """The file's object, {} when there is none."""
    try:
        found: dict[str, Any] = json.loads(path.read_text())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    return found


class Records:
    """Everything under the runtime's home; the disk is the truth, so that a restarted agent finds what runs."""

    def __init__(self, home: Path) -> None:
        self._sandboxes, self._containers = home / "sandboxes", home / "containers"
        for folder in (self._sandboxes, self._containers):
            folder.mkdir(parents=True, exist_ok=True)

    def sandbox_folder(self, sandbox_id: str) -> Path:
        return self._sandboxes / sandbox_id

    def container_folder(self, container_id: str) -> Path:
        return self._containers / container_id

    def add_sandbox(self, sandbox: Sandbox, spec: SandboxSpec) -> None:
        folder = self.sandbox_folder(sandbox.id)
        folder.mkdir(parents=True, exist_ok=True)
        if spec.host_ipc:
            (folder / "shm").symlink_to("/dev/shm")
        else:
            (folder / "shm").mkdir(exist_ok=True)
            (folder / "shm").chmod(0o1777)
        write(folder / "sandbox.json", {"sandbox": dataclasses.asdict(sandbox), "hostname": spec.hostname})

    def set_ready(self, sandbox_id: str, ready: bool) -> None:
        path = self.sandbox_folder(sandbox_id) / "sandbox.json"
        if found := read(path):
            found["sandbox"]["ready"] = ready
            write(path, found)

    def sandbox(self, sandbox_id: str) -> Sandbox | None:
        found = read(self.sandbox_folder(sandbox_id) / "sandbox.json")
        return Sandbox(**found["sandbox"]) if found else None

    def hostname(self, sandbox_id: str) -> str:
        return str(read(self.sandbox_folder(sandbox_id) / "sandbox.json").get("hostname", ""))

    def mounts(self, sandbox_id: str) -> list[Mount]:
        """What every container of the sandbox gets, shared among them."""
        folder = self.sandbox_folder(sandbox_id)
        places = ((folder / "resolv.conf", "/etc/resolv.conf"), (folder / "shm", "/dev/shm"))
        return [Mount(str(source), target) for source, target in places if source.exists()]

    def sandboxes(self) -> list[Sandbox]:
        return [found for folder in self._sandboxes.iterdir() if (found := self.sandbox(folder.name))]

    def containers(self, pod_uid: str = "") -> list[Container]:
        return [found for folder in self._containers.iterdir() if (found := self.container(folder.name, pod_uid))]

    def container(self, container_id: str, pod_uid: str = "") -> Container | None:
        """As the files and /proc say it is; None where there is none (of that pod)."""
        folder = self.container_folder(container_id)
        record = read(folder / "container.json")
        if not record or pod_uid not in ("", record["pod_uid"]):
            return None
        lifetime = _lifetime(folder, read(folder / "state.json"), read(folder / "exit.json"))
        if not (folder / "container.json").exists():  # removed meanwhile: what was read may be half of it
            return None
        return Container(**record, **lifetime)

    def remove_unfinished(self) -> None:
        """Folders without a record: the process that began them was killed before it wrote the record."""
        for folders, record in ((self._sandboxes, "sandbox.json"), (self._containers, "container.json")):
            for folder in folders.iterdir():
                if not (folder / record).exists():
                    self.remove(folder)

    def remove(self, folder: Path) -> None:
        """The record is removed first, so that a folder that is half removed is never read as a container."""
        for record in ("container.json", "sandbox.json"):
            (folder / record).unlink(missing_ok=True)
        shutil.rmtree(folder, ignore_errors=True)


def _lifetime(folder: Path, state: dict[str, Any], ended: dict[str, Any]) -> dict[str, Any]:
    if ended:
        code = ended["code"]
        return {
            "state": "exited",
            "started": state.get("started", 0.0),
            "finished": ended["finished"],
            "exit_code": code,
            "reason": ended.get("reason") or ("Completed" if code == 0 else "Error"),
            "message": ended.get("message", ""),
        }
    if not state:
        return {"state": "created"}
    if processes.start_time(state["launcher"]) == state["launcher_start"]:
        return {"state": "running", "started": state["started"]}
    ended = read(folder / "exit.json")  # it may have ended between the two looks
    if ended:
        return _lifetime(folder, state, ended)
    return {
        "state": "exited",
        "started": state["started"],
        "finished": state["started"],
        "exit_code": 137,
        "reason": "Error",
        "message": "the process beside the container went away (the machine restarted, or it was killed)",
    }
