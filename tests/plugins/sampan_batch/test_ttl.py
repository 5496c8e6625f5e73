import pytest

from sampan.contracts.reconciling import Key, Remove, Requeue
from sampan_batch.ttl import decide
from sampan_machinery.metadata import now_text
from sampan_machinery.resources import JOBS
from sampan_testing.simulation import World


@pytest.fixture
def decided(make):
    world = World()

    def decided(seconds, finished=True, **spec):
        world.create(JOBS, make.job(**spec))
        job = world.get(JOBS, "work", "default")
        condition = {"type": "Failed", "status": "True", "lastTransitionTime": now_text(world.now)}
        status = {"conditions": [condition] if finished else []}
        world.update(JOBS, {**job, "status": status}, "status")
        world.now += seconds
        return decide(Key("default", "work"), world)

    return decided


def test_a_finished_job_is_deleted_after_its_time_with_its_pods_first(decided):
    (removal,) = decided(30, ttlSecondsAfterFinished=30)

    assert isinstance(removal, Remove)
    assert (removal.name, removal.propagation) == ("work", "Foreground")
    assert removal.uid and removal.resource_version


def test_before_its_time_it_is_looked_at_again(decided):
    assert decided(10, ttlSecondsAfterFinished=30) == [Requeue(20.0)]


@pytest.mark.parametrize("case", [{"finished": False, "ttlSecondsAfterFinished": 0}, {}])
def test_a_job_that_runs_or_has_no_time_stays(decided, case):
    assert decided(1000, **case) == []
