"""Hollow nodes as a component: a few threads around the machine, Stage objects of the cluster, and the server of all
nodes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from random import Random
from typing import Any

from sampan import KUBERNETES_VERSION
from sampan.contracts.components import Running
from sampan.contracts.kinds import Object, Resource
from sampan.errors import ConfigError
from sampan_client.events import Recorder
from sampan_client.hub import start_thread
from sampan_client.informers import Informer
from sampan_hollow.machine import WORKERS, Machine
from sampan_hollow.stages import Stage, StageError, compile_stage, compile_stages
from sampan_hollow.volumes import Volumes

log = logging.getLogger(__name__)

STAGES = Resource("kwok.x-k8s.io", "v1alpha1", "stages", "Stage", False)
_KEPT = ("nodeName", "restartPolicy", "hostNetwork", "readinessGates", "activeDeadlineSeconds")
FIRST_SYNC = 60.0  # seconds that a claim waits for the nodes to be known
TOLD = 0.2  # seconds between two looks at how many are registered, at the start


def run(running: Running) -> None:
    """Serve hollow nodes until told to stop; the caller has been elected."""
    recorder = Recorder(running.client, "hollow-nodes")
    configured = configured_stages(running.settings)
    server = _server(running)
    machine = _machine(running, time.time, recorder, configured, server.port if server else 0)
    following = StagesOfCluster(running, machine, configured)
    volumes = Volumes(
        running.client, running.settings.provisioners,
        lambda name: machine.nodes.wait_synced(FIRST_SYNC) and machine.manages(name),
    )  # fmt: skip
    threads = [start_thread(machine.work, f"hollow {number}") for number in range(WORKERS)]
    try:
        if server is not None:
            server.start(machine)
        machine.start()
        following.start()
        volumes.start()
        _report(running, machine)
        running.stop.wait()
    finally:
        volumes.stop()
        following.stop()
        machine.close()
        if server is not None:
            server.stop()
        for thread in threads:
            thread.join(5)
        recorder.close()


def turns(running: Running, clock: Callable[[], float]) -> HollowTurns:
    """The same in turns; without a server."""
    return HollowTurns(running, clock)


class HollowTurns:
    """Turns of the machine and of its events."""

    def __init__(self, running: Running, clock: Callable[[], float]) -> None:
        self._recorder = Recorder(running.client, "hollow-nodes", clock=clock, threaded=False)
        configured = configured_stages(running.settings)
        self._machine = _machine(running, clock, self._recorder, configured, 0)
        self._following = StagesOfCluster(running, self._machine, configured)
        self._machine.start()
        self._following.start()

    def turn(self) -> bool:
        return self._machine.turn() or self._recorder.write_one()

    def due(self) -> float | None:
        return self._machine.due()

    def close(self) -> None:
        self._following.stop()
        self._machine.close()


def configured_stages(settings: Any) -> list[Stage]:
    """Those of the files, or sampan's own. Raises ConfigError."""
    if not settings.stages:
        return own_stages()
    found: list[Stage] = []
    for name in settings.stages:
        try:
            found += compile_stages(_documents(Path(name).expanduser().read_text()))
        except OSError as error:
            raise ConfigError(f"plugins.hollow.stages: {name} cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise ConfigError(f"plugins.hollow.stages: {name}: {error}") from error
    return found


def own_stages() -> list[Stage]:
    folder = resources.files("sampan_hollow") / "own_stages"
    return [
        stage
        for name in ("nodes.yaml", "pods.yaml")
        for stage in compile_stages(_documents((folder / name).read_text()))
    ]


def _documents(text: str) -> list[Object]:
    """The objects of a YAML text; raises ValueError."""
    import yaml

    try:
        found = list(yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except yaml.YAMLError as error:
        raise ValueError(f"not YAML: {error}") from error
    lists = [
        each.get("items") or [] if str(each.get("kind", "")).endswith("List") else [each] for each in found if each
    ]
    return [obj for some in lists for obj in some]


class StagesOfCluster:
    """Stage objects in the cluster: a kind that has any is led by them alone."""

    def __init__(self, running: Running, machine: Machine, configured: Sequence[Stage]) -> None:
        self._machine, self._configured = machine, configured
        self._failing, self._ready = running.failing, running.ready
        self._found: dict[str, Stage] = {}
        self._informer: Informer | None = None
        if running.settings.stages_of_cluster:
            self._informer = Informer(running.client, STAGES, on_change=self._changed)
            self._informer.optional = True

    def start(self) -> None:
        if self._informer is not None:
            self._informer.start()

    def stop(self) -> None:
        if self._informer is not None:
            self._informer.stop()

    def _changed(self, old: Object | None, new: Object | None) -> None:
        obj = new or old
        assert obj is not None
        name = obj["metadata"]["name"]
        self._found.pop(name, None)
        if new is not None and (new.get("spec") or {}).get("selector") is not None:
            try:
                self._found[name] = compile_stage({"apiVersion": STAGES.api_version, **new})
            except StageError as error:
                log.warning("hollow: %s", error)
        kinds = {stage.kind for stage in self._found.values()}
        kept = [stage for stage in self._configured if stage.kind not in kinds]
        self._machine.use([*kept, *self._found.values()])


def _machine(
    running: Running, clock: Callable[[], float], recorder: Recorder, stages: Sequence[Stage], port: int
) -> Machine:
    settings = running.settings
    plain = not settings.stages and not settings.stages_of_cluster
    return Machine(
        running.client, settings, stages, clock=clock, random=Random(settings.seed or None), recorder=recorder,
        version=KUBERNETES_VERSION, port=port, keep=slim if plain else None,
    )  # fmt: skip


def slim(pod: Object) -> Object:
    """What sampan's own stages read of a pod: ten thousand whole ones would take a third of a gigabyte."""
    metadata, spec = pod["metadata"], pod["spec"]
    short = {
        key: [{name: each[name] for name in ("name", "image", "restartPolicy") if name in each} for each in spec[key]]
        for key in ("containers", "initContainers")
        if key in spec
    }
    kept = {key: spec[key] for key in _KEPT if key in spec}
    return {**pod, "metadata": {k: v for k, v in metadata.items() if k != "managedFields"}, "spec": {**kept, **short}}


def _report(running: Running, machine: Machine) -> None:
    """Say that all nodes are registered once they are."""

    def wait() -> None:
        while not running.stop.wait(TOLD):
            if machine.registered():
                running.ready(f"{running.settings.nodes} hollow nodes")
                return

    threading.Thread(target=wait, name="hollow-ready", daemon=True).start()


def _server(running: Running) -> Any:
    """None where there is no certificate for it."""
    pki = running.options.pki
    if not pki or not (Path(pki) / "kubelet.crt").exists():
        return None
    from sampan_hollow.server import Server

    note = Path(running.home) / "port"
    server = Server(pki, _noted(note))
    note.write_text(str(server.port))  # the next process serves there again, for thousands of Nodes name it
    return server


def _noted(note: Path) -> int:
    try:
        return int(note.read_text())
    except (OSError, ValueError):
        return 0
