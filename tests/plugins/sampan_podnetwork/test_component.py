from __future__ import annotations

import pytest

from sampan.contracts.options import ClusterOptions
from sampan_podnetwork import component
from sampan_podnetwork.component import Keeping, Refused, essence
from sampan_podnetwork.settings import Settings

OPTIONS = ClusterOptions(
    home_id="0123456789ab", node_name="a", node_ip="192.0.2.1", pod_cidr="10.244.0.0/16", network_mode="routed"
)


def node(name, number, runtime="docker://28"):
    return {
        "metadata": {"name": name, "resourceVersion": "1"}, "spec": {"podCIDR": f"10.244.{number}.0/24"},
        "status": {
            "addresses": [{"type": "InternalIP", "address": f"192.0.2.{number + 1}"}],
            "nodeInfo": {"containerRuntimeVersion": runtime},
        },
    }  # fmt: skip


class Packets:
    def __init__(self):
        self.scripts = []

    def run(self, script):
        self.scripts.append(script)


@pytest.fixture
def keeping(monkeypatch):
    """One that remembers what it would have told the kernel."""
    monkeypatch.setattr(component.machine, "let_forward", lambda: False)
    monkeypatch.setattr(component.passing, "_iptables", lambda *words: False)
    told = []
    found = Keeping(OPTIONS, Settings(backend="vxlan"), Packets(), lambda wanted: told.append(wanted) or [])
    found.told, found.packets = told, found._packets.scripts
    return found


def test_each_change_is_told_once(keeping):
    nodes = [node("a", 0), node("b", 1)]

    assert (
        keeping.apply(nodes) == "pods here have addresses of 10.244.0.0/24; 0 nodes are reached by routes, 1 by VXLAN"
    )
    keeping.apply(nodes)
    assert len(keeping.told) == 1 and len(keeping.packets) == 1

    keeping.apply([*nodes, node("c", 2)])
    assert len(keeping.told) == 2
    (peer, _) = keeping.told[1]["tunnel"]["peers"]
    assert peer["hardware"] == "02:5a:c0:00:02:02"


def test_the_kernel_is_compared_again_when_asked_to(keeping):
    keeping.apply([node("a", 0)])
    keeping.again()
    keeping.apply([node("a", 0)])

    assert len(keeping.told) == 2


def test_a_failure_is_not_taken_for_done(keeping, monkeypatch):
    def refuse(wanted):
        raise Refused("no")

    good, keeping._do = keeping._do, refuse
    with pytest.raises(Refused):
        keeping.apply([node("a", 0), node("b", 1)])
    keeping._do = good
    keeping.apply([node("a", 0), node("b", 1)])

    assert len(keeping.told) == 1


def test_a_node_without_a_range_is_not_ready(keeping):
    assert keeping.apply([{"metadata": {"name": "a"}}]) == ""


def test_all_is_taken_away_in_the_end(keeping):
    keeping.apply([node("a", 0), node("b", 1)])
    keeping.remove()

    assert keeping.told[-1]["routes"] == () and keeping.told[-1]["tunnel"] is None
    assert "chain" not in keeping.packets[-1]


def test_heartbeats_of_nodes_change_nothing():
    one = node("a", 0)
    beat = {**one, "metadata": {"name": "a", "resourceVersion": "2"}}
    beat["status"] = {**one["status"], "conditions": [{"type": "Ready", "lastHeartbeatTime": "now"}]}

    assert essence(one) == essence(beat)
    assert essence(one) != essence(node("a", 0, "exec://1.0"))
    assert essence(None) is None


def test_a_program_that_fails_is_quoted(monkeypatch):
    monkeypatch.setattr(component.sys, "executable", "/bin/false")

    with pytest.raises(Refused, match="routes to other nodes cannot be made: it says nothing"):
        component.program({})
