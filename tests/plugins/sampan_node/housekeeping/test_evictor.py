from types import SimpleNamespace

import pytest

from sampan_node.admission import PodAdmission
from sampan_node.housekeeping.evictor import Evictor
from sampan_node.housekeeping.pressure import DISK, MEMORY, PIDS, Level
from sampan_runtime.contracts import Container, RuntimeFailure, Usage

SETTINGS = SimpleNamespace(
    evict_below_memory="10%", evict_below_disk="10%", evict_below_pids="", image_gc_high_percent=85,
    image_gc_low_percent=80,
)  # fmt: skip


class Worker:
    def __init__(self, uid, folder):
        self.pod = {
            "metadata": {"uid": uid, "name": uid, "namespace": "default"},
            "spec": {"containers": [{"name": "a"}], "volumes": [{"name": "v", "emptyDir": {}}]},
        }
        self.folder, self.message = folder / uid, ""

    def holds_room(self):
        return not self.message

    def evict(self, message):
        self.message = message

    def poke(self):
        pass


@pytest.fixture
def levels():
    return {MEMORY: Level(500, 1000), DISK: Level(500, 1000), PIDS: Level(500, 1000)}


@pytest.fixture
def agent(tmp_path):
    workers = [Worker("small", tmp_path), Worker("large", tmp_path)]
    runtime = SimpleNamespace(
        containers=lambda: [Container(uid, "s", uid, "a", 0, "running", "i", "i", 1.0) for uid in ("small", "large")],
        usage=lambda: [Usage("small", 0, 10, 1.0), Usage("large", 0, 90, 1.0)],
    )
    collected = []
    images = SimpleNamespace(collect=lambda runtime, is_enough: collected.append(is_enough()) or [])
    host = SimpleNamespace(home=tmp_path, runtime=runtime, admission=PodAdmission({}), images=images)
    return SimpleNamespace(host=host, workers=lambda: workers, collected=collected)


def messages(agent):
    return {worker.pod["metadata"]["uid"]: worker.message for worker in agent.workers() if worker.message}


def test_nothing_happens_while_there_is_enough(agent, levels):
    assert Evictor(agent, SETTINGS, measure=lambda home: levels).look() == frozenset()
    assert (messages(agent), agent.collected) == ({}, [])


def test_one_pod_goes_at_a_time_and_new_ones_are_refused(agent, levels):
    evictor = Evictor(agent, SETTINGS, measure=lambda home: levels)
    levels[MEMORY] = Level(50, 1000)

    assert evictor.look() == {MEMORY}
    assert list(messages(agent)) == ["large"]
    assert agent.host.admission.take(Worker("new", agent.host.home).pod).reason == "Evicted"


def test_a_runtime_that_does_not_answer_costs_no_heartbeat(agent, levels):
    def fail():
        raise RuntimeFailure("RuntimeError", "down")

    agent.host.runtime.usage = fail
    levels[MEMORY] = Level(50, 1000)

    assert Evictor(agent, SETTINGS, measure=lambda home: levels).look() == {MEMORY}


def test_images_go_before_pods_do(agent, levels):
    evictor = Evictor(agent, SETTINGS, measure=lambda home: levels)
    levels[DISK] = Level(140, 1000)

    assert evictor.look() == frozenset()
    assert (messages(agent), agent.collected) == ({}, [False])


def test_of_a_full_disk_the_pod_goes_that_has_most_of_it(agent, levels):
    place = agent.host.home / "small" / "volumes" / "emptyDir" / "v"
    place.mkdir(parents=True)
    (place / "file").write_bytes(b"x" * 100_000)
    levels[DISK] = Level(50, 1000)

    Evictor(agent, SETTINGS, measure=lambda home: levels).look()

    assert list(messages(agent)) == ["small"]
