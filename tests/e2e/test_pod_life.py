"""What a pod says of its own life and is kept to: resizes, restarts, confinement, names, limits; on real containers."""

from __future__ import annotations

import json

import pytest
from clusters import Cluster, until
from resizing import AMOUNTS, IDLE, first_status, resize, running

pytestmark = pytest.mark.kubectl


def condition(cluster: Cluster, name: str, kind: str) -> dict:
    found = cluster.get("pod", name)["status"].get("conditions", [])
    return next((one for one in found if one["type"] == kind), {})


def test_a_resize_that_can_never_be_is_infeasible(cluster, namespace):
    running(cluster, "huge", container={"resources": AMOUNTS})

    resize(cluster, "huge", {"limits": {"cpu": "5000"}, "requests": {"cpu": "4000"}})

    until(lambda: condition(cluster, "huge", "PodResizePending").get("reason") == "Infeasible")
    assert first_status(cluster, "huge")["resources"]["requests"]["cpu"] == "20m"
    assert condition(cluster, "huge", "Ready")["status"] == "True"


def test_a_container_is_restarted_by_its_own_rules(cluster, namespace):
    rules = [{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]
    once = {"restartPolicy": "Never", "restartPolicyRules": rules, "volumeMounts": [{"name": "d", "mountPath": "/d"}]}
    cluster.apply(
        cluster.pod("rules", "test -e /d/x && exit 0; echo > /d/x; exit 42", restartPolicy="Never", container=once,
                    volumes=[{"name": "d", "emptyDir": {}}])
    )  # fmt: skip

    until(lambda: cluster.get("pod", "rules")["status"].get("phase") == "Succeeded")

    assert first_status(cluster, "rules")["restartCount"] == 1


def test_a_sysctl_that_is_not_allowed_costs_the_pod_its_place(cluster, namespace):
    context = {"sysctls": [{"name": "kernel.msgmax", "value": "1000"}]}
    cluster.apply(cluster.pod("tunes", IDLE, securityContext=context))

    until(lambda: cluster.get("pod", "tunes")["status"].get("reason") == "SysctlForbidden")


def test_users_of_its_own_and_unknown_runtime_handlers_are_never_pretended(cluster, namespace):
    cluster.apply(
        {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "e2e-none"}, "handler": "none"}
    )
    cluster.apply(cluster.pod("users", IDLE, hostUsers=False))
    cluster.apply(cluster.pod("handler", IDLE, runtimeClassName="e2e-none"))

    for name in ("users", "handler"):
        where = f"--field-selector=involvedObject.name={name},reason=FailedCreatePodSandBox"
        until(lambda where=where: "Failed to create pod sandbox" in cluster.kubectl("get", "events", where))
        assert cluster.get("pod", name)["status"]["phase"] == "Pending"
    cluster.kubectl("delete", "runtimeclass", "e2e-none")


def test_an_empty_dir_above_its_limit_costs_the_pod_its_place(cluster, namespace):
    mounts = {"volumeMounts": [{"name": "d", "mountPath": "/d"}]}
    volumes = [{"name": "d", "emptyDir": {"sizeLimit": "1Mi"}}]
    cluster.apply(
        cluster.pod("fills", f"dd if=/dev/zero of=/d/x bs=1024 count=4096; {IDLE}", container=mounts, volumes=volumes)
    )

    until(lambda: cluster.get("pod", "fills")["status"].get("phase") == "Failed")

    status = cluster.get("pod", "fills")["status"]
    assert (status["reason"], status["message"]) == (
        "Evicted",
        'Usage of EmptyDir volume "d" exceeds the limit "1Mi". ',
    )


def test_the_kubelets_pages_are_there_through_the_api_server(cluster, namespace):
    running(cluster, "seen", container={"livenessProbe": {"exec": {"command": ["true"]}, "periodSeconds": 1}})
    node = cluster.get("pod", "seen")["spec"]["nodeName"]

    def page(path: str) -> str:
        return cluster.kubectl("get", "--raw", f"/api/v1/nodes/{node}/proxy/{path}")

    assert json.loads(page("configz"))["kubeletconfig"]["kind"] == "KubeletConfiguration"
    until(lambda: 'pod="seen"' in page("metrics/cadvisor"))
    until(lambda: f'namespace="{namespace}",pod="seen"' in page("metrics/probes"))
