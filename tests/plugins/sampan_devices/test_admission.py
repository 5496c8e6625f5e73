import pytest

from sampan.contracts.access import Decision, User
from sampan.contracts.admission import Review
from sampan.errors import Invalid
from sampan_devices.admission import (
    ADMIN_LABEL,
    NODE_NAME,
    AdminAccess,
    ClaimStatusWriters,
    DriverWarning,
    changed_drivers,
)
from sampan_devices.kinds import RESOURCE_CLAIM, RESOURCE_CLAIM_TEMPLATE, RESOURCE_SLICE
from sampan_machinery.resources import NAMESPACES
from sampan_testing.shelves import Shelf

DEVICE = {"driver": "gpu.example.com", "pool": "n", "device": "gpu-0"}
RESULT = {"request": "gpu", **DEVICE}


class Rights(Shelf):
    """A cluster in which the user has these rights: (verb, subresource, name)."""

    def __init__(self, *rights):
        super().__init__()
        self._rights = rights

    def decide(self, asked):
        assert (asked.group, asked.resource) == ("resource.k8s.io", "resourceclaims")
        held = (asked.verb, asked.subresource, asked.name) in self._rights
        return (Decision.ALLOW if held else Decision.NO_OPINION), ""


def review(obj, old=None, *, kind=RESOURCE_CLAIM, sub="", labels=None, user=None):
    shelf = Shelf([(NAMESPACES, {"metadata": {"name": "default", "labels": labels or {}}})])
    operation = "CREATE" if old is None else "UPDATE"
    return Review(operation, kind, sub, "default", "a", obj, old, user or User("joe"), False, shelf)


def asking(admin=True):
    return {"spec": {"devices": {"requests": [{}, {"exactly": {"adminAccess": admin}}]}}}


def test_admin_access_needs_a_label_of_the_namespace():
    with pytest.raises(Invalid, match=r"spec.devices.requests\[1\].adminAccess: Forbidden: admin access to devices"):
        AdminAccess().admit(review(asking()))

    AdminAccess().admit(review(asking(), labels={ADMIN_LABEL: "true"}))
    AdminAccess().admit(review(asking(False)))
    AdminAccess().admit(review(asking(), asking()))


def test_a_template_asks_for_it_too():
    with pytest.raises(Invalid, match=r"spec.devices.requests\[1\].adminAccess: Forbidden"):
        AdminAccess().admit(review({"spec": {"spec": asking()["spec"]}}, kind=RESOURCE_CLAIM_TEMPLATE))


def test_an_allocation_with_admin_access_needs_it_too():
    allocated = {"status": {"allocation": {"devices": {"results": [{**RESULT, "adminAccess": True}]}}}}

    with pytest.raises(Invalid, match=r"status.allocation.devices.results\[0\].adminAccess: Forbidden"):
        AdminAccess().admit(review(allocated, {"status": {}}, sub="status"))
    AdminAccess().admit(review(allocated, allocated, sub="status"))


def write(new, old, *rights, user=None):
    ClaimStatusWriters(Rights(*rights)).admit(review({"status": new}, {"status": old}, sub="status", user=user))


@pytest.mark.parametrize("verb", ["update", "patch"])
def test_an_allocation_is_written_by_who_may_bind(verb):
    write({"allocation": {}}, {}, (verb, "binding", ""))
    write({}, {"allocation": {}}, (verb, "binding", ""))
    write({"allocation": {}}, {"allocation": {}})


def test_any_other_writer_of_an_allocation_is_refused():
    with pytest.raises(Invalid) as refused:
        write({"allocation": {}, "reservedFor": [{"uid": "1"}]}, {"allocation": {}})

    assert str(refused.value) == (
        'ResourceClaim.resource.k8s.io "a" is invalid: status.allocation: Forbidden: changing status.allocation or '
        'status.reservedFor requires resource="resourceclaims/binding", verb="update" permission: '
        'resourceclaims.resource.k8s.io is forbidden: User "joe" cannot update resource "resourceclaims/binding" in '
        'API group "resource.k8s.io" at the cluster scope'
    )


ALLOCATED = {"allocation": {"devices": {"results": [RESULT]}}}
ON_NODE = {
    **ALLOCATED["allocation"],
    "nodeSelector": {
        "nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n"]}]}]
    },
}


def test_a_device_is_described_by_its_driver():
    write({**ALLOCATED, "devices": [DEVICE]}, ALLOCATED, ("arbitrary-node:update", "driver", "gpu.example.com"))

    with pytest.raises(Invalid, match=r'status.devices: Forbidden: .* verb="\[arbitrary-node:update\]" permission: '):
        write({**ALLOCATED, "devices": [DEVICE]}, ALLOCATED, ("arbitrary-node:update", "driver", "other.example.com"))


def test_a_driver_on_the_node_needs_the_right_for_its_node_only():
    right = ("associated-node:patch", "driver", "gpu.example.com")
    old = {"allocation": ON_NODE}
    here = User("system:serviceaccount:kube-system:driver", extra={NODE_NAME: ("n",)})
    there = User("system:serviceaccount:kube-system:driver", extra={NODE_NAME: ("m",)})

    write({**old, "devices": [DEVICE]}, old, right, user=here)
    for other in (there, User("joe", extra={NODE_NAME: ("n",)})):
        with pytest.raises(Invalid):
            write({**old, "devices": [DEVICE]}, old, right, user=other)


def test_the_drivers_of_changed_devices():
    other = {**DEVICE, "driver": "b.example.com"}

    assert changed_drivers({"devices": [DEVICE]}, {"devices": [DEVICE]}) == set()
    assert changed_drivers({"devices": [{**DEVICE, "data": {"a": 1}}]}, {"devices": [DEVICE]}) == {"gpu.example.com"}
    assert changed_drivers({"devices": [other]}, {"devices": [DEVICE]}) == {"gpu.example.com", "b.example.com"}


def test_a_driver_in_upper_case_is_warned_of():
    upper, lower = (review({"spec": {"driver": name}}, kind=RESOURCE_SLICE) for name in ("Gpu.example", "gpu.example"))
    for each in (upper, lower):
        DriverWarning().admit(each)

    assert upper.warnings == [
        'spec.driver: driver names should be lowercase; "Gpu.example" contains uppercase characters'
    ]
    assert lower.warnings == []
