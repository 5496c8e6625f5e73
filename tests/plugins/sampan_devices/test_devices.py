import pytest

from sampan_devices.devices import counter_set, device, one_set


def found(old=None, *, own_nodes=False, **fields):
    told = device("d", {"name": "gpu-0", **fields}, old, own_nodes=own_nodes)
    return [f"{each.path}: {each.message}" for each in told]


def test_good_devices():
    attributes = {
        "model": {"string": "a"},
        "a.example/ok": {"bool": False},
        "n": {"int": 0},
        "v": {"version": "1.2.3-a"},
    }

    assert found() == []
    assert found(attributes=attributes, capacity={"memory": {"value": "1Gi"}}) == []
    assert found(own_nodes=True, allNodes=True) == []


@pytest.mark.parametrize(
    "fields, line",
    [
        ({"name": "GPU"}, 'd.name: Invalid value: "GPU": a lowercase RFC 1123 label'),
        ({"attributes": {"a": {}}}, 'd.attributes[a]: Invalid value: "": exactly one value must be specified'),
        (
            {"attributes": {"a": {"int": 1, "bool": True}}},
            'd.attributes[a]: Invalid value: {"int":1,"bool":true}: exactly one value must be specified',
        ),
        (
            {"attributes": {"a": {"version": "1.2"}}},
            'd.attributes[a].version: Invalid value: "1.2": must be a string co',
        ),
        (
            {"attributes": {"a": {"string": "x" * 65}}},
            "d.attributes[a].string: Too long: may not be more than 64 bytes",
        ),
        ({"attributes": {"1": {"int": 1}}}, 'd.attributes: Invalid value: "1": a valid C identifier'),
        (
            {"attributes": {f"a{n}": {"int": 1} for n in range(33)}},
            "d: Invalid value: 33: the total number of attributes and capacities must not exceed 32",
        ),
        (
            {"capacity": {"m": {"value": "1", "requestPolicy": {}}}},
            "d.capacity[m].requestPolicy: Forbidden: allowMultipleAllocations must be true",
        ),
        (
            {"allowMultipleAllocations": True, "capacity": {"m": {"value": "1", "requestPolicy": {"validRange": {}}}}},
            "d.capacity[m].requestPolicy.default: Required value: required when validRange is defined",
        ),
        ({"taints": [{"key": "a"}]}, "d.taints[0].effect: Required value"),
        ({"taints": [{}] * 17}, "d.taints: Too many: 17: must have at most 16 items"),
        ({"consumesCounters": [{}]}, "d.consumesCounters[0].counterSet: Required value"),
        (
            {"consumesCounters": [{"counterSet": "a", "counters": {}}]},
            "d.consumesCounters[0].counters: Required value",
        ),
        (
            {"nodeName": "n"},
            "d: Invalid value: null: `nodeName`, `nodeSelector` and `allNodes` can only be set if `per",
        ),
        (
            {"own_nodes": True},
            "d: Required value: exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required",
        ),
        (
            {"own_nodes": True, "nodeName": "n", "allNodes": True},
            'd: Invalid value: "{`nodeName`, `allNodes`}": exactly one of `nodeName`, `nodeSelector`, or `allNodes` is',
        ),
        ({"own_nodes": True, "nodeName": ""}, 'd.nodeName: Invalid value: "": must not be empty'),
        (
            {"own_nodes": True, "allNodes": False},
            "d.allNodes: Invalid value: false: must be either unset or set to true",
        ),
        ({"own_nodes": True, "nodeSelector": {}}, "d.nodeSelector.nodeSelectorTerms: Required value"),
        ({"bindingConditions": ["a"]}, "d.bindingFailureConditions: Invalid value"),
    ],
)
def test_what_is_wrong_is_named(fields, line):
    assert found(**fields)[0].startswith(line)


def test_taints_that_were_there_before_may_stay():
    assert found({"taints": [{"key": "a"}]}, taints=[{"key": "a"}]) == []


def test_a_set_of_counters_has_a_name_and_counters():
    good = {"name": "memory", "counters": {"slices": {"value": "8"}}}

    assert list(counter_set("c", good)) == []
    assert [each.path for each in counter_set("c", {})] == ["c.name", "c.counters"]
    many = {"name": "memory", "counters": {f"c{n}": {} for n in range(33)}}
    assert [each.message for each in counter_set("c", many)] == ["Too many: 33: must have at most 32 items"]


def test_one_of_several_is_set():
    assert [each.message for each in one_set("p", ["`a`"], "why")] == []
    assert [each.message for each in one_set("p", [], "why")] == ["Required value: why"]
    assert [each.message for each in one_set("p", ["`a`", "`b`"], "why", "both")] == [
        'Invalid value: "{`a`, `b`}": both'
    ]
