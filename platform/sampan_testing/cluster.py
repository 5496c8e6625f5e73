"""A whole cluster in one process: API server, reconcilers, scheduler and any number of fake nodes.

    with start(plugins={"mine": mine.plugin}, nodes=2) as cluster:
        cluster.client.create(PODS, {...}, "default")
        cluster.until(lambda: cluster.client.get(PODS, "web", "default")["status"]["phase"] == "Running")

No sockets, no files outside a temporary directory, ready in well under a second. Plugins of the distribution sampan are
found by their entry points. Of third-party plugins only those in ``plugins`` are loaded, installed or not, so that
other packages of the environment have no effect.
"""

from __future__ import annotations

import dataclasses
import importlib.metadata
import random
import tempfile
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import sampan_pki as pki
from sampan.contracts.access import Attributes, Decision, User
from sampan.contracts.components import Component, Running
from sampan.contracts.kinds import Object
from sampan.contracts.options import ClusterOptions, ManifestOptions
from sampan.contracts.reconciling import Standing
from sampan.contracts.turns import Turns
from sampan.errors import StatusError
from sampan.hookspecs import hookimpl
from sampan_client import Client
from sampan_client.events import Recorder
from sampan_isolation import Deadlines
from sampan_machinery.resources import NODES
from sampan_operate.supervisor.cluster import RECONCILER_USER
from sampan_reconciler.main import gather
from sampan_reconciler.runtime import Runtime
from sampan_server.app import App, Orders, new_app
from sampan_server.plugins.asking import HooksOf
from sampan_server.plugins.plugins import ADDON_GROUP, PLUGIN_GROUP, Plugins
from sampan_testing.clocks import RunningClock
from sampan_testing.engine import Engine, RuntimeTurns
from sampan_testing.nodes import Nodes, hollow_node
from sampan_testing.polling import News, PolledHub, client_of
from sampan_testing.volumes import FakeVolumes

DISTRIBUTION = "sampan"
MASTERS = "system:masters"
HOLLOW = "hollow"  # the component that serves the nodes of clusters that travel in time
_PAUSE = 0.05  # seconds until a failed component is restarted
_STOP_TIMEOUT = 1.0  # seconds that a component under test has to end; then its thread is abandoned
PATIENCE = 60.0  # seconds after which an expected event that has not happened fails the test


class Cluster:
    """A running cluster; created by ``start``. ``client`` is the administrator's."""

    def __init__(
        self,
        app: App,
        plugins: Plugins,
        options: ClusterOptions,
        travel: Engine | None = None,
        news: News | None = None,
    ) -> None:
        self.app = app
        self.plugins = plugins
        self.options = options
        self.engine, self._news = travel, news
        self.client = self.client_as("admin", MASTERS)
        self.nodes = Nodes(self.client)
        self.components: dict[str, threading.Thread] = {}  # running components by name

    def client_as(self, name: str, *groups: str) -> Client:
        """A client as that user; without authentication."""
        user = User(name, (*groups, "system:authenticated"))
        if self.engine is not None and self._news is not None:
            return client_of(self.app.wsgi, user, self._news, self.engine.hub)
        return Client.in_process(self.app.wsgi, user)

    @property
    def clock(self) -> RunningClock:
        """The clock of a cluster that can travel in time: ``advance(seconds)`` lets that time pass."""
        assert self.engine is not None, "start the cluster with travel=True"
        return self.engine.clock

    def add_node(self, name: str, labels: Mapping[str, str] | None = None) -> Object:
        """Add a node: pods assigned to it become Running and Ready. With hollow nodes it is one of them, as any Node
        with their annotation."""
        if HOLLOW in self.components:
            return self.client.create(NODES, hollow_node(name, labels or {}, self.clock.time()))
        return self.nodes.add(name, labels or {})

    def until(self, what: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        """Call ``what`` until it returns a true value, and return that. AssertionError after ``seconds``. KeyError and
        StatusError count as false."""
        return until(what, seconds)


def until(what: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """See ``Cluster.until``."""
    deadline = time.monotonic() + seconds
    while True:
        last: object
        try:
            last = found = what()
            if found:
                return found
        except (StatusError, KeyError) as error:
            last = error
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {seconds} s; the last answer was {last!r}")
        time.sleep(0.01)


@contextmanager
def start(
    plugins: Mapping[str, object] | None = None,
    *,
    only: Collection[str] | None = None,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    nodes: int | Sequence[str] = 0,
    control: bool = True,
    options: Mapping[str, Any] | None = None,
    orders: Orders | None = None,
    deadlines: Deadlines | None = None,
    travel: bool = False,
    without: Collection[str] = (),
) -> Iterator[Cluster]:
    """Run a cluster for the duration of a ``with``.

    ``plugins``: modules or objects with hooks, by plugin name. ``only``: the first-party plugins to load (default:
    all). ``settings``: as under ``plugins:`` in sampan.yaml. ``nodes``: number of fake nodes, or their names.
    ``control=False``: only the API server. ``deadlines``: of the plugins under test, by default as in a real cluster.
    ``options``: override the cluster-wide ones. ``travel=True``: the control plane works in turns by a clock that
    can be moved forward (``cluster.clock.advance``), and the nodes are hollow ones. ``without``: names of reconcilers
    that do not run. A plugin that fails to load, or fails in a hook at boot, raises AssertionError with its name.
    """
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sampan-test-")))
        pki.ensure(home / "pki")
        given = dataclasses.replace(options_of(home), **(options or {}))
        found = plugins_of(
            plugins or {},
            only,
            with_hollow(settings or {}) if travel and (only is None or HOLLOW in only) else settings or {},
            deadlines,
        )
        names = [f"node-{number}" for number in range(1, nodes + 1)] if isinstance(nodes, int) else nodes
        if travel:
            yield _travelling(stack, found, home, given, orders, names, frozenset(plugins or ()), without)
            return
        cluster = _served(stack, found, home, given, orders)
        _check(found, cluster.app)
        if control:
            _control(stack, cluster, home, frozenset(plugins or ()), without)
        for name in names:
            cluster.add_node(name)
        stack.callback(cluster.nodes.stop)
        yield cluster


def plugins_of(
    extra: Mapping[str, object],
    only: Collection[str] | None,
    settings: Mapping[str, Mapping[str, Any]],
    deadlines: Deadlines | None,
) -> Plugins:
    points = [
        point
        for group in (PLUGIN_GROUP, ADDON_GROUP)
        for point in importlib.metadata.entry_points(group=group)
        if point.dist is not None and point.dist.name == DISTRIBUTION and point.name not in extra
    ]
    if only is not None:
        unknown = set(only) - {point.name for point in points}
        assert not unknown, f"sampan has no plugin called {', '.join(sorted(unknown))}"
        points = [point for point in points if point.name in only or point.name == "memory"]
    allow_all = {} if any(point.name == "rbac" for point in points) else {AllowAll.name: AllowAll()}
    return Plugins(entry_points=points, extra={**extra, **allow_all}, settings=settings, deadlines=deadlines)


class AllowAll:
    """An authorizer that allows all requests; used in clusters without RBAC. Asked last, for they are asked by name:
    authorizers under test come before it."""

    name = "~allow-all"
    inline = True

    @hookimpl
    def contribute_authorizers(self) -> list[AllowAll]:
        return [self]

    def authorize(self, asked: Attributes) -> tuple[Decision, str]:
        return Decision.ALLOW, ""


def options_of(home: Path) -> ClusterOptions:
    """Options as from ``sampan_settings.options``, but independent of this machine."""
    return ClusterOptions(
        home=str(home), pki=str(home / "pki"), server_url="https://127.0.0.1:6443", api_host="127.0.0.1",
        api_port=6443, api_endpoint_ip="127.0.0.1", service_cidr="10.96.0.0/16", service_ip="10.96.0.1",
        dns_ip="10.96.0.10", dns_reachable=False, pod_cidr="10.244.0.0/16", cluster_domain="cluster.local",
        node_port_range="30000-32767", node_name="node-1", node_ip="127.0.0.1", kubelet_port=10250,
        runtime="exec", kubeconfig=str(home / "kubeconfig"),
    )  # fmt: skip


def _served(stack: ExitStack, plugins: Plugins, home: Path, options: ClusterOptions, orders: Orders | None) -> Cluster:
    store = plugins.first("provide_store", url="memory://", history=options.history)
    stack.callback(store.close)
    app = new_app(plugins, store=store, home=str(home), options=options, orders=orders)
    stack.callback(app.close)
    return Cluster(app, plugins, options)


def with_hollow(settings: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Heartbeats as rare as the node lifecycle allows: an hour of virtual time is 90 of them."""
    given = {
        "lease_seconds": 50, "renew_every": 40, "cpu": "64", "max_pods": 500, "seed": 1, "stages_of_cluster": False,
        **settings.get(HOLLOW, {}),
    }  # fmt: skip
    return {**settings, HOLLOW: given}


def _travelling(
    stack: ExitStack, plugins: Plugins, home: Path, options: ClusterOptions, orders: Orders | None,
    names: Sequence[str], given: Collection[str], without: Collection[str],
) -> Cluster:  # fmt: skip
    clock, news = RunningClock(), News()
    engine = Engine(clock, PolledHub(clock.time), news)
    clock.move = engine.advance
    cluster = served(stack, plugins, home, options, orders, engine, news)
    stack.callback(engine.stop)
    fill(engine, cluster, home, given, without=without)
    engine.add("volumes", partial(_volumes, cluster))
    for name in names:
        cluster.add_node(name)
    engine.settle()
    engine.start()
    return cluster


def _volumes(cluster: Cluster) -> Turns:
    """Volumes for the claims of pods on hollow nodes."""
    volumes = FakeVolumes(cluster.client)
    volumes.nodes = None
    volumes.watch()
    return volumes


def served(
    stack: ExitStack, plugins: Plugins, home: Path, options: ClusterOptions, orders: Orders | None, engine: Engine,
    news: News,
) -> Cluster:  # fmt: skip
    """An API server by the engine's clock, over a store in memory."""
    store = plugins.first("provide_store", url="memory://", history=options.history)
    stack.callback(store.close)
    app = new_app(plugins, store=store, home=str(home), options=options, orders=orders, clock=engine.clock.time)
    stack.callback(app.close)
    app.cache.after_batch.append(lambda: news.tell(app.cache.revision))
    news.tell(app.cache.revision)
    engine.catch_up = lambda: news.catch_up(app.cache.revision)
    cluster = Cluster(app, plugins, options, engine, news)
    _check(plugins, app)
    return cluster


def fill(
    engine: Engine, cluster: Cluster, home: Path, given: Collection[str] = (), *,
    client_of: Callable[[str, str, Sequence[str]], Client] | None = None, randomness: random.Random | None = None,
    without: Collection[str] = (),
) -> None:  # fmt: skip
    """Give the engine all that works in turns: the reconcilers together, and each component. ``client_of(part, user,
    groups)``: its client."""
    make = client_of or (lambda part, user, groups: cluster.client_as(user, *groups))
    clock = engine.clock.time
    reconcilers = gather(cluster.plugins, options=cluster.options, home=str(home), without=without)
    keyed = [each for each in reconcilers if not isinstance(each, Standing)]

    def all_reconcilers() -> Turns:
        client = make("reconcilers", RECONCILER_USER, ())
        recorder = Recorder(client, "sampan-reconciler", clock=clock, threaded=False)
        return RuntimeTurns(
            Runtime(
                client,
                keyed,
                clock=clock,
                ticks=clock,
                random=randomness,
                recorder=recorder,
                burst=1,
                computing=lambda: 0.0,
            ),
            recorder,
        )

    def one_standing(standing: Standing) -> Turns:
        assert standing.turns is not None
        return standing.turns(make(standing.name, RECONCILER_USER, ()), clock)

    def one_component(component: Component) -> Turns:
        assert component.turns is not None
        client = make(component.name, component.user, component.groups)
        return component.turns(running_of(cluster, component, home, client), clock)

    engine.add("reconcilers", all_reconcilers)
    for standing in reconcilers:
        if isinstance(standing, Standing) and standing.turns is not None:
            engine.add(standing.name, partial(one_standing, standing))
    for name, components in cluster.plugins.ask("contribute_components"):
        for component in components:
            if component.turns is not None and (name in given or component.name in ("scheduler", HOLLOW)):
                engine.add(component.name, partial(one_component, component))
                cluster.components[component.name] = threading.current_thread()


def running_of(cluster: Cluster, component: Component, home: Path, client: Client) -> Running:
    """What a component's ``turns`` is given."""
    place = home / "components" / component.name
    place.mkdir(parents=True, exist_ok=True)
    options = dataclasses.replace(cluster.options, identity="test")
    return Running(
        client=client, settings=cluster.plugins.settings_of(component.name), home=str(place), stop=threading.Event(),
        options=options, hooks=HooksOf(cluster.plugins, component.hooks, home=str(place), options=options),
        ready=lambda words: None, failing=lambda words: None,
    )  # fmt: skip


def _check(plugins: Plugins, app: App) -> None:
    failed = [f"{found.name}: {found.error}" for found in plugins.failures()] + app.failed_bootstrap
    assert not failed, "; ".join(failed)


def _control(
    stack: ExitStack, cluster: Cluster, home: Path, given: Collection[str], without: Collection[str]
) -> None:  # fmt: skip
    """Start the reconcilers, the scheduler, and the components of the plugins under test with their manifests."""
    plugins, client = cluster.plugins, cluster.client_as(RECONCILER_USER)
    recorder = Recorder(client, "sampan-reconciler")
    stack.callback(recorder.close)
    reconcilers = gather(plugins, options=cluster.options, home=str(home), without=without)
    runtime = Runtime(client, reconcilers, recorder=recorder)
    runtime.start()
    stack.callback(runtime.stop)
    stop = threading.Event()
    waiting = []
    for name, components in plugins.ask("contribute_components"):
        for component in components:
            if name in given or component.name == "scheduler":
                ready = threading.Event()
                _run(stack, cluster, name, component, home, stop, ready)
                if component.name == "scheduler":
                    waiting.append(ready)
    stack.callback(stop.set)
    _check(plugins, cluster.app)
    assert runtime.wait_synced(PATIENCE), "the reconcilers have not seen the cluster"
    assert all(ready.wait(PATIENCE) for ready in waiting), "the scheduler is not ready"


def _run(
    stack: ExitStack,
    cluster: Cluster,
    plugin: str,
    component: Component,
    home: Path,
    stop: threading.Event,
    ready: threading.Event,
) -> None:
    place = home / "components" / component.name
    place.mkdir(parents=True)
    settings = cluster.plugins.settings_of(component.name)
    options = dataclasses.replace(cluster.options, identity="test")
    if component.manifests is not None:
        _ship(cluster, component.manifests(ManifestOptions(**vars(cluster.options), settings=settings)))
    running = Running(
        client=cluster.client_as(component.user.replace("{node}", "node-1"), *component.groups),
        settings=settings,
        home=str(place),
        stop=stop,
        options=options,
        hooks=HooksOf(cluster.plugins, component.hooks, home=str(place), options=options),
        ready=lambda words: ready.set(),
    )
    failed = cluster.plugins.isolation(plugin).inline

    def keep_running() -> None:
        while not stop.is_set():
            try:
                failed(f"component {component.name}", lambda: component.run(running), passes=())
            except StatusError:
                stop.wait(_PAUSE)

    thread = threading.Thread(target=keep_running, name=component.name, daemon=True)
    thread.start()
    cluster.components[component.name] = thread
    stack.callback(thread.join, PATIENCE if component.name == "scheduler" else _STOP_TIMEOUT)


def _ship(cluster: Cluster, manifests: Sequence[Object]) -> None:
    for manifest in manifests:
        group, _, version = manifest["apiVersion"].rpartition("/")
        served = cluster.app.registry.by_kind(group, version, manifest["kind"])
        assert served is not None, (
            f"a component ships a {manifest['kind']} of {manifest['apiVersion']}, not served here"
        )
        cluster.client.create(served.resource, manifest, manifest["metadata"].get("namespace", ""))
