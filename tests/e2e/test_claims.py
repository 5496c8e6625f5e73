"""kubectl, unmodified, on claims: volumes are made, mounted, kept, grown and removed, on real pods of both runtimes."""

from __future__ import annotations

import os
import subprocess

import pytest
from clusters import Cluster, docker_answers, import_busybox, start, until

pytestmark = pytest.mark.kubectl

WAIT = "--timeout=120s"
REQUEST = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}


def stateful(cluster: Cluster, **spec: object) -> dict:
    container = {
        "name": "main", "image": cluster.image, "command": ["sh", "-c", "echo started >> /data/log; sleep 3600"],
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }  # fmt: skip
    template = {
        "metadata": {"labels": {"app": "db"}}, "spec": {"terminationGracePeriodSeconds": 0, "containers": [container]},
    }  # fmt: skip
    return {
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"},
        "spec": {"serviceName": "db", "replicas": 2, "selector": {"matchLabels": {"app": "db"}}, "template": template,
                 "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": REQUEST}], **spec},
    }  # fmt: skip


def claim(name: str, **spec: object) -> dict:
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name},
        "spec": {**REQUEST, **spec},
    }


def mounting(name: str, claim: str, command: str, cluster: Cluster, *mounts: dict, **spec: object) -> dict:
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]
    places = list(mounts) or [{"name": "data", "mountPath": "/data"}]
    return cluster.pod(name, command, volumes=volumes, container={"volumeMounts": places}, **spec)


def starts(cluster: Cluster, pod: str) -> int:
    """How often a container has been started with the pod's volume; 0 until it has said so."""
    return cluster.kubectl("exec", pod, "--", "cat", "/data/log", check=False).count("started")


def volume_of(cluster: Cluster, name: str) -> dict:
    return cluster.get("pv", cluster.get("pvc", name)["spec"]["volumeName"])


def test_a_stateful_set_keeps_its_data_when_a_pod_goes(cluster, namespace):
    cluster.apply(stateful(cluster))
    cluster.kubectl("rollout", "status", "statefulset/db", WAIT)
    volumes = {name: volume_of(cluster, f"data-{name}")["metadata"]["name"] for name in ("db-0", "db-1")}
    assert len(set(volumes.values())) == 2

    uid = cluster.get("pod", "db-1")["metadata"]["uid"]
    cluster.kubectl("delete", "pod", "db-1")
    until(lambda: "db-1" in cluster.kubectl("get", "pods") and cluster.get("pod", "db-1")["metadata"]["uid"] != uid)
    cluster.kubectl("rollout", "status", "statefulset/db", WAIT)

    until(lambda: (starts(cluster, "db-0"), starts(cluster, "db-1")) == (1, 2))
    assert volume_of(cluster, "data-db-1")["metadata"]["name"] == volumes["db-1"]


def test_claims_go_or_stay_as_the_retention_policy_says(cluster, namespace):
    policy = {"whenScaled": "Delete", "whenDeleted": "Retain"}
    cluster.apply(stateful(cluster, persistentVolumeClaimRetentionPolicy=policy))
    cluster.kubectl("rollout", "status", "statefulset/db", WAIT)
    path = volume_of(cluster, "data-db-1")["spec"]["local"]["path"]
    assert os.path.isdir(path)

    cluster.kubectl("scale", "statefulset/db", "--replicas=1")
    cluster.kubectl("wait", "--for=delete", "pvc/data-db-1", WAIT)
    until(lambda: not os.path.exists(path))

    cluster.kubectl("delete", "statefulset", "db")
    cluster.kubectl("wait", "--for=delete", "pod/db-0", WAIT)
    assert cluster.get("pvc", "data-db-0")["status"]["phase"] == "Bound"


def test_a_claim_waits_for_its_first_pod_and_says_so(cluster, namespace):
    cluster.apply(claim("notes"))
    until(
        lambda: "waiting for first consumer to be created before binding" in cluster.kubectl("describe", "pvc", "notes")
    )
    assert cluster.get("pvc", "notes")["status"]["phase"] == "Pending"

    cluster.apply(mounting("writer", "notes", "echo kept > /data/file", cluster, restartPolicy="Never"))
    cluster.kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/writer", WAIT)

    for reason in ("ProvisioningSucceeded", "ExternalProvisioning"):
        until(lambda reason=reason: reason in cluster.kubectl("describe", "pvc", "notes"))
    cluster.kubectl("patch", "pvc", "notes", "-p", '{"spec": {"resources": {"requests": {"storage": "2Gi"}}}}')
    until(lambda: cluster.get("pvc", "notes")["status"]["capacity"] == {"storage": "2Gi"})
    assert volume_of(cluster, "notes")["spec"]["capacity"] == {"storage": "2Gi"}


def test_a_pod_stays_pending_with_upstream_s_words_until_its_claim_is_bound(cluster, namespace, tmp_path):
    name = f"{namespace}-v"
    cluster.apply(claim("data", storageClassName=""), mounting("web", "data", "sleep 1000", cluster))

    def why() -> str:
        conditions = cluster.get("pod", "web")["status"].get("conditions") or [{}]
        return conditions[0].get("message", "")

    until(lambda: "pod has unbound immediate PersistentVolumeClaims" in why())
    tmp_path.chmod(0o755)
    volume = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}, "hostPath": {"path": str(tmp_path)}}
    reserved = {"namespace": namespace, "name": "data"}
    cluster.apply({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name},
                   "spec": {**volume, "claimRef": reserved}})  # fmt: skip
    try:
        cluster.kubectl("wait", "--for=condition=Ready", "pod/web", WAIT)
    finally:
        cluster.kubectl("delete", "pod", "web", "--now")
        cluster.kubectl("delete", "pvc", "data")
        cluster.kubectl("delete", "pv", name)


def test_an_ephemeral_volume_lives_as_long_as_its_pod(cluster, namespace):
    scratch = {"name": "scratch", "ephemeral": {"volumeClaimTemplate": {"spec": REQUEST}}}
    mounts = [{"name": "scratch", "mountPath": "/scratch"}]
    cluster.apply(cluster.pod("web", "echo x > /scratch/file; sleep 1000", volumes=[scratch],
                              container={"volumeMounts": mounts}))  # fmt: skip
    cluster.kubectl("wait", "--for=condition=Ready", "pod/web", WAIT)
    path = volume_of(cluster, "web-scratch")["spec"]["local"]["path"]
    until(lambda: os.path.exists(f"{path}/file"))

    cluster.kubectl("delete", "pod", "web", "--now")

    cluster.kubectl("wait", "--for=delete", "pvc/web-scratch", WAIT)
    until(lambda: not os.path.exists(path))


@pytest.mark.root
def test_sub_paths_read_only_mounts_and_a_group_hold_for_claims(cluster, namespace):
    cluster.apply(claim("data"))
    mounts = [
        {"name": "data", "mountPath": "/all", "readOnly": True},
        {"name": "data", "mountPath": "/part", "subPathExpr": "$(POD)"},
    ]
    pod = mounting(
        "web", "data", "touch /all/x 2>/dev/null || echo refused; echo in > /part/file; sleep 1000", cluster, *mounts,
        securityContext={"fsGroup": 2345, "runAsUser": 1234},
    )  # fmt: skip
    pod["spec"]["containers"][0]["env"] = [
        {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    ]  # fmt: skip
    cluster.apply(pod)
    cluster.kubectl("wait", "--for=condition=Ready", "pod/web", WAIT)

    until(lambda: "refused" in cluster.kubectl("logs", "web"))
    path = volume_of(cluster, "data")["spec"]["local"]["path"]
    until(lambda: os.path.exists(f"{path}/web/file"))
    found = os.stat(f"{path}/web/file")
    assert (found.st_uid, found.st_gid, os.stat(path).st_gid) == (1234, 2345, 2345)


@pytest.mark.root
def test_a_block_volume_is_a_device_of_the_container(cluster, namespace, tmp_path):
    name, file = f"{namespace}-block", tmp_path / "disk"
    file.write_bytes(b"from the disk".ljust(1 << 20, b"\0"))
    device = subprocess.run(
        ["losetup", "--find", "--show", str(file)], check=True, capture_output=True, text=True
    ).stdout.strip()
    try:
        node = cluster.get("nodes")["items"][0]["metadata"]["name"]
        terms = [{"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}]}]
        cluster.apply(
            {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name},
             "spec": {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Mi"}, "volumeMode": "Block",
                      "local": {"path": device}, "nodeAffinity": {"required": {"nodeSelectorTerms": terms}}}},
            claim("disk", storageClassName="", volumeName=name, volumeMode="Block",
                  resources={"requests": {"storage": "1Mi"}}),
            cluster.pod("reader", "head -c 13 /dev/xvda; echo; sleep 1000",
                        volumes=[{"name": "disk", "persistentVolumeClaim": {"claimName": "disk"}}],
                        container={"volumeDevices": [{"name": "disk", "devicePath": "/dev/xvda"}]}),
        )  # fmt: skip
        until(lambda: cluster.kubectl("logs", "reader", check=False).strip() == "from the disk")
        cluster.kubectl("delete", "pod", "reader", "--now")
        cluster.kubectl("delete", "pvc", "disk")
        cluster.kubectl("delete", "pv", name)
    finally:
        subprocess.run(["losetup", "--detach", device], check=True)


@pytest.mark.parametrize("runtime", ["exec", "docker"])
def test_data_outlives_the_cluster_s_down_and_up(runtime, tmp_path, tools):
    if runtime == "docker":
        assert docker_answers()
        import_busybox()
    cluster = start(tmp_path / "home", runtime, tools)
    try:
        cluster.apply(stateful(cluster))
        cluster.kubectl("rollout", "status", "statefulset/db", WAIT)
        until(lambda: starts(cluster, "db-1") == 1)

        cluster.sampan("down")
        cluster.sampan("up")

        until(lambda: all(starts(cluster, pod) == 2 for pod in ("db-0", "db-1")), 180)
    finally:
        cluster.sampan("down")
