import pytest

from sampan_batch.indexes import Indexes
from sampan_batch.policies import match_failure, match_success


def codes(operator, *values, action="FailJob", **more):
    return {"action": action, "onExitCodes": {"operator": operator, "values": list(values), **more}}


def condition(kind, status="True", action="Ignore"):
    return {"action": action, "onPodConditions": [{"type": kind, "status": status}]}


@pytest.mark.parametrize(
    ("rules", "action"),
    [
        ([], ""),
        ([codes("In", 7)], "FailJob"),
        ([codes("In", 8)], ""),
        ([codes("NotIn", 8)], "FailJob"),
        ([codes("NotIn", 7)], ""),
        ([codes("In", 7, containerName="c")], "FailJob"),
        ([codes("In", 7, containerName="d")], ""),
        ([codes("In", 7, action="Count"), codes("In", 7)], "Count"),
        ([codes("In", 8, action="Count"), codes("In", 7, action="FailIndex")], "FailIndex"),
        ([condition("DisruptionTarget")], "Ignore"),
        ([condition("DisruptionTarget", "False")], ""),
    ],
)
def test_the_first_rule_that_matches_counts(make, rules, action):
    pod = make.ended(make.pod(), 7)
    pod["status"]["conditions"] = [{"type": "DisruptionTarget", "status": "True"}]

    found = match_failure(make.job(podFailurePolicy={"rules": rules}), pod)

    assert (found.action, found.counts) == (action, action != "Ignore")


def test_a_container_that_has_not_ended_or_ended_well_matches_nothing(make):
    job = make.job(podFailurePolicy={"rules": [codes("NotIn", 9)]})
    running = {**make.pod(), "status": {"containerStatuses": [{"name": "c", "state": {"running": {}}}]}}

    assert match_failure(job, running).action == ""
    assert match_failure(job, make.ended(make.pod(), 0)).action == ""


def test_the_message_names_the_pod_and_the_rule(make):
    pod = make.pod()
    pod["status"]["conditions"] = [{"type": "ConfigIssue", "status": "True"}]
    rules = [codes("In", 1), condition("ConfigIssue", action="FailJob")]

    found = match_failure(make.job(podFailurePolicy={"rules": rules}), pod)

    assert found.message == "Pod default/a has condition ConfigIssue matching FailJob rule at index 1"


@pytest.mark.parametrize(
    ("rule", "met"),
    [
        ({"succeededIndexes": "0,2"}, True),
        ({"succeededIndexes": "0-2"}, False),
        ({"succeededIndexes": "0-2", "succeededCount": 2}, True),
        ({"succeededCount": 2}, True),
        ({"succeededCount": 3}, False),
        ({"succeededIndexes": ""}, False),
    ],
)
def test_a_success_rule(make, rule, met):
    job = make.job(completionMode="Indexed", completions=4, successPolicy={"rules": [{"succeededCount": 9}, rule]})

    found = match_success(job, Indexes.of([0, 2]))

    assert found == ("Matched rules at index 1" if met else "")
    assert match_success(job, Indexes()) == ""
