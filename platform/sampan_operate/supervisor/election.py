"""Leader election for components: one instance works, the others stand by, with a Lease in kube-system.

Knows one component's ``run`` and the Elector. The lease is released when the component has ended, so that the next
instance starts at once.
"""

from __future__ import annotations

import dataclasses
import os
import threading
from collections.abc import Callable

from sampan.contracts.components import Component, Running
from sampan.contracts.kinds import Object
from sampan_client.leases import Elector
from sampan_machinery.resources import LEASES

NAMESPACE = "kube-system"
STOPPING = 10.0  # seconds that a component has to end, by its contract


class StopEvent(threading.Event):
    """An event with branches: setting it sets the branches too, but not the reverse."""

    def __init__(self) -> None:
        super().__init__()
        self._branches: list[StopEvent] = []

    def set(self) -> None:
        super().set()
        for branch in list(self._branches):
            branch.set()

    def branch(self) -> StopEvent:
        branch = StopEvent()
        self._branches = [each for each in self._branches if not each.is_set()] + [branch]
        if self.is_set():
            branch.set()
        return branch


def lease_of(component: Component) -> str:
    return f"sampan-{component.name}"


def run_elected(component: Component, running: Running, stop: StopEvent, standby: Callable[[str], None]) -> None:
    """Run the component while this instance leads, until ``stop``. Raises its exception; RuntimeError if it
    returned."""
    identity = running.options.identity or f"{running.options.node_name}-{os.getpid()}"
    name = lease_of(component)

    def tell(trouble: str) -> None:
        if trouble:
            running.failing(f"the lease {NAMESPACE}/{name} cannot be read: {trouble}")
        else:
            standby(f"stands by until it is elected ({NAMESPACE}/{name})")

    while not stop.is_set():
        tell("")
        term = _Term(component, running, stop.branch())
        Elector(running.client, name, identity, term.begin, term.end, on_trouble=tell).run(term.over)
        if term.failure is not None:
            raise term.failure


class _Term:
    """One term as the leader. ``over`` is set to end it, or when the component has ended."""

    def __init__(self, component: Component, running: Running, over: StopEvent) -> None:
        self.over = over
        self.failure: Exception | None = None
        self._component = component
        self._running = dataclasses.replace(running, stop=over.branch())
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        self._thread = threading.Thread(target=self._work, name=self._component.name)
        self._thread.start()

    def end(self) -> None:
        self._running.stop.set()
        if self._thread is not None:
            self._thread.join(STOPPING)

    def _work(self) -> None:
        try:
            self._component.run(self._running)
            if not self._running.stop.is_set():
                self.failure = RuntimeError("ended by itself")
        except Exception as error:
            if not self._running.stop.is_set():
                self.failure = error
        finally:
            self.over.set()


def manifests(component: Component) -> list[Object]:
    """Role and binding that allow the component's identity to use its Lease."""
    name = f"sampan:elect:{component.name}"
    metadata = {"name": name, "namespace": NAMESPACE}
    group = "rbac.authorization.k8s.io"
    rules = [
        {"apiGroups": [LEASES.group], "resources": ["leases"], "verbs": ["create"]},
        {
            "apiGroups": [LEASES.group], "resources": ["leases"], "resourceNames": [lease_of(component)],
            "verbs": ["get", "update"],
        },
    ]  # fmt: skip
    return [
        {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": metadata, "rules": rules},
        {
            "apiVersion": f"{group}/v1", "kind": "RoleBinding", "metadata": metadata,
            "roleRef": {"apiGroup": group, "kind": "Role", "name": name},
            "subjects": [{"kind": "User", "apiGroup": group, "name": component.user}],
        },
    ]  # fmt: skip
