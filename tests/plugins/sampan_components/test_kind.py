import pytest

from sampan.errors import MethodNotAllowed, NotFound
from sampan_components.kind import component_statuses, condition
from sampan_machinery.resources import COMPONENT_STATUSES, LEASES
from sampan_testing.cluster import start
from sampan_testing.shelves import Shelf

NOW = 1_767_225_660.0  # 2026-01-01T00:01:00Z


def lease(renewed="2026-01-01T00:00:55.000000Z", **spec):
    spec = {"holderIdentity": "a", "leaseDurationSeconds": 10, "renewTime": renewed, **spec}
    return {"metadata": {"name": "sampan-scheduler", "namespace": "kube-system"}, "spec": spec}


@pytest.mark.parametrize(
    "found, status, said",
    [
        (lease(), "True", "ok"),
        (lease("2026-01-01T00:00:20.000000Z"), "False", "the Lease kube-system/x was renewed 40 s ago"),
        (lease(holderIdentity=""), "False", "no instance holds the Lease kube-system/x"),
        (None, "False", "no instance holds the Lease kube-system/x"),
    ],
)
def test_a_component_is_healthy_while_its_lease_is_renewed(found, status, said):
    told = condition("x", found, NOW)

    assert (told["type"], told["status"]) == ("Healthy", status)
    assert told.get("message") or told["error"] == said


def test_each_component_has_its_lease():
    found = component_statuses(Shelf([(LEASES, lease())]), lambda: NOW)

    assert {each["metadata"]["name"]: each["conditions"][0]["status"] for each in found} == {
        "controller-manager": "False",
        "scheduler": "True",
    }


def test_in_the_server_they_are_read_and_not_written():
    with start(only=("components", "nodes"), control=False) as cluster:
        listed = cluster.client.request("GET", "/api/v1/componentstatuses")
        one = cluster.client.get(COMPONENT_STATUSES, "scheduler")

        assert '299 - "v1 ComponentStatus is deprecated in v1.19+"' in listed.headers["warning"]
        assert [each["metadata"]["name"] for each in cluster.client.list(COMPONENT_STATUSES).items] == [
            "controller-manager",
            "scheduler",
        ]
        assert (one["kind"], one["conditions"][0]["status"]) == ("ComponentStatus", "False")
        with pytest.raises(NotFound):
            cluster.client.get(COMPONENT_STATUSES, "etcd-0")
        with pytest.raises(MethodNotAllowed):
            cluster.client.create(COMPONENT_STATUSES, {"metadata": {"name": "x"}})


def test_they_are_printed_and_selected():
    with start(only=("components", "nodes"), control=False) as cluster:
        accept = {"Accept": "application/json;as=Table;g=meta.k8s.io;v=v1"}
        path = "/api/v1/componentstatuses"
        table = cluster.client.request("GET", path, headers=accept).body
        named = cluster.client.list(COMPONENT_STATUSES, fields="metadata.name=scheduler").items

        assert (
            b'"cells":["scheduler","Unhealthy","","no instance holds the Lease kube-system/sampan-scheduler"]' in table
        )
        assert len(named) == 1
        assert cluster.client.list(COMPONENT_STATUSES, labels="a=b").items == []
