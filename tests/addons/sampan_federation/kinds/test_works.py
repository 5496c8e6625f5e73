from __future__ import annotations

import pytest

from sampan.errors import Invalid
from sampan_federation.resources import RESOURCE_BINDINGS, WORKS

REFERENCE = {"apiVersion": "v1", "kind": "A", "name": "a"}


def test_works_keep_their_manifests_whole(create):
    manifest = {"apiVersion": "x/v1", "kind": "Any", "metadata": {"name": "a", "labels": {"b": "c"}}, "any": {"x": [1]}}

    assert create(WORKS, {"workload": {"manifests": [manifest]}})["workload"]["manifests"] == [manifest]


def test_tasks_of_bindings_are_checked(create):
    task = {"fromCluster": "a", "producer": "b", "reason": "TaintUntolerated", "purgeMode": "Gracefully"}

    assert create(RESOURCE_BINDINGS, {"resource": REFERENCE, "gracefulEvictionTasks": [task]})[
        "gracefulEvictionTasks"
    ] == [task]
    with pytest.raises(Invalid, match="reason"):
        create(RESOURCE_BINDINGS, {"resource": REFERENCE, "gracefulEvictionTasks": [{**task, "reason": "two words"}]})
