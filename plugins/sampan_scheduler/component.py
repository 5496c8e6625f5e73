"""The scheduler as a component: informers and the loop. Being elected is its caller's work."""

from __future__ import annotations

import logging
import threading
from typing import Any

from sampan.contracts.components import Running
from sampan.contracts.kinds import Object
from sampan_client.events import Recorder
from sampan_client.informers import Informer
from sampan_machinery.resources import NAMESPACES, NODES, PODS
from sampan_machinery.selectors import Selector
from sampan_scheduler.isolated import Isolated
from sampan_scheduler.scheduler import Scheduler
from sampan_scheduling.contributed import scheduling_plugins

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 30.0  # seconds


def run(running: Running) -> None:
    """Schedule until told to stop; the caller has been elected."""
    _keep_working(running, running.stop)


def _keep_working(running: Running, stop: threading.Event) -> None:
    """A failure must not leave a leader that does nothing: start again, after a pause that grows."""
    pause = FIRST_PAUSE
    while not stop.is_set():
        try:
            _work(running, stop)
        except Exception:
            log.exception("scheduling failed and starts again in %.1f s", pause)
            stop.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)


def _work(running: Running, stop: threading.Event) -> None:
    recorder = Recorder(running.client, "default-scheduler")
    namespaces = Informer(running.client, NAMESPACES, metadata_only=True)

    def matching(selector: Selector) -> frozenset[str]:
        return frozenset(
            ns["metadata"]["name"] for ns in namespaces.list() if selector.matches(ns["metadata"].get("labels") or {})
        )

    scheduler = Scheduler(
        running.client, recorder, names=running.settings.names, namespaces=matching, third_party=third_party(running)
    )
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
        recorder.close()


def slim(pod: Object) -> Object:
    """What scheduling never reads is not kept: managed fields, and all status but phase, times and conditions."""
    metadata = {key: value for key, value in pod["metadata"].items() if key != "managedFields"}
    status = pod.get("status") or {}
    kept = {key: status[key] for key in ("phase", "startTime", "conditions", "nominatedNodeName") if key in status}
    return {**pod, "metadata": metadata, "status": kept}


def third_party(running: Running) -> list[Any]:
    """Scheduling plugins that other plugins contribute."""
    return [
        found.answer if found.isolation is None else Isolated(found.isolation, found.answer)
        for found in scheduling_plugins(running.hooks)
    ]
