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
    keeping.join(10)


def test_a_resource_that_is_short_is_a_condition_of_the_node():
    facts = {"name": "n", "ip": "192.0.2.1", "port": 1, "capacity": {}, "info": {}, "now": "2026-01-01T00:00:00Z"}
    found = {one["type"]: one for one in status_of({}, pressures={"DiskPressure"}, **facts)["conditions"]}

    assert (found["DiskPressure"]["status"], found["DiskPressure"]["reason"]) == ("True", "KubeletHasDiskPressure")
    assert found["MemoryPressure"]["status"] == "False"
