"""The reconciler's shell: reads the target's scale and the pods, asks for a decision, writes scale and status."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Emit, Key, Observed, Patch, Requeue
from sampan.errors import StatusError
from sampan_autoscaling import decisions
from sampan_autoscaling.decisions import ScaleDecision
from sampan_autoscaling.limits import AutoscalerHistory
from sampan_autoscaling.proportions import TargetState, Unmeasured
from sampan_autoscaling.proposals import MetricContext
from sampan_autoscaling.settings import Settings
from sampan_autoscaling.sources import ApiSource
from sampan_client import Client
from sampan_client.scales import NoSuchTarget, Targets
from sampan_machinery.metadata import is_deleting
from sampan_machinery.resources import HORIZONTAL_POD_AUTOSCALERS as AUTOSCALERS
from sampan_machinery.resources import PODS
from sampan_machinery.selectors import parse_labels

_SOON = 0.5  # seconds before the period has passed that count as passed


@dataclass
class AutoscalerState:
    """What is remembered of one autoscaler between looks."""

    uid: str
    memory: AutoscalerHistory = field(default_factory=AutoscalerHistory)
    looked: float = float("-inf")
    spec: Object = field(default_factory=dict)
    selector: str = ""


class Controller:
    """One for the process; ``reconcile`` is what a ClientReconciler calls."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._kept: dict[Key, AutoscalerState] = {}
        self._lock = threading.Lock()
        self._targets: tuple[Client, Targets] | None = None

    def reconcile(self, key: Key, client: Client, observed: Observed) -> Iterable[Action]:
        hpa = observed.get(AUTOSCALERS, key.name, key.namespace)
        if hpa is None or is_deleting(hpa):
            with self._lock:
                self._kept.pop(key, None)
            return []
        kept = self._of(key, hpa)
        left = self._settings.sync_period - (observed.now - kept.looked)
        if kept.spec == hpa["spec"] and left > _SOON:
            return [Requeue(left)]  # woken by our own status
        kept.looked, kept.spec = observed.now, hpa["spec"]
        return list(self._actions(hpa, self._look(key, hpa, kept, client, observed)))

    def _look(self, key: Key, hpa: Object, kept: AutoscalerState, client: Client, observed: Observed) -> ScaleDecision:
        reference, targets = hpa["spec"]["scaleTargetRef"], self._targets_of(client)
        try:
            resource, scale = targets.scale(reference, key.namespace)
        except (NoSuchTarget, StatusError) as error:
            return decisions.without_scale(hpa, observed.now, str(error))
        kept.selector = (scale.get("status") or {}).get("selector") or ""
        pods = _selected(observed, key.namespace, kept.selector)
        before = (scale.get("spec") or {}).get("replicas") or 0
        if before and (others := self._others(key, pods)):
            outcome = decisions.begin(hpa, observed.now)
            return decisions.ambiguous(outcome, kept.selector, [key.name, *others])
        asking = MetricContext(
            self._source(client), key.namespace, kept.selector, self._situation(hpa, scale, pods, observed)
        )
        outcome = decisions.decide(hpa, asking, kept.memory, self._settings.downscale_stabilization)
        if outcome.replicas is not None:
            spec = {**(scale.get("spec") or {}), "replicas": outcome.replicas}
            try:
                client.update(resource, {**scale, "spec": spec}, subresource="scale")
                decisions.scaled(outcome, hpa, before, kept.memory)
            except StatusError as error:
                decisions.not_scaled(outcome, hpa, str(error))
        return outcome

    def _situation(self, hpa: Object, scale: Object, pods: list[Object], observed: Observed) -> TargetState:
        return TargetState(
            pods=pods,
            current=(scale.get("spec") or {}).get("replicas") or 0,
            present=(scale.get("status") or {}).get("replicas") or 0,
            now=observed.now,
            tolerance=decisions.tolerance_of(hpa, self._settings.tolerance),
            warm_up=self._settings.cpu_initialization_period,
            first_ready=self._settings.initial_readiness_delay,
        )

    def _actions(self, hpa: Object, outcome: ScaleDecision) -> Iterator[Action]:
        for kind, reason, message in outcome.events:
            yield Emit(hpa, kind, reason, message)
        old = hpa.get("status") or {}
        if outcome.status != old:
            gone = dict.fromkeys(old.keys() - outcome.status.keys())
            metadata = hpa["metadata"]
            change = {"metadata": {"uid": metadata.get("uid")}, "status": {**gone, **outcome.status}}
            yield Patch(AUTOSCALERS, metadata["name"], metadata["namespace"], change, subresource="status")
        yield Requeue(self._settings.sync_period)

    def _of(self, key: Key, hpa: Object) -> AutoscalerState:
        uid = hpa["metadata"].get("uid", "")
        with self._lock:
            found = self._kept.get(key)
            if found is None or found.uid != uid:
                found = self._kept[key] = AutoscalerState(uid)
            return found

    def _others(self, key: Key, pods: list[Object]) -> list[str]:
        with self._lock:
            selectors = {
                other.name: kept.selector
                for other, kept in self._kept.items()
                if other.namespace == key.namespace and kept.selector
            }
        return decisions.claimed_by_others(key.name, pods, selectors)

    def _targets_of(self, client: Client) -> Targets:
        with self._lock:
            if self._targets is None or self._targets[0] is not client:
                self._targets = (client, Targets(client))
            return self._targets[1]

    def _source(self, client: Client) -> ApiSource:
        targets = self._targets_of(client)

        def plural(about: Object) -> str:
            try:
                return targets.resource(about).group_resource
            except NoSuchTarget as error:
                raise Unmeasured(str(error)) from error

        return ApiSource(client, plural)


def _selected(observed: Observed, namespace: str, selector: str) -> list[Object]:
    if not selector:
        return []
    wanted = parse_labels(selector)
    return [pod for pod in observed.list(PODS, namespace) if wanted.matches(pod["metadata"].get("labels"))]
