import json

import pytest

from sampan_cri.statuses import Statuses
from sampan_cri.translation import CLUSTER, UID
from sampan_runtime.contracts import RuntimeFailure


class World:
    """Containers and sandboxes of a fake runtime: identifier → state."""

    def __init__(self, fake):
        self.containers, self.sandboxes = {"c1": 1}, {"s1": 0}
        fake.answers |= {
            "ListContainers": lambda request: {"containers": self._listed(self.containers, request, "c")},
            "ListPodSandbox": lambda request: {"items": self._listed(self.sandboxes, request, "s")},
            "ContainerStatus": self._status, "PodSandboxStatus": self._sandbox,
        }  # fmt: skip

    @staticmethod
    def _listed(found, request, letter):
        labels = {CLUSTER: "mine", UID: "u1"}
        wanted = (request["filter"] or {}).get("id")
        items = [{"id": key, "state": state, "labels": labels} for key, state in found.items() if wanted in ("", key)]
        return [{**one, "pod_sandbox_id": "s1"} for one in items] if letter == "c" else items

    def _status(self, request):
        known = self.containers[request["container_id"]]
        info = {"info": json.dumps({"pid": 7, "config": {"tty": True}})}
        about = {"id": request["container_id"], "state": known, "metadata": {"name": "main"}, "log_path": "/l"}
        return {"status": {**about, "labels": {UID: "u1", CLUSTER: "mine"}}, "info": info}

    def _sandbox(self, request):
        meta = {"name": "web", "uid": "u1", "namespace": "d"}
        key = request["pod_sandbox_id"]
        return {"status": {"id": key, "state": self.sandboxes[key], "metadata": meta, "network": {"ip": "10.0.0.1"}}}


@pytest.fixture
def world(fake):
    return World(fake)


@pytest.fixture
def statuses(client, world):
    return Statuses(client, "mine")


def test_a_container_is_asked_about_once_a_state(statuses, world, fake):
    for _ in range(3):
        assert [one.state for one in statuses.containers("u1")] == ["running"]
    world.containers["c1"] = 2
    for _ in range(3):
        assert [one.state for one in statuses.containers()] == ["exited"]

    assert len(fake.requests("ContainerStatus")) == 2
    assert fake.requests("ListContainers")[0] == {
        "filter": {"id": "", "pod_sandbox_id": "", "label_selector": {CLUSTER: "mine", UID: "u1"}}
    }


def test_what_was_changed_is_asked_about_again(statuses, fake):
    statuses.containers()
    statuses.forget("c1")
    statuses.containers()

    assert len(fake.requests("ContainerStatus")) == 2


def test_what_is_not_listed_any_more_is_forgotten(statuses, world):
    statuses.containers()
    statuses.sandboxes()
    world.containers.clear()
    world.sandboxes.clear()

    assert statuses.containers() == statuses.sandboxes("u1") == []
    assert statuses.running_logs() == []
    assert statuses.uid_of("c1") == ""


def test_what_is_removed_while_it_is_asked_about_is_left_out(statuses, fake, refusal):
    fake.answers["ContainerStatus"] = refusal("NOT_FOUND", "gone")

    assert statuses.containers() == []
    with pytest.raises(RuntimeFailure):
        statuses.container("c1")


def test_a_sandbox_has_its_address(statuses, world):
    assert [(one.ip, one.ready) for one in statuses.sandboxes()] == [("10.0.0.1", True)]
    world.sandboxes["s1"] = 1
    assert [one.ready for one in statuses.sandboxes()] == [False]


def test_one_container_is_told_with_its_log_and_process(statuses):
    found = statuses.container("c1")

    assert (found.log_path, found.tty, found.pid) == ("/l", True, 7)
    assert statuses.running_logs() == [("c1", "/l")]
    with pytest.raises(RuntimeFailure, match="no container"):
        statuses.container("none")


def test_identifiers_are_traced_to_their_pods(statuses, client):
    assert (statuses.uid_of("c1"), statuses.uid_of("s1"), statuses.uid_of("none")) == ("u1", "u1", "")
    assert Statuses(client, "another's").uid_of("c1") == ""


def test_an_end_is_what_the_lists_say(statuses, world):
    assert not statuses.has_ended("c1")
    assert not statuses.has_ended("s1")
    world.containers["c1"], world.sandboxes["s1"] = 2, 1
    assert statuses.has_ended("c1")
    assert statuses.has_ended("s1")
    assert statuses.has_ended("gone")
    assert statuses.states() == {"c1": ("u1", 2), "s1": ("u1", 1)}
