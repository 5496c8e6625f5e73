"""Devices that were given to pods: prepared by plugins, handed to the runtime by their CDI names, as what these stand
for, or as variables, mounts and devices."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeVar

from sampan.contracts.components import Contributed
from sampan.contracts.kinds import Object
from sampan_runtime import cdi
from sampan_runtime.contracts import (
    AdmitsPods,
    ClaimedDevices,
    ContainerSpec,
    Edits,
    EditsContainers,
    OffersResources,
    Runtime,
    RuntimeFailure,
    TakesCdi,
)

log = logging.getLogger(__name__)

SECONDS = 60.0  # that a third party's preparing may take
_T = TypeVar("_T")


class NotPrepared(RuntimeFailure):
    """The pod's devices are not ready (yet); the reason is that of the event."""


class Granted(NamedTuple):
    """What a container gets: names of CDI devices, and what no specification says."""

    cdi: tuple[str, ...] = ()
    edits: Edits = Edits()


NOTHING = Granted()


class PodDevices:
    """Asks all plugins that prepare devices, one after the other."""

    def __init__(self, answers: Iterable[Contributed[Sequence[ClaimedDevices]]] = ()) -> None:
        self._all = [(one, found) for found in answers for one in found.answer]

    def resources(self) -> dict[str, tuple[int, int]]:
        """Capacity and allocatable amount of the extended resources that plugins offer here."""
        offered: dict[str, tuple[int, int]] = {}
        for one, found in self._all:
            if isinstance(one, OffersResources):
                offered |= _offered(found, one)
        return offered

    def admit(self, pod: Object) -> str:
        """Why the node cannot take the pod, "" where it can."""
        for one, found in self._all:
            if isinstance(one, AdmitsPods) and (why := _admitted(found, one, pod)):
                self.release(pod)  # what those before it have given
                return why
        return ""

    def prepare(self, pod: Object, container: Object) -> Granted:
        """What the container gets. Raises NotPrepared."""
        names: list[str] = []
        edits = Edits()
        for one, found in self._all:
            try:
                _guarded(found, lambda one=one: one.prepare(pod))  # type: ignore[misc]  # mypy cannot infer it
                names += _guarded(found, lambda one=one: list(one.names(pod, container)))  # type: ignore[misc]
                if isinstance(one, EditsContainers):
                    edits += _guarded(found, lambda one=one: one.edits(pod, container))  # type: ignore[misc]
            except RuntimeFailure as error:
                raise NotPrepared(error.reason, str(error)) from error
            except Exception as error:
                raise NotPrepared("FailedPrepareDynamicResources", f"{one.name}: {error}") from error
        return Granted(tuple(names), edits)

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


def with_devices(spec: ContainerSpec, granted: Granted, runtime: Runtime) -> ContainerSpec:
    """The container with its devices, as the runtime wants them. Raises RuntimeFailure."""
    if granted.edits != NOTHING.edits:  # the pod's own variables count, as upstream
        spec = replace(cdi.edited(spec, granted.edits), env={**dict(granted.edits.env), **spec.env})
    if isinstance(runtime, TakesCdi) and runtime.takes_cdi:
        return replace(spec, cdi=list(granted.cdi)) if granted.cdi else spec
    return cdi.applied(spec, granted.cdi, cdi.DIRECTORIES)


def _offered(found: Contributed[Sequence[ClaimedDevices]], one: OffersResources) -> Mapping[str, tuple[int, int]]:
    """None where a third party's plugin fails: the failure is in its log."""
    try:
        return _guarded(found, one.resources)
    except Exception as error:
        log.warning("node: devices: %s", error)
        return {}


def _admitted(found: Contributed[Sequence[ClaimedDevices]], one: AdmitsPods, pod: Object) -> str:
    try:
        return _guarded(found, lambda: one.admit(pod))
    except Exception as error:
        return str(error)


def _guarded(found: Contributed[Sequence[ClaimedDevices]], do: Callable[[], _T]) -> _T:
    if found.isolation is None:
        return do()
    done: _T = found.isolation.call("claimed devices", do, seconds=SECONDS, passes=(RuntimeFailure,))
    return done
