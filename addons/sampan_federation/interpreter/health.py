"""Whether an object works on its member, by kind.

Source: Karmada's documentation, "Customizing Resource Interpreter": InterpretHealth of the built-in interpreter. Pure
functions over what a member sends, which may be anything.
"""

from __future__ import annotations

from collections.abc import Callable

from sampan.contracts.kinds import Object
from sampan_federation.interpreter import kinds
from sampan_federation.interpreter.kinds import KindName, kind_of
from sampan_federation.interpreter.reading import count, items, mapping, text

HEALTHY, UNHEALTHY, UNKNOWN = "Healthy", "Unhealthy", "Unknown"


def health_of(obj: Object) -> str:
    """Healthy or Unhealthy; a kind without a rule is Healthy once it is there, as in Karmada."""
    rule = RULES.get(kind_of(obj))
    return HEALTHY if rule is None or rule(obj) else UNHEALTHY


def _is_observed(obj: Object) -> bool:
    return count(mapping(obj, "status"), "observedGeneration") >= count(mapping(obj, "metadata"), "generation")


def _updated_workload(obj: Object) -> bool:
    spec, status = mapping(obj, "spec"), mapping(obj, "status")
    updated = count(status, "updatedReplicas")
    return (
        _is_observed(obj)
        and updated >= count(spec, "replicas")
        and count(status, "availableReplicas") >= updated
    )  # fmt: skip


def _replica_set(obj: Object) -> bool:
    wanted = count(mapping(obj, "spec"), "replicas")
    return _is_observed(obj) and count(mapping(obj, "status"), "availableReplicas") >= wanted


def _daemon_set(obj: Object) -> bool:
    status = mapping(obj, "status")
    updated = count(status, "updatedNumberScheduled")
    return (
        _is_observed(obj)
        and updated >= count(status, "desiredNumberScheduled")
        and count(status, "numberAvailable") >= updated
    )  # fmt: skip


def _service(obj: Object) -> bool:
    return text(mapping(obj, "spec"), "type") != "LoadBalancer" or _has_address(obj)


def _has_address(obj: Object) -> bool:
    balancer = mapping(obj, "status", "loadBalancer")
    return any(text(each, "ip") or text(each, "hostname") for each in items(balancer, "ingress"))


def _claim(obj: Object) -> bool:
    return text(mapping(obj, "status"), "phase") == "Bound"


def _pod(obj: Object) -> bool:
    status = mapping(obj, "status")
    phase = text(status, "phase")
    return phase == "Succeeded" or (phase == "Running" and _condition(obj, "Ready"))


def _budget(obj: Object) -> bool:
    status = mapping(obj, "status")
    return count(status, "currentHealthy") >= count(status, "desiredHealthy")


def _job(obj: Object) -> bool:
    return not _condition(obj, "Failed")


def _condition(obj: Object, type: str) -> bool:
    conditions = items(mapping(obj, "status"), "conditions")
    return any(text(each, "type") == type and text(each, "status") == "True" for each in conditions)


#: Karmada has no rule for Jobs: there a Job that has failed counts as healthy.
RULES: dict[KindName, Callable[[Object], bool]] = {
    kinds.DEPLOYMENT: _updated_workload,
    kinds.STATEFUL_SET: _updated_workload,
    kinds.REPLICA_SET: _replica_set,
    kinds.DAEMON_SET: _daemon_set,
    kinds.SERVICE: _service,
    kinds.INGRESS: _has_address,
    kinds.CLAIM: _claim,
    kinds.POD: _pod,
    kinds.BUDGET: _budget,
    kinds.JOB: _job,
}
