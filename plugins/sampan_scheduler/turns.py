"""The scheduler in turns: the same loop for a caller that owns the thread and the clock."""

from __future__ import annotations

from collections.abc import Callable

from sampan.contracts.components import Running
from sampan_client.events import Recorder
from sampan_client.informers import Informer
from sampan_machinery.resources import NAMESPACES, NODES, POD_DISRUPTION_BUDGETS, PODS
from sampan_machinery.selectors import Selector
from sampan_scheduler.component import configured, extenders_of, slim
from sampan_scheduler.isolated import contributed
from sampan_scheduler.scheduler import Scheduler


class SchedulerTurns:
    """One turn decides about one pod, or writes what was decided."""

    def __init__(self, running: Running, clock: Callable[[], float]) -> None:
        client = running.client
        self._clock = clock
        self._recorder = Recorder(client, "default-scheduler", clock=clock, threaded=False)
        self._budgets = Informer(client, POD_DISRUPTION_BUDGETS)
        self._budgets.optional = True
        configuration, others = configured(running.settings), contributed(running.hooks)
        configuration.check_names(plugin.name for plugin in others)
        self._scheduler = Scheduler(
            client, self._recorder, configuration=configuration, namespaces=self._matching,
            budgets=self._budgets.list, third_party=others, clock=clock, extenders=extenders_of(configuration),
        )  # fmt: skip
        self._namespaces = Informer(
            client, NAMESPACES, metadata_only=True, on_change=self._scheduler.namespace_changed
        )  # fmt: skip
        self._scheduler.start_plugins()
        self._informers = (
            self._budgets,
            self._namespaces,
            Informer(client, NODES, on_change=self._scheduler.node_changed),
            Informer(client, PODS, on_change=self._scheduler.pod_changed, keep=slim),
        )
        for informer in self._informers:
            informer.start()

    def turn(self) -> bool:
        if not all(informer.synced for informer in self._informers):
            return False
        if self._scheduler.binder.do_one() or self._recorder.write_one():
            return True
        return self._scheduler.schedule_one()

    def due(self) -> float | None:
        pause = self._scheduler.pause()
        return None if pause is None else self._clock() + pause

    def close(self) -> None:
        for informer in self._informers:
            informer.stop()
        self._scheduler.close()
        self._recorder.close()

    def _matching(self, selector: Selector) -> frozenset[str]:
        return frozenset(
            each["metadata"]["name"]
            for each in self._namespaces.list()
            if selector.matches(each["metadata"].get("labels") or {})
        )
