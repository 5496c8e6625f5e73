"""Pods with claims to devices on a cluster with its controllers and scheduler, in this process."""

import pytest

from sampan_machinery.resources import (
    DEVICE_CLASSES,
    PODS,
    RESOURCE_CLAIM_TEMPLATES,
    RESOURCE_CLAIMS,
    RESOURCE_SLICES,
)
from sampan_testing.cluster import start

PATIENCE = 60.0


@pytest.fixture(scope="module")
def cluster():
    with start(nodes=2) as found:
        found.client.create(DEVICE_CLASSES, {
            "apiVersion": "resource.k8s.io/v1", "kind": "DeviceClass", "metadata": {"name": "gpu"},
            "spec": {"selectors": [{"cel": {"expression": 'device.driver == "gpu.test"'}}]},
        })  # fmt: skip
        pool = {"name": "node-2", "generation": 1, "resourceSliceCount": 1}
        found.client.create(RESOURCE_SLICES, {
            "apiVersion": "resource.k8s.io/v1", "kind": "ResourceSlice", "metadata": {"name": "node-2"},
            "spec": {"driver": "gpu.test", "nodeName": "node-2", "pool": pool,
                     "devices": [{"name": "a"}, {"name": "b"}]},
        })  # fmt: skip
        request = {"name": "r", "exactly": {"deviceClassName": "gpu"}}
        found.client.create(RESOURCE_CLAIM_TEMPLATES, {
            "apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaimTemplate",
            "metadata": {"name": "one", "namespace": "default"}, "spec": {"spec": {"devices": {"requests": [request]}}},
        }, "default")  # fmt: skip
        yield found


def pod(name, **source):
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"},
        "spec": {"resourceClaims": [{"name": "gpu", **source}],
                 "containers": [{"name": "main", "image": "x", "resources": {"claims": [{"name": "gpu"}]}}]},
    }  # fmt: skip


def node_of(cluster, name):
    return cluster.client.get(PODS, name, "default")["spec"].get("nodeName")


def claims(cluster):
    return cluster.client.list(RESOURCE_CLAIMS, "default").items


def test_pods_get_devices_as_long_as_there_are_some_and_give_them_back(cluster):
    for name in ("first", "second", "third"):
        cluster.client.create(PODS, pod(name, resourceClaimTemplateName="one"), "default")
    names = ("first", "second", "third")

    cluster.until(
        lambda: sorted(str(node_of(cluster, name)) for name in names) == ["None", "node-2", "node-2"], PATIENCE
    )
    devices = [each["status"]["allocation"]["devices"]["results"][0]["device"] for each in claims(cluster)
               if "allocation" in each.get("status", {})]  # fmt: skip
    assert sorted(devices) == ["a", "b"]
    waiting = next(name for name in names if node_of(cluster, name) is None)
    gone = next(name for name in names if name != waiting)
    cluster.client.delete(PODS, gone, "default", grace=0)
    cluster.until(lambda: node_of(cluster, waiting) == "node-2", PATIENCE)
    for name in names:
        if name != gone:
            cluster.client.delete(PODS, name, "default", grace=0)
    cluster.until(lambda: not claims(cluster), PATIENCE)


def test_pods_that_share_a_claim_share_its_devices_until_the_last_is_gone(cluster):
    requests = [{"name": "r", "exactly": {"deviceClassName": "gpu", "allocationMode": "All"}}]
    cluster.client.create(RESOURCE_CLAIMS, {
        "apiVersion": "resource.k8s.io/v1", "kind": "ResourceClaim",
        "metadata": {"name": "all", "namespace": "default"},
        "spec": {"devices": {"requests": requests}},
    }, "default")  # fmt: skip
    for name in ("one", "other"):
        cluster.client.create(PODS, pod(name, resourceClaimName="all"), "default")

    def reserved():
        return len(cluster.client.get(RESOURCE_CLAIMS, "all", "default")["status"].get("reservedFor") or ())

    cluster.until(
        lambda: node_of(cluster, "one") == node_of(cluster, "other") == "node-2" and reserved() == 2, PATIENCE
    )
    results = cluster.client.get(RESOURCE_CLAIMS, "all", "default")["status"]["allocation"]["devices"]["results"]
    assert [each["device"] for each in results] == ["a", "b"]
    cluster.client.delete(RESOURCE_CLAIMS, "all", "default")
    cluster.client.delete(PODS, "one", "default", grace=0)
    cluster.until(lambda: reserved() == 1, PATIENCE)
    cluster.client.delete(PODS, "other", "default", grace=0)
    cluster.until(lambda: not claims(cluster), PATIENCE)


def test_pods_that_request_a_classs_extended_resource_get_its_devices(cluster):
    cluster.client.patch(DEVICE_CLASSES, "gpu", {"spec": {"extendedResourceName": "gpu.test/gpu"}})

    def asking(name, resource):
        resources = {"limits": {resource: "1"}}
        return {
            "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"},
            "spec": {"containers": [{"name": "main", "image": "x", "resources": resources}]},
        }  # fmt: skip

    names = {"one": "gpu.test/gpu", "two": "deviceclass.resource.kubernetes.io/gpu", "three": "gpu.test/gpu"}
    for name, resource in names.items():
        cluster.client.create(PODS, asking(name, resource), "default")

    cluster.until(
        lambda: sorted(str(node_of(cluster, name)) for name in names) == ["None", "node-2", "node-2"], PATIENCE
    )
    placed = [name for name in names if node_of(cluster, name)]
    found = {each["metadata"]["name"]: each for each in claims(cluster)}
    for name in placed:
        status = cluster.client.get(PODS, name, "default")["status"]["extendedResourceClaimStatus"]
        assert [each["containerName"] for each in status["requestMappings"]] == ["main"]
        claim = found[status["resourceClaimName"]]
        assert claim["metadata"]["name"].startswith(f"{name}-extended-resources-")
        assert [each["name"] for each in claim["status"]["reservedFor"]] == [name]
    cluster.client.delete(PODS, placed[0], "default", grace=0)
    cluster.until(lambda: all(node_of(cluster, name) == "node-2" for name in names if name != placed[0]), PATIENCE)
    for name in names:
        if name != placed[0]:
            cluster.client.delete(PODS, name, "default", grace=0)
    cluster.until(lambda: not claims(cluster), PATIENCE)
