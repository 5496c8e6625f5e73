"""The status of a DaemonSet: counts of nodes by what their pod is. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sampan.contracts.kinds import Object
from sampan_daemonsets.kind import GENERATION
from sampan_daemonsets.nodes import Fit
from sampan_machinery.metadata import annotations_of, copy, get_path, labels_of
from sampan_podspec.history import REVISION_LABEL
from sampan_podspec.states import is_available, ready_since

GENERATION_LABEL = "pod-template-generation"
#: Left out when they are zero; the other counts are always there.
_OPTIONAL = ("updatedNumberScheduled", "numberAvailable", "numberUnavailable")


def min_ready(owner: Object) -> int:
    return int(get_path(owner, "spec", "minReadySeconds", default=0))


def is_updated(owner: Object, pod: Object, digest: str) -> bool:
    """Whether the pod has the present template, by its revision or by its generation."""
    labels = labels_of(pod)
    generation = annotations_of(owner).get(GENERATION)
    by_revision = bool(digest) and labels.get(REVISION_LABEL) == digest
    return by_revision or (generation is not None and labels.get(GENERATION_LABEL) == generation)


def by_age(pods: Sequence[Object]) -> list[Object]:
    """Those on a node first, then oldest first."""
    return sorted(
        pods,
        key=lambda pod: (
            not get_path(pod, "spec", "nodeName"), pod["metadata"].get("creationTimestamp", ""), pod["metadata"]["name"]
        ),
    )  # fmt: skip


def status_of(
    owner: Object, fits: Mapping[str, Fit], pods: Mapping[str, Sequence[Object]], digest: str, now: float
) -> Object:
    """``fits`` and ``pods`` by the node's name."""
    desired = [name for name, found in fits.items() if found.runs]
    first = [by_age(pods[name])[0] for name in desired if pods.get(name)]
    ready = [pod for pod in first if ready_since(pod) is not None]
    available = sum(is_available(pod, min_ready(owner), now) for pod in ready)
    counts = {
        "currentNumberScheduled": len(first),
        "numberMisscheduled": sum(not found.runs and bool(pods.get(name)) for name, found in fits.items()),
        "desiredNumberScheduled": len(desired),
        "numberReady": len(ready),
        "updatedNumberScheduled": sum(is_updated(owner, pod, digest) for pod in first),
        "numberAvailable": available,
        "numberUnavailable": len(desired) - available,
    }
    status: Object = {**copy(owner.get("status") or {}), **counts}
    for name in _OPTIONAL:
        if not counts[name]:
            del status[name]
    status["observedGeneration"] = owner["metadata"].get("generation", 0)
    return status
