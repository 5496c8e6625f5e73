"""Termination messages: the file a container may leave one in, and the end of its log where the policy says so."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

from sampan.contracts.kinds import Object
from sampan.errors import SampanError
from sampan_node.volumes import mounting
from sampan_runtime.contracts import Container, Mount, Runtime

log = logging.getLogger(__name__)

LARGEST, LOG_LINES, LOG_BYTES = 4096, 80, 2048
POD_BYTES = 12 << 10  # what all messages of one pod may have together; each container has an equal part
USUAL_PATH = "/dev/termination-log"


def _file(folder: Path, name: str, attempt: int) -> Path:
    return folder / "containers" / name / f"{attempt}.log"


def mount(container: Object, attempt: int, folder: Path) -> Mount:
    """An empty file, writable for everybody, at the container's terminationMessagePath."""
    path = _file(folder, container["name"], attempt)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    path.chmod(0o666)
    return Mount(str(path), container.get("terminationMessagePath") or USUAL_PATH)


def message(runtime: Runtime, container: Object, ended: Container, folder: Path) -> str:
    """The end of what was left, else of the log where the policy says so; "" for nothing."""
    path = _file(folder, ended.name, ended.attempt)
    try:
        with path.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - LARGEST))
            text = file.read(LARGEST).decode(errors="replace")
    except OSError:
        text = ""
    if text or container.get("terminationMessagePolicy") != "FallbackToLogsOnError" or not ended.exit_code:
        return text
    try:
        lines = [line for _, _, line in runtime.logs(ended.id, follow=False, since=0, tail=LOG_LINES)]
    except SampanError as error:
        log.debug("node: no log to fall back to: %s", error)
        return ""
    return b"".join(lines)[-LOG_BYTES:].decode(errors="replace")


def fitted(text: str, containers: int) -> str:
    """What may be told of one of so many containers. Source: kubelet's normalizeStatus."""
    return text.encode()[: POD_BYTES // containers].decode(errors="replace") if containers else text


def remove(folder: Path) -> None:
    """The pod's whole folder, once nothing is mounted in it."""
    if mounting.unmount_below(folder):
        shutil.rmtree(folder, ignore_errors=True)
