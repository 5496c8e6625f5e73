"""The pure decider, in a cluster that is a dict."""

from __future__ import annotations

import pytest
from website.controller import CONTROLLER, PARTS
from website.resources import CONFIG_MAPS, DEPLOYMENTS, INGRESSES, SERVICES, WEBSITES

from sampan.contracts.reconciling import Key
from sampan_machinery.metadata import condition_is, get_condition
from sampan_testing.simulation import World

KEY = Key("default", "hello")
SPEC = {"pages": {"index.html": "<h1>Hello</h1>"}, "host": "hello.example.org", "replicas": 1, "image": "busybox:1"}


@pytest.fixture
def world():
    made = World()
    made.create(WEBSITES, {"metadata": {"name": "hello", "namespace": "default"}, "spec": dict(SPEC)})
    return made


def site(world):
    return world.get(WEBSITES, "hello", "default")


def change(world, **spec):
    world.update(WEBSITES, {**site(world), "spec": {**SPEC, **spec}})
    world.settle([CONTROLLER])


def test_a_site_becomes_four_objects_that_belong_to_it(world):
    world.settle([CONTROLLER])

    uid = site(world)["metadata"]["uid"]
    assert all(world.get(part, *reversed(KEY))["metadata"]["ownerReferences"][0]["uid"] == uid for part in PARTS)
    assert site(world)["status"]["url"] == "http://hello.example.org/"
    assert condition_is(site(world)["status"], "Available", "False")


def test_nothing_is_done_twice(world):
    world.settle([CONTROLLER])

    assert list(CONTROLLER.decide(KEY, world)) == []


def test_it_is_available_when_a_pod_is_ready(world):
    world.settle([CONTROLLER])
    deployment = world.get(DEPLOYMENTS, "hello", "default")
    world.update(DEPLOYMENTS, {**deployment, "status": {"readyReplicas": 1}}, subresource="status")

    world.settle([CONTROLLER])

    assert condition_is(site(world)["status"], "Available")


def test_changed_pages_roll_out_and_a_page_taken_out_goes(world):
    change(world, pages={"index.html": "a", "old.html": "b"})
    before = world.get(DEPLOYMENTS, "hello", "default")["spec"]["template"]

    change(world, pages={"index.html": "a"})

    assert world.get(CONFIG_MAPS, "hello", "default")["data"] == {"index.html": "a"}
    assert world.get(DEPLOYMENTS, "hello", "default")["spec"]["template"] != before


def test_what_others_have_added_stays(world):
    world.settle([CONTROLLER])
    service = world.get(SERVICES, "hello", "default")
    world.update(SERVICES, {**service, "spec": {**service["spec"], "clusterIP": "10.0.0.1"}})

    change(world, host="")

    assert world.get(SERVICES, "hello", "default")["spec"]["clusterIP"] == "10.0.0.1"
    assert site(world)["status"]["url"] == "http://10.0.0.1/"


def test_without_a_host_there_is_no_ingress_any_more(world):
    world.settle([CONTROLLER])

    change(world, host="")

    assert world.get(INGRESSES, "hello", "default") is None


def test_what_belongs_to_another_owner_is_left_alone_and_named(world):
    world.create(CONFIG_MAPS, {"metadata": {"name": "hello", "namespace": "default"}, "data": {"mine": "1"}})

    world.settle([CONTROLLER])

    assert world.get(CONFIG_MAPS, "hello", "default")["data"] == {"mine": "1"}
    assert "ConfigMap hello belongs to somebody else" in get_condition(site(world)["status"], "Available")["message"]
