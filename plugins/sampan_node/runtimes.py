"""Choosing and opening the container runtime among the installed plugins that provide one."""

from __future__ import annotations

import contextlib
import importlib.metadata
import logging
import shutil
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

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


class Asked(Protocol):
    """What of ``sampan_server.plugins.plugins.Plugins`` is used here."""

    def first(self, hook: str, **facts: Any) -> Any: ...


def choose(name: str, home: Path, options: Mapping[str, Any], plugins: Asked) -> Runtime:
    """The runtime wanted; ``auto`` is docker where its daemon answers and its plugin is enabled, else exec.

    Raises ConfigError when no plugin provides it.
    """
    if name != "auto":
        return open_runtime(name, home, options, plugins)
    if docker_answers() and (found := _ask("docker", home, options, plugins)):
        return found
    return open_runtime("exec", home, options, plugins)


def open_runtime(name: str, home: Path, options: Mapping[str, Any], plugins: Asked) -> Runtime:
    """The runtime called ``name``; raises ConfigError when no plugin provides it."""
    if found := _ask(name, home, options, plugins):
        return found
    raise ConfigError(f"node.runtime: no enabled plugin provides a container runtime called {name!r}")


def _ask(name: str, home: Path, options: Mapping[str, Any], plugins: Asked) -> Runtime | None:
    folder = home / name
    folder.mkdir(parents=True, exist_ok=True)
    found: Runtime | None = plugins.first("provide_runtime", name=name, home=str(folder), options=options)
    return found


def remove_others(but: str, home: str, options: Mapping[str, Any]) -> None:
    """Containers of every runtime but one: a node that was killed and comes back with another runtime does not see what
    the first one left."""
    for name in ("docker", "exec"):
        folder = Path(home) / name
        if name == but or not folder.is_dir():
            continue
        try:
            runtime = open_runtime(name, Path(home), options, Installed())
            with contextlib.closing(runtime):
                for sandbox in runtime.sandboxes():
                    runtime.remove_sandbox(sandbox.id)
        except SampanError as error:
            log.warning("node: cannot remove what the %s runtime may have left: %s", name, error)
        else:
            shutil.rmtree(folder, ignore_errors=True)  # not to be looked at again


class Installed:
    """Every installed plugin, disabled or not: what a runtime left behind is removed after it was disabled, too."""

    def first(self, hook: str, **facts: Any) -> Any:
        for point in importlib.metadata.entry_points(group="sampan.plugins"):
            try:
                provide = getattr(point.load(), hook, None)
            except Exception as error:
                log.debug("node: plugin %s cannot be asked for a runtime: %s", point.name, error)
                continue
            if provide is not None and (found := provide(**facts)) is not None:
                return found
        return None


def clean_up(home: str, options: Mapping[str, Any]) -> None:
    """Remove every container and mount of this node, for `sampan down`.

    What fails keeps nothing else from being removed; raises SampanError for it in the end.
    """
    from sampan_node.volumes import unmount_all

    failures: list[SampanError] = []
    for name in ("docker", "exec"):
        if not (Path(home) / name).is_dir():
            continue
        try:
            runtime = open_runtime(name, Path(home), options, Installed())
        except SampanError as error:
            log.warning("node: cannot clean up after %s: %s", name, error)
            continue
        failures += _remove_all(runtime)
        runtime.close()
    unmount_all(Path(home) / "pods")
    if failures:
        raise SampanError(f"node: {len(failures)} could not be removed: {failures[0]}")


def _remove_all(runtime: Runtime) -> Iterator[SampanError]:
    for listed, remove in (
        (runtime.sandboxes, runtime.remove_sandbox), (runtime.containers, runtime.remove_container),
    ):  # fmt: skip
        try:
            found = [one.id for one in listed()]
        except SampanError as error:
            yield error
            continue
        for identifier in found:
            try:
                remove(identifier)
            except SampanError as error:
                yield error
