"""StatefulSets in a whole cluster, without the plugin that serves their claims."""

from __future__ import annotations

import pytest

from sampan.contracts.kinds import Kind
from sampan.errors import Invalid
from sampan.hookspecs import hookimpl
from sampan_machinery.resources import CONTROLLER_REVISIONS, PODS, STATEFUL_SETS
from sampan_machinery.resources import PERSISTENT_VOLUME_CLAIMS as CLAIMS
from sampan_testing.cluster import start

ONLY = ("pods", "nodes", "statefulsets", "workloads", "scheduler", "events", "namespaces")


@pytest.fixture
def cluster():
    with start(only=ONLY, nodes=1) as cluster:
        yield cluster


def stateful_set(replicas=2, image="v1", **metadata):
    labels = {"app": "db"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": image}]}}
    spec = {"replicas": replicas, "serviceName": "db", "selector": {"matchLabels": labels}, "template": template}
    return {"metadata": {"name": "db", **metadata}, "spec": spec}


def images(cluster):
    found = cluster.client.list(PODS, "default").items
    return {pod["metadata"]["name"]: pod["spec"]["containers"][0]["image"] for pod in found}


def is_complete(cluster, **wanted):
    found = cluster.client.get(STATEFUL_SETS, "db", "default")
    status = found.get("status") or {}
    done = status.get("currentRevision") == status.get("updateRevision")
    seen = status.get("observedGeneration") == found["metadata"]["generation"]
    return done and seen and all(status.get(key) == value for key, value in wanted.items()) and status


def test_a_set_comes_up_is_updated_and_scaled(cluster):
    cluster.client.create(STATEFUL_SETS, stateful_set(), "default")
    cluster.until(lambda: is_complete(cluster, readyReplicas=2, availableReplicas=2))
    cluster.until(lambda: images(cluster) == {"db-0": "v1", "db-1": "v1"})

    change = {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "v2"}]}}}}
    cluster.client.patch(STATEFUL_SETS, "db", change, "default", how="strategic")
    cluster.until(lambda: is_complete(cluster, updatedReplicas=2))
    cluster.until(lambda: images(cluster) == {"db-0": "v2", "db-1": "v2"})

    cluster.client.patch(STATEFUL_SETS, "db", {"spec": {"replicas": 1}}, "default", subresource="scale")
    cluster.until(lambda: is_complete(cluster, replicas=1) and images(cluster) == {"db-0": "v2"})
    scale = cluster.client.get(STATEFUL_SETS, "db", "default", subresource="scale")
    assert (scale["spec"]["replicas"], scale["status"]["selector"]) == (1, "app=db")


def test_a_revision_is_what_kubectl_rolls_back_with(cluster):
    cluster.client.create(STATEFUL_SETS, stateful_set(1), "default")
    cluster.until(lambda: is_complete(cluster, readyReplicas=1))
    (first,) = cluster.client.list(CONTROLLER_REVISIONS, "default").items
    change = {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "v2"}]}}}}
    cluster.client.patch(STATEFUL_SETS, "db", change, "default", how="strategic")
    cluster.until(lambda: is_complete(cluster, readyReplicas=1) and images(cluster) == {"db-0": "v2"})

    cluster.client.patch(STATEFUL_SETS, "db", first["data"], "default", how="strategic")

    name = first["metadata"]["name"]
    cluster.until(lambda: is_complete(cluster, currentRevision=name, readyReplicas=1))
    cluster.until(lambda: images(cluster) == {"db-0": "v1"})


def test_a_name_that_is_no_label_is_refused(cluster):
    with pytest.raises(Invalid, match=r"metadata\.name"):
        cluster.client.create(STATEFUL_SETS, stateful_set(name="d.b"), "default")


class Claims:
    """Serves PersistentVolumeClaims, and nothing more."""

    @hookimpl
    def contribute_kinds(self):
        return [Kind(**CLAIMS._asdict(), status=True)]


def test_claims_come_with_the_pods_and_go_where_the_policy_says_so():
    with start({"claims": Claims()}, only=(*ONLY, "gc"), nodes=1) as cluster:
        obj = stateful_set()
        claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
        obj["spec"]["volumeClaimTemplates"] = [{"metadata": {"name": "data"}, "spec": claim}]
        obj["spec"]["persistentVolumeClaimRetentionPolicy"] = {"whenScaled": "Delete"}
        cluster.client.create(STATEFUL_SETS, obj, "default")
        cluster.until(lambda: is_complete(cluster, readyReplicas=2))

        def claims():
            return [found["metadata"]["name"] for found in cluster.client.list(CLAIMS, "default").items]

        assert claims() == ["data-db-0", "data-db-1"]
        volumes = cluster.client.get(PODS, "db-1", "default")["spec"]["volumes"]
        assert {"name": "data", "persistentVolumeClaim": {"claimName": "data-db-1"}} in volumes

        cluster.client.patch(STATEFUL_SETS, "db", {"spec": {"replicas": 1}}, "default")
        cluster.until(lambda: claims() == ["data-db-0"])

        cluster.client.delete(STATEFUL_SETS, "db", "default")
        cluster.until(lambda: images(cluster) == {})
        assert claims() == ["data-db-0"]
