"""What happens to a Pod when it is created, updated or deleted, besides defaults and validation."""

from __future__ import annotations

from sampan.contracts.kinds import Deletion, Draft, Object
from sampan_machinery import problems
from sampan_machinery.metadata import now_text
from sampan_pods import labelkeys
from sampan_podspec.requests import qos_class
from sampan_podspec.validation.updates import RULE

DEFAULT_GRACE = 30  # seconds
#: What only subresources write: pods/binding and pods/ephemeralcontainers; of containers pods/resize.
BY_SUBRESOURCE = ("nodeName", "ephemeralContainers")
OF_CONTAINERS = ("resources",)
LISTS = ("containers", "initContainers")


def prepare(draft: Draft) -> None:
    """A new pod is Pending with its QoS class, which status writes keep; some fields are written by subresources
    only."""
    pod = draft.object
    if draft.old is None:
        spec = pod.get("spec") or {}
        pod["status"] = {"phase": "Pending", "qosClass": qos_class(spec)}
        if spec.get("schedulingGates"):
            pod["status"]["conditions"] = [_gated(draft.clock())]
        labelkeys.merge(spec, (pod.get("metadata") or {}).get("labels") or {})
    elif draft.subresource == "status":
        status = pod.setdefault("status", {})
        old_class = (draft.old.get("status") or {}).get("qosClass")
        if old_class and status.get("qosClass") != old_class:
            status["qosClass"] = old_class
        _keep_observed(status, draft.old.get("status") or {})
    elif not draft.subresource:
        before, after = draft.old["spec"], pod.get("spec") or {}
        changed = any((before.get(name) or None) != (after.get(name) or None) for name in BY_SUBRESOURCE)
        if changed or _resized(before, after):
            problem = problems.forbidden("spec", RULE)
            raise problems.as_error([problem], group="", kind="Pod", name=pod.get("metadata", {}).get("name", ""))


def _keep_observed(status: Object, old: Object) -> None:
    """A writer that does not know observedGeneration cannot remove it, nor those of conditions (KEP-5067)."""
    seen = {one.get("type"): one for one in reversed(old.get("conditions") or ())}
    pairs = [(status, old), *((one, seen.get(one.get("type"), {})) for one in status.get("conditions") or ())]
    for new, before in pairs:
        if not new.get("observedGeneration") and before.get("observedGeneration"):
            new["observedGeneration"] = before["observedGeneration"]


def _resized(before: Object, after: Object) -> bool:
    """Whether a container asks for something else; False where containers come or go, which is a problem of its own."""
    for name in LISTS:
        old, new = before.get(name) or (), after.get(name) or ()
        pairs = zip(old, new, strict=False)
        if len(old) == len(new) and any((a.get("resources") or {}) != (b.get("resources") or {}) for a, b in pairs):
            return True
    return False


def as_before(new: Object, old: Object) -> Object:
    """The new pod with what subresources write as it was: those have checked it themselves."""
    spec = {key: value for key, value in new["spec"].items() if key not in BY_SUBRESOURCE}
    for name in LISTS:
        pairs = zip(spec.get(name) or (), old["spec"].get(name) or (), strict=False)
        kept = [_container_as_before(*pair) for pair in pairs]
        if kept and len(kept) == len(spec[name]):
            spec[name] = kept
    return {**new, "spec": {**spec, **{key: old["spec"][key] for key in BY_SUBRESOURCE if key in old["spec"]}}}


def _container_as_before(new: Object, old: Object) -> Object:
    kept = {key: value for key, value in new.items() if key not in OF_CONTAINERS}
    return {**kept, **{key: old[key] for key in OF_CONTAINERS if key in old}}


def _gated(now: float) -> dict[str, str]:
    return {
        "type": "PodScheduled", "status": "False", "reason": "SchedulingGated",
        "message": "Scheduling is blocked due to non-empty scheduling gates",
        "lastTransitionTime": now_text(now),
    }  # fmt: skip


def grace(deletion: Deletion) -> int:
    """Seconds: what was asked, else the pod's own; none for a pod that no node has or that has ended."""
    pod = deletion.object
    phase = (pod.get("status") or {}).get("phase")
    if not pod["spec"].get("nodeName") or phase in ("Succeeded", "Failed"):
        return 0
    seconds = deletion.requested
    if seconds is None:
        seconds = pod["spec"].get("terminationGracePeriodSeconds")
    if seconds is None:
        return DEFAULT_GRACE
    return int(seconds) if seconds >= 0 else 1
