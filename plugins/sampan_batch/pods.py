"""Pods of a Job: how they are told apart, and what a new one looks like. Pure."""

from __future__ import annotations

from typing import Any

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Patch
from sampan_batch.policies import match_failure
from sampan_machinery.metadata import annotations_of, get_path, is_deleting
from sampan_machinery.metadata import has_finalizer as _has
from sampan_machinery.resources import PODS
from sampan_podspec.templates import pod_from

TRACKING = "batch.kubernetes.io/job-tracking"
INDEX = "batch.kubernetes.io/job-completion-index"
FAILURES = "batch.kubernetes.io/job-index-failure-count"
IGNORED = "batch.kubernetes.io/job-index-ignored-failure-count"
NO_INDEX = -1
_VARIABLE = "JOB_COMPLETION_INDEX"
_NAME_ROOM = 58  # of a generated name's 63 characters
_MOST = 2**31 - 1


def is_indexed(job: Object) -> bool:
    return bool(job["spec"].get("completionMode") == "Indexed")


def limits_indexes(job: Object) -> bool:
    """Whether failures count for each index apart."""
    return job["spec"].get("backoffLimitPerIndex") is not None


def replaces_only_failed(job: Object) -> bool:
    """Whether a terminating pod is replaced only when it has ended."""
    spec = job["spec"]
    return spec.get("podReplacementPolicy") == "Failed" or spec.get("podFailurePolicy") is not None


def has_finalizer(pod: Object) -> bool:
    """Whether the pod is not counted yet."""
    return _has(pod, TRACKING)


def is_failed(pod: Object, job: Object) -> bool:
    """A terminating pod counts as failed where it is replaced at once: it may never reach the phase."""
    phase = get_path(pod, "status", "phase")
    return phase == "Failed" or (not replaces_only_failed(job) and is_deleting(pod) and phase != "Succeeded")


def index_of(pod: Object) -> int:
    """The completion index, NO_INDEX where the pod has none."""
    return _number(annotations_of(pod).get(INDEX, ""), NO_INDEX)


def has_valid_index(pod: Object, job: Object) -> bool:
    """True for every pod of a Job without indexes."""
    return not is_indexed(job) or 0 <= index_of(pod) < (job["spec"].get("completions") or 0)


def failures_of_index(pod: Object) -> tuple[int, int]:
    """Failures of the pod's index before it: those that count, and those that a policy ignores."""
    annotations = annotations_of(pod)
    return _number(annotations.get(FAILURES, ""), 0), _number(annotations.get(IGNORED, ""), 0)


def _number(text: str, otherwise: int) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 10 or int(text) > _MOST:
        return otherwise
    return int(text)


def new_pod(job: Object, suffix: str, index: int = NO_INDEX, replaced: Object | None = None) -> Object:
    """A pod from the Job's template. ``replaced``: the failed pod of the index that it comes after."""
    pod = pod_from(job["spec"]["template"], job, suffix)
    metadata = pod["metadata"]
    finalizers = metadata.setdefault("finalizers", [])
    if TRACKING not in finalizers:
        finalizers.append(TRACKING)
    if is_indexed(job):
        for container in (*pod["spec"].get("initContainers", ()), *pod["spec"].get("containers", ())):
            _add_variable(container)
    if index == NO_INDEX:
        return pod
    metadata["generateName"] = prefix = _prefix(job["metadata"]["name"], index)
    metadata["name"] = prefix + suffix
    metadata.setdefault("labels", {})[INDEX] = str(index)
    metadata.setdefault("annotations", {})[INDEX] = str(index)
    if limits_indexes(job):
        metadata["annotations"].update(_counted_on(job, replaced))
    pod["spec"]["hostname"] = f"{job['metadata']['name']}-{index}"
    return pod


def _prefix(name: str, index: int) -> str:
    tail = f"-{index}-"
    return name[: _NAME_ROOM - len(tail)] + tail


def _add_variable(container: Any) -> None:
    variables = container.setdefault("env", [])
    if not any(each.get("name") == _VARIABLE for each in variables):
        source = {"fieldRef": {"apiVersion": "v1", "fieldPath": f"metadata.labels['{INDEX}']"}}
        variables.append({"name": _VARIABLE, "valueFrom": source})


def _counted_on(job: Object, replaced: Object | None) -> dict[str, str]:
    if replaced is None:
        return {FAILURES: "0"}
    failures, ignored = failures_of_index(replaced)
    if match_failure(job, replaced).counts:
        failures += 1
    else:
        ignored += 1
    return {FAILURES: str(failures), **({IGNORED: str(ignored)} if ignored else {})}


def uncounted(pod: Object) -> Patch:
    """Takes the finalizer away. A strategic patch: it does not conflict with a node agent's write of the status."""
    metadata = pod["metadata"]
    change = {"metadata": {"uid": metadata["uid"], "$deleteFromPrimitiveList/finalizers": [TRACKING]}}
    return Patch(PODS, metadata["name"], metadata["namespace"], change, how="strategic")
