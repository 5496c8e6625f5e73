from __future__ import annotations

import threading

import pytest

from sampan.errors import AlreadyExists, NotFound
from sampan_node import ranges
from sampan_node.ranges import pod_range


class Api:
    """A Node that gets its range at the look with that number; ``away``: no server answers."""

    def __init__(self, look=1, *, node=True, away=False):
        self.look, self.away, self.looks, self.created = look, away, 0, []
        self.node = {"spec": {}} if node else None

    def get(self, resource, name):
        if self.away:
            raise ConnectionError("away")
        if self.node is None:
            raise NotFound(name)
        self.looks += 1
        if self.look and self.looks >= self.look:
            self.node["spec"]["podCIDR"] = "10.244.3.0/24"
        return self.node

    def create(self, resource, node):
        self.created.append(node)
        self.node = node
        return node


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(ranges, "PAUSE", 0.001)


def test_the_range_of_a_known_node_is_there_at_once_and_remembered(tmp_path):
    assert pod_range(Api(), "a", tmp_path, threading.Event()) == "10.244.3.0/24"
    assert pod_range(Api(away=True), "a", tmp_path, threading.Event()) == "10.244.3.0/24"


def test_a_new_node_is_made_without_a_word_on_its_state_and_waits(tmp_path):
    api = Api(look=3, node=False)

    assert pod_range(api, "a", tmp_path, threading.Event()) == "10.244.3.0/24"
    (made,) = api.created
    assert made["metadata"]["name"] == "a" and "status" not in made


def test_a_node_that_another_has_just_made_is_taken(tmp_path):
    class Race(Api):
        def create(self, resource, node):
            super().create(resource, node)
            raise AlreadyExists(node["metadata"]["name"])

    assert pod_range(Race(node=False), "a", tmp_path, threading.Event()) == "10.244.3.0/24"


def test_without_the_api_and_a_range_of_before_there_is_none(tmp_path):
    with pytest.raises(ConnectionError):
        pod_range(Api(away=True), "a", tmp_path, threading.Event())


def test_a_range_that_does_not_come_is_said_and_the_wait_ends_with_the_agent(tmp_path, monkeypatch):
    monkeypatch.setattr(ranges, "PATIENCE", 0.002)
    said, stop = [], threading.Event()

    def failing(text):
        said.append(text)
        stop.set()

    assert pod_range(Api(look=0), "a", tmp_path, stop, failing) == ""
    assert "no range of pod addresses" in said[0]
