"""Pod templates as workloads hold them: defaults, validation, and the pod that is made from one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sampan.contracts.kinds import Column, Object, Problem
from sampan_machinery.metadata import controller_ref, copy, get_path
from sampan_machinery.problems import forbidden, invalid, required
from sampan_machinery.selectors import from_object
from sampan_machinery.validation import validate_immutable, validate_label_selector, validate_non_negative
from sampan_podspec.defaults import default_pod_spec
from sampan_podspec.validation import pod_template

HASH_LABEL = "pod-template-hash"
_NAME_ROOM = 58  # of a generated name's 63 characters


def default_template(obj: Object) -> None:
    """Fill in what a pod template leaves open, where it has the shape of one."""
    spec = obj.get("spec")
    template = spec.setdefault("template", {}) if isinstance(spec, dict) else None
    if isinstance(template, dict):
        template.setdefault("metadata", {})
        spec = template.setdefault("spec", {})
        if isinstance(spec, dict):
            default_pod_spec(spec)


def validate_workload(new: Object, old: Object | None) -> list[Problem]:
    """What all workloads with a selector and a template have in common."""
    spec = new.get("spec") or {}
    found: list[Problem] = validate_non_negative("spec.replicas", spec.get("replicas"))
    found += validate_non_negative("spec.minReadySeconds", spec.get("minReadySeconds"))
    found += validate_selected(spec)
    if old is not None:
        found += validate_immutable("spec.selector", spec.get("selector"), get_path(old, "spec", "selector"))
    return found


def validate_selected(spec: Object) -> list[Problem]:
    """The selector, and the template where there is one to compare it with. Source: apps/validation (order)."""
    selector, template = spec.get("selector"), spec.get("template")
    found: list[Problem] = []
    if selector is None:
        found.append(required("spec.selector"))
    else:
        bad = validate_label_selector("spec.selector", selector)
        if not selector.get("matchLabels") and not selector.get("matchExpressions"):
            found.append(invalid("spec.selector", selector, "empty selector is invalid for deployment"))
        if bad:
            return [*bad, invalid("spec.selector", selector, "invalid label selector")]
    template = template or {}
    labels = get_path(template, "metadata", "labels", default={}) or {}
    if selector is None or (not found and not from_object(selector).matches(labels)):
        detail = "`selector` does not match template `labels`"
        found.append(invalid("spec.template.metadata.labels", labels or None, detail))
    found += pod_template(template, "spec.template", restart_policies=("Always",))
    if get_path(template, "spec", "activeDeadlineSeconds") is not None:
        detail = "activeDeadlineSeconds in ReplicaSet is not Supported"
        found.append(forbidden("spec.template.spec.activeDeadlineSeconds", detail))
    return found


def pod_from(template: Object, owner: Object, suffix: str) -> Object:
    """The pod that ``owner`` makes from its template."""
    given = template.get("metadata") or {}
    prefix = f"{owner['metadata']['name']}-"
    metadata: Object = {
        "name": prefix[:_NAME_ROOM] + suffix,
        "generateName": prefix,
        "namespace": owner["metadata"]["namespace"],
    }
    for key in ("labels", "annotations", "finalizers"):
        if given.get(key):
            metadata[key] = copy(given[key])
    metadata["ownerReferences"] = [controller_ref(owner)]
    return {"kind": "Pod", "apiVersion": "v1", "metadata": metadata, "spec": copy(template["spec"])}


def without_hash(template: Object) -> Object:
    """The template as its author wrote it."""
    found = copy(template)
    labels = (found.get("metadata") or {}).get("labels") or {}
    labels.pop(HASH_LABEL, None)
    cleaned: Object = plain(found)
    return cleaned


def plain(value: Any) -> Any:
    """Without nulls, empty metadata and creationTimestamps: what two equal templates may differ in."""
    if isinstance(value, dict):
        found = {key: plain(each) for key, each in value.items() if key != "creationTimestamp"}
        return {key: each for key, each in found.items() if each not in (None, {}, [])}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value


def same_template(left: Object, right: Object) -> bool:
    """Whether two templates are equal but for the hash label."""
    return bool(without_hash(left) == without_hash(right))


def selector_text(obj: Object) -> str:
    """The selector as Scale and ``-o wide`` show it."""
    return str(from_object(get_path(obj, "spec", "selector")))


def count_column(name: str, *path: str) -> Column:
    """A number; 0 where it is not set."""
    return Column(name, lambda obj: get_path(obj, *path, default=0), type="integer")


def wide_columns(selector: Callable[[Object], str] = selector_text) -> tuple[Column, ...]:
    """CONTAINERS, IMAGES, SELECTOR."""
    return (
        Column("Containers", lambda obj: _of_containers(obj, "name"), priority=1),
        Column("Images", lambda obj: _of_containers(obj, "image"), priority=1),
        Column("Selector", selector, priority=1),
    )


def _of_containers(obj: Object, key: str) -> str:
    containers: Iterable[Object] = get_path(obj, "spec", "template", "spec", "containers", default=())
    return ",".join(str(container.get(key, "")) for container in containers)
