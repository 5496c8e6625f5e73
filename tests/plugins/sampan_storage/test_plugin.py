"""Kinds, rules and controllers together, in a cluster of one process."""

from __future__ import annotations

import pytest

from sampan.errors import Conflict, Forbidden, Invalid, NotFound
from sampan_machinery.resources import (
    CSI_DRIVERS,
    PERSISTENT_VOLUME_CLAIMS,
    PERSISTENT_VOLUMES,
    PODS,
    STORAGE_CLASSES,
    VOLUME_ATTACHMENTS,
    VOLUME_ATTRIBUTES_CLASSES,
)
from sampan_testing.cluster import start

WANTED = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": ""}


@pytest.fixture
def cluster():
    with start(only=("namespaces", "pods", "events", "storage")) as cluster:
        yield cluster


def volume(name="v", policy="Retain"):
    spec = {
        "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "2Gi"}, "persistentVolumeReclaimPolicy": policy,
        "csi": {"driver": "a.example", "volumeHandle": name},
    }  # fmt: skip
    return {"metadata": {"name": name}, "spec": spec}


def claim(**spec):
    return {"metadata": {"name": "data"}, "spec": {**WANTED, **spec}}


def phase(cluster, resource, name, namespace=""):
    return cluster.client.get(resource, name, namespace)["status"]["phase"]


def is_gone(cluster, resource, name, namespace=""):
    try:
        cluster.client.get(resource, name, namespace)
    except NotFound:
        return True
    return False


def bound(cluster, policy="Retain"):
    cluster.client.create(PERSISTENT_VOLUMES, volume(policy=policy))
    cluster.client.create(PERSISTENT_VOLUME_CLAIMS, claim(), "default")
    cluster.until(lambda: phase(cluster, PERSISTENT_VOLUME_CLAIMS, "data", "default") == "Bound")


def test_a_claim_is_bound_and_its_volume_released_and_free_again(cluster):
    bound(cluster)

    found = cluster.client.get(PERSISTENT_VOLUME_CLAIMS, "data", "default")
    assert (found["spec"]["volumeName"], found["status"]["capacity"]) == ("v", {"storage": "2Gi"})
    cluster.until(lambda: phase(cluster, PERSISTENT_VOLUMES, "v") == "Bound")
    there = cluster.client.get(PERSISTENT_VOLUMES, "v")
    assert (there["status"]["phase"], there["spec"]["claimRef"]["uid"]) == ("Bound", found["metadata"]["uid"])

    cluster.client.delete(PERSISTENT_VOLUME_CLAIMS, "data", "default")
    cluster.until(lambda: phase(cluster, PERSISTENT_VOLUMES, "v") == "Released")
    cluster.client.patch(PERSISTENT_VOLUMES, "v", {"spec": {"claimRef": None}})
    cluster.until(lambda: phase(cluster, PERSISTENT_VOLUMES, "v") == "Available")


def test_a_bound_volume_is_kept_until_its_claim_is_gone(cluster):
    bound(cluster)

    assert cluster.client.delete(PERSISTENT_VOLUMES, "v")["metadata"]["deletionTimestamp"]
    assert not is_gone(cluster, PERSISTENT_VOLUMES, "v")
    cluster.client.delete(PERSISTENT_VOLUME_CLAIMS, "data", "default")
    cluster.until(lambda: is_gone(cluster, PERSISTENT_VOLUMES, "v"))


def test_a_claim_is_kept_until_its_pod_is_gone(cluster):
    bound(cluster)
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]
    spec = {"containers": [{"name": "c", "image": "x"}], "volumes": volumes, "nodeName": "n"}
    cluster.client.create(PODS, {"metadata": {"name": "web"}, "spec": spec}, "default")
    cluster.client.delete(PERSISTENT_VOLUME_CLAIMS, "data", "default")

    kept = cluster.client.get(PERSISTENT_VOLUME_CLAIMS, "data", "default")
    assert kept["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
    cluster.client.delete(PODS, "web", "default", grace=0)
    cluster.until(lambda: is_gone(cluster, PERSISTENT_VOLUME_CLAIMS, "data", "default"))


def test_a_claim_whose_volume_is_taken_away_is_lost(cluster):
    bound(cluster)
    cluster.client.delete(PERSISTENT_VOLUMES, "v")
    cluster.client.patch(PERSISTENT_VOLUMES, "v", {"metadata": {"finalizers": None}})

    cluster.until(lambda: phase(cluster, PERSISTENT_VOLUME_CLAIMS, "data", "default") == "Lost")


def test_a_class_that_becomes_the_default_reaches_claims_that_wait(cluster):
    cluster.client.create(PERSISTENT_VOLUME_CLAIMS, claim(storageClassName=None), "default")
    marked = {"name": "fast", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}
    cluster.client.create(STORAGE_CLASSES, {"metadata": marked, "provisioner": "a.example"})

    def asked():
        found = cluster.client.get(PERSISTENT_VOLUME_CLAIMS, "data", "default")
        return found["metadata"]["annotations"]["volume.kubernetes.io/storage-provisioner"] == "a.example"

    cluster.until(asked)


def test_many_claims_get_a_volume_each(cluster):
    for number in range(10):
        cluster.client.create(PERSISTENT_VOLUMES, volume(f"v{number}"))
        cluster.client.create(PERSISTENT_VOLUME_CLAIMS, {"metadata": {"name": f"c{number}"}, "spec": WANTED}, "default")

    def volumes():
        found = cluster.client.list(PERSISTENT_VOLUME_CLAIMS, "default").items
        return {each["spec"]["volumeName"] for each in found if each["status"]["phase"] == "Bound"}

    cluster.until(lambda: len(volumes()) == 10)


def test_a_class_of_attributes_goes_when_no_volume_names_it(cluster):
    gold = {"metadata": {"name": "gold"}, "driverName": "a", "parameters": {"a": "b"}}
    cluster.client.create(VOLUME_ATTRIBUTES_CLASSES, gold)
    named = volume()
    named["spec"]["volumeAttributesClassName"] = "gold"
    cluster.client.create(PERSISTENT_VOLUMES, named)
    cluster.until(lambda: phase(cluster, PERSISTENT_VOLUMES, "v") == "Available")

    cluster.until(lambda: cluster.client.get(VOLUME_ATTRIBUTES_CLASSES, "gold")["metadata"].get("finalizers"))
    cluster.client.delete(VOLUME_ATTRIBUTES_CLASSES, "gold")
    assert not is_gone(cluster, VOLUME_ATTRIBUTES_CLASSES, "gold")
    cluster.client.delete(PERSISTENT_VOLUMES, "v")
    cluster.until(lambda: is_gone(cluster, VOLUME_ATTRIBUTES_CLASSES, "gold"))


@pytest.fixture
def client():
    with start(only=("namespaces", "storage"), control=False) as cluster:
        yield cluster.client


def test_a_status_is_written_below_status_alone(client):
    spec = {"attacher": "a", "nodeName": "n", "source": {"persistentVolumeName": "v"}}
    made = client.create(VOLUME_ATTACHMENTS, {"metadata": {"name": "a"}, "spec": spec, "status": {"attached": True}})
    assert made["status"] == {"attached": False}

    client.patch(
        VOLUME_ATTACHMENTS, "a", {"status": {"attached": True}, "spec": {"nodeName": "m"}}, subresource="status"
    )
    found = client.get(VOLUME_ATTACHMENTS, "a")
    assert (found["status"], found["spec"]["nodeName"]) == ({"attached": True}, "n")


def test_only_some_kinds_are_updated_without_a_revision(client):
    made = client.create(CSI_DRIVERS, {"metadata": {"name": "a"}, "spec": {}})
    made["metadata"].pop("resourceVersion")
    with pytest.raises(Invalid, match=r"metadata.resourceVersion: Invalid value: .*: must be specified for an update"):
        client.update(CSI_DRIVERS, made)

    made = client.create(STORAGE_CLASSES, {"metadata": {"name": "a"}, "provisioner": "a"})
    made["metadata"].pop("resourceVersion")
    assert client.update(STORAGE_CLASSES, {**made, "allowVolumeExpansion": True})["allowVolumeExpansion"] is True


def test_a_claim_grows_where_its_class_allows_it(client):
    client.create(STORAGE_CLASSES, {"metadata": {"name": "fast"}, "provisioner": "a"})
    client.create(PERSISTENT_VOLUME_CLAIMS, claim(storageClassName="fast"), "default")
    more = {"spec": {"resources": {"requests": {"storage": "2Gi"}}}}
    client.patch(PERSISTENT_VOLUME_CLAIMS, "data", {"status": {"phase": "Bound"}}, "default", subresource="status")

    with pytest.raises(Forbidden, match="the storageclass that provisions the pvc must support resize"):
        client.patch(PERSISTENT_VOLUME_CLAIMS, "data", more, "default")
    client.patch(STORAGE_CLASSES, "fast", {"allowVolumeExpansion": True})
    assert client.patch(PERSISTENT_VOLUME_CLAIMS, "data", more, "default")["spec"]["resources"]["requests"] == {
        "storage": "2Gi"
    }


def test_a_stale_update_of_a_claim_is_refused(client):
    made = client.create(PERSISTENT_VOLUME_CLAIMS, claim(), "default")
    client.patch(PERSISTENT_VOLUME_CLAIMS, "data", {"metadata": {"labels": {"a": "b"}}}, "default")

    with pytest.raises(Conflict):
        client.update(PERSISTENT_VOLUME_CLAIMS, made)


def test_a_deprecated_policy_is_warned_of(client):
    body = {"kind": "PersistentVolume", "apiVersion": "v1", **volume(policy="Recycle")}
    answer = client.request("POST", "/api/v1/persistentvolumes", body=body)

    assert "The Recycle reclaim policy is deprecated" in str(answer.headers)
