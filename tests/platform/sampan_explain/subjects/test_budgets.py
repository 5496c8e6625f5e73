def budget(make, allowed=0, healthy=1, desired=1, expected=1, conditions=(), **spec):
    return make.obj(
        "PodDisruptionBudget",
        "web",
        "policy/v1",
        spec={"selector": {"matchLabels": {"app": "web"}}, **spec},
        status={
            "disruptionsAllowed": allowed,
            "currentHealthy": healthy,
            "desiredHealthy": desired,
            "expectedPods": expected,
            "conditions": list(conditions),
        },
    )


def test_a_budget_that_allows_none_though_all_is_healthy(make, why):
    found = why(budget(make, minAvailable=1), make.pod(ready=True, statuses=[make.running()]))

    assert (found.state, found.causes[0].reason) == ("allowing 0 disruptions", "BudgetAllowsNone")
    assert "minAvailable 1 of 1 pod leaves none to spare" in found.causes[0].text


def test_a_budget_whose_pods_are_not_healthy(make, why, reasons):
    pod = make.pod(ready=False, statuses=[make.crashed(1)])

    assert reasons(why(budget(make, healthy=0, minAvailable=1), pod, make.node())) == ["TooFewHealthy", "CrashLoop"]


def test_a_budget_that_protects_nothing(make, why):
    found = why(budget(make))

    assert (found.healthy, found.causes[0].reason) == (True, "NoPodMatches")


def test_a_budget_that_cannot_be_computed(make, why, reasons):
    failed = make.condition("DisruptionAllowed", "False", "SyncFailed", "found no controllers for pod")

    assert reasons(why(budget(make, conditions=[failed]), make.pod())) == ["SyncFailed"]


def test_a_budget_that_allows_evictions(make, why):
    assert not why(budget(make, allowed=1, minAvailable=1), make.pod(ready=True)).causes
