import pytest

from sampan_componentstatuses.kind import component_statuses, condition
from sampan_machinery.resources import LEASES
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
