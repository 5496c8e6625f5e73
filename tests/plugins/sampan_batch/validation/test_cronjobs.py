import pytest

from sampan_batch.validation.cronjobs import validate_cron_job


def problems(new, old=None):
    return [f"{each.path}: {each.message}" for each in validate_cron_job(new, old)]


def test_a_complete_cron_job_has_no_problem(make):
    assert problems(make.cron_job(schedule="*/1 * * * ?", timeZone="Europe/Berlin")) == []


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({"schedule": ""}, "spec.schedule: Required value"),
        ({"schedule": "a * * * *"}, 'spec.schedule: Invalid value: "a * * * *": failed to parse int'),
        (
            {"schedule": "TZ=UTC * * * * *"},
            'spec.schedule: Invalid value: "TZ=UTC * * * * *": cannot use TZ or CRON_TZ in schedule, use',
        ),
        ({"startingDeadlineSeconds": -1}, "spec.startingDeadlineSeconds: Invalid value: -1"),
        ({"timeZone": ""}, 'spec.timeZone: Invalid value: "": timeZone must be nil or non-empty string'),
        ({"timeZone": "Nowhere"}, 'spec.timeZone: Invalid value: "Nowhere": unknown time zone Nowhere'),
        ({"timeZone": "../x"}, 'spec.timeZone: Invalid value: "../x": unknown time zone ../x'),
        ({"timeZone": "Local"}, 'spec.timeZone: Invalid value: "Local": timeZone must be an explicit time zone'),
        (
            {"concurrencyPolicy": "Odd"},
            'spec.concurrencyPolicy: Unsupported value: "Odd": supported values: "Allow", "Forbid", "Replace"',
        ),
        ({"successfulJobsHistoryLimit": -1}, "spec.successfulJobsHistoryLimit: Invalid value: -1"),
        ({"failedJobsHistoryLimit": -1}, "spec.failedJobsHistoryLimit: Invalid value: -1"),
    ],
)
def test_what_is_wrong_is_told_in_upstreams_words(make, spec, expected):
    assert any(
        each.startswith(expected) for each in problems(make.cron_job() | {"spec": make.cron_job()["spec"] | spec})
    )


def test_a_template_has_no_selector(make):
    cron_job = make.cron_job()
    cron_job["spec"]["jobTemplate"]["spec"] |= {"selector": {}, "manualSelector": True, "parallelism": -1}

    assert problems(cron_job) == [
        "spec.jobTemplate.spec.parallelism: Invalid value: -1: must be greater than or equal to 0",
        "spec.jobTemplate.spec.selector: Invalid value: {}: `selector` will be auto-generated",
        'spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "false", "nil"',
    ]


def test_a_name_leaves_room_for_the_minute_but_old_ones_stay(make):
    cron_job = make.cron_job()
    cron_job["metadata"]["name"] = "n" * 53

    assert problems(cron_job) == [f'metadata.name: Invalid value: "{"n" * 53}": must be no more than 52 characters']
    assert problems(cron_job, cron_job) == []


def test_a_time_zone_in_the_schedule_stays_where_it_was(make):
    old = make.cron_job(schedule="TZ=UTC * * * * *")
    new = make.cron_job(schedule="TZ=UTC 1 * * * *")
    assert problems(new, old) == []

    new["spec"]["timeZone"] = "UTC"
    assert any("cannot use both timeZone field and TZ or CRON_TZ in schedule" in each for each in problems(new, old))


def test_a_time_zone_that_is_unknown_by_now_stays(make):
    old = make.cron_job(timeZone="Nowhere")

    assert problems(make.cron_job(timeZone="Nowhere"), old) == []


def test_a_write_of_the_status_is_free(make):
    old = make.cron_job(schedule="x")

    assert problems({**old, "status": {"lastScheduleTime": "2026-11-30T10:00:00Z"}}, old) == []
