"""What the scheduler has to say of a pod, node by node, as causes for `sampan why`. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sampan.contracts.components import Hooks
from sampan.contracts.kinds import Object
from sampan_explain import Cause, Objects
from sampan_machinery.metadata import condition_is
from sampan_machinery.resources import NAMESPACES, NODES, POD_DISRUPTION_BUDGETS, PODS, PRIORITY_CLASSES
from sampan_scheduler.analysis import words
from sampan_scheduler.analysis.lending import started
from sampan_scheduler.analysis.planning import Plan, UnknownScheduler
from sampan_scheduler.analysis.snapshot import Snapshot
from sampan_scheduler.component import configured
from sampan_scheduler.settings import Settings

_ENDED = ("Succeeded", "Failed")


def causes(pod: Object, objects: Objects, settings: Settings, hooks: Hooks | None = None) -> Iterator[Cause]:
    """Of a pod without a node why each node refuses it; of one that is ready, what each node would have got. ``hooks``:
    to ask scheduling plugins of others, which read ``objects`` too."""
    status = pod.get("status") or {}
    waits = not pod["spec"].get("nodeName")
    if (
        status.get("phase") in _ENDED
        or pod["spec"].get("schedulingGates")
        or not (waits or condition_is(status, "Ready"))
    ):
        return
    snapshot = Snapshot(
        objects.list(NODES),
        [each for each in objects.list(PODS) if (each.get("status") or {}).get("phase") not in _ENDED],
        objects.list(NAMESPACES), objects.list(POD_DISRUPTION_BUDGETS), objects.list(PRIORITY_CLASSES),
    )  # fmt: skip
    if not snapshot.nodes:
        return
    plan = Plan(snapshot, configured(settings), third_party=started(hooks, objects.list))
    try:
        report = plan.why(pod)
    except UnknownScheduler:
        return  # the subject pods says it
    finally:
        plan.stop()
    lines = list(words.why_lines(report))[1:]
    while lines and not lines[0]:
        del lines[0]
    yield Cause(
        reason="NodeByNode" if waits else "Placement", text=_sentence(report.node, report.message), lines=tuple(lines),
        data=words.why_json(report), note=True,
    )  # fmt: skip


def _sentence(node: str, message: str) -> str:
    if node:
        return f"It is on node {node}; the points that each node would get now are below."
    if message:
        return f"Asked node by node, the scheduler says now: {message.rstrip('.')}."
    return "Some nodes would take it now; the scheduler has not tried again yet."
