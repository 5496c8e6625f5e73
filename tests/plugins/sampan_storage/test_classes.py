import pytest

from sampan_storage.classes import is_default
from sampan_storage.kinds import ATTRIBUTES_CLASS, STORAGE_CLASS

GOOD = {"provisioner": "example.org/disk"}
ATTRIBUTES = {"driverName": "a.example", "parameters": {"iops": "1"}}


def topology(*expressions):
    return {"matchLabelExpressions": [{"key": key, "values": list(values)} for key, values in expressions]}


def test_a_good_class_gets_its_defaults(problems_of):
    good = dict(GOOD)

    assert problems_of(STORAGE_CLASS, good) == []
    assert (good["reclaimPolicy"], good["volumeBindingMode"]) == ("Delete", "Immediate")


@pytest.mark.parametrize(
    "fields, line",
    [
        ({"provisioner": ""}, "provisioner: Required value"),
        ({"provisioner": "a b"}, 'provisioner: Invalid value: "a b": name part must consist of alphanumeric'),
        ({"parameters": {"": "a"}}, 'parameters: Invalid value: "": field can not be empty.'),
        ({"parameters": {str(n): "" for n in range(513)}}, "parameters: Too long: may not be more than 512 bytes"),
        ({"parameters": {"a": "x" * 262144}}, "parameters: Too long: may not be more than 262144 bytes"),
        ({"reclaimPolicy": "Recycle"}, 'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Ret'),
        ({"volumeBindingMode": "Odd"}, 'volumeBindingMode: Unsupported value: "Odd": supported values: "Immediate", '),
        (
            {"allowedTopologies": [topology(("a", []))]},
            "allowedTopologies[0].matchLabelExpressions[0].values: Required",
        ),
        (
            {"allowedTopologies": [topology(("a", "xx"))]},
            'allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: "x"',
        ),
        (
            {"allowedTopologies": [topology(("a", "x"), ("a", "y"))]},
            'allowedTopologies[0].matchLabelExpressions[1].key: Duplicate value: "a"',
        ),
        (
            {"allowedTopologies": [topology(("a", "xy")), topology(("a", "yx"))]},
            'allowedTopologies[1].matchLabelExpressions: Duplicate value: ""',
        ),
    ],
)
def test_what_is_wrong_is_named(problems_of, fields, line):
    [told] = problems_of(STORAGE_CLASS, {**GOOD, **fields})

    assert told.startswith(line)


@pytest.mark.parametrize(
    "field, value",
    [
        ("provisioner", "b.example"),
        ("parameters", {"a": "b"}),
        ("reclaimPolicy", "Retain"),
        ("volumeBindingMode", "WaitForFirstConsumer"),
    ],
)
def test_most_of_a_class_never_changes(problems_of, field, value):
    [told] = problems_of(STORAGE_CLASS, {**GOOD, field: value}, dict(GOOD))

    assert told.startswith(f"{field}: Invalid value: ")
    assert told.endswith(": field is immutable")


def test_whether_volumes_may_grow_may_change(problems_of):
    assert problems_of(STORAGE_CLASS, {**GOOD, "allowVolumeExpansion": True, "parameters": {}}, dict(GOOD)) == []


def test_either_annotation_makes_a_default():
    assert is_default({"metadata": {"annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}})
    assert is_default({"metadata": {"annotations": {"storageclass.beta.kubernetes.io/is-default-class": "true"}}})
    assert not is_default({"metadata": {"annotations": {"storageclass.kubernetes.io/is-default-class": "yes"}}})


def test_a_class_of_attributes_has_a_driver_and_parameters(problems_of):
    assert problems_of(ATTRIBUTES_CLASS, dict(ATTRIBUTES)) == []
    assert problems_of(ATTRIBUTES_CLASS, {}) == [
        "driverName: Required value",
        "parameters: Required value: must contain at least one key/value pair",
    ]


def test_a_class_of_attributes_never_changes(problems_of):
    new = {"driverName": "b.example", "parameters": {"iops": "2"}}

    assert problems_of(ATTRIBUTES_CLASS, new, dict(ATTRIBUTES)) == [
        "driverName: Forbidden: updates to driverName are forbidden.",
        "parameters: Forbidden: updates to parameters are forbidden.",
    ]
