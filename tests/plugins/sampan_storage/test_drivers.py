import pytest

from sampan.contracts.kinds import Draft
from sampan_storage.drivers import prepare_driver
from sampan_storage.kinds import CAPACITY, DRIVER, NODE


def node(*drivers):
    return {"spec": {"drivers": [{"name": "a.example", "nodeID": "n", **driver} for driver in drivers]}}


def test_a_driver_gets_its_defaults(problems_of):
    good = {"spec": {}}

    assert problems_of(DRIVER, good) == []
    assert good["spec"] == {
        "attachRequired": True,
        "podInfoOnMount": False,
        "storageCapacity": False,
        "fsGroupPolicy": "ReadWriteOnceWithFSType",
        "requiresRepublish": False,
        "seLinuxMount": False,
        "volumeLifecycleModes": ["Persistent"],
    }


@pytest.mark.parametrize(
    "spec, line",
    [
        ({"fsGroupPolicy": "Odd"}, 'spec.fsGroupPolicy: Unsupported value: "Odd": supported values: "File", "None", '),
        ({"volumeLifecycleModes": ["Odd"]}, 'spec.volumeLifecycleModes: Unsupported value: "Odd": supported values: '),
        (
            {"tokenRequests": [{"audience": "a"}, {"audience": "a"}]},
            'spec.tokenRequests[1].audience: Duplicate value: "a"',
        ),
        (
            {"tokenRequests": [{"audience": "a", "expirationSeconds": 599}]},
            "spec.tokenRequests[0].expirationSeconds: Invalid value: 599: may not specify a duration less than 10 min",
        ),
        (
            {"tokenRequests": [{"audience": "a", "expirationSeconds": 2**32 + 1}]},
            "spec.tokenRequests[0].expirationSeconds: Invalid value: 4294967297: may not specify a duration larger",
        ),
        (
            {"nodeAllocatableUpdatePeriodSeconds": 9},
            "spec.nodeAllocatableUpdatePeriodSeconds: Invalid value: 9: must be greater than or equal to 10 seconds",
        ),
        (
            {"serviceAccountTokenInSecrets": True},
            "spec.serviceAccountTokenInSecrets: Invalid value: true: serviceAccountTokenInSecrets is set but no token",
        ),
    ],
)
def test_what_is_wrong_with_a_driver_is_named(problems_of, spec, line):
    [told] = problems_of(DRIVER, {"spec": spec})

    assert told.startswith(line)


def test_how_a_driver_attaches_and_lives_never_changes(problems_of):
    new = {"spec": {"attachRequired": False, "volumeLifecycleModes": ["Ephemeral"]}}

    assert problems_of(DRIVER, new, {"spec": {}}) == [
        "spec.attachedRequired: Invalid value: false: field is immutable",
        'spec.volumeLifecycleModes: Invalid value: ["Ephemeral"]: field is immutable',
    ]


def test_the_generation_of_a_driver_counts_its_updates():
    old = {"metadata": {}, "spec": {"podInfoOnMount": False}}
    same = {"metadata": {}, "spec": {"podInfoOnMount": False}}
    new = {"metadata": {}, "spec": {"podInfoOnMount": True, "preventPodSchedulingIfMissing": True}}
    for each in (same, new):
        prepare_driver(Draft(each, old, "", "me"))

    assert same["metadata"] == {}
    assert new == {"metadata": {"generation": 1}, "spec": {"podInfoOnMount": True}}


@pytest.mark.parametrize(
    "drivers, line",
    [
        ([{"name": ""}], "spec.drivers[0].name: Required value"),
        ([{"nodeID": ""}], "spec.drivers[0].nodeID: Required value"),
        (
            [{"nodeID": "n" * 257}],
            f'spec.drivers[0].nodeID: Invalid value: "{"n" * 257}": must be 256 characters or les',
        ),
        (
            [{"allocatable": {"count": -1}}],
            "spec.drivers[0].allocatable.count: Invalid value: -1: must be greater than",
        ),
        ([{"topologyKeys": ["a", "a"]}], 'spec.drivers[0]: Duplicate value: "a"'),
        ([{"topologyKeys": ["a b"]}], 'spec.drivers[0]: Invalid value: "a b": name part must consist of'),
    ],
)
def test_what_is_wrong_with_a_node_is_named(problems_of, drivers, line):
    [told] = problems_of(NODE, node(*drivers))

    assert told.startswith(line)


def test_a_driver_is_on_a_node_once(problems_of):
    assert 'spec.drivers[1].name: Duplicate value: "a.example"' in problems_of(NODE, node({}, {}))


def test_drivers_come_and_go_and_only_their_limit_changes(problems_of):
    assert problems_of(NODE, node({}, {"name": "b"}), node({})) == []
    assert problems_of(NODE, {"spec": {"drivers": []}}, node({})) == []
    assert problems_of(NODE, node({"allocatable": {"count": 2}}), node({})) == []
    [told] = problems_of(NODE, node({"nodeID": "m"}), node({}))
    assert told.startswith("spec.drivers: Invalid value: ")
    assert told.endswith(": field is immutable")


def test_a_capacity_names_a_class(problems_of):
    good = {"storageClassName": "fast", "capacity": "1Gi", "nodeTopology": {"matchLabels": {"a": "b"}}}

    assert problems_of(CAPACITY, good) == []
    assert problems_of(CAPACITY, {})[0].startswith(
        'storageClassName: Invalid value: "": a lowercase RFC 1123 subdomain'
    )
    assert problems_of(CAPACITY, {"storageClassName": "a", "capacity": "-1"}) == [
        'capacity: Invalid value: "-1": must be greater than or equal to 0'
    ]


def test_what_a_driver_was_asked_never_changes(problems_of):
    old = {"storageClassName": "fast", "capacity": "1Gi"}
    new = {"storageClassName": "slow", "capacity": "2Gi", "nodeTopology": {"matchLabels": {"a": "b"}}}

    assert problems_of(CAPACITY, new, old) == [
        'nodeTopology: Invalid value: {"matchLabels":{"a":"b"}}: field is immutable',
        'storageClassName: Invalid value: "slow": field is immutable',
    ]
