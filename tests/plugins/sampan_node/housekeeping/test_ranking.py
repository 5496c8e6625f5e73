import pytest

from sampan_node.housekeeping.pressure import Level
from sampan_node.housekeeping.ranking import Use, grace, message, ranked
from sampan_node.housekeeping.thresholds import Amount, Threshold

MIB = 1 << 20
HARD = Threshold("memory.available", Amount(100 * MIB, text="100Mi"))
SOFT = HARD._replace(grace=60.0)


def pod(name, *, memory="", priority=0, seconds=30):
    resources = {"requests": {"memory": memory}} if memory else {}
    spec = {"containers": [{"name": "a", "resources": resources}, {"name": "b"}], "priority": priority}
    return {"metadata": {"name": name, "uid": name}, "spec": {**spec, "terminationGracePeriodSeconds": seconds}}


PODS = [
    pod("modest", memory="20Mi"), pod("greedy", memory="20Mi"), pod("important", priority=5),
    pod("critical", priority=2_000_001_000),
]  # fmt: skip


def names(found):
    return [one["metadata"]["name"] for one in found]


def test_who_uses_more_than_it_requested_goes_before_its_betters():
    uses = {"modest": 10, "greedy": 50, "important": 90, "critical": 99}

    found = ranked(PODS, "memory", {name: Use(mib * MIB) for name, mib in uses.items()})

    assert names(found) == ["greedy", "important", "modest"]


def test_of_process_ids_nothing_can_be_requested_so_priority_decides():
    assert names(ranked(PODS[::-1], "pids", {})) == ["greedy", "modest", "important"]


@pytest.mark.parametrize(
    ("threshold", "most", "own", "given"), [(HARD, 60, 30, 1), (SOFT, 10, 30, 10), (SOFT, 60, 30, 30), (SOFT, 0, 30, 0)]
)
def test_a_pod_has_time_to_end_where_a_soft_threshold_is_crossed(threshold, most, own, given):
    assert grace(pod("a", seconds=own), threshold, most) == given


def test_the_message_is_upstream_s():
    use = Use(60 * MIB, {"a": 50 * MIB, "b": 10 * MIB})

    said = message(pod("x", memory="60Mi"), [HARD, SOFT], {"memory.available": Level(40 * MIB, 1000 * MIB)}, use)

    assert said == (
        "The node was low on resource: memory. Threshold quantity: 100Mi, available: 40Mi. "
        "Container b was using 10Mi, request is 0, has larger consumption of memory. "
    )
