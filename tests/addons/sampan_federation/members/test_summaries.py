from __future__ import annotations

from sampan_federation.members.summaries import summarize


def node(cpu: str, *, ready: bool = True, cordoned: bool = False):
    condition = {"type": "Ready", "status": "True" if ready else "False"}
    return {
        "spec": {"unschedulable": True} if cordoned else {},
        "status": {"allocatable": {"cpu": cpu, "pods": "10"}, "conditions": [condition]},
    }


def pod(cpu: str, where: str = ""):
    return {
        "spec": {
            "containers": [{"name": "a", "resources": {"requests": {"cpu": cpu}}}],
            **({"nodeName": where} if where else {}),
        }
    }


def test_nodes_and_pods_are_added_up():
    nodes, resources = summarize(
        [node("4"), node("2500m"), node("8", ready=False), node("8", cordoned=True)],
        [pod("500m", "a"), pod("1", "a"), pod("2")],
    )

    assert nodes == {"totalNum": 4, "readyNum": 3}
    assert resources["allocatable"] == {"cpu": "6500m", "pods": "20"}
    assert resources["allocated"] == {"cpu": "1500m", "pods": "2"}
    assert resources["allocating"] == {"cpu": "2", "pods": "1"}


def test_nodes_are_counted_by_grade():
    models = [
        {"grade": 0, "ranges": [{"name": "cpu", "min": "0", "max": "4"}]},
        {"grade": 1, "ranges": [{"name": "cpu", "min": "4", "max": "100"}]},
    ]
    _, resources = summarize([node("2"), node("4"), node("16")], [], models)

    assert resources["allocatableModelings"] == [{"grade": 0, "count": 1}, {"grade": 1, "count": 2}]


def test_nonsense_counts_as_nothing():
    nodes, resources = summarize(
        [
            {"status": 7},
            {},
            {"spec": [], "status": {"conditions": [{"type": "Ready", "status": "True"}], "allocatable": {"cpu": "x"}}},
        ],
        [{"spec": {"containers": 1}}, {}, pod("much")],
    )

    assert nodes["totalNum"] == 3
    assert "allocatable" not in resources
