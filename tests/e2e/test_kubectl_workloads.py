"""kubectl, unmodified, on Deployments and Services, with each runtime."""

from __future__ import annotations

import json
import subprocess
import time
import urllib.request

import pytest
from clusters import ROOT, WHICH_PYTHON, Cluster, until

pytestmark = pytest.mark.kubectl

SERVE = "echo $NAME-$VERSION > index.html && exec busybox httpd -f -p $IP:8080 -h ."


def deployment(cluster: Cluster, name: str, *, replicas: int = 2, version: str = "1", **spec: object) -> dict:
    env = [
        {"name": "VERSION", "value": version},
        {"name": "NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
    ]
    container = {
        "name": "main", "image": cluster.image, "command": ["sh", "-c", SERVE], "env": env,
        "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": {"httpGet": {"port": "http"}, "periodSeconds": 1, "timeoutSeconds": 30},
    }  # fmt: skip
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {
            "replicas": replicas, "selector": {"matchLabels": {"app": name}}, **spec,
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"terminationGracePeriodSeconds": 1, "containers": [container]},
            },
        },
    }  # fmt: skip


def service(name: str, **spec: object) -> dict:
    ports = [{"name": "http", "port": 8080, "targetPort": "http"}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name},
        "spec": {"selector": {"app": name}, "ports": ports, **spec},
    }


def fetch(address: str, port: int = 8080, *, seconds: float = 3) -> str:
    try:
        with urllib.request.urlopen(f"http://{address}:{port}/", timeout=seconds) as answer:
            return answer.read().decode().strip()
    except OSError:
        return ""


def test_rollout_scale_and_undo(cluster, namespace):
    cluster.apply(deployment(cluster, "web"))
    assert "successfully rolled out" in cluster.kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    line = cluster.kubectl("get", "deployment", "web").splitlines()[1].split()
    assert line[:4] == ["web", "2/2", "2", "2"]

    cluster.kubectl("scale", "deployment/web", "--replicas=3")
    cluster.kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    assert cluster.get("deployment", "web")["status"]["readyReplicas"] == 3

    cluster.kubectl("set", "env", "deployment/web", "VERSION=2")
    cluster.kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    assert "2" in cluster.kubectl("rollout", "history", "deployment/web").split()
    cluster.kubectl("rollout", "undo", "deployment/web")
    cluster.kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    env = cluster.get("deployment", "web")["spec"]["template"]["spec"]["containers"][0]["env"]
    assert env[0] == {"name": "VERSION", "value": "1"}
    assert len(cluster.get("replicasets", "-l", "app=web")["items"]) == 2

    cluster.kubectl("delete", "deployment", "web")
    until(lambda: not cluster.get("pods", "-l", "app=web")["items"], why="the pods go with their Deployment")


def test_a_deleted_pod_is_replaced(cluster, namespace):
    cluster.apply(deployment(cluster, "web", replicas=1))
    cluster.kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    before = cluster.get("pods", "-l", "app=web")["items"][0]["metadata"]["name"]

    cluster.kubectl("delete", "pod", before)

    cluster.kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    assert before not in cluster.kubectl("get", "pods", "-l", "app=web", "-o", "name")


def test_a_service_leads_to_its_pods_and_a_rollout_drops_no_request(cluster, namespace):
    cluster.apply(deployment(cluster, "web"), service("web"))
    cluster.kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    address = cluster.get("service", "web")["spec"]["clusterIP"]
    answered: set[str] = set()
    until(lambda: answered.add(fetch(address)) or len(answered - {""}) == 2, why="the node knows both endpoints")

    seen = {fetch(address, seconds=60) for _ in range(40)}

    assert seen == answered - {""} and all(text.endswith("-1") for text in seen)
    described = cluster.kubectl("describe", "service", "web")
    assert address in described and "Endpoints:" in described
    slices = cluster.get("endpointslices", "-l", "kubernetes.io/service-name=web")["items"]
    assert len(slices[0]["endpoints"]) == 2


def test_a_node_port_is_reachable_on_the_node(cluster, namespace):
    cluster.apply(deployment(cluster, "web", replicas=1), service("web", type="NodePort"))
    cluster.kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    node = cluster.get("nodes")["items"][0]
    address = next(a["address"] for a in node["status"]["addresses"] if a["type"] == "InternalIP")

    port = cluster.get("service", "web")["spec"]["ports"][0]["nodePort"]

    until(lambda: fetch(address, port).endswith("-1"))


def test_pods_find_services_by_name(cluster, namespace):
    cluster.apply(deployment(cluster, "web", replicas=1), service("web"))
    cluster.kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    script = "import urllib.request; print(urllib.request.urlopen('http://web:8080/', timeout=10).read().decode())"
    container = {
        "image": python_image(cluster),
        "command": ["python3", "-c", script],
    }  # a static busybox cannot resolve

    cluster.apply(cluster.pod("client", "", restartPolicy="OnFailure", container=container))

    until(lambda: cluster.get("pod", "client")["status"].get("phase") in ("Succeeded", "Failed"))
    assert cluster.kubectl("logs", "client").strip().endswith("-1")


def test_expose_and_a_bad_rollout_keeps_the_old_pods(cluster, namespace):
    cluster.apply(deployment(cluster, "web"))
    cluster.kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    cluster.kubectl("expose", "deployment", "web", "--port=8080")
    assert cluster.get("service", "web")["spec"]["selector"] == {"app": "web"}

    bad = json.dumps({"spec": {"template": {"spec": {"containers": [{"name": "main", "command": ["/no/such"]}]}}}})
    cluster.kubectl("patch", "deployment", "web", "-p", bad)
    stuck = cluster.kubectl("rollout", "status", "deployment/web", "--timeout=1s", check=False)

    assert "timed out" in stuck
    assert cluster.get("deployment", "web")["status"]["availableReplicas"] >= 2 - 1
    cluster.kubectl("rollout", "undo", "deployment/web")
    cluster.kubectl("rollout", "status", "deployment/web", "--timeout=120s")


def test_helm_installs_upgrades_rolls_back_and_uninstalls(cluster, namespace, tmp_path):
    chart = str(ROOT / "charts" / "guestbook")
    image = python_image(cluster)

    cluster.helm("install", "gb", chart, "--set", f"image={image}", "--wait", "--timeout", "180s", "-n", namespace)
    assert "deployed" in cluster.helm("list", "-n", namespace)
    address = cluster.get("service", "gb-frontend")["spec"]["clusterIP"]
    until(lambda: "nobody has written yet" in fetch(address))

    cluster.helm(
        "upgrade", "gb", chart, "--set", f"image={image}", "--set", "frontend.replicas=1", "--wait", "-n", namespace
    )
    assert cluster.get("deployment", "gb-frontend")["spec"]["replicas"] == 1
    cluster.helm("rollback", "gb", "1", "--wait", "-n", namespace)
    assert cluster.get("deployment", "gb-frontend")["spec"]["replicas"] == 2
    assert len(cluster.helm("history", "gb", "-n", namespace).splitlines()) == 4

    cluster.helm("uninstall", "gb", "--wait", "-n", namespace)

    assert "NotFound" in cluster.kubectl("get", "deployment", "gb-frontend", check=False)


def python_image(cluster: Cluster) -> str:
    """An image with Python: made here for Docker, any name for host processes."""
    if cluster.runtime == "exec":
        return "python:3.12-slim"
    code = (
        "import sys; sys.path.insert(0, 'examples/guestbook'); import docker, standin; "
        "standin.make(docker.APIClient(version='auto'), standin.local_name()); print(standin.local_name())"
    )
    return subprocess.run(
        [WHICH_PYTHON, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_the_guestbook_survives_its_back_end(cluster, namespace):
    """What `make up` installs, in the namespace it names: default."""
    cluster.kubectl("config", "set-context", "--current", "--namespace=default")
    done = subprocess.run(
        [WHICH_PYTHON, str(ROOT / "examples/guestbook/install.py")],
        env=cluster.env,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "hello from" in done.stdout and "export KUBECONFIG=" in done.stdout
    address = cluster.get("service", "guestbook")["spec"]["clusterIP"]
    mark = f"mark-{time.time()}"
    urllib.request.urlopen(f"http://{address}:8080/", data=mark.encode(), timeout=120).close()

    cluster.kubectl("delete", "pod", "-l", "app=guestbook,tier=backend")
    cluster.kubectl("rollout", "status", "deployment/guestbook-backend", "--timeout=120s")

    until(lambda: mark in fetch(address))
    cluster.kubectl("delete", "-f", str(ROOT / "examples/guestbook/guestbook.yaml"))
