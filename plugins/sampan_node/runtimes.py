"""Choosing and opening the container runtime among the installed plugins that provide one."""

from __future__ import annotations

import importlib.metadata
import logging
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sampan.contracts.runtime import Runtime
from sampan.errors import ConfigError, SampanError

log = logging.getLogger(__name__)

DOCKER_SOCKET = "/var/run/docker.sock"


def docker_answers(path: str = DOCKER_SOCKET) -> bool:
    """Whether a daemon serves pings on its socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(2)
        try:
            probe.connect(path)
            probe.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            return b" 200 " in probe.recv(256)
        except OSError:
            return False


def chosen(name: str) -> str:
    """``auto`` is docker where its daemon answers, else exec."""
    if name and name != "auto":
        return name
    return "docker" if docker_answers() else "exec"


def open_runtime(name: str, home: Path, options: Mapping[str, Any]) -> Runtime:
    """The runtime called ``name``; raises ConfigError when nobody provides it."""
    points = sorted(importlib.metadata.entry_points(group="sampan.plugins"), key=lambda point: point.name != name)
    for point in points:
        try:
            provide = getattr(point.load(), "provide_runtime", None)
        except Exception as error:
            log.debug("node: plugin %s cannot be asked for a runtime: %s", point.name, error)
            continue
        if provide is None:
            continue
        folder = home / name
        folder.mkdir(parents=True, exist_ok=True)
        runtime: Runtime | None = provide(name=name, home=str(folder), options=options)
        if runtime is not None:
            return runtime
    raise ConfigError(f"node.runtime: no plugin provides a container runtime called {name!r}")


def clean_up(home: str, options: Mapping[str, Any]) -> None:
    """Remove every container and mount of this node; for `sampan down`."""
    from sampan_node.volumes import unmount_all

    for name in ("docker", "exec"):
        if not (Path(home) / name).is_dir():
            continue
        try:
            runtime = open_runtime(name, Path(home), options)
        except SampanError as error:
            log.warning("node: cannot clean up after %s: %s", name, error)
            continue
        for sandbox in runtime.sandboxes():
            runtime.remove_sandbox(sandbox.id)
        runtime.close()
    unmount_all(Path(home) / "pods")
