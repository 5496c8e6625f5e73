"""Add-ons by configuration, on a running cluster: what `sampan addons` says and does at every step."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from clusters import WHICH_PYTHON, free_port, until
from dnslib import DNSRecord

from sampan_settings.options import primary_address


@pytest.fixture(scope="module")
def dns(exec_cluster):
    """The cluster; afterwards dns runs there as it is shipped."""
    yield exec_cluster
    restore(exec_cluster)


def restore(cluster):
    cluster.sampan("addons", "configure", "dns", "port-", "address-", "upstream-")
    cluster.sampan("addons", "enable", "dns")


def state(cluster, name="dns"):
    found = json.loads(cluster.sampan("addons", "list", "-o", "json"))
    return next(addon for addon in found if addon["name"] == name)


def reaches(cluster, wanted, words=""):
    """The add-on's entry, once it has this state with these words: it is asked again while a process starts again."""
    return until(
        lambda: (now := state(cluster)) and now["state"] == wanted and words in now["message"] and now,
        why=f"{wanted}: {words}",
    )


def told(cluster):
    """What `sampan status` ends with and says."""
    command = [str(Path(WHICH_PYTHON).parent / "sampan"), "status"]
    done = subprocess.run(command, env=cluster.env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def shipped(cluster):
    found = cluster.kubectl(
        "get", "svc,role,rolebinding", "-n", "kube-system", "-l", "addons.sampan.dev/name=dns", "-o", "name"
    )
    return set(found.split())


def slices(cluster):
    return cluster.kubectl("get", "endpointslices", "-n", "kube-system", "-o", "name").split()


def answers(port, name="kubernetes.default.svc.cluster.local", host="127.0.0.1"):
    query = DNSRecord.question(name)
    try:
        return [str(rr.rdata) for rr in DNSRecord.parse(query.send(host, port, timeout=30)).rr]
    except OSError:
        return []


def test_the_list_tells_the_truth_at_every_step(dns):
    reaches(dns, "runs")
    assert "service/kube-dns" in shipped(dns)

    said = dns.sampan("addons", "disable", "dns")

    reaches(dns, "off")
    assert "Service/kube-system/kube-dns removed" in said
    assert shipped(dns) == set()
    until(lambda: not [name for name in slices(dns) if "kube-dns" in name])

    said = dns.sampan("addons", "enable", "dns")

    assert "dns runs: names of cluster.local are answered at" in said
    now = until(lambda: (now := state(dns)) and now["message"] and now["message"] in said and now)
    assert (now["enabled"], now["state"]) == (True, "runs")


def test_a_setting_restarts_its_add_on_and_nothing_else(dns):
    before = {process["name"]: process["pid"] for process in dns.state()["processes"]}
    port = free_port()

    said = dns.sampan("addons", "configure", "dns", f"port={port}", "address=127.0.0.1")

    assert f"127.0.0.1:{port}" in said
    until(lambda: dns.process("dns")["pid"] not in (0, before["dns"]))
    after = {process["name"]: process["pid"] for process in dns.state()["processes"]}
    assert {name for name in before if before[name] != after[name]} == {"dns"}
    assert answers(port)
    assert f"port: {port}" in (dns.home / "sampan.yaml").read_text()
    refused = dns.sampan("addons", "configure", "dns", "prt=1", check=False)
    assert "plugins.dns.prt is not a setting (did you mean 'port'?)" in refused
    restore(dns)


def test_one_that_fails_says_so_everywhere(dns):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

        said = dns.sampan("addons", "configure", "dns", f"port={port}", "address=127.0.0.1", check=False)

        why = f"127.0.0.1:{port} cannot be listened on (Address already in use)"
        assert f"dns failing: {why}" in said
        reaches(dns, "failing", why)
        until(lambda: (now := told(dns))[0] == 1 and f"failing   dns: {why}" in now[1])

    restore(dns)
    until(lambda: told(dns)[0] == 0)


def test_edits_outlive_a_restart_and_can_be_seen_and_undone(dns):
    reaches(dns, "runs")
    assert dns.sampan("addons", "diff", "dns") == ""
    dns.kubectl("label", "service", "kube-dns", "-n", "kube-system", "mine=yes", "k8s-app=mine", "--overwrite")
    dns.kubectl("delete", "clusterrole", "sampan:dns")

    dns.sampan("addons", "configure", "dns", "upstream=[127.0.0.1]")

    labels = dns.get("service", "kube-dns", "-n", "kube-system")["metadata"]["labels"]
    assert (labels["mine"], labels["k8s-app"]) == ("yes", "mine")
    assert dns.get("clusterrole", "sampan:dns")["metadata"]["labels"]["addons.sampan.dev/name"] == "dns"
    shown = dns.sampan("addons", "diff", "dns", check=False)
    assert "+    mine: 'yes'" in shown and "-    k8s-app: kube-dns\n+    k8s-app: mine" in shown

    assert dns.sampan("addons", "reset", "dns", "service/kube-dns", "--yes") == "Service/kube-system/kube-dns reset\n"
    assert dns.sampan("addons", "diff", "dns") == ""


def test_an_add_on_runs_by_itself_on_a_cluster_that_it_knows_only_by_kubeconfig(dns, tmp_path):
    dns.sampan("addons", "disable", "dns")
    port, health = free_port(), free_port()
    address = primary_address()  # an endpoint of an administrator's may not be on loopback
    env = {key: value for key, value in dns.env.items() if key not in ("SAMPAN_HOME", "KUBECONFIG")}
    with open(tmp_path / "log", "wb") as log:
        alone = subprocess.Popen(
            [
                str(Path(WHICH_PYTHON).parent / "sampan"), "addons", "run", "dns",
                "--kubeconfig", str(dns.home / "kubeconfig"), "--set", f"port={port}", "--set", f"address={address}",
                "--listen", f"127.0.0.1:{health}",
            ],
            env={**env, "HOME": str(tmp_path), "NODE_NAME": "elsewhere"}, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            until(lambda: page(health, "/readyz")[0] == 200, why="it is ready")
            assert answers(port, host=address)
            counted = b'sampan_dns_requests_total{protocol="udp",rcode="NOERROR"} 1.0'
            until(lambda: counted in page(health, "/metrics")[1], why="counted once it is answered")
            until(lambda: "endpointslice.discovery.k8s.io/kube-dns-elsewhere" in slices(dns))
            assert "service/kube-dns" in shipped(dns)
        finally:
            alone.send_signal(signal.SIGTERM)
            assert alone.wait(90) == 0
    assert "endpointslice.discovery.k8s.io/kube-dns-elsewhere" not in slices(dns)
    # from elsewhere it could not know which address pods ask; that is said, with the way out, and the way out works
    assert "`sampan addons reset dns service/kube-dns` creates it again" in dns.sampan(
        "addons", "enable", "dns", check=False
    )
    reaches(dns, "failing")
    said = dns.sampan("addons", "reset", "dns", "service/kube-dns", "--yes")
    until(lambda: state(dns)["state"] == "runs", why=f"the Service has its address again: {said}")


def page(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""
