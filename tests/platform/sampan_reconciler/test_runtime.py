import threading

import pytest

from sampan.contracts.access import User
from sampan.contracts.kinds import Resource
from sampan.contracts.reconciling import (
    ClientReconciler,
    Create,
    GiveUp,
    Key,
    Reconciler,
    Remove,
    Requeue,
    Retry,
    Standing,
    Update,
    Watching,
)
from sampan.errors import AlreadyExists, Conflict
from sampan_client import Client
from sampan_client.queue import Item
from sampan_reconciler.perform import Performer
from sampan_reconciler.runtime import Runtime
from sampan_testing.miniapi import MiniApi

SETS = Resource("apps", "v1", "replicasets", "ReplicaSet")
PODS = Resource("", "v1", "pods", "Pod")
WAIT = 60


class Events:
    def __init__(self):
        self.seen = []

    def event(self, about, type, reason, message, *, component=""):
        self.seen.append((component, reason, message))


@pytest.fixture
def api():
    return MiniApi([SETS, PODS])


@pytest.fixture
def run(api):
    running = []

    def start(*reconcilers):
        runtime = Runtime(Client.in_process(api, User("system:admin")), reconcilers, recorder=Events())
        running.append(runtime)
        runtime.start()
        assert runtime.wait_synced(WAIT)
        return runtime

    yield start
    for runtime in running:
        runtime.stop()


def owned_set(name="web"):
    return {"metadata": {"name": name, "namespace": "default"}, "spec": {}}


def until(api, happened):
    with api._changed:
        assert api._changed.wait_for(happened, WAIT)


def reconciler(decide, **more):
    return Reconciler(name="sets", primary=SETS, watches=(Watching(PODS),), decide=decide, **more)


def pods_of(count):
    """A reconciler that keeps ``count`` pods; without expectations it would create too many."""

    def decide(key, observed):
        found = observed.get(SETS, key.name, key.namespace)
        if found is None:
            return []
        uid = found["metadata"]["uid"]
        owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": key.name, "uid": uid, "controller": True}
        metadata = {"generateName": f"{key.name}-", "namespace": key.namespace, "ownerReferences": [owner]}
        missing = count - len(observed.owned(PODS, uid))
        return [Create(PODS, {"metadata": metadata}, event_on=found) for _ in range(missing)]

    return decide


def test_an_object_that_appears_is_decided_and_acted_upon(api, run):
    runtime = run(reconciler(pods_of(3)))

    api.create(SETS, owned_set())

    until(api, lambda: len(api.list(PODS)) == 3)
    component, reason, message = runtime._events.seen[0]
    assert (component, reason) == ("sets", "SuccessfulCreate")
    assert message.startswith("Created pod: web-")


def test_a_lost_pod_is_replaced_but_never_twice(api, run):
    run(reconciler(pods_of(3)))
    api.create(SETS, owned_set())
    until(api, lambda: len(api.list(PODS)) == 3)

    for _ in range(20):
        api.remove(PODS, api.list(PODS)[0]["metadata"]["name"], "default")
        until(api, lambda: len(api.list(PODS)) >= 3)
        assert len(api.list(PODS)) == 3


def test_objects_that_were_there_before_are_decided_too(api, run):
    for number in range(5):
        api.create(SETS, owned_set(f"web{number}"))

    run(reconciler(pods_of(1)))

    until(api, lambda: len(api.list(PODS)) == 5)


def test_a_key_is_retried_after_a_failure(api, run, caplog):
    tries = []
    done = threading.Event()

    def decide(key, observed):
        tries.append(key)
        if len(tries) == 1:
            raise ValueError("unexpected")
        if len(tries) == 2:
            raise Conflict("changed")
        if len(tries) == 3:
            raise Retry("not yet", after=0.001)
        done.set()
        return []

    runtime = run(reconciler(decide))
    api.create(SETS, owned_set())

    assert done.wait(WAIT)
    assert "unexpected" in caplog.text
    assert runtime.counters["sets", "failed"] == 1


def test_a_key_that_is_not_retried_waits_for_a_change(api, run):
    tries = []
    first, again = threading.Event(), threading.Event()

    def decide(key, observed):
        tries.append(key)
        if len(tries) == 1:
            first.set()
            raise GiveUp("hopeless")
        again.set()
        return []

    run(reconciler(decide))
    made = api.create(SETS, owned_set())
    assert first.wait(WAIT)
    assert not again.wait(0.05)

    api.update(SETS, {**made, "spec": {"replicas": 2}})

    assert again.wait(WAIT)


def test_a_requeue_brings_the_key_back(api, run):
    tries = []
    done = threading.Event()

    def decide(key, observed):
        tries.append(key)
        if len(tries) < 3:
            return [Requeue(0.01)]
        done.set()
        return []

    run(reconciler(decide))
    api.create(SETS, owned_set())

    assert done.wait(WAIT)


def test_a_refused_action_ends_the_decision_after_its_consequences(api, run):
    def decide(key, observed):
        found = observed.get(SETS, key.name, key.namespace)
        if found is None or found.get("status"):
            return []
        taken = {"metadata": {"name": "taken", "namespace": "default"}}
        return [
            Create(PODS, taken, on_failure=lambda error: [Update(SETS, {**found, "status": {"failed": 1}}, "status")]),
            Remove(SETS, key.name, key.namespace),
        ]

    api.create(PODS, {"metadata": {"name": "taken", "namespace": "default"}})
    run(reconciler(decide))
    api.create(SETS, owned_set())

    until(api, lambda: api.get(SETS, "web", "default").get("status") == {"failed": 1})


def test_the_last_decision_of_a_key_is_kept(api, run, monkeypatch):
    monkeypatch.setattr("sampan_reconciler.runtime._JOIN", WAIT)
    runtime = run(reconciler(pods_of(2)))
    api.create(SETS, owned_set())
    until(api, lambda: len(api.list(PODS)) == 2)
    runtime.stop()

    (decision,) = runtime.explain(name="web")

    assert decision.reconciler == "sets"
    assert [type(action) for action in decision.actions] == [Create, Create]


def test_a_client_reconciler_may_use_the_api_itself(api, run):
    asked = threading.Event()

    def reconcile(key, client, observed):
        assert client.get(SETS, key.name, key.namespace)["metadata"]["name"] == "web"
        asked.set()
        return []

    run(ClientReconciler(name="asker", primary=SETS, reconcile=reconcile))
    api.create(SETS, owned_set())

    assert asked.wait(WAIT)


def test_standing_work_runs_until_it_is_stopped(api, run, monkeypatch):
    monkeypatch.setattr("sampan_reconciler.runtime._JOIN", WAIT)
    begun, ended = threading.Event(), threading.Event()

    def work(client, stop):
        begun.set()
        stop.wait()
        ended.set()

    runtime = run(Standing(name="standing", run=work))
    assert begun.wait(WAIT)

    runtime.stop()

    assert ended.is_set()


def test_reconcilers_that_watch_the_same_share_one_watch(api, run):
    runtime = run(reconciler(pods_of(0)), Reconciler(name="other", primary=PODS, decide=lambda key, observed: []))

    assert len(runtime._shared) == 2


@pytest.mark.parametrize(("times", "said"), [(3, False), (9, True)])
def test_already_exists_is_a_warning_only_when_it_lasts(api, run, caplog, times, said):
    """A delayed watch makes a decision create an object that exists already; this happens for each new namespace."""
    tries = []
    done = threading.Event()

    def decide(key, observed):
        tries.append(key)
        if len(tries) <= times:
            raise AlreadyExists("it is there")
        done.set()
        return []

    run(reconciler(decide))
    api.create(SETS, owned_set())

    assert done.wait(WAIT)
    assert ("failed and is retried" in caplog.text) == said


def test_an_optional_resource_that_is_not_served_counts_as_empty(api, run):
    jobs = Resource("batch", "v1", "jobs", "Job")
    decided = threading.Event()

    def decide(key, observed):
        assert observed.list(jobs) == []
        decided.set()
        return []

    watches = (Watching(PODS), Watching(jobs, optional=True))
    run(Reconciler(name="sets", primary=SETS, watches=watches, decide=decide))

    Client.in_process(api, User("system:admin")).create(SETS, owned_set())

    assert decided.wait(WAIT)


def test_without_threads_the_caller_decides_one_key_after_another(api):
    now, decided = [100.0], []

    def decide(key, seen):
        decided.append(key.name)
        if len(decided) == 1:
            yield Requeue(10)

    client = Client.in_process(api, User("system:admin"))
    runtime = Runtime(client, [Reconciler(name="r", primary=SETS, decide=decide)], ticks=lambda: now[0])
    runtime.start_watching()
    assert runtime.wait_synced(WAIT)
    client.create(SETS, owned_set())
    while not runtime.backlog():
        pass

    assert (runtime.turn(), runtime.turn(), decided, runtime.due()) == (True, False, ["web"], 110.0)
    now[0] = 111.0
    assert (runtime.turn(), decided, runtime.due()) == (True, ["web", "web"], None)
    runtime.stop()


class Counting:
    """A client that counts how many creations are under way; ``refuse`` names those that fail."""

    def __init__(self, refuse=()):
        self.refuse, self.made, self.most, self._now = refuse, [], 0, 0
        self._lock, self._full = threading.Lock(), threading.Event()

    def let_go(self):
        """Do not hold a creation until there are four."""
        self._full.set()

    def create(self, resource, obj):
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
            if self._now >= 4:
                self._full.set()
        if len(self.made) >= 3:
            self._full.wait(WAIT)
        with self._lock:
            self._now -= 1
            self.made.append(obj["metadata"]["name"])
        if obj["metadata"]["name"] in self.refuse:
            raise Conflict("no")
        return {**obj, "kind": resource.kind}


def creations(count, resource=PODS):
    return [Create(resource, {"metadata": {"name": f"p{number}", "namespace": "n"}}) for number in range(count)]


def test_many_creations_go_in_batches_that_grow():
    client = Counting()
    performer = Performer(client, Events(), burst=4)
    performer.perform(creations(15))

    assert client.made[0] == "p0" and sorted(client.made[1:3]) == ["p1", "p2"]
    assert client.most == 4
    assert len(performer.writes) == 15


def test_the_first_failure_stops_the_batches_after_its_own():
    client = Counting(refuse=("p1",))
    performer = Performer(client, Events(), burst=4)
    with pytest.raises(Conflict):
        performer.perform(creations(15))

    assert sorted(client.made) == ["p0", "p1", "p2"]
    assert sorted(write.name for write in performer.writes) == ["p0", "p2"]


def test_creations_of_several_kinds_stay_in_their_order():
    client = Counting()
    client.let_go()
    pairs = [each for pair in zip(creations(3, SETS), creations(3), strict=True) for each in pair]
    Performer(client, Events(), burst=4).perform(pairs)

    assert (client.made, client.most) == (["p0", "p0", "p1", "p1", "p2", "p2"], 1)


def test_changes_that_come_while_a_costly_key_waits_are_one_decision(api):
    decided, now, computed = [], [0.0], [0.0]

    def decide(key, seen):
        decided.append(key)
        computed[0] += 0.01
        return []

    client = Client.in_process(api, User("system:admin"))
    runtime = Runtime(
        client, [Reconciler(name="r", primary=SETS, decide=decide)], ticks=lambda: now[0],
        computing=lambda: computed[0],
    )  # fmt: skip
    item = Item(0, Key("default", "web"))
    runtime._queue.open(0)
    try:
        for _ in range(6):
            runtime._queue.add(item)
            while runtime.turn():
                pass
        assert len(decided) == 2  # the first one may have imported modules

        now[0] = runtime.due() + 0.001
        assert runtime.turn()
        assert len(decided) == 3
        assert not runtime.turn()
    finally:
        runtime.stop()
        client.close()
