"""pods/resize: a write that may only change how much cpu and memory containers have, while they run (KEP-1287).

Source: the documentation on resizing containers, core validation (order, words).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sampan.contracts.kinds import Object, Problem
from sampan_machinery import problems, quantities
from sampan_podspec.containers import is_sidecar
from sampan_podspec.defaults import default_pod
from sampan_podspec.requests import COMPUTE, qos_class
from sampan_podspec.validation import pod_spec

LISTS = ("initContainers", "containers")
RESIZED = ("resources", "resizePolicy")
MIRROR = "kubernetes.io/config.mirror"
ONLY = "only cpu and memory resources are mutable"


def merge_resize(current: Object, submitted: Object) -> Object:
    """The current pod with the submitted resources of containers; all else that was submitted is dropped."""
    found = list(_in_order(current["spec"], submitted.get("spec") or {}))
    if not found:
        merged = {**current, "spec": _merged(current["spec"], submitted.get("spec") or {})}
        default_pod(merged)
        found = list(_allowed(merged, current))
        if found and not _never(current):
            found = [*pod_spec(merged["spec"]), *found]  # else it is looked into later
    if found:
        raise problems.as_error(found, group="", kind="Pod", name=current["metadata"]["name"])
    return merged


def _merged(spec: Object, wanted: Object) -> Object:
    merged = dict(spec)
    for name in LISTS:
        if name in spec:
            pairs = zip(spec[name] or (), wanted.get(name) or (), strict=True)
            merged[name] = [_container(old, new) for old, new in pairs]
    if wanted.get("resources") is not None:
        merged["resources"] = wanted["resources"]
    return merged


def _container(old: Object, new: Object) -> Object:
    """The old container with what may change of the new one, whose empty amounts count as missing."""
    kept = {key: value for key, value in old.items() if key not in RESIZED}
    kept["resources"] = {
        key: dict(value) if isinstance(value, dict) else value
        for key, value in (new.get("resources") or {}).items() if value
    }  # fmt: skip
    if policy := new.get("resizePolicy"):
        kept["resizePolicy"] = policy
    return kept


def _in_order(spec: Object, wanted: Object) -> Iterator[Problem]:
    for name in reversed(LISTS):
        old, new = spec.get(name) or [], wanted.get(name) or []
        if len(old) != len(new):
            yield problems.forbidden(f"spec.{name}", f"{name} may not be added or removed on resize")
            continue
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            if before["name"] != after.get("name"):
                text = f"{name} may not be renamed or reordered on resize"
                yield problems.forbidden(f"spec.{name}[{index}].name", text)


def _allowed(new: Object, old: Object) -> Iterator[Problem]:
    before, after = old["spec"], new["spec"]
    if refused := _never(old):
        yield problems.forbidden("", refused)
        return
    if qos_class(before) != qos_class(after):
        klass = (old.get("status") or {}).get("qosClass", "")
        yield problems.invalid("spec", klass, "Pod QOS Class may not change as a result of resizing")
    for name in LISTS:
        for index, (one, other) in enumerate(zip(before.get(name) or (), after.get(name) or (), strict=True)):
            yield from _resources(f"spec.{name}[{index}]", one, other, init=name == "initContainers")


def _never(pod: Object) -> str:
    if MIRROR in (pod["metadata"].get("annotations") or {}):
        return "static pods cannot be resized"
    if (pod["spec"].get("os") or {}).get("name") == "windows":
        return "windows pods cannot be resized"
    if any((pod["spec"].get("resources") or {}).get(kind) for kind in ("requests", "limits")):
        return "resize of pods with pod-level resources is not supported"
    return ""


def _resources(path: str, old: Object, new: Object, *, init: bool) -> Iterator[Problem]:
    before, after = old.get("resources") or {}, new.get("resources") or {}
    for kind in ("requests", "limits"):
        if set(before.get(kind) or ()) - set(after.get(kind) or ()):
            yield problems.forbidden(f"{path}.resources.{kind}", f"resource {kind} cannot be removed")
    if _fixed(before) != _fixed(after):
        yield problems.forbidden("spec", ONLY)
    if (old.get("resizePolicy") or []) != (new.get("resizePolicy") or []):
        yield problems.forbidden("spec", ONLY)
    if init and not is_sidecar(new) and before != after and _by_restart(new.get("resizePolicy") or ()):
        text = "non-sidecar init containers with a resize policy of RestartContainer cannot be resized"
        yield problems.forbidden(path, text)


def _by_restart(policies: Sequence[Mapping[str, Any]]) -> bool:
    return any(one.get("restartPolicy") == "RestartContainer" for one in policies)


def _fixed(resources: Mapping[str, Any]) -> dict[str, Any]:
    """What no resize changes: claims, and amounts other than of cpu and memory."""
    amounts = {
        (kind, name): quantities.nanos(amount)
        for kind in ("requests", "limits")
        for name, amount in (resources.get(kind) or {}).items()
        if name not in COMPUTE
    }
    return {"claims": resources.get("claims") or [], "amounts": amounts}
