"""Services in a real kernel: a node, pods behind it and a client outside, each in a network namespace."""

from __future__ import annotations

import json
import random
import subprocess

import pytest
import sctp

from sampan_nftables.kernel import ScriptRefused
from sampan_proxy.filtering import Filtering
from sampan_proxy.rules import build, whole
from sampan_proxy.wanted import Backend, BackendSet, Frontend

pytestmark = pytest.mark.root

ONE, TWO = Backend("10.244.0.2", 8080), Backend("10.244.0.3", 8080)
WEB, NODE_PORT = Frontend("10.96.0.5", "tcp", 80), Frontend("", "tcp", 30080)
BOTH = BackendSet((ONE, TWO))


@pytest.fixture
def filtering(net):
    found = Filtering(net.kernel, "sampan_test", "10.244.0.0/16")
    yield found
    found.remove()
    assert ruleset(net) == []


def ruleset(net):
    command = ["ip", "netns", "exec", net.node.name, "nft", "-j", "list", "ruleset"]
    found = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=20).stdout)["nftables"]
    return [item for item in found if "metainfo" not in item]


def elements(net):
    """Name → elements of every map and set, in a comparable order; what the kernel learns itself left out."""
    return {
        each["name"]: sorted(json.dumps(element) for element in each.get("elem", []))
        for item in ruleset(net)
        for kind, each in item.items()
        if kind in ("map", "set") and not each["name"].endswith("stay")
    }


def answers(space, address, port, times=20):
    return {space.ask(address, port) for _ in range(times)}


def test_a_service_is_reached_from_node_client_and_pod_with_their_own_address(net, filtering):
    filtering.apply({WEB: BOTH})

    assert {a.split(",")[0] for a in answers(net.node, "10.96.0.5", 80)} == {"10.244.0.2", "10.244.0.3"}
    assert answers(net.client, "10.96.0.5", 80) == {"10.244.0.2,10.50.0.2", "10.244.0.3,10.50.0.2"}


def test_a_pod_reaches_itself_through_its_service(net, filtering):
    filtering.apply({WEB: BackendSet((ONE,))})
    assert net.pods.ask("10.96.0.5", 80) == "10.244.0.2,10.244.0.1"


def test_node_ports_work_from_outside_and_from_the_node_itself(net, filtering):
    filtering.apply({NODE_PORT: BOTH})

    assert answers(net.client, "10.50.0.1", 30080) == {"10.244.0.2,10.244.0.1", "10.244.0.3,10.244.0.1"}
    assert net.node.ask("10.50.0.1", 30080)
    assert net.pods.ask("10.50.0.1", 30080)


def test_the_policy_local_keeps_the_clients_address(net, filtering):
    filtering.apply({NODE_PORT: BackendSet((ONE,), keeps_source=True)})
    assert net.client.ask("10.50.0.1", 30080) == "10.244.0.2,10.50.0.2"


def test_without_backends_connections_are_refused_at_once(net, filtering):
    filtering.apply({WEB: BackendSet(()), NODE_PORT: BackendSet(())})
    for space in (net.node, net.client, net.pods):
        assert space.ask("10.96.0.5", 80) == ""
    assert net.client.ask("10.50.0.1", 30080) == ""

    filtering.apply({WEB: BackendSet((ONE,)), NODE_PORT: BackendSet((ONE,))})
    assert net.client.ask("10.96.0.5", 80)
    assert net.client.ask("10.50.0.1", 30080)

    filtering.apply({})
    with pytest.raises(OSError):
        net.node.do(lambda: __import__("socket").create_connection(("10.96.0.5", 80), 0.2))


def test_udp_and_tcp_of_one_port_are_apart(net, filtering):
    udp = WEB._replace(protocol="udp")
    filtering.apply({WEB: BackendSet((ONE,)), udp: BackendSet((TWO,))})
    assert net.client.ask("10.96.0.5", 80).startswith("10.244.0.2")
    assert net.client.ask_udp("10.96.0.5", 80).startswith("10.244.0.3")


@pytest.mark.parametrize("front", [WEB, NODE_PORT])
def test_with_affinity_a_client_stays_whatever_happens_to_others(net, filtering, front):
    place = (front.address or "10.50.0.1", front.port)
    filtering.apply({front: BackendSet((ONE, TWO), 600)})
    (first,) = answers(net.client, *place)
    stays = ONE if first.startswith(ONE.address) else TWO
    moved = TWO if stays is ONE else ONE

    more = tuple(sorted((ONE, TWO, Backend("10.244.0.1", 9), Backend("10.244.0.99", 9))))
    filtering.apply({front: BackendSet(more, 600)})
    assert answers(net.client, *place) == {first}

    filtering.apply({front: BackendSet((moved,), 600)})
    (second,) = answers(net.client, *place)
    assert second.startswith(moved.address)

    filtering.apply({front: BOTH})
    assert len(answers(net.client, *place, times=30)) == 2


def test_differences_end_where_a_whole_write_would(net, filtering):
    rng = random.Random(3)
    pool = [Backend(f"10.244.1.{n}", 80) for n in range(1, 9)]
    fronts = [Frontend(f"10.96.1.{n}", "tcp", 80) for n in range(1, 9)] + [
        Frontend("", "udp", 30000 + n) for n in range(4)
    ]
    for _ in range(25):
        wanted = {
            front: BackendSet(
                tuple(sorted(rng.sample(pool, rng.randrange(4)))), rng.choice((0, 0, 60)), rng.random() < 0.3
            )
            for front in fronts
            if rng.random() < 0.8
        }
        filtering.apply(wanted)
        by_difference = elements(net)
        net.kernel.run(whole(build("sampan_test", "10.244.0.0/16", wanted)))
        assert by_difference == elements(net)


def test_a_chain_that_is_needed_again_is_not_doubled(net, filtering):
    for wanted in ({WEB: BOTH}, {WEB: BackendSet((ONE,))}, {WEB: BOTH}, {WEB: BackendSet((ONE,))}, {WEB: BOTH}):
        filtering.apply(wanted)
    rules = [item["rule"] for item in ruleset(net) if item.get("rule", {}).get("chain") == "n2"]
    assert len(rules) == 2


def test_a_table_that_others_have_changed_is_written_again(net, filtering):
    filtering.apply({WEB: BOTH})
    net.kernel.run("delete table ip sampan_test\n")
    filtering.apply({WEB: BackendSet((TWO,))})
    assert net.client.ask("10.96.0.5", 80).startswith(TWO.address)


def test_what_nftables_refuses_is_told(net):
    with pytest.raises(ScriptRefused, match=r"\w"):
        net.kernel.run("no such words\n")


def test_a_change_touches_only_its_own_elements(net, filtering):
    many = {Frontend(f"10.96.{n // 250}.{n % 250 + 1}", "tcp", 80): BOTH for n in range(500)}
    filtering.apply(many)
    filtering.apply({**many, WEB: BackendSet((ONE,))})
    assert len(net.kernel.scripts[-1]) < 1000


def test_only_the_ranges_of_a_load_balancer_reach_its_address(net, filtering):
    front = Frontend("10.96.0.7", "tcp", 80)
    filtering.apply({front: BackendSet((ONE,), sources=("10.50.0.0/24", "192.0.2.0/24"))})
    assert net.client.ask("10.96.0.7", 80)

    filtering.apply({front: BackendSet((ONE,), sources=("192.0.2.0/24",))}, {front})
    with pytest.raises(OSError):
        net.client.do(lambda: __import__("socket").create_connection(("10.96.0.7", 80), 0.3))
    assert net.node.ask("10.96.0.7", 80)  # the node itself is not a client from outside

    filtering.apply({front: BackendSet((ONE,))}, {front})
    assert net.client.ask("10.96.0.7", 80)


def test_differences_of_named_frontends_end_where_a_whole_write_would(net, filtering):
    chance, now = random.Random(8), {}
    pool = [Backend(f"10.244.1.{n}", 80) for n in range(1, 6)]
    fronts = [Frontend(f"10.96.1.{n}", "tcp", 80) for n in range(1, 5)] + [Frontend("", "udp", 30000)]
    filtering.apply(now)
    for _ in range(40):
        changed = set(chance.sample(fronts, chance.randrange(1, 4)))
        for front in changed:
            now.pop(front, None)
            if chance.random() < 0.7:
                sources = ("10.0.0.0/8",) if chance.random() < 0.3 else ()
                now[front] = BackendSet(tuple(sorted(chance.sample(pool, chance.randrange(4)))), sources=sources)
        filtering.apply(now, changed)
        by_difference = elements(net)
        net.kernel.run(whole(build("sampan_test", "10.244.0.0/16", now)))
        assert by_difference == elements(net)


def test_what_goes_to_the_range_of_services_and_is_no_services_is_refused(net):
    filtering = Filtering(net.kernel, "sampan_test", "10.244.0.0/16", "10.96.0.0/16")
    udp = WEB._replace(protocol="udp")
    filtering.apply({WEB: BackendSet((ONE,)), udp: BackendSet((ONE,))})
    assert net.pods.ask("10.96.0.5", 80)
    assert net.client.ask("10.96.0.5", 81) == net.node.ask("10.96.0.6", 80) == net.pods.ask("10.96.0.6", 80) == ""

    filtering.apply({udp: BackendSet((ONE,))}, {WEB})
    assert net.pods.ask("10.96.0.5", 80) == ""
    assert net.client.ask_udp("10.96.0.5", 80)
    filtering.remove()


def test_sctp_is_translated_as_tcp_is(net, filtering):
    filtering.apply({Frontend("10.96.0.5", "sctp", 9999): BackendSet((Backend("10.244.0.3", 7777),))})

    with net.pods.do(sctp.opened) as pod, net.client.do(sctp.opened) as client:
        client.sendto(sctp.init(40001, 9999), ("10.96.0.5", 0))

        assert sctp.ports(pod.recv(1500)) == (40001, 7777)
