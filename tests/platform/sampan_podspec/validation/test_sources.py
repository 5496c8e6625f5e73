"""Sources that pods and PersistentVolumes have in common; test_volumes.py and sampan_storage's tests have the rest."""

from __future__ import annotations

import pytest

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


def target(**more):
    return {"targetPortal": "p", "iqn": "iqn.2001-04.com.example:disk", **more}


@pytest.mark.parametrize(("field", "shown"), [("iqn", "iqn"), ("initiatorName", "initiatorname")])
def test_a_pod_is_told_how_the_name_of_a_target_begins(field, shown):
    odd, bad = target(**{field: "odd"}), target(**{field: "eui.1"})

    assert found(sources.iscsi, odd) == [
        f's.{shown}: Invalid value: "odd": must be valid format starting with iqn, eui, or naa'
    ]
    assert found(sources.persistent_iscsi, odd) == [f's.{shown}: Invalid value: "odd": must be valid format']
    for check in (sources.iscsi, sources.persistent_iscsi):
        assert found(check, bad) == [f's.{shown}: Invalid value: "eui.1": must be valid format']


def test_the_secret_of_a_target_has_a_name_in_a_persistent_volume():
    assert found(sources.iscsi, target(secretRef={})) == []
    assert found(sources.persistent_iscsi, target(secretRef={})) == ["s.secretRef.name: Required value"]


def test_a_long_name_of_a_target_is_told_where_the_volume_or_the_portal_is():
    long = target(initiatorName="iqn.2001-04.com.example:me", targetPortal="p" * 60)

    (problem,) = sources.target_length("v[0]", long, "volume")
    assert problem.path == "v[0].name" and "must be under 64 characters" in problem.message
    (problem,) = sources.persistent_iscsi("s", long, "volume")
    assert problem.path == "s.targetportal" and "must be under 64 characters" in problem.message
    assert not list(sources.target_length("v[0]", target(), "volume" * 20))
