"""The kind and the rule in the real API server, in process, beside real pods."""

from __future__ import annotations

import pytest

from sampan.contracts.kinds import Kind
from sampan.errors import Forbidden, Invalid
from sampan.hookspecs import hookimpl
from sampan_machinery.resources import LIMIT_RANGES, PERSISTENT_VOLUME_CLAIMS, PODS
from sampan_testing.cluster import start


class Claims:
    """Claims as another plugin may serve them."""

    @hookimpl
    def contribute_kinds(self):
        return [Kind(**PERSISTENT_VOLUME_CLAIMS._asdict(), status=True)]


@pytest.fixture
def client():
    with start({"claims": Claims()}, only=("pods", "quota"), control=False) as cluster:
        yield cluster.client


def a_range(*items):
    return {"metadata": {"name": "small"}, "spec": {"limits": list(items)}}


def pod(name="web", **resources):
    return {"metadata": {"name": name}, "spec": {"containers": [{"name": "c", "image": "x", "resources": resources}]}}


def test_a_pod_is_filled_in_and_said_so(client):
    made = client.create(LIMIT_RANGES, a_range({"type": "Container", "default": {"cpu": "1000m"}}), "default")
    web = client.create(PODS, pod(), "default")

    assert made["spec"]["limits"][0]["defaultRequest"] == {"cpu": "1"}
    assert web["spec"]["containers"][0]["resources"] == {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}}
    assert web["metadata"]["annotations"] == {
        "kubernetes.io/limit-ranger": "LimitRanger plugin set: cpu request for container c; cpu limit for container c"
    }
    assert web["status"]["qosClass"] == "Burstable"


def test_a_limit_that_is_sent_is_also_the_request(client):
    client.create(
        LIMIT_RANGES,
        a_range({"type": "Container", "default": {"cpu": "2"}, "defaultRequest": {"cpu": "1"}}),
        "default",
    )

    web = client.create(PODS, pod(limits={"cpu": "3"}), "default")

    assert web["spec"]["containers"][0]["resources"] == {"limits": {"cpu": "3"}, "requests": {"cpu": "3"}}


def test_a_pod_outside_the_limits_is_refused_until_they_change(client):
    client.create(LIMIT_RANGES, a_range({"type": "Container", "max": {"cpu": "1"}}), "default")
    too_much = pod(limits={"cpu": "2"})

    with pytest.raises(
        Forbidden, match=r'^pods "web" is forbidden: maximum cpu usage per Container is 1, but limit is 2$'
    ):
        client.create(PODS, too_much, "default")
    client.patch(LIMIT_RANGES, "small", {"spec": {"limits": [{"type": "Container", "max": {"cpu": "3"}}]}}, "default")
    client.create(PODS, too_much, "default")


def test_a_claim_outside_the_limits_is_refused(client):
    client.create(LIMIT_RANGES, a_range({"type": "PersistentVolumeClaim", "max": {"storage": "1Gi"}}), "default")
    spec = {"resources": {"requests": {"storage": "2Gi"}}, "accessModes": ["ReadWriteOnce"]}

    with pytest.raises(Forbidden, match=r"maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 2Gi$"):
        client.create(PERSISTENT_VOLUME_CLAIMS, {"metadata": {"name": "data"}, "spec": spec}, "default")


def test_what_is_wrong_with_a_range_is_named(client):
    why = r'^LimitRange "small" is invalid: spec.limits\[0\].min\[cpu\]: Invalid value: "2": min value 2 is greater'
    with pytest.raises(Invalid, match=why):
        client.create(LIMIT_RANGES, a_range({"type": "Pod", "min": {"cpu": "2"}, "max": {"cpu": "1"}}), "default")


def test_who_empties_what_is_always_shown_has_it(client):
    made = client.create(LIMIT_RANGES, a_range({"type": "Pod", "max": {"cpu": "2"}}), "default")

    left = client.update(LIMIT_RANGES, {key: value for key, value in made.items() if key != "spec"})

    assert left["spec"] == {"limits": None}
    assert [each["fieldsV1"] for each in left["metadata"]["managedFields"]] == [{"f:spec": {"f:limits": {}}}]
