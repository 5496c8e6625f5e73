"""The resources this plugin speaks of."""

from __future__ import annotations

from sampan.contracts.kinds import Resource

GROUP = "scheduling.k8s.io"

CLASSES = Resource(GROUP, "v1", "priorityclasses", "PriorityClass", False)
PODS = Resource("", "v1", "pods", "Pod")

#: The policy of who says none.
PREEMPTS = "PreemptLowerPriority"
