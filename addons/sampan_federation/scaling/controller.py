"""Scales the host's object that a FederatedHPA names; placement divides the replicas as after any other change."""

from __future__ import annotations

from collections.abc import Hashable
from typing import cast

from sampan.contracts.kinds import Object
from sampan.errors import NotFound, StatusError
from sampan_client.scales import NoSuchTarget, Targets
from sampan_federation.controllers import Context, Enqueue
from sampan_federation.names import binding_name
from sampan_federation.resources import FEDERATED_HPAS, RESOURCE_BINDINGS
from sampan_federation.scaling.limiting import Memory, Moment, limited
from sampan_federation.scaling.measuring import samples_of
from sampan_federation.scaling.proposing import MetricUnavailable, Proposal, propose
from sampan_machinery.metadata import copy, get_path, is_deleting, key_of, now_text, set_condition

PERIOD = 15.0  # seconds, as the HorizontalPodAutoscaler's
CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}


class Autoscaling:
    """Satisfies ``Controller``. Keys: (namespace, name) of a FederatedHPA."""

    name = "autoscaling"
    workers = 1

    def __init__(self, context: Context) -> None:
        self._context = context
        self._autoscalers = context.caches.of(FEDERATED_HPAS)
        self._bindings = context.caches.of(RESOURCE_BINDINGS)
        self._targets = Targets(context.host, context.clock)
        self._memories: dict[Hashable, Memory] = {}
        self._enqueue: Enqueue = lambda key: None

    def start(self, enqueue: Enqueue) -> None:
        self._enqueue = enqueue
        self._autoscalers.on_change(self._changed)

    def handle(self, key: Hashable) -> float | None:
        namespace, name = cast(tuple[str, str], key)
        autoscaler = self._autoscalers.get(name, namespace)
        if autoscaler is None or is_deleting(autoscaler):
            self._memories.pop(key, None)
            return None
        status: Object = copy(autoscaler.get("status") or {})
        status["observedGeneration"] = autoscaler["metadata"].get("generation", 0)
        self._scale(autoscaler, status, self._memories.setdefault(key, Memory()))
        if status != autoscaler.get("status"):
            try:
                changed = {"status": status}
                self._context.host.patch(FEDERATED_HPAS, name, changed, namespace, subresource="status")
            except NotFound:
                return None
        return PERIOD

    def close(self) -> None:
        return None

    def _scale(self, autoscaler: Object, status: Object, memory: Memory) -> None:
        spec, namespace = autoscaler["spec"], autoscaler["metadata"]["namespace"]
        reference = spec["scaleTargetRef"]
        try:
            resource, scale = self._targets.scale(reference, namespace)
        except (NoSuchTarget, StatusError) as error:
            self._say(status, "AbleToScale", "False", "FailedGetScale", str(error))
            return
        current = int(get_path(scale, "spec", "replicas", default=0) or 0)
        status["currentReplicas"] = current
        wanted = self._wanted(autoscaler, scale, status, current)
        if wanted is None:
            return
        now = self._context.clock()
        replicas, words = limited(wanted, current, spec, memory, now)
        status["desiredReplicas"] = replicas
        limit = ("True", "Limited", words) if words else ("False", "DesiredWithinRange", "nothing limits the replicas")
        self._say(status, "ScalingLimited", *limit)
        if replicas != current:
            try:
                change = {"spec": {"replicas": replicas}}
                self._context.host.patch(resource, reference["name"], change, namespace, subresource="scale")
            except StatusError as error:
                self._say(status, "AbleToScale", "False", "FailedUpdateScale", error.message)
                return
            memory.changes.append(Moment(now, replicas - current))
            status["lastScaleTime"] = now_text(now)
            text = f"New size: {replicas}; it was {current}"
            self._context.recorder.event(autoscaler, "Normal", "SuccessfulRescale", text)
        self._say(status, "AbleToScale", "True", "ReadyForNewScale", "the target can be scaled")

    def _wanted(self, autoscaler: Object, scale: Object, status: Object, current: int) -> int | None:
        """The most that any metric asks for; where one fails, others may ask for more, never for less."""
        spec, metadata = autoscaler["spec"], autoscaler["metadata"]
        if not current and spec.get("minReplicas") != 0:
            self._say(status, "ScalingActive", "False", "ScalingDisabled", "the target has no replicas")
            return None
        selector = str(get_path(scale, "status", "selector", default="") or "")
        found: list[Proposal] = []
        failed: list[str] = []
        try:
            if not selector:
                raise MetricUnavailable("the target's scale has no selector")
            clusters = self._clusters(spec["scaleTargetRef"], metadata["namespace"])
            samples = samples_of(self._context.members, clusters, metadata["namespace"], selector)
            for metric in spec.get("metrics") or (CPU,):
                try:
                    found.append(propose(metric, samples, current))
                except (MetricUnavailable, KeyError, TypeError, ValueError) as error:
                    failed.append(str(error))
        except MetricUnavailable as error:
            failed.append(str(error))
        best = max(found, key=lambda each: each.replicas, default=None)
        status["currentMetrics"] = [each.status for each in found]
        if best is None or (failed and best.replicas < current):
            words = failed[0] if failed else "no metric is given"
            self._say(status, "ScalingActive", "False", "FailedGetResourceMetric", words)
            return None
        self._say(status, "ScalingActive", "True", "ValidMetricFound", f"the replicas are computed from {best.name}")
        return best.replicas

    def _clusters(self, reference: Object, namespace: str) -> list[str]:
        binding = self._bindings.get(binding_name(reference["kind"], reference["name"]), namespace)
        found = [each["name"] for each in ((binding or {}).get("spec") or {}).get("clusters") or ()]
        if not found:
            raise MetricUnavailable("the target is placed on no cluster")
        return found

    def _say(self, status: Object, kind: str, value: str, reason: str, message: str) -> None:
        now = now_text(self._context.clock())
        set_condition(status, kind, value, now=now, reason=reason, message=message)

    def _changed(self, old: Object | None, new: Object | None) -> None:
        if old is None or new is None or old.get("spec") != new.get("spec"):
            self._enqueue(key_of(new or old or {}))
