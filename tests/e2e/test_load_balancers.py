"""Services of type LoadBalancer with a pool of addresses, on containers."""

from __future__ import annotations

import hashlib
import os
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from clusters import Cluster, docker_answers, import_busybox, start, until

pytestmark = [pytest.mark.kubectl, pytest.mark.docker, pytest.mark.root]

SERVE = "mkdir -p /tmp/w && echo page > /tmp/w/index.html && exec httpd -f -p 8080 -h /tmp/w"
#: Of the range for measurements (RFC 2544), which is routed nowhere; a test beside this one has others.
POOL = f"198.18.{os.urandom(1)[0]}"
FIRST = f"{POOL}.1"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, tools: Path) -> Iterator[Cluster]:
    if not docker_answers():
        pytest.skip("no Docker daemon answers")
    import_busybox()
    found = start(
        tmp_path_factory.mktemp("balanced") / "home", "docker", tools,
        plugins=f"loadbalancer: {{addresses: [{FIRST}-{POOL}.3]}}",
    )  # fmt: skip
    yield found
    found.sampan("down")
    assert FIRST not in subprocess.run(["ip", "addr"], capture_output=True, text=True, check=True).stdout
    assert "sampanlb_" not in tables(found)


def tables(cluster: Cluster) -> str:
    """Those of this cluster."""
    said = subprocess.run(["nft", "list", "tables"], capture_output=True, text=True, check=True).stdout
    identity = hashlib.sha256(str(cluster.home).encode()).hexdigest()[:12]
    return "\n".join(line for line in said.splitlines() if identity in line)


def page(address: str) -> str:
    with urllib.request.urlopen(f"http://{address}/", timeout=5) as answer:
        return answer.read().decode().strip()


def test_a_service_is_reached_at_an_address_of_the_pool(cluster, namespace):
    cluster.apply(cluster.pod("web", SERVE))
    cluster.kubectl("expose", "pod", "web", "--type=LoadBalancer", "--port=80", "--target-port=8080")
    cluster.kubectl("wait", "--for=condition=Ready", "pod/web", "--timeout=120s")
    cluster.kubectl("wait", "service/web", "--for=jsonpath={.status.loadBalancer.ingress}", "--timeout=120s")

    assert cluster.kubectl("get", "service", "web").splitlines()[1].split()[3] == FIRST
    until(lambda: answers(FIRST) == "page")
    with pytest.raises(OSError):
        page(f"{FIRST}:{cluster.port}")  # the API server listens on this machine, and is no Service of this address

    cluster.kubectl("patch", "service", "web", "-p", '{"spec":{"type":"ClusterIP"}}')
    until(lambda: not answers(FIRST))
    until(lambda: cluster.get("service", "web")["status"] == {"loadBalancer": {}})


def answers(address: str) -> str:
    try:
        return page(address)
    except OSError:
        return ""


def test_more_services_than_addresses_wait_and_say_why(cluster, namespace):
    for name in "abcd":
        cluster.kubectl("create", "service", "loadbalancer", name, "--tcp=80:8080")

    def given() -> int:
        return sum(bool(one["status"]["loadBalancer"]) for one in cluster.get("services")["items"])

    until(lambda: given() == 3)
    why = "no address of the load balancer's pool is free"
    until(lambda: why in cluster.kubectl("get", "events", "--field-selector=reason=AllocationFailed"))
