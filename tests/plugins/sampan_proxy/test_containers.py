"""Containers of this machine's Docker behind a Service, through the real packet filter."""

from __future__ import annotations

import http.client
import os
import shutil
import subprocess
import uuid

import pytest
from ports import free_port

from sampan_nftables.kernel import open_kernel
from sampan_proxy.filtering import Filtering
from sampan_proxy.passing import CHAIN
from sampan_proxy.wanted import Backend, BackendSet, Frontend


def run(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=120).stdout


pytestmark = [pytest.mark.root, pytest.mark.docker]

# This process's own on the machine: other clusters, and other runs of these tests, have their packet rules beside them.
TABLE = f"sampan_proxytest_{os.getpid()}"
WEB, NODE_PORT = Frontend(f"198.18.{os.getpid() % 251}.5", "tcp", 80), Frontend("", "tcp", free_port())


@pytest.fixture(scope="module")
def image():
    if os.geteuid() != 0:
        pytest.skip("the packet filter needs root")
    for tool in ("docker", "busybox"):
        if not shutil.which(tool):
            pytest.fail(f"this machine has root but no {tool}")
    name = f"sampan-proxytest:{uuid.uuid4().hex[:6]}"
    tar = subprocess.run(["tar", "-cC", "/", "bin/busybox"], capture_output=True, check=True).stdout
    subprocess.run(["docker", "import", "-", name], input=tar, capture_output=True, check=True, timeout=120)
    yield name
    run("docker", "rmi", name)


@pytest.fixture
def containers(image):
    found = []
    for name in ("one", "two"):
        make = f"/bin/busybox mkdir /w && /bin/busybox echo {name} > /w/index.html"
        script = f"{make} && exec /bin/busybox httpd -f -p 80 -h /w"
        found.append(run("docker", "run", "-d", "--init", image, "/bin/busybox", "sh", "-c", script).strip())
    yield [(each, _address(each)) for each in found]
    run("docker", "rm", "-f", *found)


def _address(container):
    return run("docker", "inspect", "-f", "{{.NetworkSettings.IPAddress}}", container).strip()


@pytest.fixture
def filtering():
    kernel = open_kernel()
    assert kernel is not None
    found = Filtering(kernel, TABLE, "172.17.0.0/16")
    yield found
    found.remove()
    assert TABLE not in run("nft", "list", "tables")
    assert TABLE not in run("iptables", "-S", CHAIN)


def page(host, port):
    connection = http.client.HTTPConnection(host, port, timeout=30)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().decode().strip()
    finally:
        connection.close()


def test_containers_are_reached_from_node_containers_and_outside(containers, filtering, outsider, inside):
    backends = tuple(sorted(Backend(address, 80) for _, address in containers))
    for _, address in containers:
        wait_for_server(address)
    filtering.apply({WEB: BackendSet(backends), NODE_PORT: BackendSet(backends)})

    assert {page(WEB.address, 80) for _ in range(20)} == {"one", "two"}
    pid = run("docker", "inspect", "-f", "{{.State.Pid}}", containers[0][0]).strip()
    seen = {inside(f"/proc/{pid}/ns/net", lambda: page(WEB.address, 80)) for _ in range(20)}
    assert seen == {"one", "two"}  # itself as well
    assert outsider.do(lambda: page(outsider.gateway, NODE_PORT.port)) in ("one", "two")


def wait_for_server(address):
    """Until the container's server listens."""
    for _ in range(1000):
        try:
            page(address, 80)
            return
        except OSError:
            subprocess.run(["sleep", "0.05"], check=True)
    pytest.fail(f"no server at {address}")
