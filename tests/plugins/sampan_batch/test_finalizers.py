import pytest

from sampan.contracts.reconciling import Key
from sampan_batch.finalizers import decide, keys_of_job, keys_of_pod
from sampan_machinery.resources import JOBS, PODS
from sampan_testing.simulation import World

KEY = Key("default", "a")


@pytest.fixture
def world(make):
    world = World()
    job = make.job()
    world.create(JOBS, job)
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": "work", "controller": True}
    uid = world.get(JOBS, "work", "default")["metadata"]["uid"]
    world.create(PODS, make.pod(ownerReferences=[{**owner, "uid": uid}]))
    return world


def finish(world):
    job = world.get(JOBS, "work", "default")
    world.update(JOBS, {**job, "status": {"conditions": [{"type": "Complete", "status": "True"}]}}, "status")
    return job


def test_a_pod_that_its_job_counts_is_left_alone(world):
    assert decide(KEY, world) == []


def test_a_pod_of_a_finished_job_loses_the_finalizer(world):
    job = finish(world)

    (patch,) = decide(KEY, world)

    assert patch.patch["metadata"]["$deleteFromPrimitiveList/finalizers"] == ["batch.kubernetes.io/job-tracking"]
    assert keys_of_job(job, world) == [KEY]


def test_a_pod_of_a_job_that_is_gone_loses_the_finalizer(world):
    job = world.get(JOBS, "work", "default")
    world.remove(JOBS, "work", "default")

    assert len(decide(KEY, world)) == 1
    assert keys_of_job(job, world) == [KEY]


def test_a_pod_without_an_owner_loses_the_finalizer(world):
    pod = world.get(PODS, "a", "default")
    world.update(PODS, {**pod, "metadata": {**pod["metadata"], "ownerReferences": []}})

    assert len(decide(KEY, world)) == 1


@pytest.mark.parametrize("change", [{"kind": "Mine"}, {"apiVersion": "example.com/v1"}])
def test_a_pod_of_another_kind_of_owner_is_left_alone(world, change):
    pod = world.get(PODS, "a", "default")
    (owner,) = pod["metadata"]["ownerReferences"]
    world.update(PODS, {**pod, "metadata": {**pod["metadata"], "ownerReferences": [{**owner, **change}]}})

    assert decide(KEY, world) == []


def test_a_pod_of_a_job_that_another_controller_manages_is_left_alone(world):
    job = finish(world)
    job = world.get(JOBS, "work", "default")
    world.update(JOBS, {**job, "spec": {**job["spec"], "managedBy": "example.com/other"}})

    assert decide(KEY, world) == []


def test_most_pods_make_no_key(make, world):
    assert keys_of_pod(make.pod(tracked=False), world) == ()
    assert keys_of_pod(make.pod(), world) == (KEY,)
    assert keys_of_job(world.get(JOBS, "work", "default"), world) == ()
