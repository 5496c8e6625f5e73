"""NetworkPolicies on real containers; and what the exec runtime, which cannot enforce them, says."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator

import pytest
from clusters import Cluster, until

pytestmark = pytest.mark.kubectl

SERVE = "mkdir -p /tmp/w && echo page > /tmp/w/index.html && exec httpd -f -p 8080 -h /tmp/w"
IDLE = "trap 'exit 0' TERM; while true; do sleep 0.1; done"
REQUEST = r"printf 'GET / HTTP/1.0\r\n\r\n'"
ASK = (
    REQUEST + " | nc -w 2 {} {} 2>/dev/null | head -n 1 | {{ read line && echo open || echo closed; }}"
)  # any answer counts


def policy(name: str, **spec: object) -> dict:
    api = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
    return {**api, "metadata": {"name": name}, "spec": {"podSelector": {}, **spec}}


def only(name: str) -> dict:
    return {"podSelector": {"matchLabels": {"run": name}}}


@pytest.fixture
def cluster(docker_cluster: Cluster) -> Cluster:
    return docker_cluster


@pytest.fixture
def server(cluster: Cluster, namespace: str) -> Iterator[str]:
    """The address of a web server's pod; friend and outcast idle beside it."""
    cluster.apply(cluster.pod("web", SERVE), cluster.pod("friend", IDLE), cluster.pod("outcast", IDLE))
    cluster.kubectl("wait", "--for=condition=Ready", "pod", "--all", "--timeout=120s")
    address = cluster.get("pod", "web")["status"]["podIP"]
    until(lambda: asked(cluster, "outcast", address) == "open")
    return address


def asked(cluster: Cluster, pod: str, address: str) -> str:
    return cluster.kubectl("exec", pod, "--", "sh", "-c", ASK.format(address, 8080)).strip()


@pytest.mark.docker
def test_only_whom_a_policy_allows_reaches_a_pod_and_probes_always_do(cluster, namespace, server):
    probed = {"readinessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 1, "failureThreshold": 1}}
    cluster.apply(cluster.pod("probed", SERVE, container=probed))
    cluster.apply(policy("deny", policyTypes=["Ingress"]))
    until(lambda: asked(cluster, "outcast", server) == "closed")
    assert asked(cluster, "friend", server) == "closed"

    cluster.apply(policy("friends", **only("web"), ingress=[{"from": [only("friend")], "ports": [{"port": 8080}]}]))
    until(lambda: asked(cluster, "friend", server) == "open")
    assert asked(cluster, "outcast", server) == "closed"
    cluster.kubectl("wait", "--for=condition=Ready", "pod", "probed", "--timeout=120s")

    cluster.kubectl("expose", "pod", "web", "--port=80", "--target-port=8080")
    service = cluster.get("service", "web")["spec"]["clusterIP"]
    through = ASK.format(service, 80)
    until(lambda: cluster.kubectl("exec", "friend", "--", "sh", "-c", through).strip() == "open")
    assert cluster.kubectl("exec", "outcast", "--", "sh", "-c", through).strip() == "closed"

    cluster.kubectl("delete", "networkpolicy", "--all")
    until(lambda: asked(cluster, "outcast", server) == "open")


@pytest.mark.docker
def test_a_new_pod_is_never_open_before_its_policies(cluster, namespace, server):
    cluster.apply(policy("quiet", podSelector={"matchLabels": {"quiet": "yes"}}, policyTypes=["Egress"]))
    pods = []
    for number in range(6):
        pod = cluster.pod(f"quiet{number}", ASK.format(server, 8080), restartPolicy="Never")
        pod["metadata"]["labels"]["quiet"] = "yes"
        pods.append(pod)
    cluster.apply(*pods)  # with the policy still on its way to the node
    again = f'until [ "$said" = open ]; do said=$({ASK.format(server, 8080)}); done; echo open'  # the node is busy now
    loud = cluster.pod("loud", again, restartPolicy="Never")
    cluster.apply(loud)

    def ended() -> bool:
        found = cluster.get("pods")["items"]
        return sum(pod["status"].get("phase") == "Succeeded" for pod in found) == len(pods) + 1

    until(ended)
    assert {cluster.kubectl("logs", f"quiet{number}").strip() for number in range(6)} == {"closed"}
    assert cluster.kubectl("logs", "loud").strip() == "open"


@pytest.mark.docker
def test_policies_hold_while_the_agent_restarts_and_while_the_api_is_away(cluster, namespace, server):
    cluster.apply(policy("deny", **only("web"), policyTypes=["Ingress"]))
    until(lambda: asked(cluster, "outcast", server) == "closed")
    cluster.apply(cluster.pod("prober", f"while true; do {ASK.format(server, 8080)}; sleep 0.05; done"))
    cluster.kubectl("wait", "--for=condition=Ready", "pod", "prober", "--timeout=120s")

    node = cluster.process("node")["pid"]
    os.kill(node, signal.SIGKILL)
    until(lambda: cluster.process("node")["pid"] not in (0, node))
    api = cluster.process("apiserver")["pid"]
    os.kill(api, signal.SIGSTOP)
    try:
        time.sleep(3)  # the prober asks meanwhile
    finally:
        os.kill(api, signal.SIGCONT)

    cluster.kubectl("wait", "--for=condition=Ready", "node", "--all", "--timeout=120s")

    def answers() -> list[str]:
        """None while the agent that was started again is not reached yet: what kubectl says then is no answer."""
        lines = cluster.kubectl("logs", "prober", check=False).splitlines()
        return lines if len(lines) > 5 and set(lines) <= {"open", "closed"} else []

    assert set(until(answers)) == {"closed"}
    cluster.kubectl("delete", "networkpolicy", "deny")
    until(lambda: asked(cluster, "outcast", server) == "open")


def test_the_exec_runtime_says_that_a_policy_has_no_effect(exec_cluster):
    exec_cluster.kubectl("create", "namespace", "unguarded")
    given = policy("deny", policyTypes=["Ingress"])
    given["metadata"]["namespace"] = "unguarded"
    pod = exec_cluster.pod("web", IDLE)
    pod["metadata"]["namespace"] = "unguarded"

    exec_cluster.apply(given)
    exec_cluster.apply(pod)
    exec_cluster.kubectl("wait", "-n", "unguarded", "--for=condition=Ready", "pod/web", "--timeout=120s")

    def told() -> list[str]:
        events = exec_cluster.get("events", "-n", "unguarded")["items"]
        return [event["message"] for event in events if event["reason"] == "NetworkPolicyNotEnforced"]

    assert all("deny" in said for said in until(told))
    exec_cluster.kubectl("delete", "namespace", "unguarded", "--wait=false")
