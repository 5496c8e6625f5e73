"""The component: watches NetworkPolicies, and Pods and Namespaces once there is one, and keeps the filter equal."""

from __future__ import annotations

import logging
import threading

from sampan.contracts.components import Running
from sampan.contracts.kinds import Object
from sampan.contracts.options import ClusterOptions
from sampan_client.events import Recorder
from sampan_client.informers import Informer, OnChange
from sampan_machinery.resources import NAMESPACES, NETWORK_POLICIES, PODS
from sampan_networkpolicy import subjects
from sampan_networkpolicy.enforcing import Enforcement
from sampan_networkpolicy.filtering import PolicyFilter
from sampan_networkpolicy.guarding import GUARDS, PodGuard
from sampan_nftables.kernel import ScriptRefused, open_kernel
from sampan_nftables.monitor import TableMonitor

log = logging.getLogger(__name__)

TABLE_PREFIX = "sampan_"
SETTLE = 0.01  # seconds in which changes are gathered
AGAIN = 5.0  # seconds after the kernel refused


class Cluster:
    """What is known of the cluster. Where no policy has ever been seen, Pods and Namespaces are not watched: most
    clusters have none, and a node would hold every Pod of the cluster for nothing."""

    def __init__(self, running: Running, dirty: threading.Event) -> None:
        self._running = running
        self._dirty = dirty
        self.on_pod: OnChange | None = None
        self._policies = Informer(running.client, NETWORK_POLICIES, on_change=self._policy_changed)
        self._pods = Informer(running.client, PODS, on_change=self._pod_changed, keep=subjects.lean_pod)
        self._namespaces = Informer(
            running.client, NAMESPACES, on_change=self._changed, keep=subjects.lean_namespace
        )  # fmt: skip
        self._watching = False
        self._lock = threading.Lock()
        self.news = threading.Condition()

    def start(self) -> None:
        self._policies.start()

    def stop(self) -> None:
        with self._lock:
            informers = [self._policies, *([self._pods, self._namespaces] if self._watching else [])]
        for informer in informers:
            informer.stop()

    def wait_all(self, seconds: float) -> bool:
        """Whether everything that the policies need is known; Pods and Namespaces are watched from here on where there
        is a policy."""
        if not self._policies.wait_synced(seconds):
            return False
        if not self._policies.list() and not self._watching:
            return True
        self._watch()
        return self._pods.wait_synced(seconds) and self._namespaces.wait_synced(seconds)

    def _watch(self) -> None:
        with self._lock:
            if not self._watching:
                self._watching = True
                self._pods.start()
                self._namespaces.start()

    def policies(self) -> list[Object]:
        return self._policies.list()

    def pods(self) -> list[Object]:
        return self._pods.list()

    def namespaces(self) -> list[Object]:
        return self._namespaces.list()

    def wait_seen(self, listed: list[Object], seconds: float) -> bool:
        """Whether the informer has each of these policies at least as new."""
        with self.news:
            return self.news.wait_for(lambda: all(map(self._has, listed)), seconds)

    def _has(self, policy: Object) -> bool:
        metadata = policy["metadata"]
        known = self._policies.get(metadata["name"], metadata["namespace"])
        wanted = int(metadata["resourceVersion"])
        return self._policies.revision >= wanted or (
            known is not None and int(known["metadata"]["resourceVersion"]) >= wanted
        )

    def _policy_changed(self, old: Object | None, new: Object | None) -> None:
        with self.news:
            self.news.notify_all()
        self._dirty.set()

    def _pod_changed(self, old: Object | None, new: Object | None) -> None:
        if self.on_pod is not None:
            self.on_pod(old, new)
        self._changed(old, new)

    def _changed(self, old: Object | None, new: Object | None) -> None:
        if not subjects.same(old, new):
            self._dirty.set()


def table_name(options: ClusterOptions) -> str:
    """The same as the service proxy's, in other families: one name for each home."""
    return f"{TABLE_PREFIX}{options.home_id}"


def run(running: Running) -> None:
    """Run until stopped; rules stay in the kernel, so that policies hold while this process or the API is away."""
    options, dirty = running.options, threading.Event()
    cluster = Cluster(running, dirty)
    recorder = Recorder(running.client, "sampan-networkpolicy", options.node_name)
    kernel = open_kernel()
    filter = PolicyFilter(kernel, table_name(options)) if kernel is not None else None
    enforcement = Enforcement(filter, cluster, options.node_name) if filter is not None else None
    guard = PodGuard(running.client, cluster, enforcement, recorder, refuses=running.settings.unenforceable == "refuse")
    cluster.start()
    try:
        with GUARDS.serving(options.home_id, guard):
            if enforcement is None or filter is None:
                running.ready("policies cannot be enforced here: nftables may not be used")
                running.stop.wait()
            else:
                cluster.on_pod = enforcement.changed
                Keeping(running, cluster, enforcement, filter, dirty).run()
    finally:
        cluster.stop()
        recorder.close()


class Keeping:
    """The component's loop: after each change the filter is made equal to what is known."""

    def __init__(
        self, running: Running, cluster: Cluster, enforcement: Enforcement, filter: PolicyFilter, dirty: threading.Event
    ) -> None:
        self._running, self._cluster, self._dirty = running, cluster, dirty
        self._enforcement, self._filter = enforcement, filter
        self._lost = threading.Event()
        self._told = False

    def run(self) -> None:
        stop, dirty = self._running.stop, self._dirty
        monitor = TableMonitor(table_name(self._running.options), self._on_loss)
        monitor.start()
        threading.Thread(target=_wake_on_stop, args=(stop, dirty), daemon=True).start()
        dirty.set()
        try:
            while dirty.wait() and not stop.is_set():
                stop.wait(SETTLE if self._told else 0)
                dirty.clear()
                if stop.is_set():  # its wake-up may just have been cleared
                    return
                if not self._cluster.wait_all(1):
                    dirty.set()
                    continue
                self._refresh()
        finally:
            monitor.stop()

    def _refresh(self) -> None:
        whole = self._lost.is_set()
        self._lost.clear()
        try:
            self._enforcement.refresh(whole=whole)
        except ScriptRefused as error:
            log.error("policies are not in force: the packet filter refused them: %s", error)
            self._running.failing(f"the packet filter refuses the policies: {error}")
            self._told = False
            self._running.stop.wait(AGAIN)
            self._dirty.set()
            return
        if not self._told:
            gap = self._filter.gap()
            self._running.ready(f"policies are enforced{f', but {gap}' if gap else ''}")
            self._told = True

    def _on_loss(self) -> None:
        log.warning("the tables of network policies were removed by another program; they are written again")
        self._lost.set()
        self._dirty.set()


def _wake_on_stop(stop: threading.Event, dirty: threading.Event) -> None:
    stop.wait()
    dirty.set()


def cleanup(home: str, options: ClusterOptions) -> None:
    """Take the rules away."""
    kernel = open_kernel()
    if kernel is not None:
        PolicyFilter(kernel, table_name(options)).remove()
