import pytest

BUDGET = {
    "metadata": {"name": "pdb", "namespace": "default"},
    "spec": {"selector": {"matchLabels": {"app": "web"}}},
    "status": {"disruptionsAllowed": 0},
}


@pytest.fixture
def world(build, simulated):
    world = simulated()
    world.nodes(build.node("n"), build.node("m"))
    return world


def test_budgets_are_asked_for_and_respected(build, world):
    world.pods(build.pod("w", on="n", cpu="4", labels={"app": "web"}), build.pod("x", on="m", cpu="4", priority=5))
    world.budgets.append(BUDGET)

    world.pods(build.pod("vip", cpu="4", priority=10))
    world.run()
    world.run(2)

    assert "w" in world.api.pods and "x" not in world.api.pods
    assert world.where("vip") == "m"


def test_the_nomination_of_a_less_important_pod_is_taken_back_in_its_status(build, world):
    world.api.lingering = True
    world.pods(build.pod("a", on="n", cpu="4"), build.pod("b", on="m", cpu="4", priority=100))
    world.pods(build.pod("second", cpu="4", priority=10))
    world.run()
    assert world.api.pods["second"]["status"]["nominatedNodeName"] == "n"

    world.pods(build.pod("first", cpu="4", priority=20))
    world.run(1)

    assert world.api.pods["first"]["status"]["nominatedNodeName"] == "n"
    assert world.api.pods["second"]["status"]["nominatedNodeName"] is None


def test_a_nomination_that_does_not_help_any_more_is_taken_back(build, world):
    world.pods(*(build.pod(f"{name}0", on=name, cpu="4", priority=50) for name in "nm"))
    world.pods(build.pod("p", cpu="4", priority=10, status={"nominatedNodeName": "n"}))

    world.run()

    assert world.api.pods["p"]["status"]["nominatedNodeName"] is None


def test_the_condition_of_a_victim_names_the_scheduler(build, world):
    world.api.lingering = True
    world.pods(build.pod("a", on="n", cpu="4"), build.pod("b", on="m", cpu="4", priority=100))
    world.pods(build.pod("vip", cpu="4", priority=10))
    world.run()

    (condition,) = world.api.pods["a"]["status"]["conditions"]
    assert (condition["type"], condition["reason"]) == ("DisruptionTarget", "PreemptionByScheduler")
    assert condition["message"] == "default-scheduler: preempting to accommodate a higher priority pod"


def test_who_loses_a_promise_of_room_leaves_it_to_those_that_wait(build, world):
    world.api.lingering = True
    world.pods(build.pod("a", on="n", cpu="2"), build.pod("b", on="m", cpu="4", priority=100))
    world.pods(build.pod("vip", cpu="4", priority=10))
    world.run()
    world.pods(build.pod("small", cpu="2"))
    world.run()
    assert world.where("small") == ""

    world.api.end("vip")
    world.run(2)

    assert world.where("small") == "n"
