from __future__ import annotations

from sampan_podnetwork.planning import (
    Here,
    Manner,
    Peer,
    Plan,
    Route,
    device_name,
    first_address,
    hardware_of,
    network_id,
    peer_of,
    plan,
    rules,
)

HERE = Here("192.0.2.1", ["192.0.2.0/24"], 1500)
MANNER = Manner("vx1", 7, 8472)


def node(name, address="", pods="", runtime="docker://28"):
    addresses = [{"type": "Hostname", "address": name}]
    addresses += [{"type": "InternalIP", "address": address}] if address else []
    status = {"addresses": addresses, "nodeInfo": {"containerRuntimeVersion": runtime}}
    return {"metadata": {"name": name}, "spec": {"podCIDR": pods} if pods else {}, "status": status}


A = node("a", "192.0.2.1", "10.244.0.0/24")
B = node("b", "192.0.2.2", "10.244.1.0/24")
FAR = node("far", "198.51.100.9", "10.244.2.0/24")


def planned(*nodes, backend="auto", here=HERE):
    return plan(nodes, "a", here, Manner("vx1", 7, 8472, backend))


def test_a_neighbour_is_the_next_hop_to_its_pods():
    assert planned(A, B).routes == (Route("10.244.1.0/24", "192.0.2.2"),)


def test_other_nodes_are_peers_of_the_tunnel_which_leaves_room_for_its_own_head():
    found = planned(A, FAR, B)

    assert found.routes == (Route("10.244.1.0/24", "192.0.2.2"),)
    assert found.tunnel is not None
    assert found.tunnel.peers == (Peer("far", "198.51.100.9", "10.244.2.0/24"),)
    assert (found.tunnel.mtu, found.tunnel.address, found.tunnel.local) == (1450, "10.244.0.0", "192.0.2.1")


def test_the_tunnel_is_there_for_those_who_send_through_it_to_this_node():
    tunnel = planned(A, B).tunnel

    assert tunnel is not None and tunnel.peers == ()


def test_a_setting_decides_for_all_nodes():
    assert planned(A, B, FAR, backend="route").tunnel is None
    assert len(planned(A, B, FAR, backend="route").routes) == 2
    found = planned(A, B, FAR, backend="vxlan")
    assert found.routes == () and found.tunnel is not None and len(found.tunnel.peers) == 2


def test_a_node_alone_needs_nothing():
    assert planned(A) == Plan()


def test_all_addresses_of_the_range_are_the_machines_own_where_pods_are_its_processes():
    assert planned(node("a", "192.0.2.1", "10.244.0.0/24", "exec://1.0")).local == "10.244.0.0/24"
    assert planned(A).local == ""


def test_nodes_that_are_not_known_well_enough_are_left_out():
    incomplete = [node("x"), node("y", "192.0.2.3"), node("z", "", "10.244.3.0/24"), {"metadata": {"name": "w"}}]

    assert planned(A, *incomplete) == Plan()
    assert planned(node("a"), B).tunnel is None


def test_another_family_is_no_peer_yet():
    assert peer_of(node("six", "fd00::2", "fd00:10::/64")) is None
    assert peer_of(node("mixed", "192.0.2.2", "fd00:10::/64")) is None


def test_the_order_of_nodes_changes_nothing():
    assert planned(A, B, FAR) == planned(FAR, B, A)


def test_a_device_has_the_hardware_address_that_every_node_expects():
    assert hardware_of("192.0.2.1") == "02:5a:c0:00:02:01"
    assert first_address("10.244.3.0/24") == "10.244.3.0"
    assert device_name("0123456789ab") == "vx0123456789ab"
    assert len(device_name("0123456789abcdef")) == 15


def test_clusters_have_identifiers_of_their_own_in_24_bits():
    one, other = network_id(b"one"), network_id(b"other")

    assert one != other and 0 < one < 1 << 24 and network_id(b"one") == one


def test_what_leaves_the_cluster_gets_the_nodes_address():
    text = rules("t", "10.244.1.0/24", "10.244.0.0/16")

    assert "ip saddr 10.244.1.0/24 ip daddr != 10.244.0.0/16" in text and "masquerade" in text
    assert rules("t", "", "") == "add table ip t\ndelete table ip t\n"
