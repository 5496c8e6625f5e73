import pytest

from sampan_quota.usage import add, count_name, evaluator_of, raised, whole


def used(group_resource, obj):
    found = evaluator_of(group_resource).usage({"metadata": {}, **obj}, 0.0)
    return {name: str(amount) for name, amount in found.items()}


def service(kind="ClusterIP", ports=2, **spec):
    return {"spec": {"type": kind, "ports": [{"port": n} for n in range(ports)], **spec}}


@pytest.mark.parametrize(
    "obj, node_ports, balancers",
    [
        (service(), "0", "0"),
        (service("NodePort"), "2", "0"),
        (service("LoadBalancer"), "2", "1"),
        (service("LoadBalancer", allocateLoadBalancerNodePorts=False), "0", "1"),
    ],
)
def test_services_count_the_node_ports_that_they_will_get(obj, node_ports, balancers):
    assert used("services", obj) == {
        "services": "1", "count/services": "1", "services.nodeports": node_ports, "services.loadbalancers": balancers,
    }  # fmt: skip


def test_node_ports_that_are_asked_for_count_where_none_is_allocated():
    obj = service("LoadBalancer", allocateLoadBalancerNodePorts=False)
    obj["spec"]["ports"][0]["nodePort"] = 30000

    assert used("services", obj)["services.nodeports"] == "1"


def test_claims_count_in_total_and_by_class():
    claim = {"spec": {"storageClassName": "gold", "resources": {"requests": {"storage": "1Gi"}}}}

    assert used("persistentvolumeclaims", claim) == {
        "persistentvolumeclaims": "1",
        "count/persistentvolumeclaims": "1",
        "requests.storage": "1Gi",
        "gold.storageclass.storage.k8s.io/persistentvolumeclaims": "1",
        "gold.storageclass.storage.k8s.io/requests.storage": "1Gi",
    }


def test_a_claim_that_shrinks_counts_what_is_allocated_until_it_has():
    claim = {
        "spec": {"resources": {"requests": {"storage": "1Gi"}}},
        "status": {"allocatedResources": {"storage": "3Gi"}},
    }

    assert used("persistentvolumeclaims", claim)["requests.storage"] == "3Gi"


def test_devices_count_by_class_with_the_most_of_alternatives():
    requests = [
        {"name": "a", "exactly": {"deviceClassName": "gpu", "allocationMode": "ExactCount", "count": 2}},
        {"name": "b", "exactly": {"deviceClassName": "nic", "allocationMode": "All"}},
        {
            "name": "c",
            "firstAvailable": [{"deviceClassName": "gpu", "count": 1}, {"deviceClassName": "gpu", "count": 3}],
        },
    ]

    assert used("resourceclaims.resource.k8s.io", {"spec": {"devices": {"requests": requests}}}) == {
        "count/resourceclaims.resource.k8s.io": "1",
        "gpu.deviceclass.resource.k8s.io/devices": "5",
        "nic.deviceclass.resource.k8s.io/devices": "32",
    }


@pytest.mark.parametrize(
    "group_resource, names",
    [
        ("widgets.example.com", {"count/widgets.example.com"}),
        ("configmaps", {"count/configmaps", "configmaps"}),
        ("endpoints", {"count/endpoints"}),
    ],
)
def test_every_other_kind_counts_objects(group_resource, names):
    assert set(used(group_resource, {})) == names
    assert evaluator_of(group_resource).counts_only


@pytest.mark.parametrize(
    "group_resource, name, counts",
    [
        ("pods", "requests.example.com/dongle", True),
        ("pods", "example.com/dongle", False),
        ("pods", "requests.hugepages-2Mi", True),
        ("pods", "limits.memory", True),
        ("pods", "services", False),
        ("persistentvolumeclaims", "gold.storageclass.storage.k8s.io/requests.storage", True),
        ("persistentvolumeclaims", "requests.storage", True),
        ("services", "services.nodeports", True),
        ("services", "count/pods", False),
    ],
)
def test_which_limits_concern_a_kind(group_resource, name, counts):
    assert evaluator_of(group_resource).counts(name) is counts


def test_sums_and_differences():
    assert add({"a": whole(1)}, {"a": whole(2), "b": whole(3)}) == {"a": whole(3), "b": whole(3)}
    assert raised({"a": whole(3), "b": whole(1), "c": whole(1)}, {"a": whole(1), "b": whole(2), "c": whole(1)}) == {
        "a": whole(2)
    }
    assert count_name("pods") == "count/pods"
