"""Hollow nodes with the real kubectl: a cluster without a node of its own and with simulated ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from clusters import Cluster, until
from ports import free_port

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "plugins" / "sampan_hollow" / "README.md"

pytestmark = pytest.mark.kubectl


@pytest.fixture(scope="module")
def hollow(tmp_path_factory, tools):
    home = tmp_path_factory.mktemp("hollow") / "home"
    home.mkdir(parents=True)
    (home / "sampan.yaml").write_text("addons: [metrics]\nplugins: {metrics: {interval: 1}}\n")
    cluster = Cluster(home, "", free_port(), "nginx", tools)
    cluster.sampan("up", "--no-node", "--hollow", "4", "--port", str(cluster.port))
    yield cluster
    cluster.sampan("down")


def test_sampan_up_registers_them_and_keeps_the_flags(hollow):
    until(lambda: len(hollow.get("nodes")["items"]) == 4)
    hollow.kubectl("wait", "nodes", "--all", "--for=condition=Ready", "--timeout=120s")

    assert {each["metadata"]["name"] for each in hollow.get("nodes")["items"]} == {f"hollow-{n}" for n in range(1, 5)}
    assert "already running" in hollow.sampan("up")
    kept = (hollow.home / "sampan.yaml").read_text()
    assert "nodes: 4" in kept and "enabled: false" in kept


def placed(cluster):
    """The nodes of the Deployment's pods; None for one that waits for its node."""
    return [pod["spec"].get("nodeName") for pod in cluster.get("pods", "-l", "app=web")["items"]]


def test_a_deployment_rolls_scales_and_heals(hollow):
    hollow.kubectl("create", "deployment", "web", "--image=one", "--replicas=12")
    hollow.kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    hollow.kubectl("set", "image", "deployment/web", "one=two")
    hollow.kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    hollow.kubectl("rollout", "undo", "deployment/web")
    hollow.kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    hollow.kubectl("scale", "deployment/web", "--replicas=20")
    hollow.kubectl("delete", "pods", "-l", "app=web", "--wait=false")
    hollow.kubectl("wait", "deployment/web", "--for=jsonpath={.status.availableReplicas}=20", "--timeout=120s")

    until(lambda: set(placed(hollow)) == {f"hollow-{n}" for n in range(1, 5)})
    hollow.kubectl("delete", "deployment", "web", "--wait", "--cascade=foreground")


def test_a_node_is_drained_and_cordoned(hollow):
    hollow.kubectl("create", "deployment", "web", "--image=one", "--replicas=8")
    hollow.kubectl("rollout", "status", "deployment/web", "--timeout=120s")
    hollow.kubectl("drain", "hollow-2", "--timeout=120s")
    hollow.kubectl("rollout", "status", "deployment/web", "--timeout=120s")

    nodes = until(lambda: None not in (nodes := placed(hollow)) and nodes, why="those made again have a node")
    assert "hollow-2" not in nodes
    hollow.kubectl("uncordon", "hollow-2")
    hollow.kubectl("delete", "deployment", "web", "--wait", "--cascade=foreground")


def test_logs_and_exec_are_refused_in_words_and_top_has_figures(hollow):
    hollow.kubectl("run", "one", "--image=one", "--annotations=kwok.x-k8s.io/usage-cpu=250m")
    hollow.kubectl("wait", "pod/one", "--for=condition=Ready", "--timeout=120s")

    assert "so there are no logs" in hollow.kubectl("logs", "one", check=False)
    assert "nothing can be run in them" in hollow.kubectl("exec", "one", "--", "ls", check=False)
    found = until(lambda: re.search(r"one\s+(\d+)m", hollow.kubectl("top", "pod", "one", check=False)))
    assert 240 <= int(found[1]) <= 260
    hollow.kubectl("delete", "pod", "one", "--wait")


def test_the_commands_of_the_manual_page_work(hollow):
    mark = "by tests/e2e/test_hollow.py, on hollow nodes -->\n```sh\n"
    block = PAGE.read_text().partition(mark)[2].partition("```")[0]
    assert block
    for line in block.splitlines():
        hollow.kubectl(*line.split()[1:])


def test_the_wordpress_of_the_examples_rolls_out_with_its_claims(hollow):
    """Its images are too heavy for a test; what the control plane does is the same."""
    manifests = str(ROOT / "examples" / "wordpress" / "wordpress.yaml")
    hollow.kubectl("create", "secret", "generic", "mysql", "--from-literal=password=secret")
    hollow.kubectl("apply", "-f", manifests)
    for name in ("mysql", "wordpress"):
        hollow.kubectl("rollout", "status", f"deployment/{name}", "--timeout=120s")

    claims = {each["metadata"]["name"]: each["status"]["phase"] for each in hollow.get("pvc")["items"]}
    assert claims == {"mysql": "Bound", "wordpress": "Bound"}
    addresses = sorted(pod["status"]["podIP"] for pod in hollow.get("pods", "-l", "tier=frontend")["items"])
    slices = "-l", "kubernetes.io/service-name=wordpress"

    def told():
        found = hollow.get("endpointslices", *slices)["items"]
        return sorted(address for one in found for each in one["endpoints"] or () for address in each["addresses"])

    until(lambda: told() == addresses)
    hollow.kubectl("delete", "-f", manifests, "--timeout=120s")
    until(lambda: not hollow.get("pv")["items"])
