from __future__ import annotations

import pytest

from sampan_workloads.kinds import CONTROLLER_REVISION


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
