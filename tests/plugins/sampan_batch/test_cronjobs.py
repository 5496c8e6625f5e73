from datetime import UTC, datetime

import pytest

from sampan.contracts.reconciling import Create
from sampan.errors import Forbidden
from sampan_batch.kinds import CRON_JOB
from sampan_batch.plugin import contribute_reconcilers
from sampan_machinery.metadata import now_text
from sampan_machinery.resources import CRON_JOBS, JOBS
from sampan_testing.simulation import World

RECONCILERS = [each for each in contribute_reconcilers() if each.name == "cronjob-controller"]
START = datetime(2026, 11, 30, 10, 0, 10, tzinfo=UTC).timestamp()


class Cluster:
    """A world with one CronJob called tick, ten seconds after a minute."""

    def __init__(self, **spec):
        self.world = World(now=START)
        template = {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c"}]}}}}
        spec = {"schedule": "*/1 * * * ?", "jobTemplate": template, **spec}
        cron_job = {"metadata": {"name": "tick", "namespace": "default"}, "spec": spec}
        CRON_JOB.default(cron_job)
        self.world.create(CRON_JOBS, cron_job)
        self.settle()

    def settle(self, seconds=0):
        self.world.now += seconds
        self.world.settle(RECONCILERS)
        return self

    def finish(self, job, condition="Complete"):
        now = now_text(self.world.now)
        status = {"conditions": [{"type": condition, "status": "True", "lastTransitionTime": now}], "startTime": now}
        status |= {"completionTime": now} if condition == "Complete" else {}
        self.world.update(JOBS, {**job, "status": status}, "status")
        return self.settle()

    @property
    def jobs(self):
        return sorted(self.world.list(JOBS), key=lambda job: job["metadata"]["name"])

    @property
    def cron_job(self):
        return self.world.get(CRON_JOBS, "tick", "default")

    @property
    def status(self):
        return self.cron_job.get("status") or {}

    @property
    def active(self):
        return [each["name"] for each in self.status.get("active", ())]

    def reasons(self):
        return [reason for reason, _ in self.world.events]


def test_a_job_is_created_when_it_is_due():
    cluster = Cluster()
    assert cluster.jobs == []
    assert cluster.world.wakes[-1] == pytest.approx(START + 50.1)

    cluster.settle(50)

    (job,) = cluster.jobs
    minute = int(cluster.world.now) // 60
    assert job["metadata"]["name"] == f"tick-{minute}"
    scheduled = job["metadata"]["annotations"]["batch.kubernetes.io/cronjob-scheduled-timestamp"]
    assert scheduled == "2026-11-30T10:01:00Z"
    assert job["metadata"]["ownerReferences"][0]["controller"]
    assert cluster.status["lastScheduleTime"] == "2026-11-30T10:01:00Z"
    reference = {key: cluster.status["active"][0][key] for key in ("kind", "apiVersion", "namespace", "name", "uid")}
    assert reference == {
        "kind": "Job", "apiVersion": "batch/v1", "namespace": "default", "name": job["metadata"]["name"],
        "uid": job["metadata"]["uid"],
    }  # fmt: skip
    assert ("SuccessfulCreate", f"Created job tick-{minute}") in cluster.world.events


def test_a_start_is_made_once():
    cluster = Cluster().settle(50).settle(5).settle(5)

    assert len(cluster.jobs) == 1


def test_a_job_that_was_deleted_is_not_created_again():
    cluster = Cluster().settle(50)
    cluster.world.remove(JOBS, cluster.jobs[0]["metadata"]["name"], "default")

    cluster.settle(5)

    assert cluster.jobs == [] and cluster.active == []
    assert "MissingJob" in cluster.reasons()


def test_jobs_may_run_side_by_side():
    cluster = Cluster().settle(50).settle(60)

    assert len(cluster.active) == 2


def test_forbid_waits_for_the_job_that_runs():
    cluster = Cluster(concurrencyPolicy="Forbid").settle(50).settle(60)
    assert len(cluster.active) == 1
    assert "JobAlreadyActive" in cluster.reasons()

    cluster.finish(cluster.jobs[0])

    assert len(cluster.jobs) == 2  # the start that was put off is still the newest one


def test_replace_deletes_the_job_that_runs():
    cluster = Cluster(concurrencyPolicy="Replace").settle(50)
    first = cluster.jobs[0]["metadata"]["name"]

    cluster.settle(60)

    assert len(cluster.active) == 1 and cluster.active != [first]
    assert [job["metadata"]["name"] for job in cluster.jobs] == cluster.active
    assert ("SuccessfulDelete", f"Deleted job {first}") in cluster.world.events
    assert "MissingJob" not in cluster.reasons()


def test_a_finished_job_leaves_the_active_list():
    cluster = Cluster().settle(50)
    cluster.world.now += 3

    cluster.finish(cluster.jobs[0])

    assert cluster.active == []
    assert cluster.status["lastSuccessfulTime"] == now_text(cluster.world.now)
    name = cluster.jobs[0]["metadata"]["name"]
    assert ("SawCompletedJob", f"Saw completed job: {name}, condition: Complete") in cluster.world.events


def test_old_jobs_beyond_the_history_are_deleted():
    cluster = Cluster(successfulJobsHistoryLimit=1, failedJobsHistoryLimit=0).settle(50)
    for condition in ("Complete", "Complete", "Failed"):
        cluster.finish(cluster.jobs[-1], condition).settle(60)

    finished = [job for job in cluster.jobs if job.get("status")]
    assert [job["status"]["conditions"][0]["type"] for job in finished] == ["Complete"]


def test_a_suspended_cron_job_makes_nothing():
    cluster = Cluster(suspend=True).settle(600)

    assert cluster.jobs == []


def test_of_several_missed_starts_only_the_newest_is_made():
    cluster = Cluster().settle(600)

    assert [job["metadata"]["annotations"] for job in cluster.jobs] == [
        {"batch.kubernetes.io/cronjob-scheduled-timestamp": "2026-11-30T10:10:00Z"}
    ]


def test_very_many_missed_starts_are_told():
    cluster = Cluster().settle(86400)

    assert len(cluster.jobs) == 1
    assert "TooManyMissedTimes" in cluster.reasons()


def test_a_start_beyond_its_deadline_is_not_made():
    cluster = Cluster(schedule="0 * * * *", startingDeadlineSeconds=30).settle(50 * 60)
    cluster.settle(60)

    assert cluster.jobs == []


def test_a_job_made_by_a_user_is_told_and_not_entered():
    cluster = Cluster()
    owner = {**cluster.cron_job["metadata"]}
    reference = {
        "apiVersion": "batch/v1", "kind": "CronJob", "name": "tick", "uid": owner["uid"], "controller": True,
    }  # fmt: skip
    metadata = {"name": "now", "namespace": "default", "ownerReferences": [reference]}
    cluster.world.create(JOBS, {"metadata": metadata, "spec": {}})

    cluster.settle()

    assert cluster.active == [] and "UnexpectedJob" in cluster.reasons()


def test_a_name_that_another_owner_has_is_left_alone():
    cluster = Cluster()
    name = f"tick-{int(START + 50) // 60}"
    cluster.world.create(JOBS, {"metadata": {"name": name, "namespace": "default"}, "spec": {}})

    cluster.settle(50)

    assert len(cluster.jobs) == 1 and "FailedCreate" not in cluster.reasons()


def test_a_refused_job_is_told():
    cluster = Cluster()
    cluster.world.refuse = lambda action: Forbidden("exceeded quota") if isinstance(action, Create) else None

    cluster.settle(50)

    assert ("FailedCreate", "Error creating job: exceeded quota") in cluster.world.events


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"schedule": "x"}, "UnparseableSchedule"),
        ({"timeZone": "Nowhere"}, "UnknownTimeZone"),
        ({"schedule": "59 23 31 2 *"}, "InvalidSchedule"),
    ],
)
def test_a_schedule_that_cannot_be_followed_is_told(spec, reason):
    assert reason in Cluster(**spec).reasons()


def test_the_scheduled_time_is_written_in_the_time_zone():
    cluster = Cluster(timeZone="Asia/Kolkata").settle(50)

    (job,) = cluster.jobs
    annotation = job["metadata"]["annotations"]["batch.kubernetes.io/cronjob-scheduled-timestamp"]
    assert annotation == "2026-11-30T15:31:00+05:30"
    assert cluster.active == [job["metadata"]["name"]]
