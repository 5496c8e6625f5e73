"""The metrics add-on and the aggregation layer under it, with the real kubectl and the real Prometheus."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import urllib.error
import urllib.parse
import urllib.request

import pytest
import yaml
from clusters import free_port, until

pytestmark = pytest.mark.kubectl
NAMESPACE = "usage"
BUSY = "while true; do :; done"
POD_METRICS = f"/apis/metrics.k8s.io/v1beta1/namespaces/{NAMESPACE}/pods"


def configure(cluster, section):
    """Write the add-on's settings where the user would."""
    path = cluster.home / "sampan.yaml"
    data = yaml.safe_load(path.read_text())
    plugins = data.setdefault("plugins", {})
    plugins.pop("metrics", None)
    if section:
        plugins["metrics"] = section
    path.write_text(yaml.safe_dump(data))


@pytest.fixture(scope="module")
def measured(exec_cluster):
    """The shared cluster with the add-on, a busy pod and an idle one, and the port of its figures."""
    port = free_port()
    configure(exec_cluster, {"interval": 1.0, "prometheus": f"127.0.0.1:{port}"})
    exec_cluster.sampan("addons", "enable", "metrics")
    exec_cluster.kubectl("create", "namespace", NAMESPACE)
    busy = exec_cluster.pod("busy", BUSY)
    idle = exec_cluster.pod("idle", "sleep 600")
    idle["spec"]["containers"].append({**idle["spec"]["containers"][0], "name": "second"})
    exec_cluster.kubectl("apply", "-n", NAMESPACE, "-f", "-", input=f"{json.dumps(busy)}\n---\n{json.dumps(idle)}")
    shown = ("top", "pods", "-n", NAMESPACE, "--containers")  # of each container it needs two measurements
    until(lambda: "second" in exec_cluster.kubectl(*shown, check=False), why="kubectl top")
    until(lambda: cores(exec_cluster, "busy") > 0, why="the busy pod is measured")
    yield exec_cluster, port
    exec_cluster.kubectl("delete", "namespace", NAMESPACE, "--wait=false")
    said = exec_cluster.sampan("addons", "disable", "metrics")
    configure(exec_cluster, None)
    until(lambda: "v1beta1.metrics.k8s.io" not in exec_cluster.kubectl("get", "apiservices"), why=said)


def cores(cluster, pod):
    """Thousandths that `kubectl top` shows of a pod, -1 where it shows none."""
    lines = cluster.kubectl("top", "pods", "-n", NAMESPACE, "--no-headers", check=False).splitlines()
    return next((int(line.split()[1].removesuffix("m")) for line in lines if line.startswith(f"{pod} ")), -1)


def top(cluster, *words):
    """The rows of `kubectl top`, split; none where a measurement has failed meanwhile."""
    try:
        return [line.split() for line in cluster.kubectl("top", *words, "--no-headers").splitlines()]
    except AssertionError:
        return []


def test_kubectl_top_shows_nodes_and_pods_and_containers(measured):
    cluster, _ = measured
    (node,) = until(lambda: top(cluster, "nodes"))

    def rows():
        return [row[:3] for row in top(cluster, "pods", "-A", "--containers", "--sort-by=cpu")]

    assert node[0] == "node-exec"
    assert int(node[1].removesuffix("m")) > 0
    assert node[4].endswith("%")
    until(lambda: rows()[:1] == [[NAMESPACE, "busy", "main"]], why="the busiest is the first")
    until(lambda: [NAMESPACE, "idle", "second"] in rows())
    until(lambda: [row[0] for row in top(cluster, "pods", "-n", NAMESPACE, "-l", "run=idle")] == ["idle"])


def test_kubectl_get_prints_usage_and_discovery_names_it(measured):
    cluster, _ = measured

    assert cluster.kubectl("get", "nodemetrics").split()[:4] == ["NAME", "CPU", "MEMORY", "WINDOW"]
    busy = cluster.get("podmetrics", "busy", "-n", NAMESPACE)
    assert busy["containers"][0]["usage"]["cpu"].endswith("n")
    assert busy["containers"][0]["usage"]["memory"].endswith("Ki")
    assert "PodMetrics" in cluster.kubectl("api-resources", "--api-group=metrics.k8s.io")

    def condition():
        found = cluster.get("apiservice", "v1beta1.metrics.k8s.io")["status"]["conditions"][0]
        return found["type"], found["status"], found["reason"]

    until(lambda: condition() == ("Available", "True", "Passed"))
    shown = cluster.kubectl("get", "apiservices", "v1.apps", "v1beta1.metrics.k8s.io", "--no-headers").split()
    assert shown[1:3] == ["Local", "True"]
    assert shown[5:7] == ["kube-system/sampan-metrics", "True"]


def test_only_the_api_server_is_answered_and_rbac_is_asked_first(measured):
    cluster, _ = measured
    slices = cluster.get("endpointslices", "-n", "kube-system", "-l", "kubernetes.io/service-name=sampan-metrics")
    (slice_,) = slices["items"]
    address = f"https://{slice_['endpoints'][0]['addresses'][0]}:{slice_['ports'][0]['port']}"
    command = [
        "curl",
        "-sk",
        "-H",
        "X-Remote-User: admin",
        "-H",
        "X-Remote-Group: system:masters",
        address + POD_METRICS,
    ]

    answer = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=120).stdout)

    assert (answer["kind"], answer["code"]) == ("Status", 401)
    refused = cluster.kubectl("top", "pods", "-n", NAMESPACE, "--as=jane", check=False)
    assert 'User "jane" cannot list resource "pods" in API group "metrics.k8s.io"' in refused


def test_history_is_kept_and_asked_for_by_command(measured):
    cluster, _ = measured
    until(lambda: "main" in cluster.sampan("metrics", "history", "pod/busy", "-n", NAMESPACE), why="history")

    rows = json.loads(cluster.sampan("metrics", "history", "busy", "-n", NAMESPACE, "--since", "10m", "-o", "json"))
    node = cluster.sampan("metrics", "history", "node/node-exec")

    assert {row["container"] for row in rows["items"]} == {"main"}
    assert max(int(row["usage"]["cpu"].rstrip("n")) for row in rows["items"]) > 1_000_000
    assert node.split()[:5] == ["TIME", "CONTAINER", "CPU(cores)", "MOST", "MEMORY"]
    wrong = cluster.sampan("metrics", "history", "busy", "--since", "yesterday", check=False)
    assert "is not a duration" in wrong


@pytest.fixture
def prometheus(measured, tmp_path):
    """A real Prometheus that scrapes the add-on; a function that asks its API."""
    assert shutil.which("prometheus"), "these tests need Prometheus; tools/install-test-needs installs it"
    _, figures = measured
    port = free_port()
    config = {
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [{"job_name": "sampan", "static_configs": [{"targets": [f"127.0.0.1:{figures}"]}]}],
    }
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    process = subprocess.Popen(
        [
            "prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
            f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
        ],
        cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip

    def ask(path, **query):
        url = f"http://127.0.0.1:{port}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                return json.load(answer)["data"]
        except (urllib.error.URLError, ConnectionError):
            return {}

    yield ask
    process.terminate()
    process.wait(90)


def test_a_real_prometheus_scrapes_it(prometheus):
    def targets():
        return [target["health"] for target in prometheus("targets").get("activeTargets", [])]

    until(lambda: targets() == ["up"], why="Prometheus' target is up")
    query = f'rate(container_cpu_usage_seconds_total{{namespace="{NAMESPACE}",pod="busy"}}[30s])'
    found = until(lambda: prometheus("query", query=f"{query} > 0").get("result"), why=query)

    assert found[0]["metric"]["container"] == "main"

    def scrapes():
        (own,) = prometheus("query", query='sampan_metrics_scrapes_total{result="done"}').get("result") or [{}]
        return float(own.get("value", (0, 0))[1])

    until(lambda: scrapes() > 1)


def test_a_dead_add_on_costs_its_own_callers_only(measured):
    cluster, _ = measured
    process = cluster.process("metrics")["pid"]
    os.kill(process, signal.SIGSTOP)  # alive, and silent
    try:
        waiting = cluster.popen("top", "nodes", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert "busy" in cluster.kubectl("get", "pods", "-n", NAMESPACE)
        assert "deployments" in cluster.kubectl("api-resources", check=False)
    finally:
        os.kill(process, signal.SIGKILL)
    said, _ = waiting.communicate(timeout=150)
    assert waiting.returncode != 0 or "node-exec" in said
    until(lambda: cores(cluster, "busy") > 0, why="the add-on has been started again")


@pytest.mark.docker
def test_an_agent_with_docker_tells_what_containers_use(docker_cluster):
    docker_cluster.apply(docker_cluster.pod("measured", BUSY))
    path = "/api/v1/nodes/node-docker/proxy/metrics/resource"
    labels = '{container="main",namespace="default",pod="measured"}'

    def told():
        lines = dict(
            line.rsplit(" ", 1)[0].rsplit(" ", 1)
            for line in docker_cluster.kubectl("get", "--raw", path).splitlines()
            if labels in line
        )
        cpu = float(lines.get(f"container_cpu_usage_seconds_total{labels}", 0))
        return cpu > 0 and float(lines[f"container_memory_working_set_bytes{labels}"]) > 1000

    until(told, why="the agent's figures")
    docker_cluster.kubectl("delete", "pod", "measured", "--wait=false")
