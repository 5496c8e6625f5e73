import pytest

from sampan_batch.validation.statuses import validate_status

T1, T2 = "2026-11-30T10:00:00Z", "2026-11-30T10:00:05Z"


def conditions(*names, **more):
    return {"conditions": [{"type": each, "status": "True"} for each in names], **more}


def problems(make, new, old=None, **spec):
    made = make.job(**spec)
    return [
        f"{each.path}: {each.message}"
        for each in validate_status({**made, "status": new}, {**made, "status": old or {}})
    ]


COMPLETE = conditions("SuccessCriteriaMet", "Complete", startTime=T1, completionTime=T2, succeeded=1)
INDEXED = {"completionMode": "Indexed", "completions": 5, "parallelism": 1, "backoffLimitPerIndex": 1}


@pytest.mark.parametrize(
    ("new", "old", "spec"),
    [
        (COMPLETE, {}, {}),
        (conditions("FailureTarget", "Failed", startTime=T1, failed=1), {}, {}),
        ({"active": 2, "ready": 2, "terminating": 1}, {}, {}),
        ({"completedIndexes": "0,2-3", "failedIndexes": "1"}, {}, INDEXED),
        (conditions("SuccessCriteriaMet", "Complete", completionTime=T2), {}, {"suspend": True, "completions": 0}),
        (
            {"startTime": T2, "conditions": [{"type": "Suspended", "status": "False"}]},
            conditions("Suspended", startTime=T1),
            {},
        ),
        ({"succeeded": 1}, {"succeeded": 2}, {**INDEXED, "completions": 1}),
        # a status that breaks a rule can be written where that does not change
        (conditions("Failed", startTime=T1, failed=2), conditions("Failed", startTime=T1, failed=1), {}),
    ],
)
def test_what_controllers_write(make, new, old, spec):
    assert problems(make, new, old, **spec) == []


@pytest.mark.parametrize(
    ("new", "old", "expected"),
    [
        ({"failed": -1}, {"failed": -1}, "status.failed: Invalid value: -1"),
        ({"uncountedTerminatedPods": {"succeeded": [""]}}, {}, 'succeeded[0]: Invalid value: "": must not be empty'),
        ({"uncountedTerminatedPods": {"succeeded": ["a"], "failed": ["a"]}}, {}, 'failed[0]: Duplicate value: "a"'),
        (conditions("Complete", "Failed"), {}, "cannot set Complete=True and Failed=true conditions"),
        (conditions("Complete", "FailureTarget"), {}, "cannot set Complete=True and FailureTarget=true conditions"),
        (conditions("Failed"), {}, "cannot set Failed=True condition without the FailureTarget=true condition"),
        (
            conditions("Complete"),
            {},
            "cannot set Complete=True condition without the SuccessCriteriaMet=true condition",
        ),
        ({**COMPLETE, "completionTime": None}, {}, "status.completionTime: Required value: completionTime is required"),
        ({"completionTime": T1}, {}, "cannot set completionTime when there is no Complete=True condition"),
        ({**COMPLETE, "startTime": T2, "completionTime": T1}, {}, "must be equal to or after `startTime`"),
        ({**COMPLETE, "completionTime": T1}, COMPLETE, "status.completionTime: Invalid value"),
        (
            {**COMPLETE, "startTime": None},
            {},
            "status.startTime: Required value: startTime is required for finished job",
        ),
        ({**COMPLETE, "active": 1}, {}, "status.active: Invalid value: 1: active>0 is invalid for finished job"),
        ({**COMPLETE, "terminating": 1}, {}, "status.terminating: Invalid value: 1: terminating>0 is invalid"),
        (
            {**COMPLETE, "uncountedTerminatedPods": {"failed": ["a"]}},
            {},
            'status.uncountedTerminatedPods: Invalid value: {"failed":["a"]}: must be empty for finished job',
        ),
        ({"completedIndexes": "1"}, {}, "cannot set non-empty completedIndexes when non-indexed completion mode"),
        ({"failedIndexes": "1"}, {}, "cannot set non-null failedIndexes when backoffLimitPerIndex is null"),
        ({"ready": 1}, {}, "status.ready: Invalid value: 1: cannot set more ready pods than active"),
        (conditions("SuccessCriteriaMet", "FailureTarget"), {}, "SuccessCriteriaMet=True and FailureTarget=true"),
        (conditions("SuccessCriteriaMet", "Failed", "FailureTarget"), {}, "SuccessCriteriaMet=True and Failed=true"),
        ({}, COMPLETE, "cannot disable the terminal Complete=True condition"),
        ({}, conditions("FailureTarget"), "cannot disable the terminal FailureTarget=True condition"),
        ({}, conditions("SuccessCriteriaMet"), "cannot disable the SuccessCriteriaMet=True condition"),
        ({"failed": 1}, {"failed": 2}, "status.failed: Invalid value: 1: cannot decrease the failed counter"),
        ({"succeeded": 1}, {"succeeded": 2}, "cannot decrease the succeeded counter"),
        ({"startTime": T2}, {"startTime": T1}, "field is immutable for unsuspended job once set"),
        (COMPLETE, conditions("Complete", startTime=T1, completionTime=T2), "already has Complete=true conditions"),
    ],
)
def test_what_is_refused(make, new, old, expected):
    found = problems(make, new, old)

    assert any(expected in each for each in found), found


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        ({"completedIndexes": "1,0"}, "error parsing completedIndexes: non-increasing order, previous: 1, current: 0"),
        ({"failedIndexes": "7"}, 'error parsing failedIndexes: too large index: "7"'),
        ({"completedIndexes": "0-3", "failedIndexes": "2"}, "failedIndexes and completedIndexes overlap at index: 2"),
    ],
)
def test_indexes_are_checked(make, new, expected):
    assert any(expected in each for each in problems(make, new, **INDEXED))


def test_a_success_policy_is_met_before_the_job_is_complete(make):
    old = conditions("Complete", startTime=T1, completionTime=T2)
    spec = {"completionMode": "Indexed", "completions": 5, "successPolicy": {"rules": [{"succeededCount": 1}]}}

    found = problems(make, {**old, "ready": 0}, old, **spec)

    assert any("unless SuccessCriteriaMet=True" in each for each in found)
