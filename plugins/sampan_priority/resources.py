"""Names that mean something to this plugin."""

from __future__ import annotations

GROUP = "scheduling.k8s.io"


#: The policy of who says none.
PREEMPTS = "PreemptLowerPriority"
