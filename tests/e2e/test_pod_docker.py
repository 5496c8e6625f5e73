"""What only containers can keep of what a pod says: resizes, seccomp profiles, names; with Docker."""

from __future__ import annotations

import json

import pytest
from clusters import Cluster, until
from resizing import AMOUNTS, IDLE, first_status, resize, running

pytestmark = [pytest.mark.kubectl, pytest.mark.docker]


@pytest.fixture
def cluster(docker_cluster: Cluster) -> Cluster:
    return docker_cluster


QUOTA = "cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us 2>/dev/null || cut -d' ' -f1 /sys/fs/cgroup/cpu.max"


def test_a_container_is_resized_while_it_runs(cluster, namespace):
    before = running(cluster, "grows", container={"resources": AMOUNTS})["status"]["containerStatuses"][0]
    assert cluster.kubectl("exec", "grows", "--", "sh", "-c", QUOTA).strip() == "3000"

    resize(cluster, "grows", {"requests": {"cpu": "40m"}, "limits": {"cpu": "50m"}})

    until(lambda: first_status(cluster, "grows")["resources"]["limits"]["cpu"] == "50m")
    given = {"cpu": "40m", "memory": "20Mi"}
    after = until(lambda: (it := first_status(cluster, "grows"))["allocatedResources"] == given and it)
    assert (after["containerID"], after["restartCount"]) == (before["containerID"], 0)
    assert cluster.kubectl("exec", "grows", "--", "sh", "-c", QUOTA).strip() == "5000"
    until(lambda: "Pod resize completed" in cluster.kubectl("get", "events"))


def test_a_container_whose_resize_policy_says_so_is_restarted(cluster, namespace):
    policy = [{"resourceName": "memory", "restartPolicy": "RestartContainer"}]
    running(cluster, "again", container={"resources": AMOUNTS, "resizePolicy": policy}, restartPolicy="OnFailure")

    resize(cluster, "again", {"limits": {"memory": "40Mi"}})

    until(lambda: first_status(cluster, "again").get("restartCount") == 1)
    until(lambda: first_status(cluster, "again").get("ready"))
    until(lambda: first_status(cluster, "again")["resources"]["limits"]["memory"] == "40Mi")


def test_a_pod_may_have_its_whole_name_as_host_name(cluster, namespace):
    running(cluster, "named", hostname="db", subdomain="data", setHostnameAsFQDN=True)

    said = cluster.kubectl("exec", "named", "--", "cat", "/proc/sys/kernel/hostname").strip()

    assert said == f"db.data.{namespace}.svc.cluster.local"


def test_a_seccomp_profile_of_the_node_is_kept_and_one_that_is_not_there_starts_nothing(cluster, namespace):
    folder = next(cluster.home.glob("**/pods")).parent / "seccomp"
    folder.mkdir(exist_ok=True)
    rule = {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO"}
    (folder / "e2e.json").write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]}))

    def context(file: str) -> dict:
        return {"securityContext": {"seccompProfile": {"type": "Localhost", "localhostProfile": file}}}

    running(cluster, "kept", f"mkdir /tmp/x || echo refused; {IDLE}", container=context("e2e.json"))
    cluster.apply(cluster.pod("missing", IDLE, container=context("none.json")))

    until(lambda: "refused" in cluster.kubectl("logs", "kept"))
    waiting = until(lambda: first_status(cluster, "missing").get("state", {}).get("waiting"))
    until(lambda: "seccomp" in first_status(cluster, "missing")["state"]["waiting"].get("message", ""))
    assert waiting["reason"] in ("ContainerCreating", "CreateContainerConfigError")
