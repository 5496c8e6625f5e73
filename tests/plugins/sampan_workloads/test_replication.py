from __future__ import annotations

import pytest

from sampan.contracts.reconciling import Create, Key, Patch
from sampan.errors import Forbidden
from sampan_machinery.metadata import controller_of, get_condition
from sampan_machinery.resources import PODS
from sampan_machinery.resources import REPLICATION_CONTROLLERS as CONTROLLERS
from sampan_podspec.adoption import concerned
from sampan_testing.simulation import World
from sampan_workloads.replicasets import ReplicaController
from sampan_workloads.replication import default, selector_of, validate

DECIDE = ReplicaController(CONTROLLERS, selector_of, terminating=False).decide
KEY = Key("default", "web")


def controller(**spec):
    template = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "c", "image": "nginx"}]},
    }
    whole = {"template": template, **spec}
    found = {"metadata": {"name": "web", "namespace": "default"}, "spec": whole}
    default(found)
    return found


def told(new, old=None):
    return [f"{problem.path}: {problem.message}" for problem in validate(new, old)]


def test_selector_and_labels_come_from_the_template():
    found = controller()

    assert found["spec"]["replicas"] == 1
    assert found["spec"]["selector"] == found["metadata"]["labels"] == {"app": "web"}
    assert found["spec"]["template"]["spec"]["restartPolicy"] == "Always"
    assert told(found) == []


@pytest.mark.parametrize(
    "spec, why",
    [
        ({"template": None}, ["spec.selector: Required value", "spec.template: Required value"]),
        ({"replicas": -1}, ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"]),
        (
            {"selector": {"app": "other"}},
            [
                'spec.template.metadata.labels: Invalid value: {"app":"web"}: '
                "`selector` does not match template `labels`"
            ],
        ),
    ],
)
def test_what_is_wrong_is_named(spec, why):
    assert told(controller(**spec)) == why


def test_a_controller_makes_its_pods_and_adopts_orphans():
    world = World()
    owner = world.create(CONTROLLERS, controller(replicas=2))
    orphan = {"metadata": {"name": "orphan", "namespace": "default", "labels": {"app": "web"}}, "spec": {}}
    world.create(PODS, orphan)

    adoption, create, *_ = DECIDE(KEY, world)

    assert isinstance(adoption, Patch) and adoption.name == "orphan"
    assert isinstance(create, Create) and controller_of(create.object)["uid"] == owner["metadata"]["uid"]
    assert controller_of(create.object)["apiVersion"] == "v1"
    assert list(concerned(CONTROLLERS, selector_of)(orphan, world)) == [KEY]


def test_a_refused_pod_is_told_in_the_status_until_fewer_are_wanted():
    world = World()
    owner = world.create(CONTROLLERS, controller(replicas=2))
    world.refuse = lambda action: Forbidden("quota") if isinstance(action, Create) else None
    reconciler = type("R", (), {"decide": staticmethod(DECIDE)})

    world.decide(reconciler, KEY)

    status = world.get(CONTROLLERS, "web", "default")["status"]
    assert get_condition(status, "ReplicaFailure")["reason"] == "FailedCreate"
    assert "terminatingReplicas" not in status

    fewer = world.get(CONTROLLERS, "web", "default")
    world.update(CONTROLLERS, {**fewer, "spec": {**owner["spec"], "replicas": 0}})
    world.decide(reconciler, KEY)

    assert "conditions" not in world.get(CONTROLLERS, "web", "default")["status"]
