from __future__ import annotations

from sampan_federation.failover.applications import Sick


def binding(health: str, *, seconds: int | None = 60):
    application = {"decisionConditions": {} if seconds is None else {"tolerationSeconds": seconds}}
    return {
        "spec": {"clusters": [{"name": "east"}], "failover": {"application": application}},
        "status": {
            "aggregatedStatus": [
                {"clusterName": "east", "health": health},
                {"clusterName": "gone", "health": "Unhealthy"},
            ]
        },
    }


def test_an_application_leaves_when_it_has_been_unhealthy_for_long_enough():
    sick = Sick()

    assert sick.leaving("web", binding("Unhealthy"), 100.0) == ([], 60.0)
    assert sick.leaving("web", binding("Unhealthy"), 130.0) == ([], 30.0)
    [going], again = sick.leaving("web", binding("Unhealthy"), 160.0)
    assert (going.cluster, going.reason, again) == ("east", "ApplicationFailure", None)


def test_one_that_recovers_starts_again():
    sick = Sick()
    sick.leaving("web", binding("Unhealthy"), 100.0)
    assert sick.leaving("web", binding("Healthy"), 150.0) == ([], None)

    assert sick.leaving("web", binding("Unhealthy"), 160.0) == ([], 60.0)


def test_five_minutes_where_nothing_is_said_and_never_without_the_behaviour():
    assert Sick().leaving("web", binding("Unhealthy", seconds=None), 0.0) == ([], 300)
    without = binding("Unhealthy")
    del without["spec"]["failover"]
    assert Sick().leaving("web", without, 0.0) == ([], None)
