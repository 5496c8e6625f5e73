from __future__ import annotations

import pytest

from sampan.contracts.access import ANONYMOUS
from sampan.contracts.admission import Review
from sampan.contracts.kinds import Kind
from sampan.errors import Forbidden
from sampan_machinery.resources import LIMIT_RANGES, PERSISTENT_VOLUME_CLAIMS, PODS, SERVICES
from sampan_quota.admission import LimitRanger, LimitRangerDefaults, LimitRanges
from sampan_server.extension.declared import has_a_say
from sampan_testing.shelves import Shelf

ITEMS = [
    {"type": "Container", "default": {"cpu": "1"}, "defaultRequest": {"cpu": "1"}, "max": {"cpu": "2"}},
    {"type": "PersistentVolumeClaim", "max": {"storage": "1Gi"}},
]


def a_range(name="small", namespace="default", items=ITEMS):
    return LIMIT_RANGES, {"metadata": {"name": name, "namespace": namespace}, "spec": {"limits": items}}


def review(resource, obj, shelf, *, namespace="default", operation="CREATE", sub=""):
    kind = Kind(**resource._asdict())
    return Review(operation, kind, sub, namespace, "web", obj, None, ANONYMOUS, False, shelf)


def pod(**resources):
    return {"metadata": {"name": "web"}, "spec": {"containers": [{"name": "c", "resources": resources}]}}


def claim(storage):
    return {"metadata": {"name": "web"}, "spec": {"resources": {"requests": {"storage": storage}}}}


TOO_MUCH = pod(limits={"cpu": "3"}, requests={"cpu": "1"})


def test_a_new_pod_is_filled_in_by_the_ranges_of_its_own_namespace():
    ranges, shelf = LimitRanges(), Shelf([a_range(), a_range("other", "elsewhere")])
    here, there = pod(), pod()

    LimitRangerDefaults(ranges).admit(review(PODS, here, shelf))
    LimitRangerDefaults(ranges).admit(review(PODS, there, shelf, namespace="third"))

    assert here["spec"]["containers"][0]["resources"] == {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}
    assert there == pod()


@pytest.mark.parametrize(
    "resource, obj, operation, why",
    [
        (PODS, TOO_MUCH, "CREATE", r'^pods "web" is forbidden: maximum cpu usage per Container is 2, but limit is 3$'),
        (
            PERSISTENT_VOLUME_CLAIMS, claim("2Gi"), "CREATE",
            r'^persistentvolumeclaims "web" is forbidden: maximum storage usage per PersistentVolumeClaim is 1Gi, but',
        ),
        (PERSISTENT_VOLUME_CLAIMS, claim("2Gi"), "UPDATE", "but request is 2Gi$"),
    ],
)  # fmt: skip
def test_what_is_outside_the_limits_is_refused(resource, obj, operation, why):
    with pytest.raises(Forbidden, match=why):
        LimitRanger(LimitRanges()).admit(review(resource, obj, Shelf([a_range()]), operation=operation))


@pytest.mark.parametrize(
    "resource, obj, more",
    [
        (PODS, TOO_MUCH, {"operation": "UPDATE"}),
        (PODS, TOO_MUCH, {"namespace": "elsewhere"}),
        (PODS, pod(limits={"cpu": "2"}, requests={"cpu": "1"}), {}),
    ],
)
def test_what_passes(resource, obj, more):
    LimitRanger(LimitRanges()).admit(review(resource, obj, Shelf([a_range()]), **more))


def test_a_pod_is_not_resized_beyond_the_limits():
    with pytest.raises(Forbidden, match="maximum cpu usage per Container is 2, but limit is 3"):
        LimitRanger(LimitRanges()).admit(review(PODS, TOO_MUCH, Shelf([a_range()]), operation="UPDATE", sub="resize"))


@pytest.mark.parametrize("rule", [LimitRanger, LimitRangerDefaults])
@pytest.mark.parametrize(
    ("resource", "sub", "says"), [(PODS, "", True), (PODS, "status", False), (SERVICES, "", False)]
)
def test_it_has_a_say_in_pods_and_claims_themselves(rule, resource, sub, says):
    assert has_a_say(rule(LimitRanges()), Kind(**resource._asdict()), "CREATE", sub) is says


def test_a_range_that_changes_or_goes_is_noticed():
    shelf, rule = Shelf([a_range(items=[])]), LimitRanger(LimitRanges())
    rule.admit(review(PODS, TOO_MUCH, shelf))

    shelf.put(*a_range())
    with pytest.raises(Forbidden):
        rule.admit(review(PODS, TOO_MUCH, shelf))

    shelf.drop(LIMIT_RANGES, "small", "default")
    rule.admit(review(PODS, TOO_MUCH, shelf))
