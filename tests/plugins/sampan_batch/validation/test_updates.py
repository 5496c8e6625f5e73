import pytest

from sampan_batch.validation.updates import validate_change

INDEXED = {"completionMode": "Indexed", "completions": 4, "parallelism": 4}


def problems(new, old):
    return [each.path for each in validate_change(new, old)]


@pytest.mark.parametrize(
    ("before", "after", "paths"),
    [
        ({}, {"completions": 1, "parallelism": 3, "backoffLimit": 1, "suspend": True, "activeDeadlineSeconds": 9}, []),
        ({"completions": 2}, {"completions": 3}, ["spec.completions"]),
        (INDEXED, {**INDEXED, "completions": 6, "parallelism": 6}, []),
        (INDEXED, {**INDEXED, "completions": 6}, ["spec.completions"]),
        ({}, {"selector": {"matchLabels": {"a": "b"}}}, ["spec.selector"]),
        ({}, {"podFailurePolicy": {"rules": []}}, ["spec.podFailurePolicy"]),
        ({"podFailurePolicy": {}}, {"podFailurePolicy": {"rules": []}}, []),
        ({}, {"managedBy": "a/b"}, ["spec.managedBy"]),
        (
            {"completions": 2, "parallelism": 2},
            {**INDEXED, "completions": 2, "parallelism": 2},
            ["spec.completionMode"],
        ),
        ({**INDEXED}, {**INDEXED, "backoffLimitPerIndex": 1}, ["spec.backoffLimitPerIndex"]),
        ({**INDEXED}, {**INDEXED, "successPolicy": {"rules": []}}, ["spec.successPolicy"]),
    ],
)
def test_what_may_change(make, before, after, paths):
    assert problems(make.job(**after), make.job(**before)) == paths


DIRECTIVES = {
    "nodeSelector": {"disk": "ssd"}, "tolerations": [{"operator": "Exists"}], "schedulingGates": [{"name": "a"}],
    "affinity": {"nodeAffinity": {"x": 1}},
}  # fmt: skip


def redirected(make, **spec):
    new = make.job(**spec)
    pod = new["spec"]["template"]["spec"]
    pod |= DIRECTIVES
    pod["containers"][0]["resources"] = {"requests": {"cpu": "1"}}
    new["spec"]["template"]["metadata"]["annotations"] = {"a": "b"}
    return new


@pytest.mark.parametrize(
    "status", [{}, {"startTime": "2026-11-30T10:00:00Z", "conditions": [{"type": "Suspended", "status": "True"}]}]
)
def test_a_suspended_job_without_pods_may_be_sent_elsewhere(make, status):
    old = {**make.job(suspend=True), "status": status}

    assert problems(redirected(make, suspend=True), old) == []
    assert problems(make.job(suspend=True), {**redirected(make, suspend=True), "status": status}) == []


@pytest.mark.parametrize(
    ("spec", "status"),
    [
        ({}, {}),
        ({"suspend": True}, {"active": 1}),
        ({"suspend": True}, {"startTime": "2026-11-30T10:00:00Z"}),
    ],
)
def test_any_other_job_keeps_its_template(make, spec, status):
    assert problems(redirected(make, **spec), {**make.job(**spec), "status": status}) == ["spec.template"]


def test_the_rest_of_the_template_stays_in_a_suspended_job_too(make):
    new = make.job(suspend=True)
    new["spec"]["template"]["spec"]["containers"][0]["image"] = "other"
    assert problems(new, make.job(suspend=True)) == ["spec.template.spec"]

    new = make.job(suspend=True)
    new["spec"]["template"]["spec"]["affinity"] = {"podAffinity": {}}
    assert problems(new, make.job(suspend=True)) == ["spec.template.spec"]
