import pytest

from sampan_node.housekeeping.pressure import (
    DISK,
    MEMORY,
    PIDS,
    STANDS,
    Level,
    Limits,
    below,
    first,
    limit,
    measure,
    message,
    refuses,
    standing,
)  # fmt: skip

MIB = 1 << 20


def pod(name, *, memory="", priority=0, mirror=False):
    resources = {"requests": {"memory": memory}} if memory else {}
    annotations = {"kubernetes.io/config.mirror": "x"} if mirror else {}
    spec = {"containers": [{"name": "a", "resources": resources}], "priority": priority}
    return {"metadata": {"name": name, "annotations": annotations}, "spec": spec}


def test_a_limit_is_an_amount_or_a_part_of_the_whole():
    assert [limit(text, 1000 * MIB) for text in ("100Mi", "5%", "")] == [100 * MIB, 50 * MIB, 0]


def test_this_machine_can_be_measured(tmp_path):
    found = measure(tmp_path)

    assert set(found) == {MEMORY, DISK, PIDS}
    assert all(0 < level.available <= level.total for level in found.values())


def test_what_is_short_is_a_condition_and_stands_for_a_while():
    levels = {MEMORY: Level(50, 1000), DISK: Level(500, 1000), PIDS: Level(5, 10)}

    assert below(levels, Limits(100, 100, 0)) == {MEMORY: 100}
    assert standing(1000.0, {MEMORY: 1000.0 - STANDS + 1, DISK: 1000.0 - STANDS}) == {MEMORY}


@pytest.mark.parametrize(
    ("wanted", "conditions", "taken"),
    [
        (pod("a"), (), True),
        (pod("a"), (MEMORY,), False),
        (pod("a", memory="1Mi"), (MEMORY,), True),
        (pod("a", memory="1Mi"), (DISK,), False),
        (pod("a", priority=2_000_000_000), (DISK,), True),
        (pod("a", mirror=True), (DISK, MEMORY), True),
    ],
)
def test_who_is_taken_while_a_resource_is_short(wanted, conditions, taken):
    assert (refuses(wanted, conditions) == "") is taken


def test_who_uses_more_than_it_requested_goes_before_its_betters():
    use = {"modest": 10 * MIB, "greedy": 50 * MIB, "important": 90 * MIB, "critical": 99 * MIB}
    pods = [
        pod("modest", memory="20Mi"), pod("greedy", memory="20Mi"), pod("important", priority=5),
        pod("critical", priority=2_000_001_000),
    ]  # fmt: skip
    order = []
    while chosen := first(pods, MEMORY, lambda one: use[one["metadata"]["name"]]):
        order.append(chosen["metadata"]["name"])
        pods.remove(chosen)

    assert order == ["greedy", "important", "modest"]


def test_the_message_has_the_numbers():
    said = message(pod("a", memory="1Mi"), MEMORY, 100, Level(50, 1000), 7)

    assert "low on resource: memory. Threshold quantity: 100, available: 50. " in said
    assert "was using 7, request is 1048576" in said
