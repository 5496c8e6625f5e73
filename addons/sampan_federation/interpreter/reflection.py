"""The part of an object's status on a member that is reported in Work.status, by kind.

Source: Karmada's documentation, "Customizing Resource Interpreter": ReflectStatus (InterpretStatus) of the built-in
interpreter. Pure functions over what a member sends, which may be anything: what is not of the right type is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from sampan.contracts.kinds import Object
from sampan_federation.interpreter import kinds
from sampan_federation.interpreter.kinds import KindName, kind_of
from sampan_federation.interpreter.reading import bounded, count, items, mapping, text
from sampan_federation.works.names import GENERATION
from sampan_machinery.metadata import annotations_of


def reflected(obj: Object) -> Any:
    """The status to report; None if there is none yet. A kind without a rule reports its whole status, up to 64 KiB."""
    rule = RULES.get(kind_of(obj))
    return bounded(rule(obj) if rule is not None else obj.get("status"))


def _counts(obj: Object, *, names: tuple[str, ...], generations: bool = False) -> Any:
    status = mapping(obj, "status")
    if not status:
        return None
    found: Object = {name: number for name in names if (number := count(status, name))}
    return {**_generations(obj), **found} if generations else found


def _generations(obj: Object) -> Object:
    """The member's generation, and the host's generation that the member's object was made from."""
    generation = count(mapping(obj, "metadata"), "generation")
    told = annotations_of(obj).get(GENERATION, "")
    template = int(told) if isinstance(told, str) and told.isdecimal() and len(told) < 19 else 0
    found = {"generation": generation, "resourceTemplateGeneration": template}
    return {name: number for name, number in found.items() if number}


def _service(obj: Object) -> Any:
    if text(mapping(obj, "spec"), "type") != "LoadBalancer" or not mapping(obj, "status"):
        return None
    return {"loadBalancer": mapping(obj, "status", "loadBalancer")}


def _job(obj: Object) -> Any:
    found = _counts(obj, names=("active", "succeeded", "failed"))
    if found is None:
        return None
    status = mapping(obj, "status")
    conditions = list(items(status, "conditions"))
    times = {name: text(status, name) for name in ("startTime", "completionTime")}
    found.update({name: time for name, time in times.items() if time})
    return {**found, **({"conditions": conditions} if conditions else {})}


def _budget(obj: Object) -> Any:
    found = _counts(obj, names=("disruptionsAllowed", "expectedPods", "desiredHealthy", "currentHealthy"))
    pods = mapping(obj, "status", "disruptedPods")
    return {**found, "disruptedPods": pods} if found is not None and pods else found


_DEPLOYMENT = (
    "replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas", "observedGeneration",
)  # fmt: skip
_REPLICA_SET = ("replicas", "readyReplicas", "availableReplicas", "observedGeneration")
_STATEFUL_SET = (
    "replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "currentReplicas", "observedGeneration",
)  # fmt: skip
_DAEMON_SET = (
    "currentNumberScheduled", "desiredNumberScheduled", "numberAvailable", "numberMisscheduled", "numberReady",
    "updatedNumberScheduled", "numberUnavailable", "observedGeneration",
)  # fmt: skip

RULES: dict[KindName, Callable[[Object], Any]] = {
    kinds.DEPLOYMENT: partial(_counts, names=_DEPLOYMENT, generations=True),
    kinds.REPLICA_SET: partial(_counts, names=_REPLICA_SET, generations=True),
    kinds.STATEFUL_SET: partial(_counts, names=_STATEFUL_SET, generations=True),
    kinds.DAEMON_SET: partial(_counts, names=_DAEMON_SET, generations=True),
    kinds.SERVICE: _service,
    kinds.JOB: _job,
    kinds.BUDGET: _budget,
    kinds.AUTOSCALER: partial(_counts, names=("currentReplicas", "desiredReplicas")),
}
