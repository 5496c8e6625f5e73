"""Owners of fields in the version that they wrote, through the real API server. Outcomes: kube-apiserver 1.36.2."""

from __future__ import annotations

import pytest

from sampan.contracts.kinds import Resource
from sampan.errors import Conflict
from sampan_testing.cluster import start

V1 = Resource("autoscaling", "v1", "horizontalpodautoscalers", "HorizontalPodAutoscaler")
V2 = V1._replace(version="v2")


@pytest.fixture
def client():
    with start(only=("autoscaling", "namespaces"), control=False) as cluster:
        yield cluster.client


def scaler(resource, **spec):
    aim = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    meta = {"name": "h", "namespace": "default"}
    return {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": meta,
            "spec": {"scaleTargetRef": aim, "maxReplicas": 5, **spec}}  # fmt: skip


def apply(client, obj, manager):
    group, _, version = obj["apiVersion"].rpartition("/")
    resource = Resource(group, version, "horizontalpodautoscalers", obj["kind"])
    return client.patch(resource, "h", obj, "default", how="apply", field_manager=manager)


def owners(obj):
    """Fields of the spec by (version, operation)."""
    return {(each["apiVersion"], each["operation"]): set(each["fieldsV1"]["f:spec"]) for each in
            obj["metadata"]["managedFields"] if "f:spec" in each["fieldsV1"]}  # fmt: skip


def metrics(share):
    target = {"type": "Utilization", "averageUtilization": share}
    return [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]


def test_who_creates_in_v1_owns_fields_of_v1(client):
    made = client.create(V1, scaler(V1, targetCPUUtilizationPercentage=50), "default")

    (version, operation), fields = next(iter(owners(made).items()))
    assert (version, operation) == ("autoscaling/v1", "Update")
    assert "f:targetCPUUtilizationPercentage" in fields and "f:metrics" not in fields


def test_a_field_that_is_changed_in_another_version_is_lost_by_its_owner(client):
    client.create(V1, scaler(V1, targetCPUUtilizationPercentage=50), "default")
    there = client.get(V2, "h", "default")

    changed = client.update(V2, {**there, "spec": {**there["spec"], "metrics": metrics(70)}})

    assert "f:targetCPUUtilizationPercentage" not in owners(changed)["autoscaling/v1", "Update"]
    assert "f:metrics" in owners(changed)["autoscaling/v2", "Update"]


def test_an_apply_in_one_version_meets_the_owner_of_the_other(client):
    apply(client, scaler(V2, metrics=metrics(50)), "you")

    with pytest.raises(Conflict) as refused:
        apply(client, scaler(V1, targetCPUUtilizationPercentage=70), "me")

    assert [cause.field for cause in refused.value.causes] == [".spec.metrics"]


def test_what_was_applied_in_one_version_goes_by_an_apply_in_the_other(client):
    apply(client, scaler(V1, targetCPUUtilizationPercentage=50, minReplicas=2), "me")

    left = apply(client, scaler(V2, metrics=metrics(60)), "me")

    assert left["spec"]["minReplicas"] == 1, "the default again"
    assert list(owners(left)) == [("autoscaling/v2", "Apply")]
    assert left["spec"]["metrics"] == metrics(60)
