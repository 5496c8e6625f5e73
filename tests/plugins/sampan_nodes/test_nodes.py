from __future__ import annotations

import pytest

from sampan.contracts.kinds import Draft
from sampan_machinery.resources import NODES
from sampan_nodes.leases import validate as validate_lease
from sampan_nodes.nodes import NODE, default, prepare, roles_text, status_text, validate
from sampan_testing.cluster import start


def node(labels=None, ready=None, **spec):
    conditions = [] if ready is None else [{"type": "Ready", "status": ready}]
    return {"metadata": {"name": "n", "labels": labels or {}}, "spec": spec, "status": {"conditions": conditions}}


def paths(new, old=None):
    return [problem.path for problem in validate(new, old)]


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        ("Ready", node(ready="True")),
        ("NotReady", node(ready="False")),
        ("NotReady", node(ready="Unknown")),
        ("Unknown", node()),
        ("Ready,SchedulingDisabled", node(ready="True", unschedulable=True)),
    ],
)
def test_the_status_word(shown, found):
    assert status_text(found) == shown


def test_roles_come_from_labels():
    labels = {
        "node-role.kubernetes.io/worker": "",
        "node-role.kubernetes.io/control-plane": "",
        "kubernetes.io/role": "x",
    }

    assert roles_text(node(labels)) == "control-plane,worker,x"
    assert roles_text(node()) == "<none>"


def test_taints_are_checked():
    good = {"key": "example.org/a", "effect": "NoSchedule"}

    assert paths(node(taints=[good, {**good, "effect": "NoExecute"}])) == []
    assert paths(node(taints=[good, good])) == ["metadata.taints[1]"]
    assert paths(node(taints=[{"key": "a b", "value": "c d", "effect": "Never"}])) == [
        "metadata.taints[0].key",
        "metadata.taints[0].value",
        "metadata.taints[0].effect",
    ]
    assert paths(node(taints=[{"key": "a"}])) == ["metadata.taints[0].effect"]


def test_dynamic_configuration_is_dropped_unless_it_was_there_before():
    def prepared(old):
        new = {"spec": {"configSource": {}}, "status": {"config": {}}}
        prepare(Draft(new, old, "", "admin"))
        return new

    assert prepared(None) == {"spec": {}, "status": {}}
    assert prepared({"spec": {}})["spec"] == {}
    assert prepared({"spec": {"configSource": {}}})["spec"] == {"configSource": {}}


def test_addresses_of_pods_stay_once_given():
    assert paths(node(podCIDR="10.0.0.0/24"), node()) == []
    assert paths(node(), node(podCIDRs=["10.0.0.0/24"])) == ["spec.podCIDRs"]
    assert paths(node(podCIDRs=["10.0.0.1/24"])) == ["spec.podCIDRs[0]"]
    assert paths(node(podCIDRs=["10.0.0.0/24", "fd00::/64"])) == []
    assert paths(node(podCIDRs=["10.0.0.0/24", "10.0.1.0/24"])) == ["spec.podCIDRs"]


def test_capacity_has_to_be_amounts():
    assert paths({**node(), "status": {"capacity": {"cpu": "-1"}}}) == ["status.capacity.cpu"]


def test_what_a_node_has_it_gives_unless_it_says_otherwise():
    found = {"status": {"capacity": {"cpu": "2"}}}
    default(found)

    assert found["status"]["allocatable"] == {"cpu": "2"}


def test_cordoned_nodes_can_be_selected():
    read = NODE.fields["spec.unschedulable"]

    assert (read(node(unschedulable=True)), read(node())) == ("true", "false")


def test_a_lease_lasts_and_counts_upwards():
    bad = {"spec": {"leaseDurationSeconds": 0, "leaseTransitions": -1}}

    assert [p.path for p in validate_lease(bad, None)] == ["spec.leaseDurationSeconds", "spec.leaseTransitions"]
    assert list(validate_lease({"spec": {"leaseDurationSeconds": 40}}, None)) == []


@pytest.mark.parametrize(
    ("status", "field"),
    [
        ({"conditions": [{"status": "True"}]}, "status.conditions[0].type"),
        ({"conditions": [{"type": "Ready"}]}, "status.conditions[0].status"),
        ({"addresses": [{"type": "InternalIP"}]}, "status.addresses[0].address"),
    ],
)
def test_what_tells_conditions_and_addresses_apart_has_to_be_there(status, field):
    told = {"metadata": {"name": "a"}, "status": status}

    assert [problem.path for problem in validate(told, None)] == [field]
    assert list(validate(told, told)) == []  # one that was stored before this was looked at can still be changed


def test_who_writes_a_capacity_has_the_allocatable_that_follows_from_it():
    with start(only=("nodes", "namespaces"), control=False) as cluster:
        made = cluster.client.create(NODES, {"metadata": {"name": "n", "labels": {"a": "b"}}})
        made["status"] = {"capacity": {"cpu": "2"}}

        told = cluster.client.update(NODES, made, subresource="status")

    assert told["status"]["allocatable"] == {"cpu": "2"}
    owned = next(each for each in told["metadata"]["managedFields"] if each.get("subresource") == "status")
    assert owned["fieldsV1"]["f:status"]["f:allocatable"] == {".": {}, "f:cpu": {}}


def test_an_external_id_stays_as_it_was():
    assert paths(node(externalID="b"), node()) == ["spec.externalID"]
    assert paths(node(externalID="b"), node(externalID="b")) == []


def test_of_two_that_name_the_range_of_pods_the_older_field_counts():
    found = {"metadata": {"name": "n"}, "spec": {"podCIDR": "10.0.0.0/24", "podCIDRs": ["foo"]}}

    default(found)

    assert found["spec"]["podCIDRs"] == ["10.0.0.0/24"]
