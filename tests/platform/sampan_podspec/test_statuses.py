from sampan_podspec.statuses import validate_counts

COUNTS = ("replicas", "readyReplicas", "availableReplicas")


def told(status, before=None, **more):
    found = validate_counts({"status": status}, {"status": before or {}}, COUNTS, within=COUNTS[1:], **more)
    return [f"{problem.path}: {problem.message}" for problem in found]


def test_counts_are_not_negative_and_not_above_the_replicas():
    assert told({"replicas": 2, "readyReplicas": 2, "availableReplicas": 1}) == []
    assert told({"readyReplicas": -1, "availableReplicas": -1}) == [
        "status.readyReplicas: Invalid value: -1: must be greater than or equal to 0",
        "status.availableReplicas: Invalid value: -1: must be greater than or equal to 0",
    ]
    assert told({"replicas": 1, "readyReplicas": 2}) == [
        "status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas"
    ]
    assert told({"replicas": 3, "readyReplicas": 1, "availableReplicas": 2}, ready="status.readyReplicas") == [
        "status.availableReplicas: Invalid value: 2: cannot be greater than status.readyReplicas"
    ]


def test_collisions_are_never_fewer():
    assert told({"collisionCount": 1}, {"collisionCount": 2}) == [
        "status.collisionCount: Invalid value: 1: cannot be decremented"
    ]


def test_a_status_that_stays_is_not_judged():
    assert told({"replicas": -1}, {"replicas": -1}) == []
    assert validate_counts({"status": {"replicas": -1}}, None, COUNTS) == []
