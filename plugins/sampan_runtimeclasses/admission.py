"""The rule RuntimeClass: a new pod gets the overhead of its class, and goes where the class can run.

Source: upstream's admission controller of this name, its wording too.
"""

from __future__ import annotations

from typing import Any

from sampan.contracts.admission import Review
from sampan.contracts.kinds import Object
from sampan_machinery import quantities
from sampan_machinery.resources import PODS, RUNTIME_CLASSES
from sampan_runtimeclasses.tolerations import merged

_PODS = frozenset({PODS.group_resource})
_CREATE = frozenset({"CREATE"})
_THEMSELVES = frozenset({""})


class RuntimeClass:
    """Sets ``overhead``, and adds to ``nodeSelector`` and ``tolerations``; refuses a class that does not exist."""

    name = "RuntimeClass"
    operations = _CREATE
    resources = _PODS
    subresources = _THEMSELVES
    mutates = True
    second_round = True
    priority = 700

    def admit(self, review: Review) -> None:
        spec = (review.object or {}).get("spec") or {}
        found = _class_of(review, spec)
        if found is None:
            return
        if (fixed := _fixed(found)) is not None:
            if spec.get("overhead") is not None and not _same(spec["overhead"], fixed):
                raise review.forbidden("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")
            spec["overhead"] = fixed
        if scheduling := found.get("scheduling"):
            _schedule(review, spec, scheduling)


class Overhead:
    """Refuses an overhead that is not the class's, also one that another admitter set."""

    name = "RuntimeClassOverhead"
    operations = _CREATE
    resources = _PODS
    subresources = _THEMSELVES
    mutates = False
    priority = 700

    def admit(self, review: Review) -> None:
        spec = (review.object or {}).get("spec") or {}
        found, given = _class_of(review, spec), spec.get("overhead")
        fixed = None if found is None else _fixed(found)
        if fixed is None:
            if given is not None:
                why = "pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead"
                raise review.forbidden(why)
        elif not _same(given or {}, fixed):
            raise review.forbidden("pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead")


def _class_of(review: Review, spec: Object) -> Object | None:
    name = spec.get("runtimeClassName")
    if name is None:
        return None
    found = review.reader.get(RUNTIME_CLASSES, name)
    if found is None:
        raise review.forbidden(f'pod rejected: RuntimeClass "{name}" not found')
    return found


def _fixed(found: Object) -> dict[str, Any] | None:
    """The overhead that a class defines; None where it defines none."""
    overhead = found.get("overhead")
    return None if overhead is None else overhead.get("podFixed") or {}


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one.keys() == other.keys() and all(quantities.compare(one[name], other[name]) == 0 for name in one)


def _schedule(review: Review, spec: Object, scheduling: Object) -> None:
    selector = spec.get("nodeSelector") or {}
    for name, value in sorted((scheduling.get("nodeSelector") or {}).items()):
        if selector.get(name, value) != value:
            why = (
                f"conflict: runtimeClass.scheduling.nodeSelector[{name}] = {value}; "
                f"pod.spec.nodeSelector[{name}] = {selector[name]}"
            )
            raise review.forbidden(why)
        selector[name] = value
    if selector:
        spec["nodeSelector"] = selector
    if found := merged(spec.get("tolerations") or [], scheduling.get("tolerations") or []):
        spec["tolerations"] = found
