import copy
from types import SimpleNamespace

import pytest

from sampan.contracts.access import ANONYMOUS
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Kind
from sampan.errors import Forbidden
from sampan_machinery.resources import PODS
from sampan_pods.optional import (
    AlwaysPullImages,
    AlwaysPullImagesCheck,
    ExtendedResourceToleration,
    extended_resources,
    has_new_image,
    policies,
)
from sampan_pods.plugin import Settings, contribute_admitters
from sampan_testing.shelves import Shelf


def pod(image="x", policy="IfNotPresent", **spec):
    return {
        "metadata": {"name": "web"},
        "spec": {"containers": [{"name": "c", "image": image, "imagePullPolicy": policy}], **spec},
    }


def admitted(rule, new, old=None):
    obj = copy.deepcopy(new)
    kind = Kind(**PODS._asdict())
    rule.admit(Review("CREATE" if old is None else "UPDATE", kind, "", "d", "web", obj, old, ANONYMOUS, False, Shelf()))
    return obj["spec"]


def asking(**requests):
    return {"metadata": {"name": "web"}, "spec": {"containers": [{"name": "c", "resources": {"requests": requests}}]}}


def test_every_image_is_pulled_always():
    volume = {"name": "v", "image": {"reference": "y", "pullPolicy": "Never"}}
    found = admitted(AlwaysPullImages(), pod(initContainers=[{"name": "i", "image": "z"}], volumes=[volume]))

    assert [policy for _, policy in policies({"spec": found})] == ["Always", "Always", "Always"]


def test_a_pod_that_keeps_its_images_keeps_its_policies():
    assert admitted(AlwaysPullImages(), pod(), pod()) == pod()["spec"]
    assert has_new_image(pod("y"), pod())


def test_what_was_turned_back_is_refused():
    with pytest.raises(Forbidden) as refused:
        admitted(AlwaysPullImagesCheck(), pod())

    assert str(refused.value) == (
        'pods "web" is forbidden: spec.containers[0].imagePullPolicy: Unsupported value: "IfNotPresent": '
        'supported values: "Always"'
    )
    admitted(AlwaysPullImagesCheck(), pod(policy="Always"))
    admitted(AlwaysPullImagesCheck(), pod(), pod())


def test_devices_are_tolerated_by_their_names():
    taint = {"key": "example.com/gpu", "operator": "Exists", "effect": "NoSchedule"}

    assert admitted(ExtendedResourceToleration(), asking(cpu="1", **{"example.com/gpu": "1"}))["tolerations"] == [taint]
    assert "tolerations" not in admitted(ExtendedResourceToleration(), asking(cpu="1"))


def test_a_toleration_that_is_there_is_not_added_again():
    taint = {"key": "example.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
    other = {"key": "a", "operator": "Exists"}
    new = asking(**{"example.com/gpu": "1"})
    new["spec"]["tolerations"] = [taint, other]

    assert admitted(ExtendedResourceToleration(), new)["tolerations"] == [taint, other]


@pytest.mark.parametrize(
    "name, extended",
    [("example.com/gpu", True), ("cpu", False), ("requests.example.com/gpu", False), ("kubernetes.io/x", False)],
)
def test_which_resources_are_a_vendors(name, extended):
    assert bool(extended_resources(asking(**{name: "1"}))) is extended


def test_rules_are_there_where_a_setting_turns_them_on():
    def names(settings):
        return [each.name for each in contribute_admitters(SimpleNamespace(settings=settings))]

    assert names(Settings()) == ["DefaultTolerationSeconds"]
    assert names(Settings(always_pull_images=True, extended_resource_toleration=True)) == [
        "DefaultTolerationSeconds", "AlwaysPullImages", "AlwaysPullImagesCheck", "ExtendedResourceToleration",
    ]  # fmt: skip


def test_seconds_are_not_negative():
    with pytest.raises(ValueError, match="tolerate_not_ready_seconds"):
        Settings(tolerate_not_ready_seconds=-1)
