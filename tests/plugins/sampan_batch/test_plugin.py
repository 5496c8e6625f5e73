"""The controllers on the real API server, scheduler and garbage collection, in process; nodes are fake."""

import pytest

from sampan_machinery.metadata import condition_is
from sampan_machinery.resources import CRON_JOBS, JOBS, PODS
from sampan_testing.cluster import start

TEMPLATE = {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}


@pytest.fixture(scope="module")
def cluster():
    with start(nodes=1) as cluster:
        yield cluster


def create(cluster, name, **spec):
    job = {"metadata": {"name": name, "namespace": "default"}, "spec": {"template": TEMPLATE, **spec}}
    return cluster.client.create(JOBS, job)


def pods(cluster, name):
    return list(cluster.client.list(PODS, "default", labels=f"job-name={name}").items)


def end(cluster, pod, phase="Succeeded"):
    status = {"phase": phase, "containerStatuses": []}
    meta = pod["metadata"]
    cluster.client.patch(PODS, meta["name"], {"status": status}, meta["namespace"], subresource="status")


def running(cluster, name, count):
    def found():
        each = [pod for pod in pods(cluster, name) if pod["status"].get("phase") == "Running"]
        return each if len(each) == count else None

    return cluster.until(found)


def finished(cluster, name, condition):
    def found():
        job = cluster.client.get(JOBS, name, "default")
        return job if condition_is(job["status"], condition) else None

    return cluster.until(found)


def test_a_job_runs_to_its_end(cluster):
    create(cluster, "work", completions=2, parallelism=2)

    for pod in running(cluster, "work", 2):
        end(cluster, pod)

    job = finished(cluster, "work", "Complete")
    assert (job["status"]["succeeded"], job["status"]["terminating"]) == (2, 0)
    assert cluster.until(lambda: not any(pod["metadata"].get("finalizers") for pod in pods(cluster, "work")))


def test_a_job_that_failed_deletes_what_still_runs(cluster):
    create(cluster, "wrong", completions=2, parallelism=2, backoffLimit=0)

    end(cluster, running(cluster, "wrong", 2)[0], "Failed")

    job = finished(cluster, "wrong", "Failed")
    assert job["status"]["failed"] == 2
    assert len(pods(cluster, "wrong")) == 1


def test_pods_of_a_deleted_job_are_deleted_with_it(cluster):
    create(cluster, "gone")
    running(cluster, "gone", 1)

    cluster.client.delete(JOBS, "gone", "default", propagation="Foreground")

    assert cluster.until(
        lambda: (
            not pods(cluster, "gone") and not cluster.client.list(JOBS, "default", fields="metadata.name=gone").items
        )
    )


def test_pods_that_a_job_leaves_behind_lose_the_finalizer(cluster):
    create(cluster, "left")
    running(cluster, "left", 1)

    cluster.client.delete(JOBS, "left", "default", propagation="Orphan")

    assert cluster.until(lambda: not pods(cluster, "left")[0]["metadata"].get("finalizers"))


def test_a_cron_job_makes_a_job(cluster):
    spec = {"schedule": "@every 1s", "concurrencyPolicy": "Forbid", "jobTemplate": {"spec": {"template": TEMPLATE}}}
    cluster.client.create(CRON_JOBS, {"metadata": {"name": "tick", "namespace": "default"}, "spec": spec})

    found = cluster.until(lambda: cluster.client.get(CRON_JOBS, "tick", "default")["status"]["active"])

    assert cluster.client.get(JOBS, found[0]["name"], "default")["metadata"]["uid"] == found[0]["uid"]
