import pytest

from sampan.contracts.kinds import Draft
from sampan_devices.claims import is_extended_resource, prepare_resource_claim
from sampan_devices.kinds import DEVICE_CLASS, RESOURCE_CLAIM, RESOURCE_CLAIM_TEMPLATE


def spec(name="gpu.example.com"):
    return {"devices": {"requests": [{"name": "gpu", "exactly": {"deviceClassName": name}}]}}


def test_a_good_claim_gets_its_defaults(problems_of):
    claim = {"spec": spec()}

    assert problems_of(RESOURCE_CLAIM, claim) == []
    assert claim["spec"]["devices"]["requests"][0]["exactly"]["count"] == 1


def test_the_spec_of_a_claim_never_changes(problems_of):
    [told] = problems_of(RESOURCE_CLAIM, {"spec": spec("other")}, {"spec": spec()})

    assert told.startswith("spec: Invalid value: ")
    assert told.endswith(": field is immutable")


def test_a_status_is_looked_at_when_it_changes(problems_of):
    odd = {"reservedFor": [{"resource": "pods", "name": "a", "uid": "1"}]}

    assert len(problems_of(RESOURCE_CLAIM, {"spec": spec(), "status": odd}, {"spec": spec(), "status": {}})) == 1
    assert problems_of(RESOURCE_CLAIM, {"spec": spec(), "status": odd}, {"spec": spec(), "status": odd}) == []


def test_what_was_said_about_devices_goes_with_the_allocation():
    device = {"driver": "a", "pool": "b", "device": "c"}
    old = {"status": {"allocation": {"devices": {"results": [device]}}, "devices": [device]}}
    new = {"status": {"devices": [device]}}
    prepare_resource_claim(Draft(new, old, "status", "me"))

    assert new == {"status": {}}


def test_templates_have_labels_and_annotations_and_never_change(problems_of):
    good = {"spec": {"metadata": {"labels": {"a": "b"}}, "spec": spec()}}

    assert problems_of(RESOURCE_CLAIM_TEMPLATE, good) == []
    assert problems_of(RESOURCE_CLAIM_TEMPLATE, {"spec": {"metadata": {"name": "a"}, "spec": spec()}}) == [
        "spec.metadata.name: Forbidden: cannot be set"
    ]
    [told] = problems_of(RESOURCE_CLAIM_TEMPLATE, {"spec": {"spec": spec("other")}}, {"spec": {"spec": spec()}})
    assert told.startswith("spec: Invalid value: ")


@pytest.mark.parametrize(
    "fields, line",
    [
        ({"selectors": [{}]}, "spec.selectors[0].cel: Required value"),
        ({"selectors": [{}] * 33}, "spec.selectors: Too many: 33: must have at most 32 items"),
        ({"config": [{}]}, "spec.config[0].opaque: Required value"),
        (
            {"extendedResourceName": "cpu"},
            'spec.extendedResourceName: Invalid value: "cpu": must be a valid extended re',
        ),
    ],
)
def test_what_is_wrong_with_a_class_is_named(problems_of, fields, line):
    assert problems_of(DEVICE_CLASS, {"spec": fields})[0].startswith(line)


@pytest.mark.parametrize(
    "name, is_one",
    [
        ("example.com/gpu", True),
        ("cpu", False),
        ("kubernetes.io/gpu", False),
        ("requests.a/b", False),
        ("a.b/c d", False),
    ],
)
def test_extended_resources(name, is_one):
    assert is_extended_resource(name) is is_one
