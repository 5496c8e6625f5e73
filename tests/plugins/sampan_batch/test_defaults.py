import pytest

from sampan.contracts.kinds import Draft
from sampan_batch.defaults import default_cron_job, default_job, prepare_job

LABELS = {
    "batch.kubernetes.io/controller-uid": "1", "batch.kubernetes.io/job-name": "work", "controller-uid": "1",
    "job-name": "work",
}  # fmt: skip


def new(**spec):
    return {"metadata": {"name": "work", "uid": "1"}, "spec": {"template": {"spec": {}}, **spec}}


@pytest.mark.parametrize(
    ("spec", "name", "expected"),
    [
        ({}, "completions", 1),
        ({}, "parallelism", 1),
        ({"parallelism": 2}, "completions", None),
        ({"completions": 3}, "parallelism", 1),
        ({}, "backoffLimit", 6),
        ({"backoffLimitPerIndex": 1}, "backoffLimit", 2**31 - 1),
        ({}, "completionMode", "NonIndexed"),
        ({}, "suspend", False),
        ({}, "manualSelector", False),
        ({}, "podReplacementPolicy", "TerminatingOrFailed"),
        ({"podFailurePolicy": {"rules": []}}, "podReplacementPolicy", "Failed"),
    ],
)
def test_what_a_job_leaves_open(spec, name, expected):
    job = new(**spec)

    default_job(job)

    assert job["spec"].get(name) == expected


def test_a_condition_pattern_is_true_where_it_says_nothing():
    rule = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}
    job = new(podFailurePolicy={"rules": [rule]})

    default_job(job)

    assert rule["onPodConditions"] == [{"type": "DisruptionTarget", "status": "True"}]


def test_a_job_without_labels_gets_those_of_its_template():
    job = new(template={"metadata": {"labels": {"app": "x"}}, "spec": {}})

    default_job(job)

    assert job["metadata"]["labels"] == {"app": "x"}


def test_a_new_job_gets_a_selector_and_labels_by_its_uid():
    job = new()
    default_job(job)

    prepare_job(Draft(job, None, "", "me"))

    assert job["spec"]["selector"] == {"matchLabels": {"batch.kubernetes.io/controller-uid": "1"}}
    assert job["spec"]["template"]["metadata"]["labels"] == job["metadata"]["labels"] == LABELS


def test_labels_that_a_job_has_from_its_template_follow_these():
    for labels, expected in ((None, {"app": "x", **LABELS}), ({"app": "x"}, {"app": "x"})):
        job = new(template={"metadata": {"labels": {"app": "x"}}, "spec": {}})
        job["metadata"].update({"labels": labels} if labels else {})
        default_job(job)

        prepare_job(Draft(job, None, "", "me"))
        default_job(job)

        assert job["spec"]["template"]["metadata"]["labels"] == {"app": "x", **LABELS}
        assert job["metadata"]["labels"] == expected
        assert job["metadata"]["labels"] is not job["spec"]["template"]["metadata"]["labels"]


def test_a_selector_of_the_users_own_is_kept():
    job = new(manualSelector=True, selector={"matchLabels": {"app": "x"}})
    default_job(job)

    prepare_job(Draft(job, None, "", "me"))

    assert job["spec"]["selector"] == {"matchLabels": {"app": "x"}}
    assert "labels" not in job["spec"]["template"]["metadata"]


def test_what_a_cron_job_leaves_open():
    cron_job = {"metadata": {}, "spec": {"jobTemplate": {"spec": {"template": {"spec": {}}}}}}

    default_cron_job(cron_job)

    spec = cron_job["spec"]
    assert (spec["concurrencyPolicy"], spec["suspend"]) == ("Allow", False)
    assert (spec["successfulJobsHistoryLimit"], spec["failedJobsHistoryLimit"]) == (3, 1)
    template = spec["jobTemplate"]["spec"]
    assert template["template"]["spec"]["schedulerName"] == "default-scheduler"
    assert "completions" not in template  # upstream defaults the Job, not its template
