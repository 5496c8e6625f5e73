from types import SimpleNamespace

from sampan_batch.kinds import CRON_JOB, JOB
from sampan_batch.warnings import JobWarnings, warnings_of

LARGE = {"completionMode": "Indexed", "completions": 100_001, "parallelism": 10_001}


def test_a_usual_job_has_no_warning(make):
    assert warnings_of(make.job(), None, "Job") == []
    assert warnings_of(make.cron_job(), None, "CronJob") == []


def test_a_name_that_is_no_label_is_told_once(make):
    job = make.job()
    job["metadata"]["name"] = "a.b"

    (found,) = warnings_of(job, None, "Job")

    assert found.startswith("metadata.name: this is used in Pod names and hostnames") and "DNS label" in found
    assert warnings_of(job, job, "Job") == []


def test_a_very_large_indexed_job_is_told_where_it_changes(make):
    (found,) = warnings_of(make.job(**LARGE), None, "Job")
    assert found.startswith("spec: In Indexed Jobs with a number of completions higher than 10^5")
    assert warnings_of(make.job(**LARGE), make.job(**LARGE), "Job") == []

    cron_job = make.cron_job()
    cron_job["spec"]["jobTemplate"]["spec"] |= LARGE
    assert warnings_of(cron_job, None, "CronJob")[0].startswith("spec.jobTemplate.spec: ")


def test_a_time_zone_in_a_schedule_that_stays_is_told(make):
    cron_job = make.cron_job(schedule="TZ=UTC * * * * *")

    assert "use timeZone instead" in warnings_of(cron_job, cron_job, "CronJob")[0]
    assert warnings_of(cron_job, None, "CronJob") == []  # refused


def test_warnings_go_with_the_answer(make):
    job = make.job()
    job["metadata"]["name"] = "a.b"
    review = SimpleNamespace(object=job, old=None, kind=JOB, warnings=["before"])

    JobWarnings().admit(review)

    assert len(review.warnings) == 2


def test_jobs_and_cron_jobs_alone_are_asked_for():
    assert JobWarnings.resources == {kind.resource.group_resource for kind in (JOB, CRON_JOB)}


def test_a_deletion_that_names_no_policy_is_told_that_pods_stay():
    def told(**options):
        review = SimpleNamespace(object=None, old={}, kind=JOB, warnings=[], options=options)
        JobWarnings().admit(review)
        JobWarnings().admit(review)
        return review.warnings

    (text,) = told()
    assert text.startswith(
        "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background"
    )
    assert told(propagationPolicy="Orphan") == told(orphanDependents=False) == []


def test_the_template_is_advised_on(make):
    new = make.job()
    new["spec"]["template"]["spec"]["imagePullSecrets"] = [{}]

    assert warnings_of(new, None, "Job") == ['spec.template.spec.imagePullSecrets[0].name: invalid empty name ""']
    assert warnings_of(new, new, "Job") == []
