"""The node agent: one informer of this node's pods, one worker a pod, the runtime's events, the node's own object."""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sampan import KUBERNETES_VERSION
from sampan.contracts.components import Running
from sampan.contracts.kinds import Object
from sampan.errors import SampanError
from sampan_client.events import Recorder
from sampan_client.informers import Informer
from sampan_machinery.resources import PODS
from sampan_node import machine_facts, ranges, runtimes
from sampan_node.clock import Clock
from sampan_node.devices import PodDevices
from sampan_node.guards import SandboxGuards
from sampan_node.host import Host
from sampan_node.housekeeping.evictor import Evictor
from sampan_node.pod import termination
from sampan_node.pod.worker import Worker
from sampan_node.registration import Registration
from sampan_node.volumes.measuring import MeasuredVolume, Measuring
from sampan_runtime.contracts import ReportsProblems, Runtime
from sampan_volumes.contributed import volume_mounters

log = logging.getLogger(__name__)

VERSION = KUBERNETES_VERSION
REMOVED = "the node {name} was removed from its cluster; `sampan down` ends what runs here, a restart joins it again"
STOP_WITHIN = 5.0  # seconds that what is being done for pods may take when the agent ends
ORPHANS_AFTER_SYNC = 30.0  # seconds to wait for the first complete list of pods
TOLD_WITHIN = 10.0  # seconds to wait until the API has a status of each pod that was seen after the start


class Agent:
    """Knows which pods are here; everything about one pod is its worker's."""

    def __init__(self, host: Host, manifests: Path | None = None) -> None:
        """``manifests``: the folder of static pods, None for none."""
        self.host = host
        self._workers: dict[str, Worker] = {}
        self._lock = threading.Lock()
        self._informer: Informer | None = None
        self._measuring: Measuring | None = None
        self._static = self._static_pods(manifests) if manifests is not None else None

    def _static_pods(self, manifests: Path) -> Any:
        from sampan_node.staticpods.static_pods import StaticPods  # few nodes have some, and it reads YAML

        return StaticPods(self.host, manifests, self._add)

    def _add(self, worker: Worker) -> None:
        with self._lock:
            self._workers[worker.pod["metadata"]["uid"]] = worker

    def start(self) -> None:
        """Follow the pods of this node and the runtime's events. Returns once all pods are known and the API has been
        told how each is now, so that no client sees a Ready from before a restart; a worker that is stuck is waited for
        at most TOLD_WITHIN."""
        self._informer = Informer(
            self.host.client, PODS, fields=f"spec.nodeName={self.host.name}", on_change=self.changed
        )
        threading.Thread(target=self._listen, name="node-events", daemon=True).start()
        if self._static is not None:
            self._static.start()  # before the API is asked: they run without it
        self._informer.start()
        if self._informer.wait_synced(ORPHANS_AFTER_SYNC):
            present = self.workers()
            self.remove_orphans()
            self._wait_told(present)

    def _wait_told(self, workers: list[Worker]) -> None:
        end = time.monotonic() + TOLD_WITHIN
        late = [one for one in workers if not one.told.wait(max(0.0, end - time.monotonic()))]
        if late:
            names = ", ".join(one.where() for one in late)
            log.warning("node: no status could be told within %g s of pods/%s", TOLD_WITHIN, names)

    def stop(self) -> None:
        if self._static is not None:
            self._static.stop()
        if self._informer is not None:
            self._informer.stop()
        for worker in self.workers():
            worker.stop()
        end = time.monotonic() + STOP_WITHIN
        for worker in self.workers():
            worker.join(max(0.0, end - time.monotonic()))

    def workers(self) -> list[Worker]:
        with self._lock:
            return list(self._workers.values())

    def changed(self, old: Object | None, new: Object | None) -> None:
        """The informer's handler."""
        if self._static is not None and self._static.mirrored(old, new):
            return
        if new is None:
            if old is not None and (worker := self.worker(old["metadata"]["uid"])):
                worker.vanish(old)
            return
        uid = new["metadata"]["uid"]
        with self._lock:
            worker = self._workers.get(uid)
            if worker is None or worker.finished.is_set():
                if worker is not None:
                    return  # its last news: it was just deleted by us
                worker = self._workers[uid] = Worker(self.host, new)
            self._workers = {key: one for key, one in self._workers.items() if not (one.finished.is_set() and one.gone)}
        worker.update(new)

    def look_again(self) -> None:
        """After a time without the API: read the pods, for the watch may still hang on a connection that is dead, and
        write the status of each that the API has otherwise. New and deleted pods are left to the watch."""
        listing = self.host.client.list(PODS, fields=f"spec.nodeName={self.host.name}")
        for pod in listing.items:
            if worker := self.worker(pod["metadata"]["uid"]):
                worker.update(pod)

    def worker(self, uid: str) -> Worker | None:
        with self._lock:
            return self._workers.get(uid)

    def volumes(self) -> dict[str, list[MeasuredVolume]]:
        """What the volumes of each pod have and use, by the pods' uids."""
        if self._measuring is None:
            self._measuring = Measuring(self.host.mounters, self.host.home / "pods")
        return self._measuring.of_pods([worker.pod for worker in self.workers() if not worker.finished.is_set()])

    def find(self, namespace: str, name: str) -> Worker | None:
        """By the pod's name; of several uids the one that is not going."""
        mine = [
            one for one in self.workers()
            if (one.pod["metadata"]["namespace"], one.pod["metadata"]["name"]) == (namespace, name) and not one.gone
        ]  # fmt: skip
        return min(mine, key=lambda one: one.finished.is_set(), default=None)

    def remove_orphans(self) -> None:
        """What runs here for pods that the API has no more."""
        known = {one.pod["metadata"]["uid"] for one in self.workers()}
        here = {one.uid: (one.namespace, one.name) for one in self.host.runtime.sandboxes()}
        here = {one.pod_uid: ("", one.pod_uid) for one in self.host.runtime.containers()} | here
        for uid, (namespace, name) in here.items():
            if uid not in known:
                log.info("node: removing what is left of pods/%s/%s", namespace, name)
                ghost: Object = {
                    "metadata": {"uid": uid, "name": name, "namespace": namespace},
                    "spec": {"containers": [], "terminationGracePeriodSeconds": 5},
                }
                with self._lock:
                    worker = self._workers[uid] = Worker(self.host, ghost)
                worker.vanish()
                known.add(uid)
        self._remove_folders(known)

    def _remove_folders(self, known: set[str]) -> None:
        pods = self.host.home / "pods"
        for folder in pods.iterdir() if pods.is_dir() else ():
            if folder.name not in known and self._unmounted(folder):
                termination.remove(folder)

    def _unmounted(self, folder: Path) -> bool:
        """Whether plugins have taken back what they mounted for a pod that is not known any more."""
        try:
            for kind, mounter in self.host.mounters.items():
                for place in sorted((folder / "volumes" / kind).glob("*")):
                    mounter.unmount(place)
        except (SampanError, OSError) as error:
            log.warning("node: %s stays until the next start: %s", folder, error)
            return False
        return True

    def _listen(self) -> None:
        for uid in self.host.runtime.events():
            for worker in [self.worker(uid)] if uid else self.workers():
                if worker is not None:
                    worker.poke()


def run(running: Running) -> None:
    """The component: everything up, heartbeats until told to stop; containers are left running."""
    settings, options, home = running.settings, running.options, Path(running.home)
    name = options.node_name
    ip = options.node_ip or "127.0.0.1"
    if options.network_mode == "routed":
        pods = ranges.pod_range(running.client, name, home, running.stop, running.failing)
        if not pods:
            return
        options = dataclasses.replace(options, node_pod_cidr=pods)
    assert running.hooks is not None, "the component names its hooks"
    runtime = runtimes.choose(options.runtime, home, options, running.hooks)
    runtimes.remove_others(runtime.name, str(home), options)
    closing: list[Callable[[], Any]] = [runtime.close]
    try:
        host = _host(running, runtime, home, name, ip, settings)
        host.mounters = volume_mounters(running.hooks, client=running.client, home=str(home), node=name)
        host.devices = PodDevices(
            running.hooks.ask("contribute_claimed_devices", client=running.client, home=str(home), node=name)
        )
        closing.append(host.devices.close)
        if settings.imageCredentialProviderConfig:
            host.provided = credential_providers(host, settings, Path(options.home or home))
        closing += [mounter.close for mounter in host.mounters.values()]
        closing += [host.clock.stop, host.references.close, lambda: host.pool.shutdown(wait=False, cancel_futures=True)]
        folder = Path(options.home or home) / settings.static_pods if settings.static_pods else None
        agent = Agent(host, folder)
        server = _server(agent, options)
        closing.append(server.stop)
        info = machine_facts.system_info(runtimes.shown_name(runtime), runtime.version(), VERSION)
        registration = Registration(
            running.client, name=name, ip=ip, port=server.port, capacity=host.allocatable, info=info,
            devices=host.devices.resources,
        )  # fmt: skip
        closing.append(agent.stop)
        agent.start()
        registration.register(runtime_problem(runtime))  # what the API says of the pods is true by now
        host.events.event(
            {**registration.object, "metadata": {"name": name, "uid": name}}, "Normal", "Starting", "Starting kubelet."
        )
        running.ready(f"node {name} runs pods by the {runtime.name} runtime; agent on port {server.port}")
        evictor = Evictor(agent, settings)
        registration.keep(
            running.stop, problem=lambda: runtime_problem(runtime), pressures=evictor.look, back=agent.look_again,
            removed=(lambda name: running.failing(REMOVED.format(name=name))) if options.joined else None,
        )  # fmt: skip
        _end_pods(running, agent, registration)
    finally:
        for close in reversed(closing):
            close()


def credential_providers(host: Host, settings: Any, home: Path) -> Callable[[Object, str], Any]:
    """What gives credentials for pulling images, by programs of the node's. Raises ConfigError."""
    from sampan_node.credentials import config
    from sampan_node.credentials.providers import Accounts, CredentialProviders

    def token(pod: Object, audience: str) -> str:
        return host.token(pod, {"path": "imageCredentialProviderConfig", "audience": audience})

    providers = CredentialProviders(
        config.read(home / settings.imageCredentialProviderConfig), home / settings.imageCredentialProviderBinDir,
        Accounts(host.service_account, token),
    )  # fmt: skip
    providers.check()
    return providers.credentials


def _end_pods(running: Running, agent: Agent, registration: Registration) -> None:
    """End the pods where the settings want it and the machine goes down."""
    if planned := running.settings.shutdown_periods():
        from sampan_node.shutdown.shutdown import NodeShutdown, machine_ends

        if running.is_final() and machine_ends():
            NodeShutdown(agent, planned, tell=registration.shuts_down).run()


def runtime_problem(runtime: Runtime) -> str:
    """What keeps the node from being Ready, "" for nothing."""
    try:
        if isinstance(runtime, ReportsProblems):
            return runtime.problem()
        runtime.version()
    except SampanError as error:
        log.warning("node: the %s runtime does not answer: %s", runtime.name, error)
        return f"container runtime is down: {error}"
    return ""


def _host(running: Running, runtime: Runtime, home: Path, name: str, ip: str, settings: Any) -> Host:
    return Host(
        client=running.client, runtime=runtime, events=Recorder(running.client, "kubelet", name), clock=Clock(),
        pool=ThreadPoolExecutor(16, thread_name_prefix="probe"), home=home, name=name, ip=ip,
        allocatable=machine_facts.capacity(home, settings.max_pods), sysctls=settings.allowed_unsafe_sysctls,
        pids_limit=settings.container_pids_limit, options=running.options, guards=_guards(running),
    )  # fmt: skip


def _guards(running: Running) -> SandboxGuards:
    if running.hooks is None:
        return SandboxGuards()
    return SandboxGuards(running.hooks.ask("contribute_sandbox_guards", options=running.options))


def _server(agent: Agent, options: Any) -> Any:
    from sampan_node.api.server import Server

    server = Server(agent, address=options.node_ip or "127.0.0.1", port=options.kubelet_port or 0,
                    pki=options.pki or "")  # fmt: skip
    server.start()
    return server
