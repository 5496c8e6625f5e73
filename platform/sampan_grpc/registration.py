"""Drivers that register with a node agent: a registrar's socket appears in a directory, is asked what it stands for,
and is told whether that was accepted; when the socket goes, the driver has unregistered.

Several may watch one directory, each for its own type of driver. Source: k8s.io/kubelet pluginregistration/v1;
kubelet's plugin watcher (meaning).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from sampan.errors import SampanError
from sampan_grpc.sockets import SocketWatcher
from sampan_grpc.wire import table

log = logging.getLogger(__name__)

AGAIN = 2.0  # seconds until a registration that failed is tried again
KINDS = frozenset(("CSIPlugin", "DRAPlugin"))  # types for which there is a Registry
SERVICE = "pluginregistration.Registration"
MESSAGES = table("""
    InfoRequest:
    PluginInfo: type=1 name=2 endpoint=3 supported_versions=4:[str]
    RegistrationStatus: plugin_registered=1:bool error=2
    RegistrationStatusResponse:
""")


class Calling(Protocol):
    """A channel to a socket, with ``MESSAGES`` among those that it knows."""

    def call(self, service: str, method: str, **fields: Any) -> dict[str, Any]: ...

    def close(self) -> None: ...


class Missing(SampanError):
    """The library for gRPC is not installed; there is no use in trying again."""


class Registry:
    """``kind``: the type of drivers that it is about. ``connect`` opens a channel to a socket; raises Missing.
    ``accept(path, info)`` takes a driver and says why not, "" where it is taken; raises SampanError or OSError to be
    asked again. ``leave(path)``: the socket has gone, of a driver that was accepted. ``answering``: whether registrars
    are told."""

    def __init__(
        self, folder: Path, kind: str, *, connect: Callable[[str], Calling],
        accept: Callable[[Path, dict[str, Any]], str], leave: Callable[[Path], None], answering: bool = True,
    ) -> None:  # fmt: skip
        self._kind, self._connect, self._accept, self._leave = kind, connect, accept, leave
        self._answering = answering
        self._settled: set[Path] = set()  # those for which nothing is left to do
        self._accepted: set[Path] = set()
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._closed = False
        self._watcher = SocketWatcher(folder, self._look)

    def start(self) -> None:
        self._watcher.start()

    def close(self) -> None:
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._watcher.close()

    def _look(self) -> None:
        with self._lock:
            if self._closed:
                return
            paths = set(self._watcher.paths())
            for path in sorted(self._accepted - paths):
                self._accepted.discard(path)
                self._leave(path)
            self._settled &= paths
            failed = [path for path in sorted(paths - self._settled) if not self._register(path)]
            self._settled |= paths - set(failed)
        if failed and not self._closed:
            self._timer = threading.Timer(AGAIN, self._look)
            self._timer.daemon = True
            self._timer.start()

    def _register(self, path: Path) -> bool:
        """Whether nothing is left to do for this socket."""
        try:
            registrar = self._connect(str(path))
        except Missing as error:
            log.warning("%s: %s", path.name, error)
            return True
        try:
            info = registrar.call(SERVICE, "GetInfo")
            if info["type"] in KINDS - {self._kind}:
                return True  # another's to answer
            why = self._refusal(info) or self._accept(path, info)
            if not why:
                self._accepted.add(path)
            if self._answering:
                registrar.call(SERVICE, "NotifyRegistrationStatus", plugin_registered=not why, error=why)
            if why:
                log.warning("%s is not registered: %s", path.name, why)
            return True
        except (SampanError, OSError) as error:
            log.info("%s cannot be registered now: %s", path.name, error)
            return False
        finally:
            registrar.close()

    def _refusal(self, info: dict[str, Any]) -> str:
        if info["type"] != self._kind:
            return f"plugins of type {info['type']!r} are not known to this node agent"
        return "" if info["name"] else "the driver has no name"
