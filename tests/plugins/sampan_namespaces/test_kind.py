from __future__ import annotations

import pytest

from sampan.contracts.kinds import Draft
from sampan.errors import Invalid
from sampan_namespaces.kind import NAMESPACE, default, finalize, held, prepare, validate


def made(namespace):
    prepare(Draft(namespace, None, "", "someone"))
    default(namespace)
    return namespace


def test_a_new_namespace_is_active_and_held_by_its_content():
    namespace = made({"metadata": {"name": "a"}, "status": {"phase": "Terminating"}})

    assert namespace["spec"] == {"finalizers": ["kubernetes"]}
    assert namespace["status"] == {"phase": "Active"}
    assert held(namespace)


def test_a_namespace_carries_its_name_as_a_label():
    assert made({"metadata": {"name": "a"}})["metadata"]["labels"] == {"kubernetes.io/metadata.name": "a"}


def test_an_update_does_not_touch_the_finalizers():
    old = made({"metadata": {"name": "a"}})
    new = {"metadata": {"name": "a"}, "spec": {"finalizers": []}}

    prepare(Draft(new, old, "", "someone"))

    assert new["spec"] == {"finalizers": ["kubernetes"]}


def test_finalize_sets_the_finalizers_and_nothing_else():
    old = made({"metadata": {"name": "a", "labels": {"x": "y"}}})

    new = finalize(old, {"metadata": {"name": "a"}, "spec": {}})
    prepare(Draft(new, old, "finalize", "someone"))

    assert not held(new)
    assert new["metadata"] == old["metadata"]


def test_the_phase_follows_the_deletion_and_not_a_writer():
    old = {**made({"metadata": {"name": "a"}}), "metadata": {"name": "a", "deletionTimestamp": "2026-01-01T00:00:00Z"}}
    new = {"metadata": old["metadata"], "status": {"phase": "Active"}}

    with pytest.raises(Invalid, match="may only be 'Terminating' if"):
        prepare(Draft(new, old, "status", "someone"))

    new["status"]["phase"] = "Terminating"
    prepare(Draft(new, old, "status", "someone"))


def test_the_phase_of_a_namespace_that_stays_is_active():
    old = made({"metadata": {"name": "a"}})

    with pytest.raises(Invalid, match="may only be 'Active' if"):
        prepare(Draft({"metadata": {"name": "a"}}, old, "status", "someone"))


def test_a_finalizer_must_be_a_qualified_name():
    found = list(validate({"spec": {"finalizers": ["kubernetes", "a.b/c", "no good"]}}, None))

    assert [problem.path for problem in found] == ["spec.finalizers", "spec.finalizers"]
    found = list(validate({"spec": {"finalizers": ["kubernetes", "foo"]}}, made({"metadata": {"name": "a"}})))
    assert [problem.path for problem in found] == ["spec.finalizers[1]"]


def test_the_phase_is_selectable():
    assert NAMESPACE.fields["status.phase"](made({"metadata": {"name": "a"}})) == "Active"
