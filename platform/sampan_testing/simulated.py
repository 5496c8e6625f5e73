"""Deterministic simulation: a whole control plane on virtual time, on one thread, with faults, from one seed.

The API server, its admission and its store are the real ones, in this process; so are the controllers, the scheduler
and the hollow nodes, which work in turns. A random source made from the seed decides who works next, which informer is
shown a change late, and which fault happens when; invariants are asked after every change. The same seed gives the same
history.
"""

from __future__ import annotations

import hashlib
import random
import tempfile
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from sampan.contracts.access import User
from sampan.contracts.kinds import Object, Resource
from sampan_client import Client, informers
from sampan_client.informers import Informer
from sampan_machinery import resources
from sampan_server.watch import watch as watching
from sampan_server.write import stamps
from sampan_testing.chances import OwnSource
from sampan_testing.clocks import VirtualClock
from sampan_testing.cluster import MASTERS, Cluster, fill, options_of, plugins_of, served, with_hollow
from sampan_testing.engine import Engine
from sampan_testing.faults import NONE, Crashed, Faults, FaultyTransport
from sampan_testing.invariants import Invariant, Key, OneOrdinalOnce, standard
from sampan_testing.polling import News, PolledHub

#: What takes part; a server's own business (certificates, Services, extension) would only cost time.
PLUGINS = (
    "batch", "config", "daemonsets", "disruption", "events", "gc", "hollow", "memory", "namespaces", "nodes", "pods",
    "priority", "quota", "scheduler", "statefulsets", "storage", "workloads",
)  # fmt: skip
WATCHED = (
    resources.PODS, resources.NODES, resources.DEPLOYMENTS, resources.REPLICA_SETS, resources.STATEFUL_SETS,
    resources.DAEMON_SETS, resources.JOBS, resources.CRON_JOBS, resources.POD_DISRUPTION_BUDGETS,
    resources.RESOURCE_QUOTAS,
)  # fmt: skip
KEPT = 60  # lines of the history that a failure shows
LATE = 40  # turns that an informer may be behind
REST = 3600.0  # seconds of virtual time that a cluster has to converge, without faults
MOST = 60_000  # turns


class Violation(AssertionError):
    """An invariant does not hold."""


class SimulatedEngine(Engine):
    """Chooses by chance who works next, and shows some informers some changes late."""

    def __init__(self, clock: VirtualClock, hub: PolledHub, news: News, chance: random.Random) -> None:
        super().__init__(clock, hub, news)
        self.chance = chance
        self.faults = NONE
        self.crashes: list[str] = []
        self._late: dict[int, int] = {}  # informer → turns that it stays behind
        self.after_turn: Callable[[], None] = lambda: None

    def turn(self) -> bool:
        self.catch_up()
        done = self._watched() or self._worked()
        self.catch_up()
        self.after_turn()
        if not done and self._late:
            self._late.clear()  # there is nothing else to do: what is late arrives
            return True
        return done

    def _watched(self) -> bool:
        self._late = {number: left - 1 for number, left in self._late.items() if left > 1}
        return self.hub.step(self._is_late)

    def _is_late(self, number: int) -> bool:
        if number in self._late:
            return True
        if self.chance.random() < self.faults.stale * 0.5:
            self._late[number] = self.chance.randint(1, LATE)
            return True
        return False

    def _worked(self) -> bool:
        names = list(self.parts)
        self.chance.shuffle(names)
        return any(self._guarded(name) for name in names)

    def _guarded(self, name: str) -> bool:
        try:
            return self.parts[name].turn()
        except Crashed as crash:
            self.crashes.append(f"{name} {crash}")
            self.restart(name)
            return True


class Simulation:
    """Made by ``simulation``. ``client`` is the administrator's, whose requests meet no faults."""

    def __init__(
        self, seed: int, cluster: Cluster, engine: SimulatedEngine, chance: random.Random,
        invariants: Sequence[Invariant], news: News,
    ) -> None:  # fmt: skip
        self.seed, self.cluster, self.engine, self.chance = seed, cluster, engine, chance
        self.client: Client = cluster.client
        self.clock = engine.clock
        self.invariants = list(invariants)
        self.state: dict[str, dict[Key, Object]] = {each.kind: {} for each in WATCHED}
        self.history: deque[str] = deque(maxlen=KEPT)
        self.requests = 0
        self.wrong: list[str] = []  # what invariants have said
        self._digest = hashlib.sha256()
        self.observer = PolledHub(engine.clock.time, eager=True)
        self._news = news
        engine.after_turn = self.observe

    @property
    def digest(self) -> str:
        """Of all writes so far, in order: the same for the same seed."""
        return self._digest.hexdigest()

    def watch(self, *more: Resource) -> None:
        """Follow the kinds that invariants look at; ``more``: those of a controller under test."""
        for resource in (*WATCHED, *more):
            self.state.setdefault(resource.kind, {})
            if self.cluster.app.registry.by_kind(resource.group, resource.version, resource.kind) is None:
                continue
            client = self.client_of("observer", "observer", (MASTERS,), faulty=False)
            client.hub = self.observer  # type: ignore[assignment]  # the part of a Hub that informers use
            Informer(client, resource, on_change=self._listener(resource.kind)).start()
        self.observe()

    def client_of(self, part: str, user: str, groups: Sequence[str], *, faulty: bool = True) -> Client:
        """A client whose requests are part of the history, and meet faults."""
        app, hub = self.cluster.app.wsgi, self.observer if part == "observer" else self.engine.hub
        transport = FaultyTransport(
            app, User(user, (*groups, "system:authenticated")), self._news, hub.mark,
            faults=lambda: self.engine.faults if faulty else NONE, random=self.chance,
            told=lambda method, path, status: self._told(part, method, path, status), wait=self._wait,
        )  # fmt: skip
        client = Client(transport)
        client.hub = hub  # type: ignore[assignment]  # the part of a Hub that informers use
        client._sleep, client.ticks = self._wait, self.clock.time
        return client

    def run(self, turns: int) -> None:
        """So many turns; time passes when there is nothing to do."""
        for _ in range(turns):
            if not self.engine.turn():
                due = self.engine.due()
                if due is None:
                    return
                self.clock.jump(due)

    def pass_time(self, seconds: float) -> None:
        """Let virtual time pass; a failure shows the history."""
        until = self.clock.time() + seconds
        for _ in range(MOST):
            if self.engine.turn():
                continue
            due = self.engine.due()
            if due is None or due > until:
                self.clock.jump(until)
                return
            self.clock.jump(due)
        raise Violation(self.failure(f"the cluster does not come to rest within {MOST} turns"))

    def finish(self) -> None:
        """No more faults, all nodes back, an hour to converge; then the invariants are asked for the last time."""
        self.engine.faults = NONE
        for node in self.client.list(resources.NODES).items:
            if "hollow.sampan.dev/lost" in (node["metadata"].get("annotations") or {}):
                self.lose(node["metadata"]["name"], lost=False)
        self.pass_time(REST)
        for each in self.invariants:
            if wrong := each.ended(self.state):
                raise Violation(self.failure(f"{each.name}: {wrong}"))

    def lose(self, node: str, *, lost: bool = True) -> None:
        """The node stops (no heartbeat, its pods stay as they are), or comes back."""
        self.note(f"node {node} is {'lost' if lost else 'back'}")
        change = {"metadata": {"annotations": {"hollow.sampan.dev/lost": "true" if lost else None}}}
        self.client.patch(resources.NODES, node, change)

    def note(self, words: str) -> None:
        self.history.append(f"{self.clock.time() - START:10.3f} {words}")

    def failure(self, words: str) -> str:
        lines = "\n".join(self.history)
        return f"seed {self.seed}: {words}\nhistory (seconds, the last {KEPT} lines):\n{lines}"

    # Observing

    def _told(self, part: str, method: str, path: str, status: int) -> None:
        self.requests += 1
        line = f"{part}: {method} {path.partition('?')[0]} -> {status}"
        self._digest.update(line.encode())
        if "/events" not in path and "/leases/" not in path:
            self.note(line)
        if method == "DELETE" and part == "hollow" and "/pods/" in path and status < 300:
            parts = path.partition("?")[0].split("/")
            for each in self.invariants:
                if isinstance(each, OneOrdinalOnce):
                    each.ended_by_agent.add((parts[4], parts[6]))

    def observe(self) -> None:
        while self.observer.step():
            pass

    def _listener(self, kind: str) -> Callable[[Object | None, Object | None], None]:
        def changed(old: Object | None, new: Object | None) -> None:
            obj = new or old
            assert obj is not None
            place = obj["metadata"].get("namespace", ""), obj["metadata"]["name"]
            if new is None:
                self.state[kind].pop(place, None)
            else:
                self.state[kind][place] = new
            for each in self.invariants:
                if wrong := each.changed(kind, old, new, self.state):
                    self.wrong.append(f"{each.name}: {wrong}")

        return changed

    def _wait(self, seconds: float) -> None:
        self.clock.jump(self.clock.time() + seconds)


START = 1_800_000_000.0


@contextmanager
def simulation(
    seed: int, *, nodes: int = 4, faults: Faults | None = None, plugins: Mapping[str, object] | None = None,
    only: Collection[str] = PLUGINS, invariants: Sequence[Invariant] | None = None, watch: Sequence[Resource] = (),
    settings: Mapping[str, Mapping[str, Any]] | None = None,
) -> Iterator[Simulation]:  # fmt: skip
    """A cluster at rest with so many nodes; the faults begin with the ``with`` block.

    ``plugins``: modules or objects with hooks, by plugin name: a controller under test, and its kinds. ``invariants``:
    all that are asked, by default ``invariants.standard()``. ``watch``: kinds that they look at beside Kubernetes' own.
    """
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sampan-simulation-")))
        chance = random.Random(seed)
        stack.callback(random.setstate, random.getstate())
        random.seed(seed)  # generated names
        _replace(stack, stamps, "random_bytes", OwnSource(seed).randbytes)
        for module in (informers, watching):
            _replace(stack, module, "JITTER", OwnSource(seed))
        clock, news = VirtualClock(START), News()
        engine = SimulatedEngine(clock, PolledHub(clock.time), news, chance)
        given = with_hollow({**(settings or {}), "hollow": {"seed": seed + 1, **(settings or {}).get("hollow", {})}})
        found = plugins_of(plugins or {}, only, given, None)
        cluster = served(stack, found, home, options_of(home), None, engine, news)
        made = Simulation(seed, cluster, engine, chance, standard() if invariants is None else invariants, news)
        made.watch(*watch)
        stack.callback(engine.stop)
        fill(engine, cluster, home, tuple(plugins or ()), client_of=made.client_of, randomness=random.Random(seed))
        for number in range(1, nodes + 1):
            cluster.add_node(f"node-{number}")
        made.pass_time(1.0)
        engine.faults = Faults() if faults is None else faults
        engine.after_turn = _checked(made)
        yield made


def _replace(stack: ExitStack, module: ModuleType, name: str, value: object) -> None:
    """Until the simulation ends."""
    stack.callback(setattr, module, name, getattr(module, name))
    setattr(module, name, value)


def _checked(made: Simulation) -> Callable[[], None]:
    def after() -> None:
        made.observe()
        if made.wrong:
            raise Violation(made.failure(made.wrong[0]))

    return after
