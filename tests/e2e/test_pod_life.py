"""What a pod says of its own life and is kept to: resizes, restarts, confinement, names, limits; on real containers."""

from __future__ import annotations

import json

import pytest
from clusters import Cluster, until

pytestmark = pytest.mark.kubectl

IDLE = "trap 'exit 0' TERM; while true; do sleep 0.1; done"
AMOUNTS = {"requests": {"cpu": "20m", "memory": "20Mi"}, "limits": {"cpu": "30m", "memory": "30Mi"}}


def running(cluster: Cluster, name: str, command: str = IDLE, **spec: object) -> dict:
    cluster.apply(cluster.pod(name, command, **spec))
    cluster.kubectl("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=30s")
    return cluster.get("pod", name)


def resize(cluster: Cluster, name: str, resources: dict) -> None:
    patch = {"spec": {"containers": [{"name": "main", "resources": resources}]}}
    cluster.kubectl("patch", "pod", name, "--subresource=resize", "-p", json.dumps(patch))


def first_status(cluster: Cluster, name: str) -> dict:
    return cluster.get("pod", name)["status"].get("containerStatuses", [{}])[0]


def condition(cluster: Cluster, name: str, kind: str) -> dict:
    found = cluster.get("pod", name)["status"].get("conditions", [])
    return next((one for one in found if one["type"] == kind), {})


QUOTA = "cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null || cut -d' ' -f1 /sys/fs/cgroup/cpu.max"


@pytest.mark.docker
def test_a_container_is_resized_while_it_runs(docker_cluster, namespace):
    before = running(docker_cluster, "grows", container={"resources": AMOUNTS})["status"]["containerStatuses"][0]
    assert docker_cluster.kubectl("exec", "grows", "--", "sh", "-c", QUOTA).strip() == "3000"

    resize(docker_cluster, "grows", {"requests": {"cpu": "40m"}, "limits": {"cpu": "50m"}})

    after = until(lambda: (it := first_status(docker_cluster, "grows"))["resources"]["limits"]["cpu"] == "50m" and it)
    assert after["allocatedResources"] == {"cpu": "40m", "memory": "20Mi"}
    assert (after["containerID"], after["restartCount"]) == (before["containerID"], 0)
    assert docker_cluster.kubectl("exec", "grows", "--", "sh", "-c", QUOTA).strip() == "5000"
    until(lambda: "Pod resize completed" in docker_cluster.kubectl("get", "events"))


@pytest.mark.docker
def test_a_container_whose_resize_policy_says_so_is_restarted(docker_cluster, namespace):
    policy = [{"resourceName": "memory", "restartPolicy": "RestartContainer"}]
    running(
        docker_cluster, "again", container={"resources": AMOUNTS, "resizePolicy": policy}, restartPolicy="OnFailure"
    )

    resize(docker_cluster, "again", {"limits": {"memory": "40Mi"}})

    until(lambda: first_status(docker_cluster, "again").get("restartCount") == 1)
    until(lambda: first_status(docker_cluster, "again").get("ready"))
    assert first_status(docker_cluster, "again")["resources"]["limits"]["memory"] == "40Mi"


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


@pytest.mark.docker
def test_a_pod_may_have_its_whole_name_as_host_name(docker_cluster, namespace):
    running(docker_cluster, "named", hostname="db", subdomain="data", setHostnameAsFQDN=True)

    said = docker_cluster.kubectl("exec", "named", "--", "hostname").strip()

    assert said == f"db.data.{namespace}.svc.cluster.local"


@pytest.mark.docker
def test_a_seccomp_profile_of_the_node_is_kept_and_one_that_is_not_there_starts_nothing(docker_cluster, namespace):
    folder = next(docker_cluster.home.glob("**/pods")).parent / "seccomp"
    folder.mkdir(exist_ok=True)
    rule = {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}
    (folder / "e2e.json").write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}))

    def context(file: str) -> dict:
        return {"securityContext": {"seccompProfile": {"type": "Localhost", "localhostProfile": file}}}

    running(docker_cluster, "kept", f"mkdir /tmp/x || echo refused; {IDLE}", container=context("e2e.json"))
    docker_cluster.apply(docker_cluster.pod("missing", IDLE, container=context("none.json")))

    until(lambda: "refused" in docker_cluster.kubectl("logs", "kept"))
    waiting = until(lambda: first_status(docker_cluster, "missing").get("state", {}).get("waiting"))
    until(lambda: "seccomp" in first_status(docker_cluster, "missing")["state"]["waiting"].get("message", ""))
    assert waiting["reason"] in ("ContainerCreating", "CreateContainerConfigError")


def test_an_empty_dir_above_its_limit_costs_the_pod_its_place(cluster, namespace):
    mounts = {"volumeMounts": [{"name": "d", "mountPath": "/d"}]}
    volumes = [{"name": "d", "emptyDir": {"sizeLimit": "1Mi"}}]
    cluster.apply(
        cluster.pod("fills", f"dd if=/dev/zero of=/d/x bs=1024 count=4096; {IDLE}", container=mounts, volumes=volumes)
    )

    until(lambda: cluster.get("pod", "fills")["status"].get("phase") == "Failed", 60)

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
