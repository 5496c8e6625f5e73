"""The log files of containers: where they are, that they do not grow without end, and that they go with their
container. The runtime writes them."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

from sampan_runtime.contracts import RuntimeFailure, SandboxSpec

log = logging.getLogger(__name__)

LARGEST = 10 << 20  # bytes of a log before it becomes .1 and a new one begins, as kubelet's containerLogMaxSize
EVERY = 5.0  # seconds between looks at sizes


def folder_of(root: Path, spec: SandboxSpec) -> Path:
    """As kubelet names it, so that tools that read the path find the pod."""
    return root / f"{spec.namespace}_{spec.name}_{spec.uid}"


def path_of(name: str, attempt: int) -> str:
    """Of a container's log, below the pod's folder."""
    return f"{name}/{attempt}.log"


def remove(path: Path, root: Path) -> None:
    """A log and what was rotated of it, and folders above it that are empty then. What is not below ``root`` stays."""
    if root not in path.parents:
        return
    for one in (path, path.with_name(f"{path.name}.1")):
        one.unlink(missing_ok=True)
    for folder in (path.parent, path.parent.parent):
        with contextlib.suppress(OSError):  # not empty
            if folder != root:
                folder.rmdir()


class Rotation:
    """Looks at the sizes of the logs of running containers. ``reopen(id)`` makes the runtime write a new file."""

    def __init__(self, running: Callable[[], Iterable[tuple[str, str]]], reopen: Callable[[str], object]) -> None:
        self._running, self._reopen = running, reopen
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cri-logs", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(5)

    def _run(self) -> None:
        while not self._stop.wait(EVERY):
            self.look()

    def look(self) -> None:
        """One look at each."""
        for identifier, path in self._running():
            try:
                if path and os.stat(path).st_size > LARGEST:
                    self._rotate(identifier, path)
            except FileNotFoundError:
                continue
            except (OSError, RuntimeFailure) as error:
                log.warning("cri: the log of container %s is not rotated: %s", identifier[:12], error)

    def _rotate(self, identifier: str, path: str) -> None:
        os.replace(path, f"{path}.1")
        try:
            self._reopen(identifier)
        except RuntimeFailure:
            if not os.path.exists(path):
                os.replace(f"{path}.1", path)  # the runtime still writes to it; the next look tries again
            raise
