"""Runs all reconcilers of the cluster: collects them from the plugins, waits for leadership, runs them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterable
from typing import Any, Protocol

from sampan.contracts.options import ClusterOptions
from sampan.contracts.reconciling import ReconcilerContext
from sampan_client import Client
from sampan_client.events import Recorder
from sampan_client.leases import Elector
from sampan_isolation import Isolation
from sampan_reconciler.isolated import isolated
from sampan_reconciler.runtime import AnyReconciler, Runtime

log = logging.getLogger(__name__)

LEASE = "sampan-reconciler"


class Plugins(Protocol):
    """The part of the plugin manager that this package uses."""

    def ask(self, hook: str, context: Callable[[str], Any]) -> Iterable[tuple[str, Any]]: ...

    def settings_of(self, name: str) -> Any: ...

    def is_third_party(self, name: str) -> bool: ...

    def isolation(self, name: str) -> Isolation: ...


def gather(
    plugins: Plugins, *, options: ClusterOptions, home: str, without: Collection[str] = ()
) -> list[AnyReconciler]:  # fmt: skip
    """Every reconciler that a plugin contributes, but those named in ``without``. Of two with the same name, the later
    one is logged and left out."""

    def context(name: str) -> ReconcilerContext:
        return ReconcilerContext(settings=plugins.settings_of(name), home=home, options=options)

    found: dict[str, AnyReconciler] = {}
    for plugin, reconcilers in plugins.ask("contribute_reconcilers", context):
        for reconciler in reconcilers or ():
            if reconciler.name in found:
                log.error("plugin %s: a reconciler called %s exists already", plugin, reconciler.name)
            else:
                strange = plugins.is_third_party(plugin)
                found[reconciler.name] = isolated(plugins.isolation(plugin), reconciler) if strange else reconciler
    for name in without:
        if found.pop(name, None) is None:
            log.warning("there is no reconciler %s to leave out; there are %s", name, ", ".join(sorted(found)))
    return list(found.values())


def run(
    plugins: Plugins,
    client: Client,
    *,
    options: ClusterOptions,
    home: str,
    stop: threading.Event,
    identity: str,
    without: Collection[str] = (),
) -> None:
    """Reconcile while this process leads. Returns after ``stop`` is set and the lease is released."""
    reconcilers = gather(plugins, options=options, home=home, without=without)
    recorder = Recorder(client, "sampan-reconciler")
    running: list[Runtime] = []

    def begin() -> None:
        running.append(Runtime(client, reconcilers, recorder=recorder))
        running[-1].start()

    def end() -> None:
        while running:
            running.pop().stop()

    try:
        while not stop.is_set():
            Elector(client, LEASE, identity, begin, end).run(stop)
    finally:
        recorder.close()
