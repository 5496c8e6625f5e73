"""The collections this plugin looks at."""

from __future__ import annotations

from sampan.contracts.kinds import Resource

PODS = Resource("", "v1", "pods", "Pod")
AUTOSCALERS = Resource("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler")
