import dataclasses
from types import SimpleNamespace

import pytest

from sampan_node.admission import PodAdmission
from sampan_node.housekeeping.evictor import Evictor
from sampan_node.housekeeping.pressure import Level
from sampan_node.housekeeping.thresholds import DISK, MEMORY
from sampan_node.settings import Settings
from sampan_runtime.contracts import Container, RuntimeFailure, Usage

SETTINGS = Settings(
    evict_below_memory="10%", evict_below_disk="10%",
    evictionSoft={"memory.available": "20%"}, evictionSoftGracePeriod={"memory.available": "1m"},
    evictionMaxPodGracePeriod=20, evictionMinimumReclaim={"nodefs.available": "5%"},
)  # fmt: skip


class Worker:
    def __init__(self, uid, folder):
        self.pod = {
            "metadata": {"uid": uid, "name": uid, "namespace": "default"},
            "spec": {"containers": [{"name": "a"}], "volumes": [{"name": "v", "emptyDir": {}}]},
        }
        self.folder, self.message, self.grace, self.stopped = folder / uid, "", None, False

    def holds_room(self):
        return not self.message

    def is_stopped(self):
        return self.stopped

    def evict(self, message, grace, *, disrupted):
        self.message, self.grace = message, grace
        assert disrupted

    def poke(self):
        pass


@pytest.fixture
def levels():
    return dict.fromkeys(("memory.available", "nodefs.available", "pid.available"), Level(500, 1000))


@pytest.fixture
def agent(tmp_path):
    workers = [Worker("small", tmp_path), Worker("large", tmp_path)]
    runtime = SimpleNamespace(
        containers=lambda: [Container(uid, "s", uid, "a", 0, "running", "i", "i", 1.0) for uid in ("small", "large")],
        usage=lambda: [Usage("small", 0, 10, 1.0), Usage("large", 0, 90, 1.0)],
    )
    collected, told = [], []
    images = SimpleNamespace(collect=lambda runtime, is_enough: collected.append(is_enough()) or [])
    events = SimpleNamespace(event=lambda about, type, reason, message: told.append((about["kind"], reason, message)))
    host = SimpleNamespace(
        home=tmp_path, name="n", runtime=runtime, admission=PodAdmission({}), images=images, events=events
    )
    return SimpleNamespace(host=host, workers=lambda: workers, collected=collected, told=told)


@pytest.fixture
def look(agent, levels):
    """look(now): the conditions at that second."""
    now = [0.0]
    evictor = Evictor(agent, SETTINGS, measure=lambda home: levels, clock=lambda: now[0])

    def at(moment=0.0):
        now[0] = moment
        return evictor.look()

    return at


def evicted(agent):
    return {worker.pod["metadata"]["uid"]: worker.grace for worker in agent.workers() if worker.message}


def test_nothing_happens_while_there_is_enough(agent, look):
    assert look() == frozenset()
    assert (evicted(agent), agent.collected, agent.told) == ({}, [], [])


def test_one_pod_goes_at_a_time_and_new_ones_are_refused(agent, levels, look):
    levels["memory.available"] = Level(50, 1000)

    assert look() == {MEMORY}
    assert evicted(agent) == {"large": 1}
    assert "Container a was using 90, request is 0" in agent.workers()[1].message
    assert agent.told == [("Node", "EvictionThresholdMet", "Attempting to reclaim memory")]
    assert agent.host.admission.take(Worker("new", agent.host.home).pod).reason == "Evicted"


@pytest.mark.parametrize(("stopped", "moment"), [(True, 10.0), (False, 30.0)])
def test_the_next_pod_goes_once_the_first_has_ended_or_half_a_minute_later(agent, levels, look, stopped, moment):
    levels["memory.available"] = Level(50, 1000)
    look(0.0)

    look(9.0)
    assert evicted(agent) == {"large": 1}

    agent.workers()[1].stopped = stopped
    look(moment)
    assert evicted(agent) == {"large": 1, "small": 1}


def test_a_soft_threshold_waits_and_gives_the_pod_time_to_end(agent, levels, look):
    levels["memory.available"] = Level(150, 1000)

    assert look(0.0) == look(59.0) == {MEMORY}
    assert evicted(agent) == {}

    look(60.0)
    assert evicted(agent) == {"large": 20}


def test_a_runtime_that_does_not_answer_costs_no_heartbeat(agent, levels, look):
    def fail():
        raise RuntimeFailure("RuntimeError", "down")

    agent.host.runtime.usage = fail
    levels["memory.available"] = Level(50, 1000)

    assert look() == {MEMORY}


def test_images_go_before_the_disk_is_short(agent, levels, look):
    levels["nodefs.available"] = Level(140, 1000)

    assert look() == frozenset()
    assert (evicted(agent), agent.collected) == ({}, [False])


@pytest.mark.parametrize(("left", "gone"), [(150, []), (149, ["small"])])
def test_no_pod_goes_where_removing_images_gives_the_minimum_reclaim(agent, levels, left, gone):
    settings = dataclasses.replace(SETTINGS, image_gc_high_percent=0)
    levels["nodefs.available"] = Level(90, 1000)

    def remove(runtime, is_enough):
        levels["nodefs.available"] = Level(left, 1000)
        return ["an-image"]

    agent.host.images.collect = remove

    assert Evictor(agent, settings, measure=lambda home: dict(levels), clock=lambda: 0.0).look() == {DISK}
    assert list(evicted(agent)) == gone


def test_of_a_full_disk_the_pod_goes_that_has_most_of_it(agent, levels, look):
    place = agent.host.home / "large" / "volumes" / "emptyDir" / "v"
    place.mkdir(parents=True)
    (place / "file").write_bytes(b"x" * 100_000)
    levels["nodefs.available"] = Level(50, 1000)

    look()

    assert evicted(agent) == {"large": 1}
    assert agent.workers()[1].message == (
        "The node was low on resource: ephemeral-storage. Threshold quantity: 100, available: 50. "
    )
