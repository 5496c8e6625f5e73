"""Devices that were allocated to pods: prepared by plugins, handed to the runtime by their CDI names or as what these
stand for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from sampan.contracts.components import Contributed
from sampan.contracts.kinds import Object
from sampan_runtime import cdi
from sampan_runtime.contracts import ClaimedDevices, ContainerSpec, Runtime, RuntimeFailure, TakesCdi

log = logging.getLogger(__name__)

SECONDS = 60.0  # that a third party's preparing may take
_T = TypeVar("_T")


class NotPrepared(RuntimeFailure):
    """The pod's devices are not ready (yet); the reason is that of the event."""


class PodDevices:
    """Asks all plugins that prepare devices, one after the other."""

    def __init__(self, answers: Iterable[Contributed[Sequence[ClaimedDevices]]] = ()) -> None:
        self._all = [(one, found) for found in answers for one in found.answer]

    def prepare(self, pod: Object, container: Object) -> list[str]:
        """CDI names of what the container gets. Raises NotPrepared."""
        names: list[str] = []
        for one, found in self._all:
            try:
                _guarded(found, lambda one=one: one.prepare(pod))  # type: ignore[misc]  # mypy cannot infer it
                names += _guarded(found, lambda one=one: list(one.names(pod, container)))  # type: ignore[misc]
            except RuntimeFailure as error:
                raise NotPrepared(error.reason, str(error)) from error
            except Exception as error:
                raise NotPrepared("FailedPrepareDynamicResources", f"{one.name}: {error}") from error
        return names

    def release(self, pod: Object) -> None:
        """Raises RuntimeFailure to be asked again."""
        for one, found in self._all:
            _guarded(found, lambda one=one: one.release(pod))  # type: ignore[misc]  # mypy cannot infer it

    def close(self) -> None:
        for one, _ in self._all:
            try:
                one.close()
            except Exception:
                log.exception("node: %s", one.name)


def with_devices(spec: ContainerSpec, names: Sequence[str], runtime: Runtime) -> ContainerSpec:
    """The container with its devices, as the runtime wants them. Raises RuntimeFailure."""
    if isinstance(runtime, TakesCdi) and runtime.takes_cdi:
        return replace(spec, cdi=list(names)) if names else spec
    return cdi.applied(spec, names, cdi.DIRECTORIES)


def _guarded(found: Contributed[Sequence[ClaimedDevices]], do: Callable[[], _T]) -> _T:
    if found.isolation is None:
        return do()
    done: _T = found.isolation.call("claimed devices", do, seconds=SECONDS, passes=(RuntimeFailure,))
    return done
