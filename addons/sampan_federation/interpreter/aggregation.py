"""One status for the host's object out of what members report, by kind.

Source: Karmada's documentation, "Customizing Resource Interpreter": AggregateStatus of the built-in interpreter. Pure
functions; each gets the host's object and ``ResourceBinding.status.aggregatedStatus``, and returns the new status.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from sampan.contracts.kinds import Object
from sampan_federation.interpreter import kinds
from sampan_federation.interpreter.jobs import aggregate_job
from sampan_federation.interpreter.kinds import KindName, kind_of
from sampan_federation.interpreter.reading import LARGEST, count, items, mapping, text

Items = Sequence[Object]
MOST_ADDRESSES = 1000  # of a load balancer, over all clusters


def aggregated(obj: Object, reported: Items, *, now: str) -> Object | None:
    """The object's new status; None if it stays as it is, as for a kind without a rule. ``now``: RFC 3339."""
    rule = RULES.get(kind_of(obj))
    if rule is None:
        return None
    old = obj.get("status") or {}
    new = rule(obj, reported, now)
    return None if new == old else new


def _sums(obj: Object, reported: Items, now: str, *, names: tuple[str, ...], observed: bool = True) -> Object:
    """The sums of the members' numbers. ``observedGeneration`` follows the object's generation when every member has
    observed it: tools like Argo CD read it."""
    status = {name: value for name, value in mapping(obj, "status").items() if name not in names}
    for name in names:
        total = sum(count(each.get("status"), name) for each in reported)
        if total or not observed:  # what Kubernetes leaves out when it is 0, and what it always writes
            status[name] = min(total, LARGEST)
    generation = count(obj.get("metadata"), "generation")
    if observed and generation and all(_has_latest(obj, each.get("status")) for each in reported):
        status["observedGeneration"] = generation
    return status


def _has_latest(obj: Object, status: Any) -> bool:
    """Whether the member's controller has seen the member's object, and that is of the host's present generation."""
    seen = count(status, "observedGeneration") >= count(status, "generation")
    return seen and count(status, "resourceTemplateGeneration") >= count(obj.get("metadata"), "generation")


def _service(obj: Object, reported: Items, now: str) -> Object:
    if text(mapping(obj, "spec"), "type") != "LoadBalancer":
        return dict(mapping(obj, "status"))
    return {**mapping(obj, "status"), **_ingress(obj, reported, now)}


def _ingress(obj: Object, reported: Items, now: str) -> Object:
    """The addresses of all clusters, each once, sorted."""
    found: dict[tuple[str, str], Object] = {}
    for each in reported:
        for address in items(mapping(each, "status", "loadBalancer"), "ingress"):
            found.setdefault((text(address, "ip"), text(address, "hostname")), address)
    addresses = [found[key] for key in sorted(found)][:MOST_ADDRESSES]
    return {"loadBalancer": {"ingress": addresses} if addresses else {}}


def _cron_job(obj: Object, reported: Items, now: str) -> Object:
    statuses = [mapping(each, "status") for each in reported]
    active = [job for status in statuses for job in items(status, "active")]
    new: Object = {"active": active} if active else {}
    for name in ("lastScheduleTime", "lastSuccessfulTime"):
        latest = max((text(status, name) for status in statuses), default="")
        if latest:
            new[name] = latest
    return new


def _pod(obj: Object, reported: Items, now: str) -> Object:
    """Failed before Pending before Running before Succeeded; a member that has not reported yet counts as Pending."""
    if not reported:
        return dict(mapping(obj, "status"))
    new: Object = {"phase": _first(_phases(reported, "Pending"), ("Failed", "Pending", "Running", "Succeeded"))}
    for name in ("containerStatuses", "initContainerStatuses"):
        found = [
            {"ready": each.get("ready") is True, "state": dict(mapping(each, "state"))}
            for item in reported
            for each in items(item.get("status"), name)
        ]
        if found:
            new[name] = found
    return new


def _volume(obj: Object, reported: Items, now: str) -> Object:
    order = ("Failed", "Pending", "Available", "Bound", "Released")
    return {"phase": _first(_phases(reported, "Pending"), order)} if reported else {}


def _claim(obj: Object, reported: Items, now: str) -> Object:
    """Bound if all are; Lost if one is; else what another says."""
    phases = {phase for each in reported if (phase := text(each.get("status"), "phase"))}
    others = sorted(phases - {"Bound", "Lost"})
    return {"phase": "Lost" if "Lost" in phases else others[0] if others else "Bound"}


def _phases(reported: Items, missing: str) -> set[str]:
    return {text(each.get("status"), "phase") or missing for each in reported}


def _first(found: Iterable[str], order: tuple[str, ...]) -> str:
    known = set(found)
    return next((phase for phase in order if phase in known), order[1])


def _budget(obj: Object, reported: Items, now: str) -> Object:
    names = ("currentHealthy", "desiredHealthy", "expectedPods", "disruptionsAllowed")
    new = _sums({**obj, "status": {}}, reported, now, names=names, observed=False)
    disrupted = {
        f"{each.get('clusterName')}/{pod}": time
        for each in reported
        for pod, time in list(mapping(each, "status", "disruptedPods").items())[:MOST_ADDRESSES]
        if isinstance(time, str)
    }
    return {**new, **({"disruptedPods": disrupted} if disrupted else {})}


_DEPLOYMENT = ("replicas", "readyReplicas", "updatedReplicas", "availableReplicas", "unavailableReplicas")
_REPLICA_SET = ("replicas", "readyReplicas", "availableReplicas")
_STATEFUL_SET = ("replicas", "readyReplicas", "updatedReplicas", "availableReplicas", "currentReplicas")
_DAEMON_SET = (
    "currentNumberScheduled", "desiredNumberScheduled", "numberAvailable", "numberMisscheduled", "numberReady",
    "updatedNumberScheduled", "numberUnavailable",
)  # fmt: skip
_AUTOSCALER = ("currentReplicas", "desiredReplicas")

Rule = Callable[[Object, Items, str], Object]
RULES: dict[KindName, Rule] = {
    kinds.DEPLOYMENT: partial(_sums, names=_DEPLOYMENT),
    kinds.REPLICA_SET: partial(_sums, names=_REPLICA_SET),
    kinds.STATEFUL_SET: partial(_sums, names=_STATEFUL_SET),
    kinds.DAEMON_SET: partial(_sums, names=_DAEMON_SET),
    kinds.SERVICE: _service,
    kinds.INGRESS: _ingress,
    kinds.JOB: aggregate_job,
    kinds.CRON_JOB: _cron_job,
    kinds.POD: _pod,
    kinds.VOLUME: _volume,
    kinds.CLAIM: _claim,
    kinds.BUDGET: _budget,
    kinds.AUTOSCALER: partial(_sums, names=_AUTOSCALER, observed=False),
}
