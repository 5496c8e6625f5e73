from __future__ import annotations

import pytest

from sampan_networkpolicy.subjects import family, is_loopback, lean_namespace, lean_pod, policy_pods, same


def pod(name="a", ip="10.0.0.1", **extra):
    return {
        "metadata": {"name": name, "namespace": "d", "uid": name, "labels": {"app": name}, "annotations": {"x": "y"},
                     "creationTimestamp": extra.pop("created", "2026-01-01T00:00:00Z"), **extra.pop("metadata", {})},
        "spec": {"nodeName": "n1", **extra.pop("spec", {})},
        "status": {"phase": "Running", "podIPs": [{"ip": ip}], "conditions": [{}], **extra},
    }  # fmt: skip


def test_a_lean_pod_has_all_that_policies_need():
    ports = [{"name": "web", "containerPort": 80}, {"containerPort": 81}]
    sidecar = {"name": "s", "ports": [{"name": "dns", "containerPort": 53, "protocol": "UDP"}]}
    whole = pod(spec={"containers": [{"name": "c", "ports": ports, "image": "i"}], "initContainers": [sidecar]})
    lean = lean_pod(whole)

    assert policy_pods([lean]) == policy_pods([whole])
    assert policy_pods([lean])[0].ports == {("web", "tcp", 80), ("dns", "udp", 53)}
    assert "annotations" not in lean["metadata"]
    assert lean_namespace({"metadata": {"name": "d", "labels": {"a": "b"}}, "status": {}}) == {
        "metadata": {"name": "d", "labels": {"a": "b"}}
    }


@pytest.mark.parametrize(
    "left_out", [{"phase": "Succeeded"}, {"phase": "Failed"}, {"spec": {"hostNetwork": True}}, {"podIPs": []}]
)
def test_pods_without_a_network_of_their_own_are_left_out(left_out):
    assert policy_pods([pod(**left_out)]) == []


def test_an_address_belongs_to_the_newest_pod_that_is_not_going():
    old, new = pod("old"), pod("new", created="2026-02-01T00:00:00Z")
    assert [p.name for p in policy_pods([old, new])] == ["new"]

    new["metadata"]["deletionTimestamp"] = "2026-03-01T00:00:00Z"
    assert [p.name for p in policy_pods([old, new])] == ["old"]


def test_a_pod_that_starts_has_its_address_before_the_api_shows_it():
    going, starting = pod("going"), pod("starting", ip="", created="2020-01-01T00:00:00Z")
    found = policy_pods([going, starting], {"starting": ("10.0.0.1",)})
    assert [(p.name, p.addresses) for p in found] == [("starting", ("10.0.0.1",))]


def test_what_does_not_matter_to_policies_is_no_change():
    one = lean_pod(pod())
    other = lean_pod(pod(conditions=[], metadata={"resourceVersion": "9"}))
    assert same(one, other)
    assert not same(one, lean_pod(pod(ip="10.0.0.2")))
    assert not same(None, one)


def test_addresses_are_told_apart():
    assert (family("10.0.0.1"), family("fd00::/8")) == (4, 6)
    assert is_loopback("127.77.0.3")
    assert not is_loopback("172.17.0.3")
