import pytest

from sampan_batch.backoff import finished_at, restarts, wait_for_index, wait_for_job
from sampan_machinery.metadata import parse_time

NOW = parse_time("2026-11-30T10:00:05Z")


@pytest.mark.parametrize(("failures", "wait"), [(0, 0), (1, 10), (2, 20), (3, 40), (7, 600), (50, 600)])
def test_each_failure_doubles_the_wait_up_to_ten_minutes(make, failures, wait):
    pods = [make.ended(make.pod(str(number)), 1) for number in range(failures)]

    assert wait_for_job(make.job(), pods, NOW) == wait


def test_only_failures_after_the_last_success_count(make):
    pods = [
        make.ended(make.pod("a"), 1, "2026-11-30T10:00:01Z"),
        make.ended(make.pod("b"), 0, "2026-11-30T10:00:02Z"),
        make.ended(make.pod("c"), 1, "2026-11-30T10:00:03Z"),
    ]

    assert wait_for_job(make.job(), pods, NOW) == 8
    assert wait_for_job(make.job(), pods[:2], NOW) == 0


def test_the_failures_of_an_index_are_in_its_last_pod(make):
    annotations = {
        "batch.kubernetes.io/job-index-failure-count": "1",
        "batch.kubernetes.io/job-index-ignored-failure-count": "1",
    }
    last = make.ended(make.pod(annotations=annotations), 1)

    assert wait_for_index(last, NOW) == 40
    assert wait_for_index(None, NOW) == 0


def test_a_pod_ended_with_its_last_container(make):
    pod = make.ended(make.pod(), 1)
    sidecar = {"name": "s", "restartPolicy": "Always"}
    late = {"name": "s", "state": {"terminated": {"exitCode": 0, "finishedAt": "2026-11-30T10:00:09Z"}}}
    pod = {**pod, "spec": {"initContainers": [sidecar]}, "status": {**pod["status"], "initContainerStatuses": [late]}}

    assert finished_at(pod) == NOW + 4


def test_a_pod_whose_containers_say_nothing_ended_when_it_turned_unready_or_was_deleted(make):
    ready = {"type": "Ready", "status": "False", "lastTransitionTime": "2026-11-30T10:00:07Z"}
    deleted = {"deletionTimestamp": "2026-11-30T10:00:40Z", "deletionGracePeriodSeconds": 30}

    assert finished_at({**make.pod(), "status": {"conditions": [ready]}}) == NOW + 2
    assert finished_at(make.pod(**deleted)) == NOW + 5
    assert finished_at(make.pod()) == NOW - 5


def test_restarts_are_those_of_pods_that_run(make):
    counted = [{"restartCount": 2}, {"restartCount": 1}]
    running = {**make.pod(), "status": {"phase": "Running", "containerStatuses": counted}}

    assert restarts([running, {**running, "status": {**running["status"], "phase": "Failed"}}]) == 3
