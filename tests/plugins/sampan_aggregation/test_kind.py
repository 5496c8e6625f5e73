"""What an APIService may be called."""

from __future__ import annotations

from typing import Any

import pytest

from sampan_aggregation.kind import validate

SPEC = {"group": "a.example", "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 10}
WHY = 'must be `spec.version+"."+spec.group`: "v1.a.example"'


@pytest.mark.parametrize(
    ("metadata", "told"),
    [
        ({"name": "v1.a.example"}, []),
        ({"name": "v1.a.example", "generateName": "v1.a.example"}, []),
        ({"name": "x", "generateName": "Bad_"},
         [f'metadata.generateName: Invalid value: "Bad_": {WHY}', f'metadata.name: Invalid value: "x": {WHY}']),
        ({"name": "v1.a.example", "generateName": "a/"}, []),  # told by the rule for all names
    ],
)  # fmt: skip
def test_the_name_is_made_of_version_and_group(metadata: dict[str, Any], told: list[str]) -> None:
    found = [f"{problem.path}: {problem.message}" for problem in validate({"metadata": metadata, "spec": SPEC}, None)]

    assert found == told
