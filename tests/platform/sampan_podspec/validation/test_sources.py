"""Sources that pods and PersistentVolumes have in common; test_volumes.py and sampan_storage's tests have the rest."""

from __future__ import annotations

from sampan_podspec.validation import sources


def found(check, source):
    return [f"{problem.path}: {problem.message}" for problem in check("s", source)]


def test_what_is_needed_is_told_by_field():
    assert found(sources.needs("a", "b"), {"a": 1}) == ["s.b: Required value"]


def test_a_secret_is_looked_into_where_it_is_named():
    check = sources.with_secret(sources.needs("a"), "name")

    assert found(check, {"a": 1}) == []
    assert found(check, {"a": 1, "secretRef": {}}) == ["s.secretRef.name: Required value"]


def test_a_partition_is_small():
    assert found(sources.partition("id"), {"id": "x", "partition": 256}) == [
        "s.partition: Invalid value: 256: must be between 1 and 255, inclusive"
    ]
