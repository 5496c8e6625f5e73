"""What is mirrored, decided by hand-made Endpoints alone; test_endpoints.py has them beside the other reconcilers."""

import pytest

from sampan.contracts.reconciling import Create, Emit, Key, Remove, Update
from sampan_machinery.resources import ENDPOINT_SLICES, ENDPOINTS, SERVICES
from sampan_services.mirroring import MOST, Subset, decide, repacked, slices_of
from sampan_testing.shelves import Shelf

KEY = Key("d", "web")
PORT = {"port": 80, "protocol": "TCP"}
NAMED = {"name": "web", "port": 8080, "protocol": "TCP"}


def endpoints(*subsets, **metadata):
    found = {"name": "web", "namespace": "d", "uid": "e1", **metadata}
    return ENDPOINTS, {"metadata": found, "subsets": list(subsets)}


def service(**spec):
    return SERVICES, {"metadata": {"name": "web", "namespace": "d", "uid": "s1"}, "spec": spec}


def subset(*ips, ports=(PORT,), not_ready=()):
    found = {"addresses": [{"ip": ip} for ip in ips], "ports": list(ports)}
    return {**found, "notReadyAddresses": [{"ip": ip} for ip in not_ready]} if not_ready else found


def decided(*objects):
    return list(decide(KEY, Shelf(objects)))


def mirrored(*objects):
    """The slices that are made for these, as the server would hold them."""
    made = []
    for number, action in enumerate(decided(*objects)):
        slice_ = dict(action.object)
        slice_["metadata"] = {**slice_["metadata"], "uid": f"u{number}"}
        if not slice_["metadata"]["annotations"]:
            del slice_["metadata"]["annotations"]
        made.append((ENDPOINT_SLICES, slice_))
    return made


def test_labels_and_annotations_are_copied_but_for_what_is_about_endpoints_alone():
    annotations = {"a": "b", "kubectl.kubernetes.io/last-applied-configuration": "{}"}

    (made,) = decided(service(), endpoints(subset("10.0.0.1"), labels={"x": "y"}, annotations=annotations))

    assert isinstance(made, Create)
    assert made.object["metadata"]["labels"] == {
        "x": "y",
        "kubernetes.io/service-name": "web",
        "endpointslice.kubernetes.io/managed-by": "endpointslicemirroring-controller.k8s.io",
    }
    assert made.object["metadata"]["annotations"] == {"a": "b"}
    assert made.object["metadata"]["ownerReferences"][0]["uid"] == "e1"


def test_what_is_mirrored_already_is_left_alone():
    objects = service(), endpoints(subset("10.0.0.1"), labels={"x": "y"})

    assert decided(*objects, *mirrored(*objects)) == []


@pytest.mark.parametrize(
    "changed",
    [
        endpoints(subset("10.0.0.2")),
        endpoints(subset(not_ready=["10.0.0.1"])),
        endpoints(subset("10.0.0.1"), labels={"x": "y"}),
        endpoints(subset("10.0.0.1"), annotations={"x": "y"}),
        endpoints(subset("10.0.0.1"), uid="e2"),
        endpoints(subset("10.0.0.1", ports=[NAMED])),
    ],
)
def test_a_change_updates_the_slice_that_is_there(changed):
    before = mirrored(service(), endpoints(subset("10.0.0.1")))

    (action,) = decided(service(), changed, *before)

    assert isinstance(action, Update)
    assert action.object["metadata"]["name"] == before[0][1]["metadata"]["name"]


@pytest.mark.parametrize(
    "objects",
    [
        [endpoints(subset("10.0.0.1"))],
        [service()],
        [service(selector={"a": "b"}), endpoints(subset("10.0.0.1"))],
        [service(), endpoints()],
    ],
)
def test_slices_go_with_the_reason_for_them(objects):
    before = mirrored(service(), endpoints(subset("10.0.0.1")))

    (action,) = decided(*objects, *before)

    assert isinstance(action, Remove)


def test_one_address_in_two_subsets_is_one_slice_with_both_ports():
    (made,) = decided(service(), endpoints(subset("10.0.0.1"), subset("10.0.0.1", ports=[NAMED])))

    assert [port["port"] for port in made.object["ports"]] == [80, 8080]


def test_an_address_is_ready_where_it_is_said_nowhere_that_it_is_not():
    (found,) = repacked([subset("10.0.0.1"), subset(not_ready=["10.0.0.1"])])

    assert found == Subset([PORT], [({"ip": "10.0.0.1"}, False)])


def test_ports_with_other_addresses_are_subsets_of_their_own():
    found = repacked([subset("10.0.0.1", "10.0.0.2"), subset("10.0.0.1", ports=[NAMED])])

    assert [[address["ip"] for address, _ in each.addresses] for each in found] == [
        ["10.0.0.1", "10.0.0.2"],
        ["10.0.0.1"],
    ]


def test_subsets_without_ports():
    assert repacked([subset("10.0.0.1", ports=())]) == [Subset([], [({"ip": "10.0.0.1"}, True)])]


def test_each_family_has_its_slice_and_addresses_their_usual_spelling():
    found = list(slices_of(Subset([], [({"ip": "10.0.0.010"}, True), ({"ip": "2001:DB8::1", "nodeName": "n"}, False)])))

    assert [(each["addressType"], each["endpoints"]) for each in found] == [
        ("IPv4", [{"addresses": ["10.0.0.10"], "conditions": {"ready": True}}]),
        ("IPv6", [{"addresses": ["2001:db8::1"], "conditions": {"ready": False}, "nodeName": "n"}]),
    ]


def test_more_addresses_than_a_slice_holds_are_told():
    many = [f"10.0.{number // 250}.{number % 250}" for number in range(MOST + 1)]

    event, made = decided(service(), endpoints(subset(*many)))

    assert isinstance(event, Emit)
    assert event.message == (
        "A max of 1000 addresses can be mirrored to EndpointSlices per Endpoints subset. 1 addresses were skipped"
    )
    assert len(made.object["endpoints"]) == MOST


def test_addresses_that_are_none_are_told():
    event = decided(service(), endpoints(subset("x")))[0]

    assert event.message == "Skipped 1 invalid IP addresses when mirroring to EndpointSlices"
