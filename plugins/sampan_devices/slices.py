"""ResourceSlice: devices of one driver's pool, and where they can be used. Source: resource validation and strategy."""

from __future__ import annotations

import time
from collections.abc import Iterator

from sampan.contracts.kinds import Draft, Object, Problem
from sampan_devices import limits
from sampan_devices.devices import counter_set, device, one_set, true_or_unset
from sampan_devices.shapes import items, node_name, pool_name
from sampan_machinery.metadata import now_text
from sampan_machinery.problems import invalid
from sampan_machinery.validation import validate_driver_name, validate_immutable
from sampan_podspec.validation.scheduling import node_selector

_ONE = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required"
_LISTS = ("bools", "ints", "strings", "versions")


def default(obj: Object) -> None:
    """A taint says since when it is there."""
    for each in devices_of(obj):
        for taint in each.get("taints") or ():
            if taint.get("timeAdded") is None:
                taint["timeAdded"] = now_text(time.time())


def prepare(draft: Draft) -> None:
    """Without the fields that are alpha upstream, and off, unless they are stored already."""
    old = devices_of(draft.old or {})
    if not any(each.get("nodeAllocatableResourceMappings") for each in old):
        for each in devices_of(draft.object):
            each.pop("nodeAllocatableResourceMappings", None)
    if not any(name in value for each in old for value in (each.get("attributes") or {}).values() for name in _LISTS):
        for each in devices_of(draft.object):
            for value in (each.get("attributes") or {}).values():
                for name in _LISTS:
                    value.pop(name, None)


def devices_of(obj: Object) -> list[Object]:
    return (obj.get("spec") or {}).get("devices") or []


def validate(new: Object, old: Object | None) -> Iterator[Problem]:
    spec, before = new.get("spec") or {}, (old or {}).get("spec") or {}
    pool = spec.get("pool") or {}
    yield from validate_driver_name("spec.driver", spec.get("driver") or "")
    yield from _pool("spec.pool", pool)
    if old is not None:
        names = (each.get("name") or "" for each in (pool, before.get("pool") or {}))
        yield from validate_immutable("spec.pool.name", *names)
        yield from validate_immutable("spec.driver", spec.get("driver") or "", before.get("driver") or "")
        yield from validate_immutable("spec.nodeName", spec.get("nodeName"), before.get("nodeName"))
    yield from _nodes("spec", spec)
    if spec.get("sharedCounters") is not None and spec.get("devices") is not None:
        yield invalid("spec", "", "only one of `sharedCounters` or `devices` is allowed")
    yield from _devices("spec.devices", spec, {each.get("name"): each for each in devices_of(old or {})})
    counters = spec.get("sharedCounters")
    yield from items("spec.sharedCounters", counters, limits.COUNTER_SETS, counter_set, _name)


def _name(holder: Object) -> str:
    return holder.get("name") or ""


def _pool(path: str, pool: Object) -> Iterator[Problem]:
    yield from pool_name(f"{path}.name", pool.get("name"))
    if (count := pool.get("resourceSliceCount") or 0) <= 0:
        yield invalid(f"{path}.resourceSliceCount", count, "must be greater than zero")
    if (generation := pool.get("generation") or 0) < 0:
        yield invalid(f"{path}.generation", generation, "must be greater than or equal to zero")


def _nodes(path: str, spec: Object) -> Iterator[Problem]:
    given: list[str] = []
    if (name := spec.get("nodeName")) is not None:
        if name:
            given.append("`nodeName`")
            yield from node_name(f"{path}.nodeName", name)
        else:
            yield invalid(f"{path}.nodeName", name, "must be either unset or set to a non-empty string")
    if (selector := spec.get("nodeSelector")) is not None:
        given.append("`nodeSelector`")
        yield from node_selector(f"{path}.nodeSelector", selector)
        terms = selector.get("nodeSelectorTerms")
        if len(terms or ()) != 1:  # so that the selectors of several slices can be joined
            yield invalid(f"{path}.nodeSelector.nodeSelectorTerms", terms, "must have exactly one node selector term")
    for field in ("allNodes", "perDeviceNodeSelection"):
        yield from true_or_unset(f"{path}.{field}", spec.get(field), given.append)
    yield from one_set(path, given, _ONE, f"{_ONE}, but multiple fields are set")


def _devices(path: str, spec: Object, old: dict[str | None, Object]) -> Iterator[Problem]:
    found = spec.get("devices") or []
    larger = any(each.get("taints") or each.get("consumesCounters") for each in found)
    own_nodes = spec.get("perDeviceNodeSelection") is True

    def one(where: str, each: Object) -> Iterator[Problem]:
        yield from device(where, each, old.get(each.get("name")), own_nodes=own_nodes)

    yield from items(path, found, limits.DEVICES_WITH_MORE if larger else limits.DEVICES, one, _name)
