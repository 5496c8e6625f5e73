"""The scheduler as a component: informers and the loop. Being elected is its caller's work."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from sampan.contracts.components import Running
from sampan.contracts.kinds import Object
from sampan.errors import ConfigError
from sampan_client import Client
from sampan_client.events import Recorder
from sampan_client.informers import Informer
from sampan_machinery.resources import NAMESPACES, NODES, POD_DISRUPTION_BUDGETS, PODS
from sampan_machinery.selectors import Selector
from sampan_scheduler.configuration.reading import Configuration, load, usual
from sampan_scheduler.isolated import contributed
from sampan_scheduler.scheduler import Scheduler

if TYPE_CHECKING:
    from sampan_scheduler.extenders.asking import Extenders
    from sampan_scheduler.settings import Settings

log = logging.getLogger(__name__)

_KEPT = ("phase", "startTime", "conditions", "nominatedNodeName", "resourceClaimStatuses")
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 30.0  # seconds
FIRST_SYNC = 2.0  # seconds that the first preemption waits for the budgets, with the scheduler's lock held


def run(running: Running) -> None:
    """Schedule until told to stop; the caller has been elected."""
    _keep_working(running, running.stop)


def _keep_working(running: Running, stop: threading.Event) -> None:
    """A failure must not leave a leader that does nothing: start again, after a pause that grows."""
    pause = FIRST_PAUSE
    while not stop.is_set():
        try:
            _work(running, stop)
        except ConfigError:
            raise  # trying again helps only once the file was changed: `sampan status` says so
        except Exception:
            log.exception("scheduling failed and starts again in %.1f s", pause)
            stop.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


def _work(running: Running, stop: threading.Event) -> None:
    configuration, others = configured(running.settings), contributed(running.hooks)
    configuration.check_names(plugin.name for plugin in others)
    recorder = Recorder(running.client, "default-scheduler")
    budgets = Budgets(running.client)

    def matching(selector: Selector) -> frozenset[str]:
        return frozenset(
            ns["metadata"]["name"] for ns in namespaces.list() if selector.matches(ns["metadata"].get("labels") or {})
        )

    scheduler = Scheduler(
        running.client, recorder, configuration=configuration, namespaces=matching, budgets=budgets.list,
        third_party=others, extenders=extenders_of(configuration),
    )  # fmt: skip
    namespaces = Informer(running.client, NAMESPACES, metadata_only=True, on_change=scheduler.namespace_changed)
    nodes = Informer(running.client, NODES, on_change=scheduler.node_changed)
    pods = Informer(running.client, PODS, on_change=scheduler.pod_changed, keep=slim)
    informers = (namespaces, nodes, pods)
    for informer in informers:
        informer.start()
    try:
        while not all(informer.wait_synced(1) for informer in informers):
            if stop.is_set():
                return
        running.ready("scheduling")
        scheduler.run(stop)
    finally:
        for informer in informers:
            informer.stop()
        budgets.stop()
        recorder.close()


class Budgets:
    """All PodDisruptionBudgets, watched from the first preemption on: most clusters never get there."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._informer: Informer | None = None

    def list(self) -> list[Object]:
        if self._informer is None:
            self._informer = Informer(self._client, POD_DISRUPTION_BUDGETS)
            self._informer.optional = True
            self._informer.start()
        if not self._informer.wait_synced(FIRST_SYNC):
            raise TimeoutError("the PodDisruptionBudgets could not be read: no pod is preempted")
        return self._informer.list()

    def stop(self) -> None:
        if self._informer is not None:
            self._informer.stop()


def configured(settings: Settings) -> Configuration:
    """What the file says that the settings name, upstream's defaults without one. Raises ConfigError."""
    if settings.config:
        return load(Path(settings.config), "plugins.scheduler.config")
    return usual(settings.names)


def extenders_of(configuration: Configuration) -> Extenders | None:
    """None where there are none."""
    if not configuration.extenders:
        return None
    from sampan_scheduler.extenders.asking import Extenders  # with the client of webhooks, that few need

    return Extenders(configuration.extenders)


def slim(pod: Object) -> Object:
    """What scheduling never reads is not kept: managed fields, and all status but phase, times, conditions, names of
    claims to devices, and what a resize under way holds."""
    metadata = {key: value for key, value in pod["metadata"].items() if key != "managedFields"}
    status = pod.get("status") or {}
    kept = {key: status[key] for key in _KEPT if key in status}
    for name in ("containerStatuses", "initContainerStatuses"):
        if any(each.get("resources") for each in status.get(name) or ()):
            kept[name] = [
                {key: each[key] for key in ("name", "resources", "allocatedResources") if key in each}
                for each in status[name]
            ]
    return {**pod, "metadata": metadata, "status": kept}
