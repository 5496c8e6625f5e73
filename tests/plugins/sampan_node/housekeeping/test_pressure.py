import pytest

from sampan_node.housekeeping.pressure import Level, PressureMemory, decide, measure, met, refuses, standing
from sampan_node.housekeeping.thresholds import DISK, MEMORY, Amount, Threshold

HARD = Threshold("memory.available", Amount(100))
SOFT = Threshold("memory.available", Amount(200), 60.0)
SPACE = Threshold("nodefs.available", Amount(share=0.1), 0.0, Amount(share=0.1))


def pod(name, *, memory="", priority=0, mirror=False, tolerations=()):
    resources = {"requests": {"memory": memory}} if memory else {}
    annotations = {"kubernetes.io/config.mirror": "x"} if mirror else {}
    spec = {"containers": [{"name": "a", "resources": resources}], "priority": priority, "tolerations": tolerations}
    return {"metadata": {"name": name, "annotations": annotations}, "spec": spec}


class Node:
    """A node whose memory and disk the test sets; ``at(now)`` decides."""

    def __init__(self, *thresholds):
        self.thresholds, self.memory = thresholds, PressureMemory()
        self.levels = {"memory.available": Level(1000, 1000), "nodefs.available": Level(1000, 1000)}

    def at(self, now, **available):
        for name, amount in available.items():
            self.levels[f"{name}.available"] = Level(amount, 1000)
        return decide(self.thresholds, self.levels, self.memory, now, transition=300.0)


def test_this_machine_can_be_measured(tmp_path):
    found = measure(tmp_path)

    assert {"memory.available", "nodefs.available", "imagefs.available", "pid.available"} <= set(found)
    assert all(0 <= level.available <= level.total for level in found.values())


def test_a_hard_threshold_is_acted_on_at_once_and_its_condition_stands_for_the_transition_period():
    node = Node(HARD)

    assert node.at(0.0, memory=99) == ({MEMORY}, (HARD,))
    assert node.at(10.0, memory=100) == ({MEMORY}, ())
    assert node.at(299.9) == ({MEMORY}, ())
    assert node.at(300.0) == (frozenset(), ())


def test_a_soft_threshold_is_a_condition_at_once_and_acted_on_after_its_grace_period():
    node = Node(SOFT)

    assert node.at(0.0, memory=150) == ({MEMORY}, ())
    assert node.at(59.0) == ({MEMORY}, ())
    assert node.at(60.0) == ({MEMORY}, (SOFT,))


def test_a_gap_starts_the_grace_period_again():
    node = Node(SOFT)
    node.at(0.0, memory=150)
    node.at(50.0, memory=500)

    assert node.at(61.0, memory=150).due == ()
    assert node.at(121.0).due == (SOFT,)


def test_evicting_goes_on_until_the_minimum_reclaim_is_reached():
    node = Node(SPACE)

    assert node.at(0.0, nodefs=99).due == (SPACE,)
    assert node.at(10.0, nodefs=199).due == (SPACE,)
    assert node.at(20.0, nodefs=200).due == ()
    assert node.at(30.0, nodefs=199).due == ()  # above the threshold itself: nothing begins


def test_memory_comes_before_disk_and_hard_before_soft():
    node = Node(SPACE, HARD, SOFT)
    node.at(0.0, memory=50, nodefs=50)

    found = node.at(60.0)

    assert found == ({MEMORY, DISK}, (HARD, SOFT, SPACE))


def test_what_cannot_be_observed_is_not_crossed():
    assert met([HARD], {}) == []


def test_the_conditions_can_be_asked_for_without_a_look():
    node = Node(HARD)
    node.at(0.0, memory=1)

    assert standing(node.memory, 1.0, 300.0) == {MEMORY}
    assert standing(node.memory, 301.0, 300.0) == frozenset()


TOLERATION = {"key": "node.kubernetes.io/memory-pressure", "operator": "Exists", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    ("wanted", "conditions", "taken"),
    [
        (pod("a"), (), True),
        (pod("a"), (MEMORY,), False),
        (pod("a", tolerations=[TOLERATION]), (MEMORY,), True),
        (pod("a", tolerations=[TOLERATION]), (DISK, MEMORY), False),
        (pod("a", memory="1Mi"), (MEMORY,), True),
        (pod("a", memory="1Mi"), (DISK,), False),
        (pod("a", priority=2_000_000_000), (DISK,), True),
        (pod("a", mirror=True), (DISK, MEMORY), True),
    ],
)
def test_who_is_taken_while_a_resource_is_short(wanted, conditions, taken):
    assert (refuses(wanted, conditions) == "") is taken


def test_a_refusal_names_the_conditions_as_upstream_does():
    assert refuses(pod("a"), (MEMORY, DISK)) == "The node had condition: [DiskPressure MemoryPressure]. "
