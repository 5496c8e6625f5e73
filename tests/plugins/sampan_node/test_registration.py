import threading
import time

import pytest

from sampan.errors import NotFound
from sampan_node import registration
from sampan_node.registration import Registration, status_of


class Api:
    """One Node and one Lease, patched by merging one level down; says when the status is written."""

    def __init__(self):
        self.node, self.lease, self.changed = None, None, threading.Condition()

    def create(self, resource, obj, namespace=""):
        setattr(self, "node" if resource.kind == "Node" else "lease", obj)
        return obj

    def get(self, resource, name, namespace=""):
        if self.node is None:
            raise NotFound(name)
        return self.node

    def patch(self, resource, name, patch, namespace="", **_):
        found = self.node if resource.kind == "Node" else self.lease
        if found is None:
            raise NotFound(name)
        with self.changed:
            for key, value in patch.items():
                found[key] = {**found.get(key, {}), **value}
            self.changed.notify_all()
        return found

    def ready(self):
        return next(one for one in self.node["status"]["conditions"] if one["type"] == "Ready")


@pytest.fixture
def api():
    return Api()


@pytest.fixture
def registered(api):
    found = Registration(api, name="n1", ip="10.0.0.1", port=10250, capacity={"cpu": "2"}, info={})
    found.register()
    return found


def test_a_registered_node_is_ready_and_has_a_lease(api, registered):
    assert api.ready()["status"] == "True" and api.ready()["reason"] == "KubeletReady"
    assert api.lease["spec"]["holderIdentity"] == "n1"
    assert api.node["status"]["addresses"][0] == {"type": "InternalIP", "address": "10.0.0.1"}


def test_a_runtime_that_does_not_answer_makes_the_node_unready_until_it_does(api, registered, monkeypatch):
    monkeypatch.setattr(registration, "HEARTBEAT", 0.01)
    monkeypatch.setattr(registration, "PROBLEM_EVERY", 0.0)
    monkeypatch.setattr(registration, "AGAIN", 0.01)
    problems, stop = ["container runtime is down"], threading.Event()
    keeping = threading.Thread(target=registered.keep, args=(stop,), kwargs={"problem": lambda: problems[0]})
    keeping.start()

    def until(word):
        deadline = time.monotonic() + 30
        with api.changed:
            while api.ready()["status"] != word:
                assert api.changed.wait(deadline - time.monotonic())
        return api.ready()

    assert until("False")["message"] == "container runtime is down"
    problems[0] = ""
    assert until("True")["reason"] == "KubeletReady"
    stop.set()
    keeping.join(60)


def test_a_node_with_a_problem_is_not_ready_at_first_and_is_looked_at_again_soon(api, monkeypatch):
    monkeypatch.setattr(registration, "AGAIN", 0.01)
    for usual in ("HEARTBEAT", "PROBLEM_EVERY"):  # longer than this test waits
        monkeypatch.setattr(registration, usual, 3600.0)
    found = Registration(api, name="n1", ip="10.0.0.1", port=10250, capacity={}, info={})
    found.register("no network yet")
    assert (api.ready()["status"], api.ready()["message"]) == ("False", "no network yet")

    stop = threading.Event()
    keeping = threading.Thread(target=found.keep, args=(stop,))
    keeping.start()
    with api.changed:
        assert api.changed.wait_for(lambda: api.ready()["status"] == "True", 60)
    stop.set()
    keeping.join(60)


def test_a_resource_that_is_short_is_a_condition_of_the_node():
    facts = {"name": "n", "ip": "192.0.2.1", "port": 1, "capacity": {}, "info": {}, "now": "2026-01-01T00:00:00Z"}
    found = {one["type"]: one for one in status_of({}, pressures={"DiskPressure"}, **facts)["conditions"]}

    assert (found["DiskPressure"]["status"], found["DiskPressure"]["reason"]) == ("True", "KubeletHasDiskPressure")
    assert found["MemoryPressure"]["status"] == "False"


def test_a_node_that_was_called_lost_says_that_it_is_ready_again(api, registered, monkeypatch):
    monkeypatch.setattr(registration, "HEARTBEAT", 0.01)
    monkeypatch.setattr(registration, "LOOK_EVERY", 0.0)
    stop = threading.Event()
    api.ready()["status"] = "Unknown"
    keeping = threading.Thread(target=registered.keep, args=(stop,))
    keeping.start()

    with api.changed:
        assert api.changed.wait_for(lambda: api.ready()["status"] == "True", 30)
    stop.set()
    keeping.join(30)


def test_the_first_heartbeat_that_comes_through_after_failures_is_told(api, registered, monkeypatch):
    monkeypatch.setattr(registration, "HEARTBEAT", 0.01)
    monkeypatch.setattr(registration, "AGAIN", 0.01)
    stop, left, told = threading.Event(), [ConnectionError("cut")] * 2, []
    beat = registered._beat

    def cut():
        if left:
            raise left.pop()
        beat()

    def back():
        told.append(len(left))
        if len(told) == 1:
            raise ConnectionError("cut again")
        stop.set()

    monkeypatch.setattr(registered, "_beat", cut)
    registered.keep(stop, back=back)

    assert told == [0, 0]  # one that fails is tried again


def test_a_node_that_was_removed_is_told_so_once_and_does_not_come_back(api, registered, monkeypatch):
    monkeypatch.setattr(registration, "HEARTBEAT", 0.01)
    monkeypatch.setattr(registration, "LOOK_EVERY", 0.0)
    monkeypatch.setattr(registration, "LOOK_EVERY", 0.0)
    told, stop, said = threading.Event(), threading.Event(), []

    def removed(name):
        said.append(name)
        told.set()

    api.node = api.lease = None
    keeping = threading.Thread(target=registered.keep, args=(stop,), kwargs={"removed": removed})
    keeping.start()

    assert told.wait(30)
    stop.set()
    keeping.join(30)
    assert said == ["n1"]
    assert api.node is None


def test_a_lease_alone_that_was_deleted_is_made_again_by_a_node_that_joined(api, registered, monkeypatch):
    monkeypatch.setattr(registration, "HEARTBEAT", 0.01)
    stop = threading.Event()
    api.lease = None
    keeping = threading.Thread(target=registered.keep, args=(stop,), kwargs={"removed": lambda name: stop.set()})
    keeping.start()

    deadline = time.monotonic() + 30
    while api.lease is None:
        assert time.monotonic() < deadline and not stop.is_set()
        time.sleep(0.01)
    stop.set()
    keeping.join(30)


def test_what_device_plugins_offer_is_told_with_the_next_heartbeat(api, monkeypatch):
    monkeypatch.setattr(registration, "HEARTBEAT", 0.01)
    offered = {"example.com/gpu": (0, 0)}
    found = Registration(
        api, name="n1", ip="10.0.0.1", port=10250, capacity={"cpu": "2"}, info={}, devices=lambda: dict(offered)
    )  # fmt: skip
    found.register()
    assert api.node["status"]["allocatable"] == {"cpu": "2", "example.com/gpu": "0"}
    stop = threading.Event()
    keeping = threading.Thread(target=found.keep, args=(stop,))
    keeping.start()

    offered["example.com/gpu"] = (3, 2)

    with api.changed:
        assert api.changed.wait_for(lambda: api.node["status"]["capacity"].get("example.com/gpu") == "3", 60)
        assert api.node["status"]["allocatable"]["example.com/gpu"] == "2"
    stop.set()
    keeping.join(60)
