"""The reconciler's shell: finds a budget's pods and what their owners want, and asks ``budgets`` for the decision."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from sampan.contracts.kinds import Object
from sampan.contracts.reconciling import Action, Key, Observed
from sampan_client import Client
from sampan_client.scales import Targets
from sampan_disruption import budgets
from sampan_disruption.budgets import Scale
from sampan_disruption.owners import Ask, ScaleUnknown, by_subresource, scale_of
from sampan_machinery.resources import POD_DISRUPTION_BUDGETS, PODS


class Controller:
    """One for the process; ``reconcile`` is what a ClientReconciler calls."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ask: tuple[Client, Ask] | None = None

    def reconcile(self, key: Key, client: Client, observed: Observed) -> list[Action]:
        budget = observed.get(POD_DISRUPTION_BUDGETS, key.name, key.namespace)
        if budget is None:
            return []
        pods = [pod for pod in observed.list(PODS, key.namespace) if budgets.selects(budget, pod)]
        scale = Scale(0)
        if budgets.needs_scale(budget):
            try:
                scale = scale_of(pods, observed, self._asking(client))
            except ScaleUnknown as error:
                return budgets.failed(budget, str(error), observed.now)
        return budgets.decide(budget, pods, scale, observed.now)

    def _asking(self, client: Client) -> Ask:
        with self._lock:
            if self._ask is None or self._ask[0] is not client:
                self._ask = (client, by_subresource(Targets(client)))
            return self._ask[1]


def budgets_of(pod: Object, observed: Observed) -> Iterable[Key]:
    """A pod concerns every budget that selects it."""
    namespace = pod["metadata"].get("namespace", "")
    return [
        Key(namespace, budget["metadata"]["name"])
        for budget in observed.list(POD_DISRUPTION_BUDGETS, namespace)
        if budgets.selects(budget, pod)
    ]


def no_keys(obj: Object, observed: Observed) -> Iterable[Key]:
    """Owners are only read: where their scale changes, their pods do."""
    return ()
