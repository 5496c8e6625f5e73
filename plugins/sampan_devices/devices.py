"""One device of a ResourceSlice: attributes, capacities, counters, taints, nodes. Source: resource validation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from sampan.contracts.kinds import Object, Problem
from sampan_devices import limits
from sampan_devices.capacities import request_policy
from sampan_devices.shapes import binding_conditions, entries, items, label, node_name, qualified_name, taint
from sampan_machinery.equality import same
from sampan_machinery.problems import forbidden, invalid, required, too_long
from sampan_podspec.validation.scheduling import node_selector

#: The fields of which an attribute has one. Lists of values are alpha upstream, and dropped.
SCALARS = ("bool", "int", "string", "version")
_NUMBER, _PART, _BUILD = "(?:0|[1-9][0-9]*)", "(?:0|[1-9][0-9]*|[0-9]*[a-zA-Z-][0-9a-zA-Z-]*)", "[0-9a-zA-Z-]+"
_SEMVER = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:-{_PART}(?:\.{_PART})*)?(?:\+{_BUILD}(?:\.{_BUILD})*)?")
_LABEL = 63
_NODES = (
    "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true "
    "in the ResourceSlice spec"
)
_NO_NODES = (
    "`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the "
    "ResourceSlice spec"
)


def device(path: str, found: Object, old: Object | None, *, own_nodes: bool) -> Iterator[Problem]:
    """``own_nodes``: the slice leaves it to each device where it can be used."""
    yield from label(f"{path}.name", found.get("name"))
    yield from _sizes(path, found)
    shared = found.get("allowMultipleAllocations") is True
    yield from entries(f"{path}.attributes", found.get("attributes"), -1, qualified_name, _attribute)
    check = _shared_capacity if shared else _own_capacity
    yield from entries(f"{path}.capacity", found.get("capacity"), -1, qualified_name, check)
    if old is None or not same(old.get("taints"), found.get("taints")):
        yield from items(f"{path}.taints", found.get("taints"), limits.TAINTS, taint)
    consumed, most = found.get("consumesCounters"), limits.COUNTER_SETS_OF_A_DEVICE
    yield from items(
        f"{path}.consumesCounters", consumed, most, _consumption, lambda each: each.get("counterSet") or ""
    )
    if own_nodes:
        yield from _own_nodes(path, found)
    elif any(found.get(field) is not None for field in ("nodeName", "nodeSelector", "allNodes")):
        yield invalid(path, None, _NO_NODES)
    yield from binding_conditions(path, found)


def counter_set(path: str, found: Object) -> Iterator[Problem]:
    yield from _counters(path, "name", found, limits.COUNTERS)


def one_set(path: str, given: list[str], why: str, told: str = "") -> Iterator[Problem]:
    """Exactly one of several fields is set; ``given`` are those that are, in backquotes."""
    if not given:
        yield required(path, why)
    elif len(given) > 1:
        yield invalid(path, f"{{{', '.join(given)}}}", told or why)


def _sizes(path: str, found: Object) -> Iterator[Problem]:
    attributes, capacities = found.get("attributes") or {}, found.get("capacity") or {}
    if (count := len(attributes) + len(capacities)) > limits.ATTRIBUTES_AND_CAPACITIES:
        why = f"the total number of attributes and capacities must not exceed {limits.ATTRIBUTES_AND_CAPACITIES}"
        yield invalid(path, count, why)
    if len(attributes) > limits.ATTRIBUTE_VALUES:
        why = f"the total number of attribute values must not exceed {limits.ATTRIBUTE_VALUES}"
        yield invalid(path, len(attributes), why)


def _attribute(path: str, attribute: Object) -> Iterator[Problem]:
    given = [name for name in SCALARS if attribute.get(name) is not None]
    for name in given:
        text = attribute[name]
        if name == "version" and not _SEMVER.fullmatch(text):
            yield invalid(f"{path}.version", text, "must be a string compatible with semver.org spec 2.0.0")
        if name in ("string", "version") and len(text.encode()) > limits.ATTRIBUTE_VALUE:
            yield too_long(f"{path}.{name}", limits.ATTRIBUTE_VALUE)
    if len(given) != 1:
        yield invalid(path, attribute if given else "", "exactly one value must be specified")


def _shared_capacity(path: str, capacity: Object) -> Iterator[Problem]:
    if capacity.get("requestPolicy") is not None:
        yield from request_policy(f"{path}.requestPolicy", capacity.get("value") or "0", capacity["requestPolicy"])


def _own_capacity(path: str, capacity: Object) -> Iterator[Problem]:
    if capacity.get("requestPolicy") is not None:
        yield forbidden(f"{path}.requestPolicy", "allowMultipleAllocations must be true")


def _consumption(path: str, found: Object) -> Iterator[Problem]:
    yield from _counters(path, "counterSet", found, limits.COUNTERS)


def _counters(path: str, name: str, found: Object, most: int) -> Iterator[Problem]:
    if not found.get(name):
        yield required(f"{path}.{name}")
    else:
        yield from label(f"{path}.{name}", found[name])
    if not found.get("counters"):
        yield required(f"{path}.counters")
    else:
        yield from entries(f"{path}.counters", found["counters"], most, label, _anything, shown=_LABEL)


def _anything(path: str, value: Any) -> Iterator[Problem]:
    return iter(())


def _own_nodes(path: str, found: Object) -> Iterator[Problem]:
    given = []
    if (name := found.get("nodeName")) is not None:
        if name:
            given.append("`nodeName`")
            yield from node_name(f"{path}.nodeName", name)
        else:
            yield invalid(f"{path}.nodeName", name, "must not be empty")
    if found.get("nodeSelector") is not None:
        given.append("`nodeSelector`")
        yield from node_selector(f"{path}.nodeSelector", found["nodeSelector"])
    yield from true_or_unset(f"{path}.allNodes", found.get("allNodes"), given.append)
    yield from one_set(path, given, _NODES)


def true_or_unset(path: str, value: bool | None, add: Callable[[str], None]) -> Iterator[Problem]:
    """Tells ``add`` that the field is set."""
    if value:
        add(f"`{path.rpartition('.')[2]}`")
    elif value is not None:
        yield invalid(path, value, "must be either unset or set to true")
