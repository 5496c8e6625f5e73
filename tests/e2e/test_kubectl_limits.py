"""kubectl, unmodified, on LimitRange, ResourceQuota, Pod Security and RuntimeClass, and on the pods they concern."""

from __future__ import annotations

import json

import pytest
from clusters import Cluster, until

pytestmark = pytest.mark.kubectl


@pytest.fixture
def cluster(exec_cluster: Cluster) -> Cluster:
    return exec_cluster


def limit_range(**item) -> dict:
    spec = {"limits": [{"type": "Container", **item}]}
    return {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "small"}, "spec": spec}


def runtime_class(**fields) -> dict:
    head = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "sandboxed"}}
    return {**head, "handler": "sandbox", **fields}


def pod(**spec) -> dict:
    spec = {
        "containers": [{"name": "c", "image": "x", **spec.pop("container", {})}],
        "nodeSelector": {"a": "b"},
        **spec,
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec}


def refused(cluster: Cluster, manifest: dict) -> str:
    return cluster.kubectl("apply", "-f", "-", input=json.dumps(manifest), check=False)


def test_a_limit_range_is_shown_described_and_enforced(cluster, namespace):
    assert "limitrange/small created" in cluster.apply(limit_range(default={"cpu": "500m"}, max={"cpu": "1"}))

    assert cluster.kubectl("get", "limits").split("\n")[0].split() == ["NAME", "CREATED", "AT"]
    described = [line.split() for line in cluster.kubectl("describe", "limitrange", "small").split("\n")]
    assert ["Container", "cpu", "-", "1", "500m", "500m", "-"] in described
    cluster.apply(pod())
    assert cluster.get("pod", "web")["spec"]["containers"][0]["resources"] == {
        "limits": {"cpu": "500m"}, "requests": {"cpu": "500m"},
    }  # fmt: skip
    cluster.kubectl("delete", "pod", "web", "--force", "--grace-period=0")
    said = refused(cluster, pod(container={"resources": {"limits": {"cpu": "2"}}}))
    assert 'pods "web" is forbidden: maximum cpu usage per Container is 1, but limit is 2' in said


def test_a_bad_limit_range_is_refused_with_the_fields_path(cluster, namespace):
    said = refused(cluster, limit_range(min={"cpu": "2"}, max={"cpu": "1"}))

    assert 'The LimitRange "small" is invalid:' in said
    assert 'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1' in said


def test_a_runtime_class_is_shown_and_concerns_its_pods(cluster, namespace):
    assert "created" in cluster.apply(runtime_class(overhead={"podFixed": {"memory": "120Mi"}}))
    try:
        lines = cluster.kubectl("get", "runtimeclasses").split("\n")
        assert lines[0].split() == ["NAME", "HANDLER", "AGE"]
        assert lines[1].split()[:2] == ["sandboxed", "sandbox"]
        cluster.apply(pod(runtimeClassName="sandboxed"))
        assert cluster.get("pod", "web")["spec"]["overhead"] == {"memory": "120Mi"}
        assert "field is immutable" in refused(cluster, runtime_class(handler="other"))
    finally:
        cluster.kubectl("delete", "runtimeclass", "sandboxed")
    cluster.kubectl("delete", "pod", "web", "--force", "--grace-period=0")

    assert 'RuntimeClass "sandboxed" not found' in refused(cluster, pod(runtimeClassName="sandboxed"))


def test_a_quota_is_described_with_its_use_and_freed_by_deletions(cluster, namespace):
    cluster.kubectl("create", "quota", "team", "--hard=pods=1,count/deployments.apps=0")
    until(lambda: ["pods", "0", "1"] in rows(cluster))

    cluster.apply(pod())

    until(lambda: ["pods", "1", "1"] in rows(cluster))
    refusal = cluster.kubectl("create", "deployment", "x", "--image=x", check=False)
    assert "exceeded quota: team, requested: count/deployments.apps=1, used: count/deployments.apps=0" in refusal
    cluster.kubectl("delete", "pod", "web", "--force", "--grace-period=0")
    until(lambda: ["pods", "0", "1"] in rows(cluster))


def rows(cluster: Cluster) -> list[list[str]]:
    return [line.split() for line in cluster.kubectl("describe", "quota", "team").split("\n")]


def test_a_stricter_level_warns_of_pods_and_refuses_new_ones(cluster, namespace):
    cluster.apply(pod())

    label = "pod-security.kubernetes.io/enforce=restricted"
    said = cluster.kubectl("label", "namespace", namespace, label, check=False)  # with what goes to stderr

    assert "Warning: web: allowPrivilegeEscalation != false, unrestricted capabilities" in said
    refusal = refused(cluster, {**pod(), "metadata": {"name": "other"}})
    assert 'pods "other" is forbidden: violates PodSecurity "restricted:latest"' in refusal
