from __future__ import annotations

import pytest

from sampan_federation.failover.preserving import preserved, value_at

STATUS = {"jobStatus": {"savepoint": "s3://x/1", "done": False}, "list": [{"a-b": 7}]}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("{.jobStatus.savepoint}", "s3://x/1"),
        (".jobStatus.done", "false"),
        ("{ .list[0]['a-b'] }", "7"),
        ("{.list[1]}", ""),
        ("{.jobStatus}", ""),
        ("{.a..b}", ""),
        ("", ""),
    ],
)
def test_a_value_by_its_path(path, expected):
    assert value_at(STATUS, path) == expected


def test_labels_of_the_cluster_that_is_left():
    binding = {"status": {"aggregatedStatus": [{"clusterName": "east", "status": STATUS}]}}
    rules = [
        {"aliasLabelName": "savepoint", "jsonPath": "{.jobStatus.savepoint}"},
        {"aliasLabelName": "nothing", "jsonPath": "{.nothing}"},
    ]

    assert preserved(binding, "east", rules) == {"savepoint": "s3://x/1"}
    assert preserved(binding, "west", rules) == {}
