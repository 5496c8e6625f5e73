"""Answers as text for a terminal, and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sampan.contracts.kinds import Object
from sampan_machinery.metadata import get_condition
from sampan_scheduler.analysis.planning import PlannedPod, PodReport
from sampan_scheduler.preemption import PreemptionResult

#: Volumes of which other plugins decide.
_ELSEWHERE = ("persistentVolumeClaim", "ephemeral", "csi")


def why_lines(report: PodReport) -> Iterable[str]:
    pod, spec = report.pod, report.pod["spec"]
    ref = _ref(pod)
    gates = [gate["name"] for gate in spec.get("schedulingGates") or ()]
    if gates:
        yield f"pod {ref} is not scheduled until its scheduling gates are removed: {', '.join(gates)}"
        return
    said = (get_condition(pod.get("status"), "PodScheduled") or {}).get("message")
    if report.node:
        yield f"pod {ref} is on node {report.node}. Points that each node would get now, without the pod:"
    elif report.message:
        yield f"pod {ref} has no node. {report.message}"
        if said and not said.startswith(report.message):
            yield f"The scheduler said last: {said}"
    else:
        yield f"pod {ref} has no node yet, and these will do:"
        if said:
            yield f"The scheduler said last: {said}"
    if report.found.points:
        yield ""
        yield from _ranking(report)
    if report.found.refused:
        yield ""
        rows = [
            (name, verdict.plugin, "; ".join((verdict.reason, *verdict.more)), report.details.get(name, ""))
            for name, verdict in report.found.refused.items()
        ]
        yield from table(("NODE", "REFUSED BY", "REASON", "DETAIL"), rows)
    if report.message:
        yield ""
        yield _preemption(report.room)
    if not report.others_asked and any(key in volume for volume in spec.get("volumes") or () for key in _ELSEWHERE):
        yield ""
        yield "The pod has volumes: what the plugins for volumes say of nodes is not part of this."


def _ranking(report: PodReport) -> Iterable[str]:
    ranked = report.found.ranked()
    plugins = sorted({name for points in report.found.points.values() for name in points})
    rows = []
    for name, total in ranked:
        points = report.found.points[name]
        mark = "*" if name == report.node else ""
        rows.append((mark, name, f"{total:g}", *(f"{points.get(plugin, 0):g}" for plugin in plugins)))
    yield from table(("", "NODE", "TOTAL", *plugins), rows)
    if report.node in report.found.points:
        better = [name for name, total in ranked if total > sum(report.found.points[report.node].values())]
        second = next((name for name, _ in ranked if name != report.node), "")
        yield ""
        if better:
            yield f"Today {better[0]} would be taken: the cluster has changed since, or it was chosen among equals."
        elif second:
            yield f"After {report.node} comes {second}."
        else:
            yield f"No node but {report.node} will do."
    elif report.node:
        yield ""
        yield f"{report.node} itself would be refused now."


def _preemption(room: PreemptionResult) -> str:
    if room.node:
        victims = ", ".join(victim.ref for victim in room.victims)
        broken = f" ({room.violations} of them against a PodDisruptionBudget)" if room.violations else ""
        return f"preemption: would help on node {room.node}, by removing {victims}{broken}"
    return f"preemption: {room.why}" if room.why else "preemption: not tried"


def why_json(report: PodReport) -> Object:
    return {
        "pod": _ref(report.pod),
        "node": report.node,
        "message": report.message,
        "schedulingGates": [gate["name"] for gate in report.pod["spec"].get("schedulingGates") or ()],
        "nodes": [
            *(
                {"name": name, "total": total, "points": report.found.points[name]}
                for name, total in report.found.ranked()
            ),
            *(
                {"name": name, "plugin": verdict.plugin, "reasons": [verdict.reason, *verdict.more],
                 "detail": report.details.get(name, "")}
                for name, verdict in report.found.refused.items()
            ),
        ],
        "preemption": {"node": report.room.node, "victims": [each.ref for each in report.room.victims],
                       "message": report.room.why},
    }  # fmt: skip


def plan_lines(planned: Sequence[PlannedPod]) -> Iterable[str]:
    moved = any(each.origin for each in planned)
    rows = []
    for each in planned:
        note = each.message or (f"preempts {', '.join(each.victims)}" if each.victims else "")
        rows.append((_ref(each.pod), *((each.origin or "-",) if moved else ()), each.node or "-", note))
    yield from table(("POD", *(("FROM",) if moved else ()), "NODE", "NOTE"), rows)
    fit = sum(bool(each.node) for each in planned)
    yield ""
    yield f"{fit} of {len(planned)} pods would have a node."


def plan_json(planned: Sequence[PlannedPod]) -> Object:
    return {
        "pods": [
            {"pod": _ref(each.pod), "from": each.origin, "node": each.node, "message": each.message,
             "preempts": list(each.victims)}
            for each in planned
        ],
        "fit": sum(bool(each.node) for each in planned),
        "total": len(planned),
    }  # fmt: skip


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterable[str]:
    """Aligned to the left; columns that are empty in all rows are left out."""
    kept = [place for place, title in enumerate(head) if any(row[place] for row in rows) or title == head[0]]
    lines: list[list[Any]] = [[row[place] for place in kept] for row in (head, *rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(kept))]
    for line in lines:
        yield "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()


def _ref(pod: Object) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
