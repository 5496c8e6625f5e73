"""Several machines: network namespaces joined by a bridge of the test's own, with an API server in the first.

Each machine has a home, an agent and a service proxy of its own; pods are processes (exec), with addresses of their
node's range.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from clusters import until
from spaces import Space, run

from sampan_pki import requests
from sampan_pki.issuing import Authority, identity_of, new_request

pytestmark = [pytest.mark.kubectl, pytest.mark.root]

SAMPAN = str(Path(sys.executable).parent / "sampan")
GRACE = 25  # seconds without a heartbeat; they come every 10, and later from a busy machine
ECHO = (
    "import os,socketserver,sys\n"
    "class H(socketserver.StreamRequestHandler):\n"
    " def handle(self):\n"
    "  for line in self.rfile: self.wfile.write(os.environ['NODE'].encode() + b' ' + line)\n"
    "socketserver.ThreadingTCPServer.allow_reuse_address = True\n"
    "print('serving', flush=True)\n"
    "socketserver.ThreadingTCPServer((os.environ['IP'], 8080), H).serve_forever()\n"
)


class Machine:
    """A network namespace with a home of sampan in it."""

    def __init__(self, folder: Path, name: str, number: int, switch: Space, tag: str, tools: Path) -> None:
        self.name, self.address, self.tools = name, f"192.0.2.{number}", tools
        self.home = folder / name
        self.port, self.switch = f"p{number}", switch
        self.space = Space(f"n{tag}{name}")
        run(
            "ip", "link", "add", "e0", "netns", self.space.name,
            "type", "veth", "peer", "name", self.port, "netns", switch.name,
        )  # fmt: skip
        self.space.ip("addr", "add", f"{self.address}/24", "dev", "e0")
        self.space.ip("link", "set", "e0", "up")
        self.space.ip("route", "add", "default", "dev", "e0")
        switch.ip("link", "set", self.port, "master", "br0", "up")

    def run(self, *argv: str, check: bool = True, input: str | None = None, timeout: float = 400) -> str:
        env = {**os.environ, "KUBECONFIG": str(self.home / "kubeconfig"), "HOME": str(self.home.parent)}
        done = subprocess.run(
            ["ip", "netns", "exec", self.space.name, *argv], env=env, input=input, capture_output=True, text=True,
            timeout=timeout, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{' '.join(argv[:8])}:\n{done.stdout}\n{done.stderr}"
        return done.stdout if check else f"{done.returncode} {done.stdout}{done.stderr}"

    def sampan(self, *args: str, check: bool = True) -> str:
        return self.run(SAMPAN, "--home", str(self.home), *args, check=check)

    def kubectl(self, *args: str, check: bool = True, input: str | None = None) -> str:
        return self.run(str(self.tools / "kubectl"), *args, check=check, input=input)

    def get(self, *args: str) -> dict:
        return json.loads(self.kubectl("get", *args, "-o", "json"))

    def link(self, state: str) -> None:
        self.switch.ip("link", "set", self.port, state)

    def routes(self, *table: str) -> str:
        return run("ip", "-n", self.space.name, "route", "show", *table)

    def ask(self, address: str, port: int = 80) -> str:
        """What an echo server answers, "" where it cannot be reached."""

        def work() -> str:
            try:
                with socket.create_connection((address, port), 5) as connection:
                    connection.sendall(b"?\n")
                    return connection.makefile().readline().strip()
            except OSError:
                return ""

        return str(self.space.do(work))

    def connect(self, address: str, port: int = 80) -> socket.socket:
        def work() -> socket.socket:
            return socket.create_connection((address, port), 120)

        return self.space.do(work)


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory, tools: Path) -> Iterator[dict[str, Machine]]:
    """a with the API server, b that has joined, and c, which has not yet."""
    folder, tag = tmp_path_factory.mktemp("machines"), uuid.uuid4().hex[:6]
    switch = Space(f"n{tag}sw")
    switch.ip("link", "add", "br0", "type", "bridge")
    switch.ip("link", "set", "br0", "up")
    found = {name: Machine(folder, name, n, switch, tag, tools) for n, name in enumerate("abc", start=1)}
    first = found["a"]
    first.home.mkdir()
    settings = {
        "api": {"host": "0.0.0.0", "advertise": first.address}, "network": {"mode": "routed"}, "addons": [],
        "node": {"runtime": "exec", "name": "a"}, "plugins": {"nodes": {"grace": GRACE}},
    }  # fmt: skip
    (first.home / "sampan.yaml").write_text(yaml.safe_dump(settings))
    try:
        first.sampan("up", "--no-hint")
        join(found["b"], first)
        yield found
    finally:
        for machine in reversed(found.values()):
            machine.link("up")
            if machine.home.exists():
                machine.sampan("down", check=False)
            machine.space.remove()
        switch.remove()


def join(machine: Machine, first: Machine) -> str:
    words = first.sampan("token", "create", "--print-join-command").split()
    return machine.sampan(*words[1:], "--name", machine.name, "--runtime", "exec")


def pod(name: str, node: str, **spec: object) -> dict:
    """An echo server that says the name of its node, on that node."""
    env = [
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
    ]
    container = {"name": "main", "image": "python", "command": ["python3", "-c", ECHO], "env": env}
    return {
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": "echo", "run": name}},
        "spec": {
            "nodeSelector": {"kubernetes.io/hostname": node}, "terminationGracePeriodSeconds": 1,
            "containers": [{**container, "readinessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 1}}], **spec,
        },
    }  # fmt: skip


def service(name: str, **selector: str) -> dict:
    spec = {"selector": selector, "ports": [{"port": 80, "targetPort": 8080}]}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}


def apply(machine: Machine, *manifests: dict) -> None:
    machine.kubectl("apply", "-f", "-", input="\n---\n".join(map(json.dumps, manifests)))


def ready(machine: Machine, node: str) -> str:
    """The status of the node's condition Ready, "" without a Node."""
    items = [one for one in machine.get("nodes")["items"] if one["metadata"]["name"] == node]
    conditions = items[0]["status"].get("conditions", []) if items else []
    return next((one["status"] for one in conditions if one["type"] == "Ready"), "")


def test_pods_of_two_machines_reach_each_other_and_a_cut_link_doubles_none(machines):
    a, b = machines["a"], machines["b"]

    # each machine has a range of addresses, and runs pods that kubectl reaches through the API server
    ranges = {one["metadata"]["name"]: one["spec"]["podCIDR"] for one in a.get("nodes")["items"]}
    assert ranges["a"] != ranges["b"]
    owned = pod("stays", "b", tolerations=[{"key": "node.kubernetes.io/unreachable", "tolerationSeconds": 1,
                                            "operator": "Exists", "effect": "NoExecute"}])  # fmt: skip
    template = {"metadata": {"labels": {"app": "moved"}}, "spec": owned["spec"]}
    stateful = {
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "moved"},
        "spec": {
            "serviceName": "moved", "replicas": 1, "selector": {"matchLabels": {"app": "moved"}}, "template": template,
        },
    }  # fmt: skip
    apply(a, pod("on-a", "a"), pod("on-b", "b"), service("echo", app="echo"), service("at-a", run="on-a"), stateful)
    a.kubectl("wait", "--for=condition=Ready", "pod/on-a", "pod/on-b", "pod/moved-0", "--timeout=120s")
    assert a.kubectl("exec", "on-b", "--", "sh", "-c", "echo in $NODE") == "in b\n"
    assert until(lambda: a.kubectl("logs", "on-b")) == "serving\n"

    # a Service has endpoints on both, and each machine reaches them all
    both, at_a = (a.get("service", name)["spec"]["clusterIP"] for name in ("echo", "at-a"))
    for machine in (a, b):
        seen: set[str] = set()
        until(lambda m=machine, s=seen: s.add(m.ask(both)) or {"a ?", "b ?"} <= s, why="both endpoints")
    before = {name: a.get("pod", name) for name in ("on-a", "on-b", "moved-0")}
    with a.connect(at_a) as held, held.makefile("rwb", buffering=0) as stream:
        stream.write(b"1\n")
        assert stream.readline() == b"a 1\n"

        # b is cut off: the API server calls it lost, and no pod of it is made a second time
        b.link("down")
        until(lambda: ready(a, "b") == "Unknown")
        until(lambda: a.get("pod", "moved-0")["metadata"].get("deletionTimestamp"))
        until(lambda: a.ask(both) == "a ?", why="endpoints of a lost node are not used")
        lost = a.get("pods", "-l", "app=moved")["items"]
        assert [one["metadata"]["uid"] for one in lost] == [before["moved-0"]["metadata"]["uid"]]

        # healed: what tolerated it was never touched, what did not is replaced once, and connections have been kept
        b.link("up")
        until(lambda: ready(a, "b") == "True")
        old = before["moved-0"]["metadata"]["uid"]
        until(lambda: [one for one in a.get("pods", "-l", "app=moved")["items"] if one["metadata"]["uid"] != old],
              why="the StatefulSet's pod is made again")  # fmt: skip
        stream.write(b"2\n")
        assert stream.readline() == b"a 2\n"
    for name in ("on-a", "on-b"):
        now = a.get("pod", name)
        assert now["metadata"]["uid"] == before[name]["metadata"]["uid"]
        then, here = (one["status"]["containerStatuses"][0] for one in (before[name], now))
        assert (here["containerID"], here["restartCount"]) == (then["containerID"], then["restartCount"])
    until(lambda: a.ask(both) == "b ?", why="the healed node's pod is an endpoint again")


def aged(first: Machine, user: str, groups: tuple[str, ...], names: tuple[str, ...] = ()) -> tuple[bytes, bytes]:
    """(certificate, key) of the cluster's authority with nine tenths of its life over."""
    pki = first.home / "pki"
    authority = Authority((pki / "ca.crt").read_bytes(), (pki / "ca.key").read_bytes())
    pem, key = new_request(user, groups, names)
    usages = ["digital signature", "server auth" if names else "client auth"]
    now = time.time()
    made = requests.sign(authority, requests.read_request(pem), usages, begins=now - 86400, ends=now + 3600)
    return made, key


def identity(path: Path) -> bytes:
    """The certificate in a kubeconfig."""
    return base64.b64decode(yaml.safe_load(path.read_text())["users"][0]["user"]["client-certificate-data"])


def served(machine: Machine, address: str, port: int) -> bytes:
    """The certificate that an agent shows, in PEM; nothing while it does not listen."""

    def work() -> str:
        try:
            return ssl.get_server_certificate((address, port), timeout=60)
        except OSError:
            return ""

    return machine.space.do(work).encode()


def test_a_machine_joins_renews_its_certificates_and_leaves_nothing_when_it_is_removed(machines):
    a, c = machines["a"], machines["c"]

    # who is not the cluster meant is not believed
    words = a.sampan("token", "create", "--print-join-command").split()
    wrong = ["sha256:" + "0" * 64 if word.startswith("sha256:") else word for word in words[1:]]
    assert "not the one given with --ca-hash" in c.sampan(*wrong, "--name", "c", check=False)
    assert not (c.home / "kubeconfig").exists()

    assert "node     c (exec://1.0) is Ready" in join(c, a)
    apply(a, pod("on-c", "c"))
    a.kubectl("wait", "--for=condition=Ready", "pod/on-c", "--timeout=120s")

    # a stop takes all away, and a start finds the cluster again, with certificates that are near their end
    assert "10.244." in c.routes()
    c.sampan("down")
    assert "10.244." not in c.routes() + c.routes("table", "local")
    old, key = aged(a, "system:node:c", ("system:nodes",))
    found = yaml.safe_load((c.home / "kubeconfigs" / "node").read_text())
    found["users"][0]["user"] = {
        "client-certificate-data": base64.b64encode(old).decode(), "client-key-data": base64.b64encode(key).decode(),
    }  # fmt: skip
    (c.home / "kubeconfigs" / "node").write_text(yaml.safe_dump(found))
    serving, key = aged(a, "system:node:c", ("system:nodes",), ("c", c.address))
    (c.home / "pki" / "kubelet.key").write_bytes(key)
    (c.home / "pki" / "kubelet.crt").write_bytes(serving)
    c.sampan("up", "--no-hint")

    # both are renewed while the node runs, and are what it uses from then on
    until(lambda: identity(c.home / "kubeconfigs" / "node") != old)
    until(lambda: (c.home / "pki" / "kubelet.crt").read_bytes() != serving)
    assert identity_of(identity(c.home / "kubeconfigs" / "node"))[4] > time.time() + 86400
    shown = (c.home / "pki" / "kubelet.crt").read_bytes()

    def is_shown() -> bool:
        port = a.get("node", "c")["status"]["daemonEndpoints"]["kubeletEndpoint"]["Port"]
        found = served(a, c.address, port)
        return bool(found) and identity_of(found) == identity_of(shown)

    until(is_shown)
    ask = ("exec", "on-c", "--", "sh", "-c", "echo in $NODE")  # Ready may yet be said of the container before
    until(lambda: a.kubectl(*ask, check=False) == "0 in c\n")
    a.kubectl("wait", "--for=condition=Ready", "pod/on-c", "--timeout=120s")
    assert '"renewal"' in c.run("cat", str(c.home / "run" / "state.json"))

    # removed: its pods are evicted, the Node stays away though its agent runs, and a stop leaves nothing there
    assert "on-c is made again by nothing" in a.sampan("node", "remove", "c", check=False)
    assert "node c is removed" in a.sampan("node", "remove", "c", "--force")
    assert a.get("pods", "--field-selector=spec.nodeName=c")["items"] == []
    until(lambda: "was removed from its cluster" in c.sampan("status", check=False))
    assert ready(a, "c") == ""
    until(lambda: c.address not in a.routes(), why="its routes go from other nodes")
    c.sampan("down")
    assert "10.244." not in c.routes() + c.routes("table", "local")
    shutil.rmtree(c.home)
