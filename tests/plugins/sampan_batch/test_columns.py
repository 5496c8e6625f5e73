import pytest

from sampan_batch.columns import cron_job_columns, job_columns
from sampan_machinery.metadata import parse_time

NOW = parse_time("2026-11-30T10:10:00Z")


def row(columns, obj):
    obj["metadata"].setdefault("creationTimestamp", "2026-11-30T10:00:00Z")
    return {column.name: column.cell(obj) for column in columns}


@pytest.mark.parametrize(
    ("conditions", "deleting", "shown"),
    [
        ([], False, "Running"),
        (["Complete"], True, "Complete"),
        (["FailureTarget", "Failed"], False, "Failed"),
        ([], True, "Terminating"),
        (["Suspended"], False, "Suspended"),
        (["FailureTarget"], False, "FailureTarget"),
        (["SuccessCriteriaMet"], False, "SuccessCriteriaMet"),
    ],
)
def test_the_status_of_a_job(make, conditions, deleting, shown):
    job = make.job()
    job["status"] = {"conditions": [{"type": each, "status": "True"} for each in conditions]}
    if deleting:
        job["metadata"]["deletionTimestamp"] = "2026-11-30T10:00:00Z"

    assert row(job_columns(lambda: NOW), job)["Status"] == shown


@pytest.mark.parametrize(
    ("spec", "shown"),
    [
        ({"completions": 3}, "2/3"),
        ({"completions": None, "parallelism": 1}, "2/1"),
        ({"completions": None, "parallelism": 4}, "2/1 of 4"),
    ],
)
def test_the_completions_of_a_job(make, spec, shown):
    job = make.job(parallelism=1)
    job["spec"] |= spec
    job["status"] = {"succeeded": 2}

    assert row(job_columns(), job)["Completions"] == shown


def test_the_duration_runs_until_the_job_is_complete(make):
    job = make.job()
    assert row(job_columns(lambda: NOW), job)["Duration"] == ""

    job["status"] = {"startTime": "2026-11-30T10:08:00Z"}
    assert row(job_columns(lambda: NOW), job)["Duration"] == "2m"

    job["status"]["completionTime"] = "2026-11-30T10:08:05Z"
    assert row(job_columns(lambda: NOW), job)["Duration"] == "5s"


def test_a_cron_job_in_a_row(make):
    cron_job = make.cron_job(timeZone="Europe/Berlin", suspend=True)
    cron_job["status"] = {"active": [{}, {}], "lastScheduleTime": "2026-11-30T10:09:00Z"}

    found = row(cron_job_columns(lambda: NOW), cron_job)

    assert {name: value for name, value in found.items() if name not in ("Name", "Age")} == {
        "Schedule": "* * * * *", "Timezone": "Europe/Berlin", "Suspend": "True", "Active": 2, "Last Schedule": "60s",
        "Containers": "c", "Images": "i", "Selector": "<none>",
    }  # fmt: skip


def test_what_a_cron_job_has_not_is_shown_as_none(make):
    found = row(cron_job_columns(lambda: NOW), make.cron_job())

    assert (found["Timezone"], found["Last Schedule"], found["Suspend"]) == ("<none>", "<none>", "False")
