import pytest

from sampan_machinery.kindschema import schema_of
from sampan_machinery.tables import to_table
from sampan_quota.limitrange import LIMIT_RANGE


def ranged(*items):
    return {"metadata": {"name": "a", "namespace": "b"}, "spec": {"limits": list(items)}}


def problems(*items):
    return [f"{each.path}: {each.message}" for each in schema_of(LIMIT_RANGE).check(ranged(*items), None)]


def defaulted(**item):
    obj = ranged({"type": "Container", **item})
    schema_of(LIMIT_RANGE).default(obj)
    return obj["spec"]["limits"][0]


@pytest.mark.parametrize(
    "given, default, request_",
    [
        ({"max": {"cpu": "2"}}, "2", "2"),
        ({"max": {"cpu": "2"}, "default": {"cpu": "1"}}, "1", "1"),
        ({"max": {"cpu": "2"}, "min": {"cpu": "1"}}, "2", "2"),
        ({"min": {"cpu": "1"}}, None, "1"),
        ({"default": {"cpu": "3"}, "defaultRequest": {"cpu": "1"}}, "3", "1"),
    ],
)
def test_what_an_item_for_containers_leaves_out(given, default, request_):
    item = defaulted(**given)

    assert (item.get("default", {}).get("cpu"), item.get("defaultRequest", {}).get("cpu")) == (default, request_)


def test_other_items_get_no_defaults():
    obj = ranged({"type": "Pod", "max": {"cpu": "1"}}, {"type": "Container"})
    schema_of(LIMIT_RANGE).default(obj)

    assert obj["spec"]["limits"] == [{"type": "Pod", "max": {"cpu": "1"}}, {"type": "Container"}]


def test_good_items():
    assert problems(
        {
            "type": "Container", "min": {"cpu": "100m"}, "max": {"cpu": "2"}, "default": {"cpu": "1"},
            "defaultRequest": {"cpu": "200m"}, "maxLimitRequestRatio": {"cpu": "4"},
        },
        {"type": "Pod", "max": {"memory": "1Gi"}},
        {"type": "PersistentVolumeClaim", "max": {"storage": "1Gi"}},
        {"type": "example.com/thing", "max": {"pods": "1"}},
    ) == []  # fmt: skip


@pytest.mark.parametrize(
    "item, said",
    [
        ({"type": "Odd"}, 'type: Invalid value: "Odd": must be a standard limit type or fully qualified'),
        (
            {"type": "Pod", "default": {"cpu": "1"}},
            "default: Forbidden: may not be specified when `type` is 'Pod'",
        ),
        (
            {"type": "Pod", "defaultRequest": {"cpu": "1"}},
            "defaultRequest: Forbidden: may not be specified when `type` is 'Pod'",
        ),
        (
            {"type": "Pod", "max": {"storage": "1"}},
            'max[storage]: Invalid value: "storage": must be a standard resource for containers',
        ),
        (
            {"type": "PersistentVolumeClaim"},
            "limits: Required value: either minimum or maximum storage value is required, but neither was provided",
        ),
        (
            {"type": "Pod", "min": {"cpu": "1"}, "max": {"cpu": "500m"}},
            'min[cpu]: Invalid value: "1": min value 1 is greater than max value 500m',
        ),
        (
            {"type": "Container", "min": {"cpu": "1"}, "defaultRequest": {"cpu": "500m"}},
            'defaultRequest[cpu]: Invalid value: "500m": min value 1 is greater than default request value 500m',
        ),
        (
            {"type": "Container", "max": {"cpu": "1"}, "defaultRequest": {"cpu": "2"}},
            'defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than max value 1',
        ),
        (
            {"type": "Container", "default": {"cpu": "1"}, "defaultRequest": {"cpu": "2"}},
            'defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than default limit value 1',
        ),
        (
            {"type": "Container", "min": {"cpu": "2"}, "default": {"cpu": "1"}},
            'default[cpu]: Invalid value: "2": min value 2 is greater than default value 1',
        ),
        (
            {"type": "Container", "max": {"cpu": "1"}, "default": {"cpu": "2"}},
            'default[cpu]: Invalid value: "1": default value 2 is greater than max value 1',
        ),
        (
            {"type": "Pod", "maxLimitRequestRatio": {"cpu": "500m"}},
            'maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1',
        ),
        (
            {"type": "Pod", "maxLimitRequestRatio": {"cpu": "10"}, "min": {"cpu": "1"}, "max": {"cpu": "3"}},
            'maxLimitRequestRatio[cpu]: Invalid value: "10": ratio 10 is greater than max/min = 3.000000',
        ),
        (
            {"type": "Container", "default": {"hugepages-2Mi": "4Mi"}, "defaultRequest": {"hugepages-2Mi": "2Mi"}},
            'defaultRequest[hugepages-2Mi]: Invalid value: "2Mi": default value 4Mi must equal to defaultRequest value '
            "2Mi in hugepages-2Mi",
        ),
    ],
)
def test_what_is_wrong_with_an_item(item, said):
    assert problems(item) == [f"spec.limits[0].{said}"]


def test_a_type_is_there_once():
    assert problems({"type": "Pod"}, {"type": "Pod"}) == ['spec.limits[1].type: Duplicate value: "Pod"']


def test_the_printed_columns():
    obj = {"metadata": {"name": "a", "creationTimestamp": "2026-01-01T00:00:00Z"}}
    table = to_table(LIMIT_RANGE.columns, [obj], now=1767225600)

    assert [each["name"] for each in table["columnDefinitions"]] == ["Name", "Created At"]
    assert table["rows"][0]["cells"] == ["a", "2026-01-01T00:00:00Z"]
