import pytest


def job(make, name="once", owner=None, conditions=(), **spec):
    meta = {"ownerReferences": [{"uid": owner["metadata"]["uid"], "kind": "CronJob", "name": owner["metadata"]["name"],
                                 "controller": True}]} if owner else {}  # fmt: skip
    return make.obj(
        "Job", name, "batch/v1", metadata=meta, spec=spec, status={"conditions": list(conditions), "failed": 3}
    )


def cron(make, **spec):
    more = {"lastScheduleTime": make.earlier} if spec.pop("ran", True) else {}
    return make.obj("CronJob", "nightly", "batch/v1", spec={"schedule": "0 3 * * *", **spec}, status=more)


def test_a_job_that_failed_too_often_says_what_its_pods_wrote(make, why):
    failed = make.condition("Failed", "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    made = job(make, conditions=[failed])
    status = {"name": "app", "state": {"terminated": {"exitCode": 2, "reason": "Error"}}}
    found = why(made, make.pod(phase="Failed", statuses=[status], owner=made), logs={("web-1", "app"): "no such file"})

    assert [cause.reason for cause in found.causes] == ["BackoffLimitExceeded", "ContainerFailed"]
    assert "It last wrote: no such file" in found.causes[1].text
    assert found.state == "failed"


def test_a_job_that_is_suspended(make, why, reasons):
    assert reasons(why(job(make, suspend=True))) == ["Suspended"]


def test_a_job_whose_pods_are_refused(make, why, reasons):
    made = job(make)
    event = make.event(
        made, "FailedCreate", 'Error creating: pods "x" is forbidden: violates PodSecurity "restricted:latest": a'
    )

    assert reasons(why(made, event)) == ["PodSecurity"]


def test_a_job_that_is_complete(make, why):
    assert not why(job(make, conditions=[make.condition("Complete")])).causes


def test_a_cron_job_that_is_suspended(make, why, reasons):
    assert reasons(why(cron(make, suspend=True))) == ["Suspended"]


@pytest.mark.parametrize("reason", ["UnknownTimeZone", "MissSchedule", "TooManyMissedTimes"])
def test_a_schedule_that_was_not_kept(make, why, reasons, reason):
    made = cron(make)

    assert reasons(why(made, make.event(made, reason, "m"))) == [reason]


def test_a_cron_job_whose_last_run_goes_on(make, why, reasons):
    made = cron(make, concurrencyPolicy="Forbid")

    assert reasons(why(made, job(make, owner=made))) == ["ForbidConcurrent"]


def test_a_cron_job_whose_last_run_failed(make, why):
    made = cron(make)
    found = why(made, job(make, owner=made, conditions=[make.condition("Failed", "True", "DeadlineExceeded", "m")]))

    assert (found.causes[0].reason, found.causes[0].about) == ("DeadlineExceeded", "job/once")


def test_a_cron_job_whose_time_has_not_come(make, why):
    found = why(cron(make, ran=False))

    assert (found.healthy, found.causes[0].reason) == (True, "NotDueYet")
