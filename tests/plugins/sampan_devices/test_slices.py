import pytest

from sampan.contracts.kinds import Draft
from sampan_devices.kinds import RESOURCE_SLICE
from sampan_devices.slices import prepare

POOL = {"name": "n", "generation": 1, "resourceSliceCount": 1}
ONE = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required"


def a_slice(**spec):
    given = {"driver": "gpu.example.com", "pool": dict(POOL), "nodeName": "n", **spec}
    return {"spec": {name: value for name, value in given.items() if value is not None}}


def test_a_good_slice(problems_of):
    assert problems_of(RESOURCE_SLICE, a_slice(devices=[{"name": "gpu-0"}])) == []
    assert problems_of(RESOURCE_SLICE, a_slice(nodeName=None, allNodes=True)) == []


@pytest.mark.parametrize(
    "spec, line",
    [
        ({"driver": ""}, "spec.driver: Required value"),
        ({"pool": {}}, "spec.pool.name: Required value"),
        (
            {"pool": {**POOL, "resourceSliceCount": 0}},
            "spec.pool.resourceSliceCount: Invalid value: 0: must be greater",
        ),
        (
            {"pool": {**POOL, "generation": -1}},
            "spec.pool.generation: Invalid value: -1: must be greater than or equal",
        ),
        ({"nodeName": None}, f"spec: Required value: {ONE}"),
        ({"nodeName": ""}, 'spec.nodeName: Invalid value: "": must be either unset or set to a non-empty string'),
        (
            {"allNodes": True},
            f'spec: Invalid value: "{{`nodeName`, `allNodes`}}": {ONE}, but multiple fields are set',
        ),
        ({"allNodes": False}, "spec.allNodes: Invalid value: false: must be either unset or set to true"),
        (
            {"nodeName": None, "nodeSelector": {"nodeSelectorTerms": [{}, {}]}},
            "spec.nodeSelector.nodeSelectorTerms: Invalid value: [{},{}]: must have exactly one node selector term",
        ),
        (
            {"devices": [], "sharedCounters": []},
            'spec: Invalid value: "": only one of `sharedCounters` or `devices` is allowed',
        ),
        ({"devices": [{"name": "a"}] * 2}, 'spec.devices[1]: Duplicate value: "a"'),
        (
            {"devices": [{"name": f"a{n}"} for n in range(129)]},
            "spec.devices: Too many: 129: must have at most 128 items",
        ),
        (
            {"devices": [{"name": f"a{n}", "taints": [{"key": "a", "effect": "None"}]} for n in range(65)]},
            "spec.devices: Too many: 65: must have at most 64 items",
        ),
        ({"sharedCounters": [{}]}, "spec.sharedCounters[0].name: Required value"),
    ],
)
def test_what_is_wrong_is_named(problems_of, spec, line):
    assert problems_of(RESOURCE_SLICE, a_slice(**spec))[0].startswith(line)


def test_whose_devices_they_are_never_changes(problems_of):
    new = a_slice(driver="other.example.com", pool={**POOL, "name": "m"}, nodeName="m")

    assert problems_of(RESOURCE_SLICE, new, a_slice()) == [
        'spec.pool.name: Invalid value: "m": field is immutable',
        'spec.driver: Invalid value: "other.example.com": field is immutable',
        'spec.nodeName: Invalid value: "m": field is immutable',
    ]


def test_a_taint_says_since_when_it_is_there(problems_of):
    new = a_slice(devices=[{"name": "a", "taints": [{"key": "a", "effect": "None"}]}])
    problems_of(RESOURCE_SLICE, new)

    assert new["spec"]["devices"][0]["taints"][0]["timeAdded"] > "2026"


def test_what_is_alpha_is_dropped_unless_it_is_stored():
    def devices():
        return [{"name": "a", "attributes": {"x": {"ints": [1]}}, "nodeAllocatableResourceMappings": {"cpu": {}}}]

    fresh, kept = a_slice(devices=devices()), a_slice(devices=devices())
    prepare(Draft(fresh, None, "", "me"))
    prepare(Draft(kept, a_slice(devices=devices()), "", "me"))

    assert fresh["spec"]["devices"] == [{"name": "a", "attributes": {"x": {}}}]
    assert kept["spec"]["devices"] == devices()
