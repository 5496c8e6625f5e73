"""Choosing and opening the container runtime among the installed plugins that provide one."""

from __future__ import annotations

import contextlib
import importlib.metadata
import inspect
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from sampan.contracts.components import Hooks
from sampan.contracts.options import ClusterOptions
from sampan.contracts.reconciling import ReconcilerContext
from sampan.errors import ConfigError, SampanError
from sampan_runtime.contracts import HasNetwork, NamesEngine, Runtime
from sampan_runtime.offers import AUTO, offered

log = logging.getLogger(__name__)

PODS = "pods"  # the node's own folder, beside one for each runtime


class Asked(Protocol):
    """What of ``sampan.contracts.components.Hooks`` is needed to open a runtime."""

    def first(self, hook: str, **facts: Any) -> Any: ...


def choose(name: str, home: Path, options: ClusterOptions, hooks: Hooks) -> Runtime:
    """The runtime wanted; "" and ``auto``: of those that enabled plugins offer the preferred one that is available.

    Raises ConfigError when no plugin provides it.
    """
    if name not in ("", AUTO):
        return open_runtime(name, home, options, hooks)
    for offer in offered(found.answer for found in hooks.ask("contribute_runtimes")):
        if not offer.unavailable() and (found := _ask(offer.name, home, options, hooks)):
            return found
    raise ConfigError("node.runtime: no enabled plugin provides a container runtime that can be used on this machine")


def shown_name(runtime: Runtime) -> str:
    """As in statuses: containerID, containerRuntimeVersion."""
    return runtime.engine if isinstance(runtime, NamesEngine) else runtime.name


def open_runtime(name: str, home: Path, options: ClusterOptions, hooks: Asked) -> Runtime:
    """The runtime called ``name``; raises ConfigError when no plugin provides it."""
    if found := _ask(name, home, options, hooks):
        return found
    raise ConfigError(f"node.runtime: no enabled plugin provides a container runtime called {name!r}")


def _ask(name: str, home: Path, options: ClusterOptions, hooks: Asked) -> Runtime | None:
    folder = home / name
    folder.mkdir(parents=True, exist_ok=True)
    found: Runtime | None = hooks.first("provide_runtime", name=name, home=str(folder), options=options)
    if found is None:
        with contextlib.suppress(OSError):  # not empty: of a runtime that was there at an earlier start
            folder.rmdir()  # so that no cleaning up follows for a runtime that never ran
    return found


def remove_others(but: str, home: str, options: ClusterOptions) -> None:
    """Containers of every runtime but one: a node that was killed and comes back with another runtime does not see what
    the first one left."""
    for name, runtime in _left_in(Path(home), options, but=but):
        try:
            with contextlib.closing(runtime):
                for sandbox in runtime.sandboxes():
                    runtime.remove_sandbox(sandbox.id)
        except SampanError as error:
            log.warning("node: cannot remove what the %s runtime may have left: %s", name, error)
        else:
            shutil.rmtree(Path(home) / name, ignore_errors=True)  # not to be looked at again


def _left_in(home: Path, options: ClusterOptions, *, but: str = "") -> Iterator[tuple[str, Runtime]]:
    """(name, runtime) for each folder of the node's that an installed plugin provides the runtime of: ``open_runtime``
    makes a folder for each runtime that is used."""
    for folder in sorted(home.iterdir()) if home.is_dir() else ():
        if folder.name in (but, PODS) or not folder.is_dir():
            continue
        try:
            runtime = _ask(folder.name, home, options, Installed())
        except SampanError as error:
            log.warning("node: cannot remove what the %s runtime may have left: %s", folder.name, error)
            continue
        if runtime is not None and runtime.name == folder.name:
            yield folder.name, runtime


class Installed:
    """Every installed plugin, disabled or not: what a runtime left behind is removed after it was disabled, too."""

    def first(self, hook: str, **facts: Any) -> Any:
        for point in importlib.metadata.entry_points(group="sampan.plugins"):
            try:
                provide = getattr(point.load(), hook, None)
            except Exception as error:
                log.debug("node: plugin %s cannot be asked for a runtime: %s", point.name, error)
                continue
            if provide is None:
                continue
            given = {"context": ReconcilerContext(settings=None, home=""), **facts}
            wanted = inspect.signature(provide).parameters  # as pluggy: a hook takes what it names
            if (found := provide(**{key: value for key, value in given.items() if key in wanted})) is not None:
                return found
        return None


def clean_up(home: str, options: ClusterOptions) -> None:
    """Remove every container and mount of this node, for `sampan down`.

    What fails keeps nothing else from being removed; raises SampanError for it in the end.
    """
    from sampan_node.volumes.volumes import unmount_all

    failures: list[SampanError] = []
    for _, runtime in _left_in(Path(home), options):
        failures += _remove_all(runtime)
        if isinstance(runtime, HasNetwork):
            try:
                runtime.remove_network()
            except SampanError as error:
                failures.append(error)
        runtime.close()
    unmount_all(Path(home))  # what pods and plugins have mounted
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
