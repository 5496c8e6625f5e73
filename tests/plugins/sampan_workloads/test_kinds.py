from __future__ import annotations

import pytest

from sampan_workloads.kinds import CONTROLLER_REVISION, DEPLOYMENT


def told(new, old=None):
    return [f"{problem.path}: {problem.message}" for problem in CONTROLLER_REVISION.validate(new, old)]


@pytest.mark.parametrize(
    "data, why",
    [
        (None, "data is mandatory"),
        ([1], "data must be a valid JSON object"),
        ("a", "data must be a valid JSON object"),
    ],
)
def test_the_data_of_a_new_revision_is_an_object(data, why):
    assert told({"revision": 1, "data": data}) == [f"data: Required value: {why}"]
    assert told({"revision": 1, "data": {}}) == []


def test_the_data_of_a_revision_never_changes():
    assert told({"revision": 1, "data": [1]}, {"revision": 1, "data": {}}) == [
        "data: Invalid value: [1]: field is immutable"
    ]


@pytest.mark.parametrize(
    ("unavailable", "surge", "wrong"),
    [(0, 0, True), ("0%", 0, True), ("http", 0, True), ("50", 0, False), (0, "1%", False)],
)
def test_a_rolling_update_must_be_able_to_move(unavailable, surge, wrong):
    """A text that is no number counts as 0, as kube-apiserver 1.36.2 counts it."""
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": unavailable, "maxSurge": surge}}
    new = {"metadata": {"name": "a"}, "spec": {"strategy": strategy, "template": {}, "selector": {}}}

    messages = [problem.message for problem in DEPLOYMENT.validate(new, None)]

    assert any("may not be 0 when `maxSurge` is 0" in message for message in messages) == wrong
